"""Search by a zero-cost proxy: its order, and what it finds with the real proxies."""

import numpy as np
import pytest

import ednag
from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.methods.interface import Run
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from tests.conftest import Mirror
from tests.methods.made_up_proxies import proxies

SPACE = get_space("nasbench201")
ACCURACY = np.random.default_rng(0).uniform(10, 90, SPACE.size)


def search(name: str, seed: int, budget: int) -> Run:
    metric = {"accuracy": Metric("accuracy", "%", "made up")}
    table = BenchmarkTable("nasbench201", "made-up", {"accuracy": ACCURACY}, metric)
    protocol = Protocol("accuracy", "accuracy", "made up")
    method = get_method(name)
    objective = Objective(table, protocol, SPACE, further=proxies())
    return method.run(objective, seed, budget, method.read_hyperparameters({}))


@pytest.mark.parametrize(
    ("name", "proxy"), [("zero-cost-guided", "synflow"), ("nwot-guided", "nwot")]
)
def test_the_highest_come_first_and_those_without_a_proxy_last(name: str, proxy: str) -> None:
    run = search(name, 0, SPACE.size)
    values = proxies().values[proxy][run.codes]
    assert run.distinct == SPACE.size
    assert (np.diff(values[:-1]) <= 0).all() and np.isnan(values[-1])
    assert run.outcome == ACCURACY.argmax()


def test_equal_ones_come_in_random_order() -> None:
    one, other = (search("zero-cost-guided", seed, 100) for seed in (0, 1))
    assert one.codes.tolist() != other.codes.tolist()
    assert set(proxies().values["synflow"][one.codes]) == {99.0}


def test_by_the_real_proxies_it_is_far_ahead_of_random_search(mirror: Mirror) -> None:
    mirror("nasbench201-zero-cost")
    benchmark = ednag.load("nasbench201", "cifar10-analog")
    guided = ednag.search("zero-cost-guided", benchmark, seed=0, budget=30)
    random = [ednag.search("random", benchmark, seed=seed, budget=30).value for seed in range(5)]
    assert guided.value > max(random)


def test_python_says_where_nobody_has_proxies() -> None:
    benchmark = ednag.load("nasbench201", "cifar100-valid")
    with pytest.raises(EdnagError, match="and there is none of nasbench201/cifar100-valid"):
        ednag.search("zero-cost-guided", benchmark, seed=0, budget=3)

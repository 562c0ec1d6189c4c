"""Methods with a second objective: dominance, the limit, and what they find."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.evidence.fronts import Costed
from ednag.methods import get_method
from ednag.methods.ednag_fronts import fitness_by_front
from ednag.methods.interface import Run
from ednag.methods.moead import _neighbourhoods
from ednag.methods.two_objectives import best_first, rank_and_crowding
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables.costs import costs_of, limit_at
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from tests.methods.made_up_costs import costs, costs_table

SPACE = get_space("nasbench201")
#: Accuracy grows with one operation, and the cost with the numbers of all: few cells are good.
ONES = (SPACE.values_of(np.arange(SPACE.size)) == 3).sum(axis=1)
ACCURACY = 50 + 5 * ONES + np.random.default_rng(0).uniform(0, 1, SPACE.size)
POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25)


DELAY = Metric("delay", "ms", "made up", higher_is_better=False)


def search(name: str, seed: int = 0, budget: int = 200, **given: object) -> Run:
    metric = {"accuracy": Metric("accuracy", "%", "made up")}
    table = BenchmarkTable("nasbench201", "made-up", {"accuracy": ACCURACY}, metric)
    method = get_method(name)
    objective = Objective(
        table, Protocol("accuracy", "accuracy", "made up"), SPACE, further=costs_table()
    )
    return method.run(objective, seed, budget, method.read_hyperparameters(given))


def fronts_by_peeling(points: np.ndarray) -> np.ndarray:
    """Front of each point by the definition: what no point left dominates, again and again."""
    ranks, rank = np.full(len(points), -1), 0
    while (ranks < 0).any():
        left = np.flatnonzero(ranks < 0)
        dominated = [
            any((other <= one).all() and (other < one).any() for other in points[left])
            for one in points[left]
        ]
        ranks[left[~np.array(dominated)]] = rank
        rank += 1
    return ranks


@given(POINTS)
@settings(max_examples=60, deadline=None)
def test_fronts_are_those_of_the_definition(drawn: list[tuple[int, int]]) -> None:
    points = np.array(drawn, dtype=float)
    ranks, crowding = rank_and_crowding(points)
    np.testing.assert_array_equal(ranks, fronts_by_peeling(points))
    order = best_first(points)
    keys = [(ranks[place], -crowding[place]) for place in order]
    assert keys == sorted(keys) and sorted(order) == list(range(len(points)))


#: Fronts and crowding distances by pymoo 0.6.2, whose crowding is the mean of both coordinates.
PYMOO = {
    (18, 7): 2, (11, 18): 7, (4, 10): 2, (12, 16): 5, (1, 2): 0, (14, 18): 8, (9, 12): 3,
    (4, 13): 3, (11, 3): 1, (1, 9): 1, (6, 14): 4, (5, 7): 1, (8, 18): 6, (14, 19): 9,
    (13, 17): 6, (6, 18): 5, (17, 8): 2, (17, 10): 3, (2, 15): 2, (19, 1): 0, (18, 19): 10,
    (19, 19): 11,
}  # fmt: skip
CROWDING = {(4, 10): 0.90625, (9, 12): 1.0, (5, 7): 1.0, (17, 8): 0.625}


def test_fronts_and_crowding_are_those_of_pymoo() -> None:
    points = np.array(list(PYMOO), dtype=float)
    ranks, crowding = rank_and_crowding(points)
    assert ranks.tolist() == list(PYMOO.values())
    found = dict(zip(PYMOO, crowding / 2, strict=True))
    assert {place: found[place] for place in CROWDING} == CROWDING


def test_fitness_is_by_front_then_by_crowding_and_the_same_for_equal_points() -> None:
    points = np.array([[0, 3], [1, 1], [3, 0], [2, 2], [1, 1], [4, 4.0]])
    fitness = fitness_by_front(points)
    assert fitness[1] == fitness[4]
    assert fitness[[0, 2]].min() > fitness[1] > fitness[3] > fitness[5] > 0
    assert fitness.max() - fitness[1] < 1


@pytest.mark.parametrize("name", ["nsga2", "moead"])
def test_a_front_is_better_than_that_of_random_search(name: str) -> None:
    known = Costed(-ACCURACY, costs()["edgegpu_latency"])

    def volume(of: str) -> float:
        runs = [search(of, seed) for seed in range(3)]
        measured = [known.measured(run.codes, -ACCURACY[run.codes]) for run in runs]
        return float(np.mean([each["hypervolume"] for each in measured]))

    assert volume(name) > volume("random") + 1


@pytest.mark.parametrize("name", ["nsga2", "moead", "regularised-evolution-constrained"])
@pytest.mark.parametrize("budget", [1, 7, 30, 31, 64])
def test_no_run_exceeds_its_budget(name: str, budget: int) -> None:
    assert search(name, 1, budget).distinct == budget


def test_the_outcome_keeps_the_limit_and_is_the_best_that_does() -> None:
    cost = costs()["flops"]
    run = search("regularised-evolution-constrained", cost="flops", limit=30.0)
    below = run.codes[cost[run.codes] <= 30]
    assert run.outcome == below[ACCURACY[below].argmax()]
    assert (cost[run.codes[100:]] <= 30).mean() > (cost <= 30).mean()


def test_the_default_limit_is_a_quantile() -> None:
    cost = costs()["edgegpu_latency"]
    limit = limit_at(cost, 0.2)
    one = search("regularised-evolution-constrained", quantile=0.2)
    assert (
        one.codes.tolist()
        == search("regularised-evolution-constrained", limit=limit).codes.tolist()
    )
    assert limit == float(f"{limit:.3g}") and abs((cost <= limit).mean() - 0.2) < 0.01


def test_bad_costs_and_limits_are_named() -> None:
    with pytest.raises(EdnagError, match="unknown cost 'edgegpu_latenc'; did you mean 'edgegpu"):
        search("nsga2", cost="edgegpu_latenc")
    with pytest.raises(
        EdnagError, match=r"unknown cost 'intensity'; .*allowed: edgegpu_latency, f"
    ):
        search("moead", cost="intensity")  # of which more is better
    with pytest.raises(
        EdnagError, match=r"limit: no architecture has flops of 0.5 or less; the lo"
    ):
        search("regularised-evolution-constrained", cost="flops", limit=0.5)
    lacking, needed = costs_table(), np.ones(SPACE.size, dtype=bool)
    lacking.values["flops"][3] = np.nan
    with pytest.raises(EdnagError, match="1 architectures have no flops"):
        costs_of(lacking, None, "flops", needed)
    needed[3] = False
    assert len(costs_of(lacking, None, "flops", needed)) == SPACE.size


def test_a_cost_may_be_a_column_of_the_benchmark_itself() -> None:
    own = costs_table()
    assert costs_of(own, None, "flops", np.True_) is own.values["flops"]
    other = replace(own, values={"delay": -own.values["flops"]}, metrics={"delay": DELAY})
    assert costs_of(own, other, "delay", np.True_)[5] == -own.values["flops"][5]
    both = replace(other, values={"flops": own.values["flops"] + 1}, metrics=own.metrics)
    assert costs_of(own, both, "flops", np.True_)[5] == own.values["flops"][5] + 1
    with pytest.raises(EdnagError, match=r"unknown cost 'delay'.*; or give the table of costs"):
        costs_of(own, None, "delay", np.True_)


def test_weights_of_moead_are_spread_evenly_and_neighbours_are_the_nearest() -> None:
    weights, near = _neighbourhoods(5, 3)
    np.testing.assert_allclose(weights[1:-1].sum(axis=1), 1)
    assert near.tolist() == [[0, 1, 2], [1, 0, 2], [2, 1, 3], [3, 2, 4], [4, 3, 2]]

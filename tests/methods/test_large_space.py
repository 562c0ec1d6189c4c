"""Every method in a space too large for a table: codes are handed out, values predicted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.methods.interface import Method, NoHyperparameters, Outcome, Run
from ednag.methods.storage import read_runs, write_runs
from ednag.search.objective import Objective, PredictedObjective
from ednag.spaces import get_space
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.spaces.mobilenetv3 import NONE, MobileNetV3
from ednag.tables.costs import cost_tables
from ednag.tables.interface import Metric, Protocol

BUDGET = 60
METHODS = map(get_method, method_names())
#: Without those that train for fewer epochs, or read tables, which such a space has not.
HERE = [
    each.name
    for each in METHODS
    if each.can_search("mobilenetv3") and not each.epochs and not each.further
]


def accuracy(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
    """A made-up accuracy in %: deeper networks of larger blocks are better."""
    assert isinstance(space, LargeSpace)
    layers = space.contents(codes).astype(np.float64)
    return 50 + np.where(layers == NONE, 0, 1 + layers / 9).sum(axis=1)


def value_of(key: str) -> float:
    space = MobileNetV3()
    return float(accuracy(space, np.array([space.code(key)]))[0])


@pytest.fixture
def objective() -> Objective:
    protocol = Protocol("accuracy", "accuracy", "made up")
    metric = Metric("accuracy", "%", "made up")
    return PredictedObjective(accuracy, metric, protocol, MobileNetV3(), "made-up")


def settings_of(method: Method) -> BaseModel:
    """The method's own in this space; short where it would not heed the budget."""
    short = {"num_step": 5, "population_num": 20} if method.has_own_end else {}
    return method.read_hyperparameters(short, get_space("mobilenetv3"))


def same(one: Run, other: Run) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("outcome", "total", "distinct", "codes", "metrics", "lookups", "keys")
    ) and np.array_equal(one.final_population, other.final_population)


@pytest.mark.parametrize("name", ["random", "regularised-evolution"])
def test_a_method_of_the_users_has_the_same_run(name: str, objective: Objective) -> None:
    method = get_method(name)
    own = replace(method, of="my_module:METHOD")
    runs = [each.run(objective, 5, BUDGET, settings_of(method)) for each in (method, own)]
    assert same(*runs) and runs[1].status == "completed"


@pytest.mark.parametrize("name", HERE)
def test_a_run_keeps_its_keys_and_its_budget(name: str, objective: Objective) -> None:
    method = get_method(name)
    run = method.run(objective, 5, BUDGET, settings_of(method))
    assert run.distinct == len(run.codes) == len(run.metrics) == len(run.lookups) > 0
    assert run.codes.tolist() == list(range(run.distinct))
    assert len(run.keys) == len(set(run.keys)) >= run.distinct
    assert run.metrics.tolist() == [value_of(key) for key in run.keys[: run.distinct]]
    assert (run.final_population < len(run.keys)).all()
    assert (np.diff(run.lookups) > 0).all()
    assert run.total >= run.distinct + run.invalid
    if run.outcome >= 0:
        assert run.outcome_metric == value_of(run.key(run.outcome, objective.space))
    else:
        # Without selection the noise of the first step is left, and hardly any of it is valid.
        assert name in ("ednag-no-selection", "ednag-no-denoising")
    if not method.has_own_end:
        assert run.distinct <= BUDGET
    method.run(objective, 4, BUDGET, settings_of(method))
    assert same(run, method.run(objective, 5, BUDGET, settings_of(method)))
    assert not same(run, method.run(objective, 6, BUDGET, settings_of(method)))


@pytest.mark.parametrize(
    "name",
    [name for name in HERE if not name.startswith(("ednag-no", "ednag-fresh", "diffusion"))],
)
def test_methods_that_select_improve(name: str, objective: Objective) -> None:
    method = get_method(name)
    run = method.run(objective, 0, BUDGET, settings_of(method))
    if not method.has_own_end:
        assert run.distinct == BUDGET
    assert run.metrics.max() > run.metrics[0]
    if name != "random" and not method.has_own_end:
        # Equal to float32: methods compare what the objective answers, which is that.
        assert np.float32(run.outcome_metric) == np.float32(run.metrics.max())


def test_diffusion_evolution_ends_within_its_budget(objective: Objective) -> None:
    method = get_method("diffusion-evolution")
    for budget in (1, 7, 30):
        run = method.run(objective, 3, budget, settings_of(method))
        assert run.distinct == budget


def test_plain_denoising_makes_hardly_any_architecture(objective: Objective) -> None:
    # Half of the first population is well-formed. Noise decodes to one architecture in ten
    # thousand, and nothing selects those that do.
    method = get_method("diffusion-evolution")
    settings = method.read_hyperparameters({"num_step": 30}, get_space("mobilenetv3"))
    run = method.run(objective, 0, BUDGET, settings)
    assert run.total == 30 * 100
    assert 40 <= (run.lookups < 100).sum() <= run.distinct < BUDGET


def test_random_search_draws_none_twice(objective: Objective) -> None:
    method = get_method("random")
    run = method.run(objective, 0, 3000, method.read_hyperparameters({}))
    assert run.distinct == run.total == 3000


def test_a_last_population_that_was_not_evaluated_has_its_keys_too(objective: Objective) -> None:
    def search(objective: Objective, seed: int, budget: int, settings: BaseModel) -> Outcome:
        codes = objective.space.sample(np.random.default_rng(seed), 6)
        objective.evaluate(codes[[4, 1]])
        return Outcome(int(codes[1]), final_population=np.array([codes[5], -1, codes[4]]))

    method = Method("m", "M", "made up", NoHyperparameters, search)
    run = method.run(objective, 7, BUDGET, NoHyperparameters())
    drawn = MobileNetV3()
    keys = drawn.keys(drawn.sample(np.random.default_rng(7), 6))
    assert run.keys == [keys[4], keys[1], keys[5]]
    assert run.final_population.tolist() == [2, -1, 0]
    assert run.key(run.outcome, objective.space) == keys[1]
    assert run.key(-1, objective.space) == ""


def test_run_files_hold_keys_only_where_codes_need_them(
    objective: Objective, tmp_path: Path
) -> None:
    method = get_method("ednag-plus")
    runs = [method.run(objective, seed, BUDGET, settings_of(method)) for seed in (1, 0)]
    write_runs(runs, {}, tmp_path / "a.parquet")
    write_runs(runs[::-1], {}, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    back = read_runs(tmp_path / "a.parquet").runs
    assert all(same(one, other) for one, other in zip(runs[::-1], back, strict=True))
    for run in runs:
        run.keys = []
    write_runs(runs, {}, tmp_path / "c.parquet")
    assert "keys" not in pq.read_schema(tmp_path / "c.parquet").names
    assert read_runs(tmp_path / "c.parquet").runs[0].keys == []


@pytest.mark.parametrize(
    ("method", "given", "space", "expected"),
    [
        ("ednag", {}, "mobilenetv3", {"population_num": 100, "mutate_distri_index": 4}),
        ("ednag", {}, "nasbench201", {"population_num": 30, "mutate_distri_index": 5}),
        ("ednag", {"population_num": 50}, "mobilenetv3", {"population_num": 50}),
        ("ednag-power", {}, "mobilenetv3", {"population_num": 100, "mapping": "power"}),
        ("ednag-population-60", {}, "mobilenetv3", {"population_num": 60}),
        ("ednag-population-60", {}, "mobilenetv3", {"mutate_distri_index": 4}),
        ("diffusion-evolution", {}, "mobilenetv3", {"population_num": 100}),
        # Whose name or description says another population.
        ("genetic-algorithm", {}, "mobilenetv3", {"population_num": 30}),
        ("regularised-evolution-10-3", {}, "mobilenetv3", {"population_num": 10}),
        ("ednag-plus", {}, "mobilenetv3", {"population_num": 20}),
    ],
)
def test_the_reference_has_other_defaults_in_some_spaces(
    method: str, given: dict, space: str, expected: dict
) -> None:
    settings = get_method(method).read_hyperparameters(given, get_space(space)).model_dump()
    assert settings | expected == settings


def test_a_wrong_setting_is_refused_with_the_spaces_defaults_too() -> None:
    with pytest.raises(EdnagError, match="mutate_rate: input should be less"):
        get_method("ednag").read_hyperparameters({"mutate_rate": 2}, get_space("mobilenetv3"))


def test_a_method_with_costs_says_that_there_are_none(objective: Objective) -> None:
    method = get_method("nsga2")
    with pytest.raises(EdnagError, match=r"mobilenetv3/.*: unknown cost 'edgegpu_latency'; there"):
        method.run(objective, 5, BUDGET, settings_of(method))
    assert cost_tables("mobilenetv3", "imagenet") == {}

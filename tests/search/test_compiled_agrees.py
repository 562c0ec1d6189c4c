"""The compiled engine makes the runs of the readable one, whole records compared."""

from pathlib import Path

import numpy as np
import pytest

from ednag.cli.tables import locate
from ednag.methods.interface import Method, Outcome, Run
from ednag.search import compiled, engine
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective
from ednag.search.replay import own_objective, read_trace, replay
from ednag.spaces import get_space
from ednag.tables import build_table, get_definition


def packaged() -> Objective:
    definition = get_definition("nasbench201", "cifar10-analog")
    table = build_table(definition, locate(definition.sources), {})
    return Objective(table, definition.protocols["paper"], get_space("nasbench201"))


def record(module: object, objective: Objective, seed: int, settings: SearchHyperparameters) -> Run:
    def search(objective: Objective, seed: int, budget: int, given: object) -> Outcome:
        result = module.search(objective, seed, given)
        names = ("mean", "best", "valid_rate", "unique_rate")
        steps = {f"step_{name}": np.array(getattr(result.steps, name)) for name in names}
        return Outcome(
            result.outcome, result.status, result.detail, None, result.final_population, steps
        )

    method = Method("m", "m", "m", SearchHyperparameters, search, True)
    return method.run(objective, seed, 0, settings)


def assert_same(ours: Run, theirs: Run) -> None:
    for name in ("seed", "status", "detail", "outcome", "total", "distinct", "invalid"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("codes", "metrics", "lookups", "final_population"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    for name, trace in theirs.steps.items():
        np.testing.assert_allclose(ours.steps[name], trace, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"population_num": 17, "num_step": 40},
        {"mutate_rate": 0.0, "noise_scale": 0.2},
        {"mapping": "identity"},
        {"mapping": "power", "elite_rate": 0.3},
        {"mapping": "exponential", "temperature": 0.5},
        {"mapping": "rescale", "diver_rate": 0.0},
    ],
    ids=str,
)
def test_whole_runs_are_the_same(changed: dict[str, object]) -> None:
    objective, settings = packaged(), SearchHyperparameters(**changed)
    for seed in range(6):
        assert_same(
            record(compiled, objective, seed, settings), record(engine, objective, seed, settings)
        )


def test_every_trace_it_can_search_is_identical(golden: Path, mirror: Path) -> None:
    replayed = 0
    for path in sorted(golden.glob("*-seed*.json.gz")):
        trace = read_trace(path)
        objective = own_objective(trace)
        if objective is None:
            definition = get_definition(trace.space, trace.dataset)
            table = build_table(definition, locate(definition.sources), {})
            objective = Objective(table, definition.protocols["paper"], get_space(trace.space))
        if compiled.unsupported(objective) is None:
            assert replay(trace, objective, compiled.search) is None, path.name
            replayed += 1
    assert replayed == 48

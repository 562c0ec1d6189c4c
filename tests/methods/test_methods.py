"""Every method: a run is a function of its seed, and counts are honest."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.methods.interface import Outcome, Run
from ednag.methods.parallel import run_on_cores
from ednag.methods.storage import read_runs, write_runs
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from tests.machines import runs_here
from tests.methods.made_up_costs import proxies_and_costs

BUDGET = 40
#: Methods with shorter trainings: tests/methods/test_successive_halving.py.
NAMES = [name for name in method_names() if not get_method(name).epochs and runs_here(name)]


@pytest.fixture(scope="module")
def objective() -> Objective:
    space = get_space("nasbench201")
    accuracy = np.random.default_rng(1).uniform(10, 94, space.size)
    metric = Metric("accuracy", "%", "made up")
    table = BenchmarkTable("nasbench201", "made-up", {"accuracy": accuracy}, {"accuracy": metric})
    protocol = Protocol("accuracy", "accuracy", "made up")
    return Objective(table, protocol, space, further=proxies_and_costs())


def same(one: Run, other: Run) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("outcome", "total", "distinct", "codes", "metrics", "lookups")
    ) and np.array_equal(one.final_population, other.final_population)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_does_not_depend_on_what_ran_before(name: str, objective: Objective) -> None:
    method = get_method(name)
    settings = method.read_hyperparameters({})
    alone = method.run(objective, 5, BUDGET, settings)
    method.run(objective, 4, BUDGET, settings)
    assert same(alone, method.run(objective, 5, BUDGET, settings))
    assert not same(alone, method.run(objective, 6, BUDGET, settings))


@pytest.mark.parametrize("name", ["ednag", "regularised-evolution-30-10", "ridge-guided"])
@pytest.mark.parametrize("threads", [2, 3, 9])
def test_runs_are_equal_however_many_cores_share_the_seeds(
    name: str, threads: int, objective: Objective
) -> None:
    method, seeds = get_method(name), [3, 0, 1, 9]
    settings = method.read_hyperparameters({})
    shared = list(run_on_cores(method, objective, seeds, BUDGET, settings, threads))
    assert [run.seed for run in shared] == seeds
    assert all(map(same, method.run_all(objective, seeds, BUDGET, settings), shared))


def test_a_stopped_process_of_several_is_one_line(objective: Objective) -> None:
    def search(objective: Objective, seed: int, *given: Any) -> Outcome:
        if seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return get_method("random").search(objective, seed, *given)

    method = replace(get_method("random"), search=search)
    settings = method.read_hyperparameters({})
    with pytest.raises(EdnagError, match="was stopped, perhaps for its memory; run the command"):
        list(run_on_cores(method, objective, [0, 1], BUDGET, settings, 2))


@pytest.mark.parametrize("name", NAMES)
def test_counts_agree_with_the_sequence(name: str, objective: Objective) -> None:
    method = get_method(name)
    run = method.run(objective, 0, BUDGET, method.read_hyperparameters({}))
    assert run.distinct == len(run.codes) == len(set(run.codes.tolist())) == len(run.lookups)
    assert run.total >= run.distinct + run.invalid
    assert (np.diff(run.lookups) > 0).all()
    assert run.outcome in run.codes
    assert run.outcome_metric == objective.report(run.outcome)
    np.testing.assert_array_equal(run.metrics, objective.metric(run.codes))
    if not method.has_own_end:
        assert run.distinct <= BUDGET


def test_no_method_but_those_with_their_own_end_exceeds_a_small_budget(
    objective: Objective,
) -> None:
    for name in NAMES:
        method = get_method(name)
        for budget in (1, 31) if not method.has_own_end else ():
            assert (
                method.run(objective, 2, budget, method.read_hyperparameters({})).distinct == budget
            )


def graphs_in(run: Run) -> int:
    graph_of_code = get_space("nasbench201").graph_of_code
    assert graph_of_code is not None
    return len(np.unique(graph_of_code[run.codes]))


@pytest.mark.parametrize("name", [name for name in NAMES if not get_method(name).has_own_end])
@pytest.mark.parametrize("protocol", ["one value", "drawn"])
def test_a_budget_of_graphs_ends_every_method_at_the_same_number(
    name: str, protocol: str, objective: Objective
) -> None:
    drawn = ("accuracy",) if protocol == "drawn" else ()
    counting = Objective(
        objective.table,
        replace(objective.protocol, drawn_metrics=drawn),
        objective.space,
        "unique graphs",
        objective.further,
    )
    method = get_method(name)
    settings = method.read_hyperparameters({})
    for seed, budget in [(0, 1), (1, 31), (2, 150)]:
        run = method.run(counting, seed, budget, settings)
        assert graphs_in(run) == budget
    # The same seed with a budget of strings sees fewer graphs.
    assert run.distinct > budget > graphs_in(method.run(objective, 2, budget, settings))


def test_random_search_may_exhaust_the_graphs_and_stops_at_the_last_one(
    objective: Objective,
) -> None:
    counting = Objective(objective.table, objective.protocol, objective.space, "unique graphs")
    method = get_method("random")
    run = method.run(counting, 0, 10**6, method.read_hyperparameters({}))
    assert graphs_in(run) == objective.space.unique_graphs
    assert graphs_in(replace(run, codes=run.codes[:-1])) == graphs_in(run) - 1


def test_random_search_is_without_replacement_and_may_exhaust_the_space(
    objective: Objective,
) -> None:
    method = get_method("random")
    run = method.run(objective, 0, 10**6, method.read_hyperparameters({}))
    assert run.distinct == run.total == objective.space.size
    assert run.outcome_metric == objective.optimum


def test_ednag_asks_as_often_as_the_reference(objective: Objective) -> None:
    method = get_method("ednag")
    run = method.run(objective, 0, BUDGET, method.read_hyperparameters({}))
    assert run.total == 8910
    assert [len(trace) for trace in run.steps.values()] == [99] * 4
    assert run.steps["step_valid_rate"][0] < 0.5


def test_a_degenerate_pool_ends_as_a_recorded_outcome() -> None:
    space = get_space("nasbench201")
    flat = {"accuracy": np.zeros(space.size)}
    table = BenchmarkTable("nasbench201", "flat", flat, {"accuracy": Metric("accuracy", "%", "")})
    objective = Objective(table, Protocol("accuracy", "accuracy", ""), space)
    method = get_method("ednag")
    run = method.run(objective, 0, BUDGET, method.read_hyperparameters({}))
    assert run.status == "degenerate"
    assert "denoising step 1: all individuals of the pool weigh the same" in run.detail


def test_run_files_give_the_runs_back_and_the_same_bytes(
    objective: Objective, tmp_path: Path
) -> None:
    runs = []
    for name in NAMES:
        method = get_method(name)
        runs.append(method.run(objective, len(runs), BUDGET, method.read_hyperparameters({})))
    write_runs(runs, {"method": "several"}, tmp_path / "a.parquet")
    write_runs(runs[::-1], {"method": "several"}, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    back = read_runs(tmp_path / "a.parquet")
    assert back.described == {"method": "several"}
    assert all(same(one, other) for one, other in zip(runs, back.runs, strict=True))
    assert [run.steps.keys() for run in back.runs] == [run.steps.keys() for run in runs]


def test_a_foreign_run_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.parquet").write_bytes(b"nothing")
    with pytest.raises(EdnagError, match="not a run file of this workflow"):
        read_runs(tmp_path / "r.parquet")


def test_an_unknown_method_names_the_closest() -> None:
    with pytest.raises(EdnagError, match="did you mean 'random'"):
        get_method("randm")


@pytest.mark.parametrize("name", [n for n in NAMES if get_method(n).search_together is not None])
def test_runs_together_are_the_runs_alone(name: str, objective: Objective) -> None:
    method = get_method(name)
    settings = method.read_hyperparameters({})
    together = list(method.run_all(objective, [5, 3, 9], 200, settings))
    for seed, run in zip([5, 3, 9], together, strict=True):
        assert same(run, method.run(objective, seed, 200, settings))

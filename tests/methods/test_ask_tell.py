"""Searches by an optimiser that is asked and told, and TPE."""

from collections.abc import Sequence

import numpy as np
import pytest

from ednag.methods import get_method
from ednag.methods.ask_tell import search_by
from ednag.methods.interface import Method, NoHyperparameters, Run
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.spaces.interface import SearchSpace
from ednag.tables.interface import BenchmarkTable, Metric, Protocol

SPACE = "transnas-macro"


def objective(lower_is_better: bool = False) -> Objective:
    """A table in which an architecture is worth its code."""
    space = get_space(SPACE)
    values = np.arange(space.size, dtype=np.float64) + 1
    metric = Metric("value", "", "made up", higher_is_better=not lower_is_better)
    table = BenchmarkTable(SPACE, "class_scene", {"value": values}, {"value": metric})
    rule = "inverse" if lower_is_better else "power"
    return Objective(table, Protocol("value", "value", "made up", rule=rule), space)


class Proposing:
    """Proposes the same architectures over and over, and keeps what it is told."""

    def __init__(self, proposals: Sequence[Sequence[int]]) -> None:
        self.proposals, self.asked = proposals, 0
        self.told: list[tuple[list[int], float | None]] = []

    def ask(self) -> Sequence[int]:
        self.asked += 1
        return self.proposals[self.asked % len(self.proposals)]

    def tell(self, values: Sequence[int], score: float | None) -> None:
        self.told.append((list(values), score))


def run_of(optimiser: Proposing, searched: Objective, budget: int) -> Run:
    """A run of an optimiser."""

    def new(space: SearchSpace, seed: int, settings: object) -> Proposing:
        return optimiser

    method = Method("made-up", "Made up", "", NoHyperparameters, search_by(new))
    return method.run(searched, 7, budget, NoHyperparameters())


def test_an_optimiser_that_repeats_itself_spends_its_budget() -> None:
    searched = objective()
    values = searched.space.values_of(np.array([3]))[0].tolist()
    run = run_of(Proposing([values]), searched, 5)
    assert (run.status, run.distinct, run.invalid) == ("completed", 5, 0)
    # The first proposal is new; then ten repeated ones come before each that is drawn.
    assert run.total == 1 + 4 * 11
    assert run.codes[0] == 3 and run.outcome == run.codes.max()


def test_a_proposal_that_is_no_architecture_is_counted_and_told_as_none() -> None:
    searched = objective()
    space = searched.space
    none = [-1] * len(space.variables)
    assert space.code_of(np.array([none])).tolist() == [-1]
    optimiser = Proposing([none])
    run = run_of(optimiser, searched, 3)
    assert (run.status, run.distinct, run.invalid, run.total) == ("completed", 3, 30, 33)
    assert [score for values, score in optimiser.told if values == none] == [None] * 30


@pytest.mark.parametrize("lower_is_better", [False, True])
def test_an_optimiser_is_told_what_the_table_says(lower_is_better: bool) -> None:
    searched = objective(lower_is_better)
    space, codes = searched.space, np.array([5, 9, 2])
    optimiser = Proposing(space.values_of(codes).tolist())
    run = run_of(optimiser, searched, 3)
    sign = -1 if lower_is_better else 1
    for values, score in optimiser.told:
        assert score == sign * (space.code_of(np.array([values]))[0] + 1)
    assert run.outcome == (2 if lower_is_better else 9)


def test_tpe_learns() -> None:
    space = get_space("nasbench201")
    values = space.values_of(np.arange(space.size)).sum(axis=1) + 1.0
    table = BenchmarkTable(
        space.name, "cifar10", {"value": values}, {"value": Metric("value", "", "made up")}
    )
    searched = Objective(table, Protocol("value", "value", "made up"), space)
    method, random = get_method("tpe"), get_method("random")
    settings = method.read_hyperparameters({}, space)
    ours = [method.run(searched, seed, 60, settings) for seed in range(3)]
    theirs = [random.run(searched, seed, 60, NoHyperparameters()) for seed in range(3)]
    assert all(run.distinct == 60 and run.status == "completed" for run in ours)
    seen = [np.mean([run.metrics.mean() for run in runs]) for runs in (ours, theirs)]
    assert seen[0] > 1.2 * seen[1]

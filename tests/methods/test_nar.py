"""The methods that learn a predictor: counts within the budget, determinism, what they learn."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from ednag.cells.nasbench201 import counts, shape_of
from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.methods.ednag_ranked import predictions
from ednag.methods.interface import Run
from ednag.methods.learnt_ranking import Round, seed_of
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, Protocol

NAMES = ("nar", "ednag-ranked", "ednag-ranked-nar")
BUDGET = 60
QUICK = {"epochs": 2, "model": 8}


def objective_of(values: np.ndarray, higher_is_better: bool = True) -> Objective:
    metric = Metric("accuracy", "%", "made up", higher_is_better)
    table = BenchmarkTable("nasbench201", "made-up", {"accuracy": values}, {"accuracy": metric})
    protocol = Protocol("accuracy", "accuracy", "made up")
    if not higher_is_better:
        protocol = replace(protocol, rule="inverse", factor=50 * values.min())
    return Objective(table, protocol, get_space("nasbench201"))


def by_flops() -> np.ndarray:
    """Accuracies that FLOPs almost tell: easy to learn."""
    flops = counts(shape_of("cifar10")).flops.astype(float)
    noise = np.random.default_rng(0).normal(size=len(flops))
    return 90 + 3 * (flops - flops.mean()) / flops.std() + 0.1 * noise


def run(
    name: str, objective: Objective, seed: int, budget: int = BUDGET, **settings: object
) -> Run:
    method = get_method(name)
    given = method.read_hyperparameters({**QUICK, **settings})
    return method.run(objective, seed, budget, given)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_spends_its_budget_and_repeats_bit_for_bit(name: str) -> None:
    objective = objective_of(by_flops())
    first = run(name, objective, 3)
    assert first.distinct == first.total == BUDGET == len(set(first.codes.tolist()))
    assert first.outcome == first.codes[first.metrics.argmax()]
    assert first.outcome_metric == objective.report(first.outcome)
    run(name, objective, 4)
    again, other = run(name, objective, 3), run(name, objective, 4)
    np.testing.assert_array_equal(first.codes, again.codes)
    assert first.codes.tolist() != other.codes.tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("budget", [1, 9, 12, 25])
def test_small_budgets_are_spent_too(name: str, budget: int) -> None:
    assert run(name, objective_of(by_flops()), 0, budget).distinct == budget


@pytest.mark.parametrize("name", NAMES)
def test_what_is_learnt_is_better_than_chance(name: str) -> None:
    # Random first cells, then those that the ranker chose, on an easy benchmark.
    found = run(name, objective_of(by_flops()), 1, 300, epochs=8, model=16)
    first, chosen = found.metrics[:120], found.metrics[120:]
    assert chosen.mean() > first.mean() + first.std() / 2


def test_a_loss_is_made_small() -> None:
    losses = by_flops().max() + 1 - by_flops()
    found = run("ednag-ranked", objective_of(losses, higher_is_better=False), 1, 120)
    assert found.metrics[48:].mean() < found.metrics[:48].mean()
    assert found.outcome_metric == found.metrics.min()


@pytest.mark.parametrize("name", NAMES)
def test_cells_that_the_benchmark_lacks_are_not_asked_for(name: str) -> None:
    values = by_flops()
    values[::2] = np.nan
    found = run(name, objective_of(values), 0)
    assert found.distinct == BUDGET and found.invalid == 0
    assert np.isfinite(found.metrics).all()


def test_a_ranker_that_knows_nothing_still_spends_the_budget() -> None:
    # Made-up values without any order: often no new cell is in the predicted first tier.
    values = np.random.default_rng(1).uniform(10, 94, 15625)
    for seed in range(2):
        assert run("nar", objective_of(values), seed, 40, top=1).distinct == 40


def test_predictions_take_the_place_of_their_rank() -> None:
    current = Round(np.arange(3), np.array([70.0, 80.0, 90.0]), 0, 0)
    predicted = predictions(objective_of(by_flops()), current, np.arange(15625.0))
    assert (predicted[0], predicted[7812], predicted[-1]) == (70, 80, 90)
    assert (np.diff(predicted) > 0).all()


def test_equal_scores_are_placed_by_code() -> None:
    current = Round(np.arange(3), np.array([70.0, 80.0, 90.0]), 0, 0)
    predicted = predictions(objective_of(by_flops()), current, np.zeros(15625))
    assert (np.diff(predicted) > 0).all()


def test_seeds_of_rounds_differ() -> None:
    assert len({seed_of(seed, number) for seed in range(20) for number in range(5)}) == 100


def test_other_spaces_are_refused() -> None:
    space = get_space("transnas-micro")
    values = np.zeros(space.size)
    table = BenchmarkTable(
        "transnas-micro", "made-up", {"a": values}, {"a": Metric("a", "%", "made up")}
    )
    objective = Objective(table, Protocol("a", "a", "made up"), space)
    with pytest.raises(EdnagError, match="nar cannot search transnas-micro; it searches nasbench2"):
        run("nar", objective, 0)


def test_settings_have_bounds() -> None:
    for wrong in ({"model": 7}, {"first_share": 0}, {"rounds": 0}, {"top": 0}):
        with pytest.raises(ValidationError):
            get_method("nar").hyperparameters.model_validate(wrong)


def test_the_registry_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from ednag.methods import METHODS, get_method\n"
        "[get_method(name) for name in METHODS]\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

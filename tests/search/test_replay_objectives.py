"""What the other spaces need of fitness and objective: losses, gaps, drawn trainings."""

import random

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.search.fitness import WORST_LOSS, fitness_of, rescale
from ednag.search.objective import Ledger, Objective
from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, Protocol

SPACE = get_space("nasbench301")
LOSS = Protocol("loss", "loss", "", factor=2969.0, rule="inverse")


def table(**values: np.ndarray) -> BenchmarkTable:
    metrics = {name: Metric(name, "%", "", not name.endswith("loss")) for name in values}
    return BenchmarkTable("nasbench301", "made-up", dict(values), metrics)


def test_a_lower_loss_is_fitter_and_the_worst_has_no_fitness() -> None:
    losses = np.array([58.71, 60.0, 100.0, WORST_LOSS], dtype=np.float32)
    fitness = fitness_of(losses, LOSS)
    assert (np.diff(fitness) < 0).all()
    assert fitness[-1] == 0
    assert fitness[1] == pytest.approx(rescale(np.float32([50 + 2969 / 60]))[0], rel=1e-6)
    np.testing.assert_array_equal(fitness_of(-losses, LOSS), fitness)


def test_fitness_is_zero_below_a_value_and_where_it_is_practically_infinite() -> None:
    protocol = Protocol("m", "m", "", factor=1.05, zero_below=0.01)
    fitness = fitness_of(np.array([0, 0.009, 0.01, 50, 1e6], dtype=np.float32), protocol)
    assert (fitness > 0).tolist() == [False, False, True, True, False]


def test_an_invalid_architecture_has_the_worst_loss() -> None:
    losses = np.linspace(50, 100, SPACE.size)
    objective = Objective(table(loss=losses), LOSS, SPACE)
    metric, fitness = objective.evaluate(np.array([0, -1]))
    assert metric.tolist() == [50, 1e8]
    assert fitness[1] == 0
    assert objective.optimum == 50
    negated = Objective(table(gain=-losses), Protocol("gain", "gain", "", 1.0, "inverse"), SPACE)
    assert negated.evaluate(np.array([-1]))[0].tolist() == [-1e8]


def test_what_a_table_lacks_is_no_architecture() -> None:
    values = np.full(SPACE.size, np.nan)
    values[[3, 5]] = 90, 91
    objective = Objective(table(accuracy=values), Protocol("accuracy", "accuracy", ""), SPACE)
    metric, fitness = objective.evaluate(np.array([3, 4, 5, -1, 3]))
    assert metric.tolist() == [90, 0, 91, 0, 90]
    assert (fitness > 0).tolist() == [True, False, True, False, True]
    ledger = objective.ledger
    assert (ledger.total, ledger.invalid, ledger.distinct) == (5, 2, 2)
    assert ledger.codes().tolist() == [3, 5]
    genotypes = np.random.default_rng(0).random((2000, 4, 14), dtype=np.float32)
    decoded = objective.decode(genotypes)
    assert set(decoded.tolist()) <= {-1, 3, 5}
    raws = SPACE.decode_raw(genotypes)
    np.testing.assert_array_equal(objective.code_of_raw[raws], decoded)


def test_one_training_of_three_is_drawn_with_the_runs_seed() -> None:
    runs = {f"run_{k}": np.arange(SPACE.size) % 50 + k for k in range(3)}
    values = table(mean=runs["run_1"] * 1.0, **{name: run * 1.0 for name, run in runs.items()})
    protocol = Protocol("mean", "mean", "", drawn_metrics=tuple(runs))
    objective = Objective(values, protocol, SPACE)
    with pytest.raises(ValueError, match="needs the seed"):
        objective.evaluate(np.array([0]))
    codes = np.array([7, -1, 8, 7, 7, 9])
    objective.begin(11)
    metric, fitness = objective.evaluate(codes)
    drawn = random.Random(11)
    expected = [0 if c < 0 else float(runs[f"run_{drawn.randint(0, 2)}"][c]) for c in codes]
    assert metric.tolist() == expected
    np.testing.assert_array_equal(fitness, fitness_of(metric, protocol))
    # What is kept of an architecture is what its first evaluation drew.
    assert objective.metric(np.array([7, 8, 9])).tolist() == [expected[0], expected[2], expected[5]]
    assert objective.report(7) == 8
    objective.begin(11)
    assert objective.evaluate(codes)[0].tolist() == expected


def test_a_drawn_training_must_be_in_the_table() -> None:
    protocol = Protocol("mean", "mean", "", drawn_metrics=("run_1",))
    with pytest.raises(EdnagError, match="needs metric 'run_1'"):
        Objective(table(mean=np.zeros(SPACE.size)), protocol, SPACE)


def test_the_ledger_grows_with_codes_handed_out() -> None:
    ledger = Ledger(0)
    for code in (0, 5, 5, 2, 400):
        ledger.enter(np.array([code, -1], dtype=np.int32))
    assert ledger.codes().tolist() == [0, 5, 2, 400]
    assert (ledger.distinct, ledger.total, ledger.invalid) == (4, 10, 5)

"""Successive halving, Hyperband and ASHA: their rungs, their epochs, and how they are compared."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import ednag
from ednag.errors import EdnagError
from ednag.evidence.summaries import (
    anytime_curves,
    over_trainings,
    reported_curve,
    summarise_runs,
)
from ednag.evidence.tables import equal_budget_table, note_under
from ednag.methods import get_method
from ednag.methods.consistency import check_values
from ednag.methods.interface import Method, Outcome, Run, run_of
from ednag.methods.storage import read_runs, write_runs
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.study.configuration import read_study
from ednag.study.statistics import Statistics
from ednag.tables import get_definition, has_epochs
from ednag.tables.interface import BenchmarkTable, Metric, Protocol, TableDefinition
from tests.conftest import Mirror

NAMES = ("successive-halving", "hyperband", "asha")
RUNGS = (4, 12, 36, 108)
SPACE = get_space("nasbench101")
TABLE = get_definition("nasbench101", "cifar10-epochs")
PROTOCOL = TABLE.protocols["paper"]


def made_up(seed: int = 0, noise: float = 5.0, known: int = 400) -> BenchmarkTable:
    """Accuracies of `known` cells, the noisier the fewer epochs."""
    generator = np.random.default_rng(seed)
    codes = generator.permutation(SPACE.size)[:known]
    final = generator.uniform(60, 90, known)
    values = {}
    for rung, number in enumerate(reversed(RUNGS)):
        values[f"validation_accuracy_{number}"] = dense = np.full(SPACE.size, np.nan)
        dense[codes] = final - 10 * rung + generator.normal(0, noise, known) * (rung > 0)
    for name in ("training_time", "parameters"):
        values[name] = np.where(np.isnan(dense), np.nan, 1.0)
    metrics = {metric.name: metric for metric in TABLE.metrics}
    return BenchmarkTable("nasbench101", "cifar10-epochs", values, metrics)


@pytest.fixture(scope="module")
def table() -> BenchmarkTable:
    return made_up()


def search(table: BenchmarkTable, name: str, seed: int, budget: int, **settings: int) -> Run:
    method = get_method(name)
    objective = Objective(table, PROTOCOL, SPACE)
    return method.run(objective, seed, budget, method.read_hyperparameters(settings))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("budget", [1, 7, 20])
def test_a_budget_is_spent_in_epochs(name: str, budget: int, table: BenchmarkTable) -> None:
    run = search(table, name, 0, budget)
    assert 108 * (budget - 1) < run.epochs.sum() <= 108 * budget
    assert len(run.epochs) == run.distinct == run.total == len(run.lookups)
    pairs = list(zip(run.codes.tolist(), run.epochs.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    values = [table.values[f"validation_accuracy_{epochs}"][code] for code, epochs in pairs]
    assert run.metrics.tolist() == values
    # The best of those trained longest, and nothing of what was not trained so long.
    longest = run.epochs == run.epochs.max()
    assert run.outcome == run.codes[longest][run.metrics[longest].argmax()]


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_a_run(name: str, table: BenchmarkTable) -> None:
    one, again, other = (search(table, name, seed, 8) for seed in (3, 3, 4))
    assert one.codes.tolist() == again.codes.tolist() != other.codes.tolist()


def test_brackets_keep_the_best_third(table: BenchmarkTable) -> None:
    run = search(table, "successive-halving", 1, 4)
    assert Counter(run.epochs.tolist()) == {4: 27, 12: 9, 36: 3, 108: 1}
    for shorter, longer in pairwise(RUNGS):
        before, after = run.epochs == shorter, run.epochs == longer
        order = run.codes[before][np.argsort(-run.metrics[before])]
        assert run.codes[after].tolist() == order[: after.sum()].tolist()


def test_hyperband_begins_on_each_rung(table: BenchmarkTable) -> None:
    first = {4: 27, 12: 9 + 12, 36: 3 + 4 + 6, 108: 1 + 1 + 2 + 4}
    epochs = sum(epochs * count for epochs, count in first.items())
    run = search(table, "hyperband", 1, -(-epochs // 108))
    upto = np.cumsum(run.epochs) <= epochs
    assert Counter(run.epochs[upto].tolist()) == first


def test_asha_trains_longer_only_what_is_in_the_best_third_so_far(table: BenchmarkTable) -> None:
    run = search(table, "asha", 1, 20)
    seen: dict[int, dict[int, float]] = {epochs: {} for epochs in RUNGS}
    for code, epochs, value in zip(run.codes, run.epochs, run.metrics, strict=True):
        if epochs > RUNGS[0]:
            below = seen[RUNGS[RUNGS.index(epochs) - 1]]
            assert code in sorted(below, key=lambda each: -below[each])[: len(below) // 3]
        seen[epochs][code] = value
    assert all(seen.values())


@pytest.mark.parametrize("name", NAMES)
def test_lower_is_better(name: str) -> None:
    table = made_up()
    losses = {key: 100 - each for key, each in table.values.items()}
    metrics = {n: replace(each, higher_is_better=False) for n, each in table.metrics.items()}
    loss = BenchmarkTable("nasbench101", "cifar10-epochs", losses, metrics)
    objective = Objective(loss, replace(PROTOCOL, rule="inverse", factor=50.0), SPACE)
    method = get_method(name)
    run = method.run(objective, 0, 8, method.read_hyperparameters({}))
    assert run.codes.tolist() == search(table, name, 0, 8).codes.tolist()
    assert over_trainings(run, PROTOCOL, False).codes[-1] == run.outcome


@pytest.mark.parametrize("name", NAMES)
def test_few_architectures_end_a_run_early(name: str) -> None:
    run = search(made_up(known=10), name, 0, 50)
    assert run.status == "completed" and len(set(run.codes.tolist())) == 10
    assert run.epochs.sum() < 50 * 108


def test_where_epochs_tell_something_they_are_ahead_of_random_search() -> None:
    table = made_up(noise=1.0)
    seeds = range(10)
    random = np.mean([search(table, "random", seed, 8).outcome_metric for seed in seeds])
    for name in NAMES:
        assert np.mean([search(table, name, s, 8).outcome_metric for s in seeds]) > random


def test_a_run_file_keeps_the_epochs(table: BenchmarkTable, tmp_path: Path) -> None:
    runs = [search(table, name, seed, 5) for seed, name in enumerate(NAMES)]
    write_runs(runs, {"protocol": "paper"}, tmp_path / "r.parquet")
    file = read_runs(tmp_path / "r.parquet")
    for run, back in zip(runs, file.runs, strict=True):
        assert run.epochs.tolist() == back.epochs.tolist()
    check_values(tmp_path / "r.parquet", file, table, PROTOCOL)
    changes: list[tuple[str, Callable[[Run], object]]] = [
        ("epochs has 13, and the protocol knows no", lambda run: run.epochs.put(0, 13)),
        (r"metrics\[0\] is .* and the table has", lambda run: run.epochs.put(0, 36)),
        ("codes name an architecture twice", lambda run: run.codes.put(1, run.codes[0])),
    ]
    for message, change in changes:
        (broken, *_) = read_runs(tmp_path / "r.parquet").runs
        for name in ("codes", "epochs"):
            setattr(broken, name, getattr(broken, name).copy())
        change(broken)
        with pytest.raises(EdnagError, match=f"seed 0: {message}"):
            check_values(tmp_path / "r.parquet", replace(file, runs=[broken]), table, PROTOCOL)


def run_with(table: BenchmarkTable, *trainings: tuple[int, int]) -> Run:
    """A run with trainings of (position among the table's cells, epochs)."""
    objective = Objective(table, PROTOCOL, SPACE)
    codes = np.flatnonzero(~np.isnan(table.values["parameters"]))
    for position, epochs in trainings:
        objective.evaluate_after(codes[[position]], epochs)
    return run_of(objective, 0, Outcome(int(codes[trainings[-1][0]])))


def test_methods_are_compared_at_equal_epochs() -> None:
    table = made_up(known=5)
    codes = np.flatnonzero(~np.isnan(table.values["parameters"]))
    for number in RUNGS:
        # The first one looks best after few epochs, and the last one is.
        order = [80, 50, 40, 30, 60] if number < 108 else [50, 60, 70, 80, 90]
        table.values[f"validation_accuracy_{number}"][codes] = order
    short = [(position, 4) for position in range(5)]
    run = run_with(table, *short, (0, 36), (1, 108), (2, 108), (4, 108))
    spent = np.cumsum([4] * 5 + [36, 108, 108, 108])
    # What it would report after 1, 2, 3 and 4 whole trainings' epochs: of 36 epochs the first one,
    # then the best of those of 108, whatever the others have in the table.
    assert spent.tolist() == [4, 8, 12, 16, 20, 56, 164, 272, 380]
    whole = over_trainings(run, PROTOCOL, True)
    assert whole.codes.tolist() == codes[[0, 1, 2, 4]].tolist()
    assert reported_curve(whole, table, PROTOCOL).tolist() == [50, 60, 70, 90]
    assert whole.lookups.tolist() == [5, 6, 7, 8] and whole.distinct == 4
    assert reported_curve(run, table, PROTOCOL).tolist() == [50] * 6 + [60, 70, 90]

    random = run_with(table, (1, 108), (0, 108), (2, 108), (3, 108))
    assert over_trainings(random, PROTOCOL, True) is random
    runs = {("paper", "asha"): [run], ("paper", "random"): [random]}
    summary = summarise_runs(runs, table, (1, 2, 4))
    assert summary["best_after_1"].tolist() == [50, 60]
    assert summary["best_after_4"].tolist() == [90, 80]
    assert summary["best_within_4_lookups"].tolist() == [50, 80]
    assert summary["distinct"].tolist() == [4, 4] and summary["total"].tolist() == [9, 4]
    assert summary["distinct_to_optimum"].iloc[0] == 4
    assert summary["seen_mean"].iloc[0] == np.mean([60, 70, 90])
    curves = anytime_curves(runs, table).set_index(["method", "counted", "evaluations"])["mean"]
    assert curves["asha", "distinct evaluations"].tolist() == [50, 60, 70, 90]
    statistics = Statistics(checkpoints=(1, 2, 4))
    equal = equal_budget_table(summary, statistics).set_index(["counted", "budget", "method"])
    assert equal["mean"]["distinct evaluations", 2, "asha"] == 60
    assert "as many epochs as a whole training has" in note_under(
        "equal-budget", summary, statistics
    )
    others = summary[summary["method"] == "random"]
    assert "fewer epochs" not in note_under("equal-budget", others, statistics)


def test_a_study_skips_them_where_no_shorter_trainings_are_known() -> None:
    study = read_study(
        {
            "benchmarks": {"nasbench101": ["cifar10-epochs", "cifar10"]},
            "methods": ["random", *NAMES],
        }
    )
    entries = {entry.id: entry for entry in study.methods}
    for name in NAMES:
        assert entries[name].is_run_on("nasbench101", "cifar10-epochs")
        assert not entries[name].is_run_on("nasbench101", "cifar10")
    assert has_epochs("nasbench101", "cifar10-epochs")
    benchmark = ednag.load("nasbench201", "cifar10-analog")
    with pytest.raises(EdnagError, match="nasbench201/cifar10-analog has no accuracies after few"):
        ednag.search("asha", benchmark, seed=0, budget=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": {4: "a", 2: "b"}}, "are not ascending"),
        ({"epochs": {0: "a", 2: "b"}}, "are not ascending"),
        ({"epochs": {2: "b", 4: "a"}}, "the last one, 4, is not of b"),
        ({"epochs": {2: "lost", 4: "b"}}, "no metric is called 'lost'"),
        ({"epochs": {4: "b"}, "drawn_metrics": ("b",)}, "leave out drawn_metrics"),
    ],
)
def test_wrong_epochs_of_a_protocol_are_refused(changes: dict[str, object], message: str) -> None:
    protocol = replace(Protocol("b", "b", "made up"), **changes)  # type: ignore[arg-type]
    metrics = (Metric("a", "%", ""), Metric("b", "%", ""))
    assert isinstance(TABLE, TableDefinition)
    with pytest.raises(EdnagError, match=message):
        replace(TABLE, metrics=metrics, protocols={"paper": protocol})


def own(table: BenchmarkTable, ask: Callable[[Objective], int]) -> Run:
    """The run of a method of the user's, with a budget of two trainings."""
    method = replace(
        get_method("asha"),
        of="mine:METHOD",
        search=lambda objective, seed, budget, settings: Outcome(ask(objective)),
    )
    assert isinstance(method, Method)
    return method.run(Objective(table, PROTOCOL, SPACE), 0, 2, method.read_hyperparameters({}))


def test_an_own_method_may_ask_for_shorter_trainings_within_its_epochs(
    table: BenchmarkTable,
) -> None:
    codes = np.flatnonzero(~np.isnan(table.values["parameters"]))

    def asking(*trainings: tuple[int, int]) -> Callable[[Objective], int]:
        def ask(objective: Objective) -> int:
            for count, epochs in trainings:
                objective.evaluate_after(codes[:count], epochs)
            return int(codes[0])

        return ask

    fine = own(table, asking((18, 4), (18, 4), (4, 36)))
    assert fine.status == "completed" and fine.epochs.sum() == 216 and fine.total == 40
    assert "more epochs than its budget of 2" in own(table, asking((18, 4), (5, 36))).detail
    assert "asks for 5 epochs" in own(table, asking((1, 5))).detail
    assert "has the codes from 0" not in own(table, asking((1, 4))).detail


def test_the_real_file(mirror: Mirror) -> None:
    """315 cells, of which few epochs tell something: more with more of them."""
    source = TABLE.sources[0]
    table = TABLE.build({source: mirror(source)}, {})
    assert isinstance(table, BenchmarkTable)
    assert table.valid.sum() == 315
    final = table.values["validation_accuracy_108"][table.valid]
    known = [
        np.corrcoef(
            table.values[f"validation_accuracy_{n}"][table.valid].argsort().argsort(),
            final.argsort().argsort(),
        )[0, 1]
        for n in (4, 36)
    ]
    assert 0.5 < known[0] < known[1]
    runs = {name: [search(table, name, s, 12) for s in range(10)] for name in ("random", *NAMES)}
    means = {name: np.mean([run.outcome_metric for run in each]) for name, each in runs.items()}
    assert means["successive-halving"] > means["random"]

"""Repeated trainings: simulated GPU hours, and cells that are tied with the best one."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from ednag.evidence.figures.anytime import anytime, anytime_frame
from ednag.evidence.summaries import (
    anytime_curves,
    hours_spent,
    summarise_runs,
    tied_with_best,
)
from ednag.evidence.tables import comparison_table, equal_budget_table, own_end_table, readable
from ednag.methods.interface import Run
from ednag.spaces import get_space
from ednag.study.statistics import Statistics
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable

DEFINITION = get_definition("nasbench201", "cifar10-valid")
STATISTICS = Statistics(checkpoints=(1, 2), resamples=100, hours=(0.5, 2.0))


@pytest.fixture(scope="module")
def table() -> BenchmarkTable:
    """Each cell takes an hour to train; the accuracy of cell n is 10 + n / 1000 %."""
    size = get_space("nasbench201").size
    values = {metric.name: 10 + np.arange(size) / 1000 for metric in DEFINITION.metrics}
    values["training_time"] = np.full(size, 3600.0)
    values |= {"trainings": np.full(size, 2.0), "validation_accuracy_sd": np.full(size, 1e-3)}
    metrics = {metric.name: metric for metric in DEFINITION.metrics}
    return BenchmarkTable("nasbench201", "cifar10-valid", values, metrics)


def run_of(seed: int, codes: list[int], table: BenchmarkTable) -> Run:
    metrics = table.values["validation_accuracy"][codes]
    return Run(
        seed=seed,
        status="completed",
        detail="",
        outcome=codes[-1],
        outcome_metric=float(metrics[-1]),
        total=10,
        distinct=len(codes),
        invalid=0,
        codes=np.array(codes, dtype=np.int32),
        metrics=metrics,
        lookups=np.arange(len(codes)),
        final_population=np.array(codes, dtype=np.int32),
    )


def summary_of(table: BenchmarkTable) -> pd.DataFrame:
    runs = {
        ("paper", "ednag"): [run_of(0, [1, 2, 3], table), run_of(1, [5, 4], table)],
        ("paper", "random"): [run_of(0, [9, 7], table), run_of(1, [8], table)],
    }
    return summarise_runs(runs, table, STATISTICS.checkpoints, STATISTICS.hours)


def test_repeats_cost_nothing_and_each_cell_its_time(table: BenchmarkTable) -> None:
    spent = hours_spent(run_of(0, [4, 2, 9], table), table, "training_time")
    np.testing.assert_array_equal(spent, [1.0, 2.0, 3.0])


def test_a_training_counts_when_it_has_ended(table: BenchmarkTable) -> None:
    summary = summary_of(table)
    assert summary["hours"].tolist() == [3.0, 2.0, 2.0, 1.0]
    assert summary["best_within_0.5_hours"].isna().all()
    expected = [10.002, 10.005, 10.009, 10.008]
    assert summary["best_within_2_hours"].tolist() == pytest.approx(expected)


def test_tables_compare_at_equal_hours_beside_evaluations(table: BenchmarkTable) -> None:
    summary = summary_of(table)
    equal = equal_budget_table(summary, STATISTICS)
    at_hours = equal[(equal["counted"] == "simulated GPU hours") & (equal["budget"] == 2)]
    assert at_hours["mean"].tolist() == pytest.approx([10.0035, 10.0085])
    assert at_hours["rank"].tolist() == [2, 1]
    assert at_hours["ended"].tolist() == [0, 1]
    assert "2 simulated GPU hours" in readable(equal)["Budget"]
    compared = comparison_table(summary, STATISTICS)
    assert set(compared["counted"]) == set(equal["counted"])
    assert own_end_table(summary, STATISTICS)["hours"].tolist() == [2.5, 1.5]


def test_datasets_without_times_have_no_hours(table: BenchmarkTable) -> None:
    summary = summary_of(table).drop(columns="hours")
    equal = equal_budget_table(summary, STATISTICS)
    assert set(equal["counted"]) == {"distinct evaluations", "look-ups"}
    assert "hours" not in own_end_table(summary, STATISTICS)


def test_the_best_and_what_is_tied_with_it_are_counted_beside_the_optimum(
    table: BenchmarkTable,
) -> None:
    last = get_space("nasbench201").size - 1
    # Two trainings of either cell and s = 0.001: tied if lower by at most 1.66 * 0.001.
    tied = tied_with_best(table, "validation_accuracy")
    assert tied is not None
    assert np.flatnonzero(tied).tolist() == [last - 1, last]
    runs = {("paper", "ednag"): [run_of(0, [1, last], table), run_of(1, [last - 1], table)]}
    own = own_end_table(summarise_runs(runs, table, (1, 2)), STATISTICS)
    assert own["optimum_found"].tolist() == [0.5]
    assert own["best_or_tied"].tolist() == [1.0]
    assert own["best_or_tied_low"].tolist() == pytest.approx([0.158], abs=0.001)


def test_curves_over_hours_count_each_cell_when_its_training_has_ended(
    table: BenchmarkTable,
) -> None:
    runs = {("paper", "random"): [run_of(0, [1, 2, 3], table), run_of(1, [5, 9], table)]}
    curves = anytime_curves(runs, table)
    over = curves[curves["counted"] == "simulated GPU hours"]
    assert (over["evaluations"].iloc[0], over["evaluations"].iloc[-1]) == (1.0, 3.0)
    accuracy = table.values["validation_accuracy"]
    for hours, mean in ((1.5, accuracy[[1, 5]].mean()), (2.5, accuracy[[2, 9]].mean())):
        before = over[over["evaluations"] <= hours].iloc[-1]
        assert before["mean"] == pytest.approx(mean)
    assert over["running"].iloc[-1] == 1
    drawn = anytime_frame(curves, ["random"], float("nan"), True)
    figure = anytime(drawn, float("nan"), "validation accuracy (%)", "made up")
    assert "Simulated GPU hours of training" in {axes.get_xlabel() for axes in figure.axes}
    plt.close(figure)

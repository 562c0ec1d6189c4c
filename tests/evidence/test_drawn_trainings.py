"""Evaluations that draw one of several trainings: one quantity per column, the drawn in its own."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from ednag.evidence.authors_seeds import collect_outcomes
from ednag.evidence.figures.anytime import anytime, anytime_frame
from ednag.evidence.findings import findings_page
from ednag.evidence.published import PrintedNumber, published_table
from ednag.evidence.record import StudyRecord
from ednag.evidence.summaries import anytime_curves, reported_curve, summarise_runs
from ednag.evidence.tables import equal_budget_table, own_end_table, write_evidence
from ednag.evidence.verdicts import judge
from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.methods.interface import Run
from ednag.methods.storage import read_runs, write_runs
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.study.statistics import Statistics
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable
from tests.evidence.claims_data import claim_of
from tests.machines import runs_here

SPACE = get_space("nasbench101")
DEFINITION = get_definition("nasbench101", "cifar10")
PAPER = DEFINITION.protocols["paper"]
STATISTICS = Statistics(checkpoints=(20, 100), resamples=200)
NAMES = ("ednag", "random", "regularised-evolution-10-3", "diffusion-evolution", "ednag-plus")


@pytest.fixture(scope="module")
def table() -> BenchmarkTable:
    """Few levels of mean accuracy, so that every run finds the best; trainings far apart."""
    generator = np.random.default_rng(0)
    mean = generator.integers(90, 94, SPACE.size).astype(float)
    shifts = generator.permuted(np.tile([-0.5, 0.0, 0.5], (SPACE.size, 1)), axis=1)
    values = {metric.name: mean for metric in DEFINITION.metrics}
    values |= {name: mean + shifts[:, k] for k, name in enumerate(PAPER.drawn_metrics)}
    return BenchmarkTable(
        "nasbench101", "cifar10", values, {metric.name: metric for metric in DEFINITION.metrics}
    )


@pytest.fixture(scope="module")
def runs(table: BenchmarkTable) -> dict[tuple[str, str], list[Run]]:
    objective = Objective(table, PAPER, SPACE)
    return {
        ("paper", name): [
            get_method(name).run(objective, seed, 100, get_method(name).read_hyperparameters({}))
            for seed in range(30)
        ]
        for name in NAMES
    }


@pytest.fixture(scope="module")
def summary(runs: dict[tuple[str, str], list[Run]], table: BenchmarkTable) -> pd.DataFrame:
    return summarise_runs(runs, table, STATISTICS.checkpoints)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in method_names()
        if get_method(name).spaces is None and not get_method(name).epochs and runs_here(name)
    ],
)
def test_every_method_keeps_the_reported_value_and_the_drawn_one(
    name: str, table: BenchmarkTable
) -> None:
    method = get_method(name)
    given = {"cost": "training_time"} if method.further else {}
    run = method.run(Objective(table, PAPER, SPACE), 3, 60, method.read_hyperparameters(given))
    assert run.outcome_metric == table.values["test_accuracy"][run.outcome]
    assert run.outcome_drawn in [table.values[each][run.outcome] for each in PAPER.drawn_metrics]
    if not method.has_own_end and name != "regularised-evolution-constrained":
        assert run.outcome_drawn >= run.metrics.max()


def test_a_run_file_keeps_both(runs: dict[tuple[str, str], list[Run]], tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    write_runs(runs["paper", "ednag"], {"space": "nasbench101"}, path)
    kept = read_runs(path).runs
    for quantity in ("outcome_metric", "outcome_drawn"):
        written = [getattr(run, quantity) for run in runs["paper", "ednag"]]
        assert [getattr(run, quantity) for run in kept] == written


def test_tables_report_all_methods_by_the_mean_of_the_trainings(summary: pd.DataFrame) -> None:
    own = own_end_table(summary, STATISTICS).set_index("method")
    assert (own["optimum"] == 93.0).all()
    assert (own["mean"] <= 93.0).all()
    assert (own["regret"] >= 0).all()
    assert (own["outcome_drawn"] > own["mean"]).all()
    # The reference's number is above the best mean.
    assert own.loc["ednag", "outcome_drawn"] > 93.0
    assert own.loc["ednag", "optimum_found"] == (summary["outcome"] == 93.0)[:30].mean() > 0.9
    equal = equal_budget_table(summary, STATISTICS)
    assert (equal["mean"] <= 93.0).all()
    assert (equal["regret"] >= 0).all()
    assert (equal[equal["budget"] == 100]["optimum_found"] > 0.5).all()


def test_regret_keeps_its_sign(summary: pd.DataFrame) -> None:
    above = own_end_table(summary.assign(outcome=93.25), STATISTICS)
    assert (above["regret"] == -0.25).all()


def test_the_drawn_values_have_a_column_where_there_are_any(
    summary: pd.DataFrame, tmp_path: Path
) -> None:
    page, others = tmp_path / "own.csv", tmp_path / "others.csv"
    write_evidence(own_end_table(summary, STATISTICS), "", [page])
    assert "drawn" in page.read_text()
    none = summary.assign(outcome_drawn=np.nan)
    write_evidence(own_end_table(none, STATISTICS), "", [others])
    assert "drawn" not in others.read_text()


def test_curves_keep_every_point_and_their_distance(
    runs: dict[tuple[str, str], list[Run]], table: BenchmarkTable
) -> None:
    run = runs["paper", "random"][0]
    curve = reported_curve(run, table, PAPER)
    best = run.codes[[run.metrics[: n + 1].argmax() for n in range(len(run.codes))]]
    np.testing.assert_array_equal(curve, table.values["test_accuracy"][best])
    drawn = anytime_frame(anytime_curves(runs, table), list(NAMES), 93.0, True)
    np.testing.assert_allclose(drawn["mean_regret"], 93.0 - drawn["mean"], atol=1e-9)
    first = drawn[drawn["evaluations"] <= 5]
    assert (first["mean_regret"] > 0).all()
    figure = anytime(drawn, 93.0, "test accuracy (%)", "made up")
    assert len(figure.axes) == 4
    plt.close(figure)


def test_printed_numbers_are_compared_with_what_the_reference_reports(
    summary: pd.DataFrame,
) -> None:
    record = StudyRecord(summary, statistics=STATISTICS)
    ednag = summary[summary["method"] == "ednag"]
    drawn = ednag["outcome_drawn"].mean()
    names = ("EDNAG", "Global Best")
    cells = [PrintedNumber("nasbench101", "cifar10", name, "result", "94.46") for name in names]
    result, best = published_table(cells, record).to_dict("records")
    assert (result["ours"], best["ours"]) == (pytest.approx(drawn), 93.5)
    assert "the value that an evaluation drew" in result["note"]
    assert "the value that an evaluation drew" in best["note"]
    place = {"space": "nasbench101", "dataset": "cifar10", "tolerance": 0.005}
    mean, possible = judge(
        [
            claim_of("mean", printed=94.46, **place),
            claim_of("best-possible", printed=93.5, **place),
        ],
        record,
    )
    assert mean.ours == pytest.approx(drawn)
    assert "the value that an evaluation drew" in mean.why
    assert (possible.verdict, possible.ours) == ("reproduced", 93.5)
    page = findings_page(record, [], [])
    assert "an evaluation draws one of several trainings" in page


def test_the_authors_seeds_are_compared_with_the_value_drawn(
    runs: dict[tuple[str, str], list[Run]], tmp_path: Path
) -> None:
    path = tmp_path / "runs.parquet"
    described = {"space": "nasbench101", "dataset": "cifar10", "protocol": "paper"}
    write_runs(runs["paper", "ednag"], {**described, "method": "ednag"}, path)
    (outcomes,) = collect_outcomes([path], {("nasbench101", "cifar10"): {4: 94.47}}, range(30))
    assert outcomes.values[4] == runs["paper", "ednag"][4].outcome_drawn

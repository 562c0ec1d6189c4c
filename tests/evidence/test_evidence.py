"""From runs to evidence: statistics, summaries, tables, figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.evidence import figures
from ednag.evidence.comparison import comparison_table, random_start
from ednag.evidence.figures.convergence import convergence
from ednag.evidence.figures.denoising import denoising_trace
from ednag.evidence.summaries import (
    DISTINCT,
    LOOKUPS,
    anytime_curves,
    best_after,
    collect_runs,
    incumbents,
    means_so_far,
    reported_curve,
    seen_within,
    step_curves,
    summarise_runs,
)
from ednag.evidence.tables import (
    TABLES,
    equal_budget_table,
    note_under,
    own_end_table,
    readable,
    write_evidence,
)
from ednag.methods.interface import Run
from ednag.methods.storage import write_runs
from ednag.spaces import get_space
from ednag.study.statistics import Statistics
from ednag.tables import get_definition, get_reported_metric
from ednag.tables.interface import BenchmarkTable, PredictedBenchmark, Protocol

DEFINITION = get_definition("nasbench201", "cifar10-analog")
STATISTICS = Statistics(checkpoints=(1, 2, 5), resamples=200)


@pytest.fixture(scope="module")
def table() -> BenchmarkTable:
    space = get_space("nasbench201")
    values = np.linspace(10.0, 94.0, space.size)
    return BenchmarkTable(
        "nasbench201",
        "cifar10-analog",
        {metric.name: values for metric in DEFINITION.metrics},
        {metric.name: metric for metric in DEFINITION.metrics},
    )


def make_run(table: BenchmarkTable, seed: int, codes: list[int], steps: int = 0) -> Run:
    metrics = table.values["baseline_accuracy"][codes]
    best = codes[int(np.argmax(metrics))]
    trace = {f"step_{name}": np.full(steps, 0.5) for name in ("mean", "best")}
    trace |= {f"step_{name}": np.full(steps, 0.5) for name in ("valid_rate", "unique_rate")}
    return Run(
        seed=seed,
        status="completed",
        detail="",
        outcome=best,
        outcome_metric=float(metrics.max()),
        total=2 * len(codes),
        distinct=len(codes),
        invalid=1,
        codes=np.array(codes, np.int32),
        metrics=metrics,
        lookups=np.arange(len(codes), dtype=np.int32),
        final_population=np.array([best], np.int32),
        steps=trace if steps else {},
    )


def make_runs(table: BenchmarkTable) -> dict[tuple[str, str], list[Run]]:
    return {
        ("paper", "ednag"): [
            make_run(table, 0, [5, 15624], steps=3),
            make_run(table, 1, [7, 3, 9000], steps=3),
        ],
        ("paper", "random"): [make_run(table, 0, [1]), make_run(table, 1, [2])],
    }


def test_a_run_that_ended_keeps_its_last_best(table: BenchmarkTable) -> None:
    run = make_run(table, 0, [5, 100, 50])
    curve = reported_curve(run, table, DEFINITION.protocols["paper"])
    assert curve.tolist() == [run.metrics[0], run.metrics[1], run.metrics[1]]
    assert best_after(curve, 2) == best_after(curve, 3) == best_after(curve, 99)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40), st.booleans())
def test_incumbents_are_the_earliest_best_so_far(values: list[float], higher: bool) -> None:
    best = incumbents(np.array(values), higher)
    for count in range(1, len(values) + 1):
        seen = values[:count]
        assert best[count - 1] == seen.index(max(seen) if higher else min(seen))


def test_a_protocol_may_report_another_metric(table: BenchmarkTable) -> None:
    values = {**table.values, "qat_accuracy": table.values["qat_accuracy"][::-1].copy()}
    other = BenchmarkTable(table.space, table.dataset, values, table.metrics)
    protocol = Protocol("baseline_accuracy", "qat_accuracy", "win on one, report the other")
    curve = reported_curve(make_run(table, 0, [5, 100]), other, protocol)
    assert curve.tolist() == [values["qat_accuracy"][5], values["qat_accuracy"][100]]
    assert curve[1] < curve[0]


def test_only_configured_seeds_are_collected_and_all_must_be_there(
    table: BenchmarkTable, tmp_path: Path
) -> None:
    path = tmp_path / "seeds-0-1.parquet"
    described = {"protocol": "paper", "method": "random"}
    write_runs(make_runs(table)["paper", "random"], described, path)
    assert [run.seed for run in collect_runs([path], [1])["paper", "random"]] == [1]
    with pytest.raises(EdnagError, match="1 of 3 seeds have no run, the first is 2"):
        collect_runs([path], [0, 1, 2])
    with pytest.raises(EdnagError, match="is in another run file"):
        collect_runs([path, path], [0, 1])
    own = collect_runs([path], [0, 1, 2], {"random": [1]})
    assert [run.seed for run in own["paper", "random"]] == [1]
    with pytest.raises(EdnagError, match="1 of 1 seeds have no run, the first is 5"):
        collect_runs([path], [0, 1], {"random": [5]})


def test_the_tables_say_what_the_runs_did(table: BenchmarkTable) -> None:
    summary = summarise_runs(make_runs(table), table, STATISTICS.checkpoints)
    own = own_end_table(summary, STATISTICS).set_index("method")
    assert own.loc["ednag", "seeds"] == 2
    assert own.loc["ednag", "optimum_found"] == 0.5
    assert own.loc["random", "optimum_found"] == 0.0
    assert own.loc["ednag", "mean"] == pytest.approx((94.0 + summary["outcome"][1]) / 2)
    assert own.loc["ednag", "distinct_evaluations"] == 2.5
    assert own.loc["ednag", "total_evaluations"] == 5.0
    equal = equal_budget_table(summary, STATISTICS)
    distinct = equal[equal["counted"] == DISTINCT]
    assert distinct["budget"].tolist() == [1, 1, 2, 2, 5, 5]
    assert distinct["ended"].tolist() == [0, 0, 0, 2, 2, 2]
    at_one = distinct[(distinct["budget"] == 1) & (distinct["method"] == "ednag")]
    assert at_one["optimum_found"].item() == 0.0


def test_look_ups_count_repeats_and_invalid_ones(table: BenchmarkTable) -> None:
    run = replace(
        make_run(table, 0, [5, 100, 50]), lookups=np.array([2, 3, 9]), total=12, invalid=4
    )
    assert seen_within(run, np.array([1, 2, 3, 4, 9, 10, 99])).tolist() == [0, 0, 1, 2, 2, 3, 3]
    summary = summarise_runs({("paper", "ednag"): [run]}, table, (2, 3, 20))
    assert np.isnan(summary["best_within_2_lookups"].item())
    assert summary["best_within_3_lookups"].item() == run.metrics[0]
    assert summary["best_within_20_lookups"].item() == summary["best_after_20"].item()
    equal = equal_budget_table(summary, Statistics(checkpoints=(2, 3, 20), resamples=100))
    looked = equal[equal["counted"] == LOOKUPS]
    assert looked["ended"].tolist() == [0, 0, 1]
    assert np.isnan(looked["mean"].iloc[0])
    curves = anytime_curves({("paper", "ednag"): [run]}, table)
    looked = curves[curves["counted"] == LOOKUPS]
    assert looked["evaluations"].tolist() == list(range(3, 13))
    assert looked["mean"].iloc[0] == run.metrics[0]
    assert looked["mean"].iloc[-1] == max(run.metrics[:3])


def test_graphs_are_compared_where_a_budget_counts_them(table: BenchmarkTable) -> None:
    graph_of_code = get_space("nasbench201").graph_of_code
    assert graph_of_code is not None
    one, other = np.flatnonzero(graph_of_code == graph_of_code[0])[:2].tolist()
    run = make_run(table, 0, [one, other, 15_624])
    runs = {("paper", "ednag"): [run]}
    settings = Statistics(checkpoints=(1, 2, 5))
    summary = summarise_runs(runs, table, settings.checkpoints, count="unique graphs")
    assert summary["graphs"].item() == 2
    best = [summary[f"best_within_{graphs}_graphs"].item() for graphs in settings.checkpoints]
    assert best == [run.metrics[0], run.metrics.max(), run.metrics.max()]
    equal = equal_budget_table(summary, settings)
    rows = equal[equal["counted"] == "unique graphs"]
    assert rows["budget"].tolist() == [1, 2, 5]
    assert rows["ended"].tolist() == [0, 0, 1]
    other_study = equal_budget_table(summarise_runs(runs, table, settings.checkpoints), settings)
    assert "unique graphs" not in set(other_study["counted"])
    assert "6,466 graphs; a string of a graph seen before counts again, in every method." in (
        note_under("equal-budget", summary.drop(columns="graphs"), settings)
    )
    assert "6,466" not in note_under("own-end", summary, settings)


def test_every_doubling_counts_equally_in_the_mean_so_far() -> None:
    assert means_so_far(np.array([1.0, 3.0]), (1, 2, 4)) == pytest.approx(
        [1.0, (1 + 3 / 2) / (1 + 1 / 2), (1 + 3 / 2 + 3 / 3 + 3 / 4) / (1 + 1 / 2 + 1 / 3 + 1 / 4)]
    )
    assert np.isnan(means_so_far(np.empty(0), (1, 2))).all()


def test_the_expected_running_time_is_of_all_runs(table: BenchmarkTable) -> None:
    summary = summarise_runs(make_runs(table), table, STATISTICS.checkpoints)
    assert summary["lookups_to_optimum"].dropna().tolist() == [2.0]
    own = own_end_table(summary, STATISTICS).set_index("method")
    # One run sees the optimum at its second architecture, the other spends 3 (6 look-ups).
    assert own.loc["ednag", ["expected_distinct", "expected_lookups"]].tolist() == [5.0, 8.0]
    assert own.loc["random", "expected_distinct"] == np.inf


def test_methods_that_are_not_level_are_marked_and_not_ranked(table: BenchmarkTable) -> None:
    runs = make_runs(table)
    runs["paper", "nar"] = runs["paper", "random"]
    runs["paper", "diffusion-evolution"] = runs["paper", "random"][:1]
    described = {("paper", "nar"): '{"budget": 12, "hyperparameters": {}}'}
    summary = summarise_runs(runs, table, (1, 20), described=described)
    settings = Statistics(checkpoints=(1, 20))
    equal = equal_budget_table(summary, settings)
    distinct = equal[equal["counted"] == DISTINCT].set_index(["budget", "method"])
    marks, ranks = distinct["mark"], distinct["rank"]
    # Of 12 evaluations, a ranker's first 10 are random.
    assert marks[1].tolist() == ["", "", "still random search", "1 of 2 seeds"]
    assert marks[20].tolist() == ["", "", "", "1 of 2 seeds"]
    assert (
        ranks[1].tolist()[:2] == [1.0, 2.0] and ranks[1].isna().tolist() == [False] * 2 + [True] * 2
    )
    compared = comparison_table(summary, settings)
    compared = compared[compared["counted"] == DISTINCT].set_index(["budget", "against"])
    assert compared["mark"][1].tolist() == marks[1].tolist()[1:]


def test_a_method_is_random_search_as_long_as_it_says() -> None:
    for name, start in (("nar", 205), ("ednag-ranked", 205), ("random", 0), ("ednag", 30)):
        described = '{"budget": 512, "hyperparameters": {}}'
        runs = pd.DataFrame({"method": [name], "described": [described]})
        assert random_start(runs) == start
    assert random_start(pd.DataFrame({"method": ["nar"], "described": [""]})) == 0


def test_csv_markdown_and_latex_come_from_one_frame(table: BenchmarkTable, tmp_path: Path) -> None:
    frame = own_end_table(summarise_runs(make_runs(table), table, (1,)), STATISTICS)
    paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "tex")]
    write_evidence(frame, "A note.", paths)
    assert pd.read_csv(paths[0])["mean"].tolist() == frame["mean"].tolist()
    for path in paths[1:]:
        assert f"{frame['mean'][0]:.3f}" in path.read_text()
        assert "A note." in path.read_text()
    first = [path.read_bytes() for path in paths]
    write_evidence(frame, "A note.", paths)
    assert [path.read_bytes() for path in paths] == first


def test_where_nobody_knows_the_optimum_nothing_is_said_of_it(
    table: BenchmarkTable, tmp_path: Path
) -> None:
    unknown = PredictedBenchmark(
        table.space,
        table.dataset,
        table.metrics,
        parameters={},
        predict=lambda space, codes: np.zeros(len(codes)),
    )
    runs = make_runs(table)
    summary = summarise_runs(runs, unknown, STATISTICS.checkpoints)
    assert summary["optimum"].isna().all()
    assert not summary["found_optimum"].any()
    for make in (own_end_table, equal_budget_table):
        frame = make(summary, STATISTICS)
        assert frame[["optimum", "optimum_found", "optimum_found_high"]].isna().all(axis=None)
        write_evidence(frame, "", [tmp_path / "t.md"])
        assert "nan" not in (tmp_path / "t.md").read_text()
    figure = convergence(anytime_curves(runs, unknown), np.nan, "accuracy (%)", "title")
    figures.save_figure(figure, [tmp_path / "f.png"])
    (axes,) = figure.axes
    assert len(axes.lines) == 2
    assert not axes.texts


def test_the_key_of_an_outcome_comes_from_the_run_where_codes_are_its_own(
    table: BenchmarkTable,
) -> None:
    runs = {("paper", "random"): make_runs(table)["paper", "random"]}
    for run in runs["paper", "random"]:
        run.keys, run.outcome = ["first", "second"], 1
    runs["paper", "random"][1].outcome = -1
    summary = summarise_runs(runs, table, STATISTICS.checkpoints)
    assert summary["outcome_key"].tolist() == ["second", ""]


def test_figures_are_byte_identical_when_drawn_again(table: BenchmarkTable, tmp_path: Path) -> None:
    runs = make_runs(table)
    drawn = []
    for attempt in ("a", "b"):
        paths = [tmp_path / f"{attempt}.{suffix}" for suffix in ("pdf", "png")]
        figure = convergence(anytime_curves(runs, table), 94.0, "accuracy (%)", "title")
        figures.save_figure(figure, paths)
        drawn.append([path.read_bytes() for path in paths])
        figure = denoising_trace(step_curves(runs), "accuracy (%)", "title")
        figures.save_figure(figure, paths)
        drawn[-1] += [path.read_bytes() for path in paths]
    assert drawn[0] == drawn[1]


def test_methods_without_steps_have_no_step_curves(table: BenchmarkTable) -> None:
    runs = {("paper", "random"): make_runs(table)["paper", "random"]}
    curves = step_curves(runs)
    assert curves.empty
    denoising_trace(curves, "accuracy (%)", "title")


def test_main_tables_have_eight_columns_and_the_unit_of_their_values(
    table: BenchmarkTable, tmp_path: Path
) -> None:
    summary = summarise_runs(make_runs(table), table, STATISTICS.checkpoints)
    label = get_reported_metric("nasbench201", "cifar10-analog", "paper").label
    for make in TABLES.values():
        frame = make(summary, STATISTICS)
        shown = readable(frame)
        assert len(shown) == 8 and set(shown["Metric"]) == {label}
        write_evidence(frame, "", [tmp_path / "t.csv"])
        whole = pd.read_csv(tmp_path / "t.csv")
        assert whole["unit"].unique().tolist() == ["%"]
        assert set(frame) < set(whole)

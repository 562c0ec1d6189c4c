"""Methods over datasets: optimality gap and profiles beside rliable's, targets by hand."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

from ednag.cli import group
from ednag.evidence.figures.ranks import ranks as draw_ranks
from ednag.evidence.figures.targets import targets as draw_targets
from ednag.evidence.over_datasets import (
    ALL_TARGETS,
    REGRETS,
    counted_runs,
    over_datasets_table,
    profiles_frame,
    ranks_frame,
    targets_frame,
    untuned_runs,
)
from ednag.evidence.statistics import mean_interval, ranks_by_space, stratified_mean
from ednag.evidence.targets import TARGETS, evaluations_to_targets, random_mean, target_masks
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable

#: Normalised scores of six runs (rows) on two datasets.
SCORES = np.array([[0.9, 0.5], [1.0, 0.7], [0.95, 0.6], [1.0, 0.85], [0.8, 0.9], [0.99, 0.4]])
#: What rliable 1.2.0 makes of them: `metrics.aggregate_optimality_gap`, the bounds of
#: `library.get_interval_estimates` from 50,000 resamples, and `library.create_performance_profile`
#: at these scores (share of runs above).
RLIABLE_GAP, RLIABLE_BOUNDS = 0.2008333333333333, (0.125, 0.27916667)
RLIABLE_PROFILE = {0.4: 11 / 12, 0.5: 10 / 12, 0.75: 8 / 12, 0.9: 4 / 12, 0.99: 2 / 12}


def runs_with(scores: np.ndarray, method: str = "ednag", **columns: object) -> pd.DataFrame:
    """Runs with such scores; lower values are better on the second dataset, a room layout."""
    places = [("nasbench201", "cifar10", 10.0, 90.0), ("transnas-micro", "room_layout", 80.0, 60.0)]
    frames = [
        pd.DataFrame(
            {
                "space": space,
                "dataset": dataset,
                "protocol": "paper",
                "method": method,
                "seed": np.arange(len(scores)),
                "distinct": 30,
                "optimum": best,
                "random_mean": mean,
                "best_after_5": mean + (best - mean) * column,
                **dict.fromkeys(("distinct_to_best", "distinct_to_0.1_percent"), np.nan),
                "distinct_to_1_percent": 5.0,
                **columns,
            }
        )
        for (space, dataset, mean, best), column in zip(places, scores.T, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def test_the_optimality_gap_and_the_profile_are_those_of_rliable() -> None:
    runs = pd.concat([runs_with(SCORES), runs_with(SCORES - 0.1, "random")])
    table = over_datasets_table(runs, ranks_frame(runs, (5,), 0.95), 0.95).set_index("method")
    assert table.loc["ednag", "optimality_gap"] == pytest.approx(100 * RLIABLE_GAP)
    assert table.loc["random", "optimality_gap"] == pytest.approx(100 * RLIABLE_GAP + 10)
    drawn = profiles_frame(runs, (5,), 0.95)
    profile = drawn[drawn["method"] == "ednag"].set_index("regret")["share"]
    for score, share in RLIABLE_PROFILE.items():
        # A score above tau is a regret below 1 - tau: the last drawn regret before it.
        below = max(regret for regret in REGRETS if regret < 100 * (1 - score) - 1e-6)
        assert profile[below] == pytest.approx(share), score


def test_the_stratified_interval_is_the_bootstraps_where_that_holds() -> None:
    """Wider for few seeds, where the bootstrap is too short; the same for many."""
    few = stratified_mean(list(1 - SCORES.T), 0.95)
    assert few.low < RLIABLE_BOUNDS[0] and few.high > RLIABLE_BOUNDS[1]
    generator = np.random.default_rng(0)
    many = [generator.exponential(scale, 200) for scale in (1.0, 3.0, 0.2)]
    resampled = [each[generator.integers(0, 200, (4000, 200))].mean(axis=1) for each in many]
    bounds = np.quantile(np.mean(resampled, axis=0), [0.025, 0.975])
    assert stratified_mean(many, 0.95)[1:] == pytest.approx(bounds, rel=0.02)


def test_the_stratified_mean_in_special_cases() -> None:
    values = np.array([93.1, 93.4, 93.4, 93.9, 94.0, 94.0, 94.1])
    assert stratified_mean([values], 0.9) == pytest.approx(mean_interval(values, 0.9))
    # Of two strata, it is half of Welch's interval of a difference.
    other = np.array([92.0, 93.0, 93.4, 93.5, 93.6])
    welch = stats.ttest_ind(values, -other, equal_var=False).confidence_interval(0.95)
    assert stratified_mean([values, other], 0.95)[1:] == pytest.approx(
        (welch.low / 2, welch.high / 2)
    )
    assert np.isnan(stratified_mean([values, other[:4]], 0.95).low)
    assert stratified_mean([np.ones(5), np.zeros(5)], 0.95) == (0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def table() -> BenchmarkTable:
    """1,000 architectures of the space have values; the best two are equal."""
    metrics = get_definition("nasbench201", "cifar10-analog").metrics
    values = np.full(15625, np.nan)
    values[:1000] = np.arange(1000) / 10.0
    values[998] = values[999]
    return BenchmarkTable(
        "nasbench201",
        "cifar10-analog",
        {metric.name: values for metric in metrics},
        {metric.name: metric for metric in metrics},
    )


def test_targets_are_of_the_table(table: BenchmarkTable) -> None:
    masks = target_masks(table, "baseline_accuracy", None, 1e-6)
    # One in 1,000 is the best, and what equals it; the best 1 % are ten.
    reach = {name: np.flatnonzero(mask).tolist() for name, mask in masks.items()}
    assert list(reach) == list(TARGETS)
    assert reach["best"] == reach["0.1_percent"] == [998, 999]
    assert reach["1_percent"] == list(range(990, 1000))
    tied = np.zeros(15625, bool)
    tied[[980, 999]] = True
    masks = target_masks(table, "baseline_accuracy", tied, 1e-6)
    assert np.flatnonzero(masks["best"]).tolist() == [980, 999]
    assert np.flatnonzero(masks["1_percent"]).tolist() == [980, *range(990, 1000)]
    assert random_mean(table, "baseline_accuracy") == pytest.approx((999 * 500 + 1) / 10000)
    found = evaluations_to_targets(np.array([3, 500, 991, 991, 980]), masks)
    assert found == {
        "distinct_to_best": 5.0,
        "distinct_to_0.1_percent": 5.0,
        "distinct_to_1_percent": 3.0,
    }
    assert all(map(np.isnan, evaluations_to_targets(np.array([3]), {}).values()))


def test_shares_that_have_reached_a_target() -> None:
    until = pd.Series([2.0, 4.0, np.nan, 30.0])
    runs = runs_with(np.ones((4, 2)), distinct=30)
    first = runs["dataset"] == "cifar10"
    runs["distinct_to_0.1_percent"] = np.where(first, [*until, *until], np.nan)
    drawn = targets_frame(runs).set_index(["target", "evaluations"])["share"]
    # On one dataset a quarter after 2, half from 4 on; on the other none.
    assert [drawn["0.1_percent", x] for x in (1, 2, 4, 29, 30)] == [0, 0.125, 0.25, 0.25, 0.375]
    assert drawn[ALL_TARGETS, 30] == pytest.approx((0 + 0.375 + 1) / 3)
    # Three in four end after 3: the curve, too.
    short = runs.assign(distinct=np.where(runs["seed"] < 3, 3, 30))
    assert targets_frame(short)["evaluations"].max() == 3


def test_few_seeds_have_no_interval() -> None:
    runs = pd.concat([runs_with(SCORES[:4]), runs_with(SCORES[:4], "random")])
    table = over_datasets_table(runs, ranks_frame(runs, (5,), 0.95), 0.95)
    assert table["optimality_gap"].notna().all() and table["optimality_gap_low"].isna().all()
    assert profiles_frame(runs, (5,), 0.95)["share_low"].isna().all()


def test_a_run_that_saw_nothing_is_the_worst_of_its_dataset() -> None:
    """Left out, it would flatter the method; unranked, the method would be out of sight."""
    runs = pd.concat([runs_with(SCORES), runs_with(SCORES - 0.1, "random")], ignore_index=True)
    lost = (runs["method"] == "ednag") & (runs["seed"] < 3)
    runs.loc[lost, "best_after_5"] = np.nan
    ranked = ranks_frame(runs, (5,), 0.95)
    # The lucky half of its runs alone would have the better mean on the first dataset.
    assert ranked.set_index("method")["mean_rank"].to_dict() == {"random": 1.0, "ednag": 2.0}
    table = over_datasets_table(runs, ranked, 0.95).set_index("method")
    assert (table["mark"] == "").all()
    assert table["saw_nothing"].to_dict() == {"ednag": 6, "random": 0}
    # The largest regrets are 30 and 70, of random search.
    expected = np.mean([[*[30] * 3, 0, 20, 1], [*[70] * 3, 15, 10, 60]])
    assert table.loc["ednag", "optimality_gap"] == pytest.approx(expected)
    drawn = profiles_frame(runs, (5,), 0.95)
    shares = drawn[drawn["regret"] == REGRETS[-1]].set_index("method")["share"]
    assert shares.to_dict() == {"ednag": 1.0, "random": 1.0}


def test_a_method_is_not_ranked_over_datasets_on_which_it_was_tuned() -> None:
    """EDNAG+ was tuned on NAS-Bench-201: it is ranked over the other datasets, with all methods."""
    names = [("nasbench-graph", each) for each in ("cora", "citeseer", "pubmed")]
    shifts = {"ednag": 0.0, "random": -0.1, "ednag-plus": 0.05}
    runs = pd.concat(
        [
            runs_with(SCORES + shift, method).iloc[: len(SCORES)].assign(space=space, dataset=name)
            for space, name in [*names, ("nasbench201", "cifar10-valid")]
            for method, shift in shifts.items()
        ],
        ignore_index=True,
    )
    runs = counted_runs(runs, "paper")
    ranked = ranks_frame(runs, (5,), 0.95).set_index("method")
    assert ranked["mean_rank"].dropna().to_dict() == {"ednag": 1.0, "random": 2.0}
    assert ranked.loc["ednag-plus", "mark"] == "tuned on 1 of 4 datasets"
    assert ranked[["datasets", "spaces"]].drop_duplicates().to_numpy().tolist() == [[4, 2]]
    assert set(profiles_frame(runs, (5,), 0.95)["method"]) == {"ednag", "random"}
    assert set(targets_frame(runs)["method"]) == {"ednag", "random"}
    rest = untuned_runs(runs)
    assert list(dict.fromkeys(rest["dataset"])) == [name for _, name in names]
    over_rest = ranks_frame(rest, (5,), 0.95).set_index("method")
    assert over_rest["mean_rank"].to_dict() == {"ednag-plus": 1.0, "ednag": 2.0, "random": 3.0}
    assert (over_rest["mark"] == "").all()
    # Of two datasets nothing is told; without a tuned method all datasets are those.
    assert untuned_runs(runs[runs["dataset"] != "cora"]).empty
    assert untuned_runs(runs[runs["method"] != "ednag-plus"]).empty
    figure = draw_ranks(pd.concat([ranked, over_rest]).reset_index(), 0.95, "title")
    headings = [axes.get_title() for axes in figure.axes]
    assert len(headings) == 2
    assert "4 datasets of 2 spaces" in headings[0] and "3 datasets of 1 space" in headings[1]
    assert "EDNAG+ (tuned on 1 of 4 datasets)" in headings[0] and "EDNAG+" not in headings[1]
    plt.close(figure)


def test_where_all_methods_were_tuned_nothing_is_drawn() -> None:
    runs = pd.concat(
        [
            runs_with(SCORES + shift, "ednag-plus")
            .iloc[: len(SCORES)]
            .assign(space="nasbench201", dataset=name)
            for name, shift in (("cifar10-valid", 0.0), ("cifar100-valid", 0.1))
        ],
        ignore_index=True,
    )
    drawn = targets_frame(runs)
    assert drawn.empty and profiles_frame(runs, (5,), 0.95).empty
    figure = draw_targets(drawn, "title")
    assert any("each method was tuned" in text.get_text() for text in figure.texts)
    plt.close(figure)


def test_each_space_counts_once() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    ranks = ranks_by_space(scores, ["a", "a", "b"])
    # Ranks 1 and 1 in a, 3 in b; 2 and 3, 2; 3 and 2, 1.
    assert ranks.tolist() == [2.0, 2.25, 1.75]


def test_one_measurement_of_the_same_images_counts(tmp_path: Path) -> None:
    names = ("cora", "cifar10-valid", "cifar10-analog", "digits-unseen", "cifar100")
    frames = [
        runs_with(SCORES, method)
        .iloc[: len(SCORES)]
        .assign(dataset=name, space="nasbench-graph" if name == "cora" else "nasbench201")
        for name in names
        for method in ("ednag", "random", "ednag-power")
    ]
    runs = counted_runs(pd.concat(frames, ignore_index=True), "paper")
    assert list(dict.fromkeys(runs["dataset"])) == ["cora", "cifar10-valid", "cifar100"]
    assert list(dict.fromkeys(runs["method"])) == ["ednag", "random"]

    summary = tmp_path / "summary.parquet"
    pd.concat(frames).to_parquet(summary)
    formats = {"table": ("csv", "md", "tex")}
    files = [
        f"--{kind}={tmp_path / kind}.{suffix}"
        for kind in ("table", "ranks", "targets", "profiles")
        for suffix in formats.get(kind, ("csv", "pdf", "png"))
    ]
    statistics = '--statistics={"checkpoints": [5]}'
    call = ["plot", "over-datasets", str(summary), statistics, *files]
    done = CliRunner().invoke(group, call)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "2 methods on 3 datasets" in done.output
    assert all((tmp_path / option.split("/")[-1]).stat().st_size for option in files)
    note = (tmp_path / "table.md").read_text()
    assert "Over 3 measured datasets" in note and "analog" not in note

"""Figures beyond convergence and denoising: same bytes, exact CSVs, honest refusals."""

import itertools
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from ednag.cli import group
from ednag.errors import EdnagError
from ednag.evidence.figures.anytime import anytime, anytime_frame
from ednag.evidence.figures.illustration import PEAKS, SHOWN, illustration, illustration_frame
from ednag.evidence.figures.outcomes import outcomes, outcomes_frame
from ednag.evidence.figures.profiles import profiles
from ednag.evidence.figures.ranks import alike, ranks
from ednag.evidence.figures.style import looks_of, save_drawing, save_figure
from ednag.evidence.figures.targets import targets
from ednag.evidence.figures.variants import variants, variants_frame
from ednag.evidence.over_datasets import (
    common_methods,
    counted_runs,
    profiles_frame,
    ranks_frame,
    scores_after,
    targets_frame,
)
from ednag.evidence.summaries import BEST_AFTER, DISTINCT, LOOKUPS
from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.study.artefacts import DATASET_FIGURES
from ednag.study.comparisons import (
    ABLATIONS,
    VARIANTS,
    can_rank,
    main_methods,
    subject_of,
    variants_in,
)
from ednag.study.statistics import Statistics

SETTINGS = Statistics(checkpoints=(5, 20), resamples=100)
METHODS_HERE = ("ednag", "random", "local-search-best", "ednag-power", "ednag-steps-50")
#: More means better for ednag, the first of the methods.
LEVEL = {name: 90.0 - place for place, name in enumerate(METHODS_HERE)}


def make_summary(
    dataset: str = "cifar10-analog",
    space: str = "nasbench201",
    methods: tuple[str, ...] = METHODS_HERE,
    optimum: float = 91.0,
) -> pd.DataFrame:
    rows = []
    for method in methods:
        for seed in range(4):
            outcome = LEVEL[method] + 0.25 * seed
            rows.append(
                {
                    "space": space,
                    "dataset": dataset,
                    "protocol": "paper",
                    "method": method,
                    "seed": seed,
                    "status": "completed",
                    "outcome": outcome,
                    "optimum": optimum,
                    "found_optimum": outcome == optimum,
                    "distinct": 30,
                    "best_after_5": outcome - 1,
                    "best_after_20": outcome,
                    "random_mean": 80.0,
                    "distinct_to_best": np.nan,
                    "distinct_to_0.1_percent": 25.0 if seed else np.nan,
                    "distinct_to_1_percent": 5.0 + seed,
                }
            )
    return pd.DataFrame(rows)


def make_curves(methods: tuple[str, ...] = METHODS_HERE, length: int = 40) -> pd.DataFrame:
    """Curves of four runs, of which three end after 30 evaluations."""
    frames = []
    for method, counted in itertools.product(methods, BEST_AFTER):
        x = np.arange(1, length + 1)
        value = LEVEL[method] + x / length
        frames.append(
            pd.DataFrame(
                {
                    "protocol": "paper",
                    "method": method,
                    "counted": counted,
                    "evaluations": x,
                    "mean": value,
                    "median": value,
                    "quartile_low": value - 0.1,
                    "quartile_high": value + 0.1,
                    "running": np.where(x <= 30, 4, 1),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def make_steps() -> pd.DataFrame:
    """The trace of EDNAG over five steps."""
    quantities = ("mean", "best", "valid_rate", "unique_rate")
    rows = list(itertools.product(range(1, 6), quantities))
    frame = pd.DataFrame(rows, columns=["step", "quantity"])
    frame = frame.assign(protocol="paper", method="ednag", runs=4)
    return frame.assign(mean=frame["step"] / 5, quartile_low=0.0, quartile_high=1.0)


def drawings() -> dict[str, tuple[Figure, pd.DataFrame]]:
    """Every figure and what is drawn in it."""
    summary, curves = make_summary(), make_curves()
    main, mapping = main_methods(METHODS_HERE), variants_in("mapping", METHODS_HERE)
    names = ("cifar10", "cifar100", "ImageNet16-120")
    several = counted_runs(pd.concat([make_summary(name) for name in names]), "paper")
    lines = anytime_frame(curves, main, 91.0, True)
    runs = outcomes_frame(summary, METHODS_HERE)
    varied = variants_frame(summary, curves, mapping, SETTINGS)
    places = ranks_frame(several, SETTINGS.checkpoints, 0.95)
    reached = targets_frame(several)
    profile = profiles_frame(several, SETTINGS.checkpoints, 0.95)
    plane = illustration_frame(0)
    return {
        "anytime": (anytime(lines, 91.0, "accuracy (%)", "title"), lines),
        "outcomes": (outcomes(runs, "accuracy (%)", "title"), runs),
        "mapping": (variants(varied, "accuracy (%)", "title"), varied),
        "ranks": (ranks(places, 0.95, "title"), places),
        "targets": (targets(reached, "title"), reached),
        "profiles": (profiles(profile, places, "title"), profile),
        "illustration": (illustration(plane), plane),
    }


def test_every_figure_has_the_same_bytes_when_drawn_again(tmp_path: Path) -> None:
    written: list[dict[str, bytes]] = []
    for attempt in ("a", "b"):
        written.append({})
        for name, (figure, drawn) in drawings().items():
            paths = [tmp_path / f"{attempt}-{name}.{suffix}" for suffix in ("pdf", "png", "csv")]
            save_drawing(figure, drawn, paths)
            written[-1] |= {f"{name}{path.suffix}": path.read_bytes() for path in paths}
    assert written[0] == written[1]
    assert len(written[0]) == 21


def test_a_figure_drawn_from_its_csv_is_the_same_figure(tmp_path: Path) -> None:
    summary, curves = make_summary(), make_curves()
    frame = variants_frame(summary, curves, variants_in("mapping", METHODS_HERE), SETTINGS)
    first = tmp_path / "first.png"
    save_drawing(variants(frame, "accuracy (%)", "t"), frame, [first, tmp_path / "drawn.csv"])
    again = tmp_path / "again.png"
    read = pd.read_csv(tmp_path / "drawn.csv")
    save_figure(variants(read, "accuracy (%)", "t"), [again])
    assert first.read_bytes() == again.read_bytes()


def test_the_lines_of_the_anytime_figure_are_the_rows_of_its_csv() -> None:
    main = main_methods(METHODS_HERE)
    drawn = anytime_frame(make_curves(), main, 91.0, True)
    figure = anytime(drawn, 91.0, "accuracy (%)", "title")
    # A row of panels for what is counted, a panel for the best and one for the distance.
    for panel, counted in ((0, DISTINCT), (2, LOOKUPS)):
        lines = [line for line in figure.axes[panel].lines if len(line.get_xdata()) > 2]
        assert len(lines) == len(main) == 3
        for line, method in zip(lines, main, strict=True):
            rows = drawn[(drawn["method"] == method) & (drawn["counted"] == counted)]
            assert list(line.get_xdata()) == rows["evaluations"].tolist()
            assert list(line.get_ydata()) == rows["median"].tolist()
    plt.close(figure)


def test_a_curve_starts_at_ten_and_ends_where_half_of_the_runs_have_ended() -> None:
    drawn = anytime_frame(make_curves(), ("ednag",), 91.0, True)
    assert drawn["evaluations"].tolist() == 2 * list(range(10, 31))
    short = anytime_frame(make_curves(length=6), ("ednag",), 91.0, True)
    assert short["evaluations"].tolist() == [6, 6]


def test_bands_are_of_ednag_and_the_best_baseline() -> None:
    main = main_methods(METHODS_HERE)
    drawn = anytime_frame(make_curves(), main, 91.0, True)
    assert set(drawn.loc[drawn["band"], "method"]) == {"ednag", "random"}
    lower = anytime_frame(make_curves(), main, 80.0, False)
    assert set(lower.loc[lower["band"], "method"]) == {"ednag", "local-search-best"}


def test_a_curve_that_begins_when_others_have_ended_is_drawn() -> None:
    curves = make_curves()
    late = (curves["method"] == "local-search-best") & (curves["counted"] == LOOKUPS)
    curves.loc[late, "evaluations"] += 1000
    drawn = anytime_frame(curves, main_methods(METHODS_HERE), 91.0, True)
    looked = drawn[drawn["counted"] == LOOKUPS]
    assert set(looked["method"]) == {"ednag", "random", "local-search-best"}
    assert set(looked.loc[looked["band"], "method"]) == {"ednag", "random"}
    plt.close(anytime(drawn, 91.0, "accuracy (%)", "title"))


def test_an_unknown_optimum_leaves_out_what_needs_it() -> None:
    drawn = anytime_frame(make_curves(), ("ednag", "random"), np.nan, True)
    figure = anytime(drawn, np.nan, "accuracy (%)", "title")
    assert len(figure.axes) == 2
    assert not any("distance" in axes.get_ylabel() for axes in figure.axes)
    plt.close(figure)
    summary = make_summary(optimum=np.nan)
    frame = variants_frame(summary, make_curves(), ("ednag", "ednag-power"), SETTINGS)
    assert set(frame["panel"]) == {"curve", "outcome"}
    plt.close(variants(frame, "accuracy (%)", "title"))
    runs = outcomes_frame(summary, ("ednag",))
    plt.close(outcomes(runs, "accuracy (%)", "title"))


def test_runs_without_an_outcome_are_counted_and_not_dropped() -> None:
    summary = make_summary(methods=("ednag", "random"))
    summary.loc[summary["method"] == "random", "outcome"] = np.nan
    drawn = outcomes_frame(summary, ("random", "ednag"))
    assert len(drawn) == 8
    assert drawn["method"].iloc[0] == "random"
    figure = outcomes(drawn, "accuracy (%)", "title")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "without\noutcome" in texts
    assert "4" in texts
    plt.close(figure)


def test_intervals_of_variants_are_of_the_runs_with_an_outcome() -> None:
    summary = make_summary()
    summary.loc[0, "outcome"] = np.nan
    frame = variants_frame(summary, make_curves().iloc[:0], ("ednag", "ednag-power"), SETTINGS)
    row = frame[(frame["panel"] == "outcome") & (frame["method"] == "ednag")].iloc[0]
    assert row["runs"] == 3
    assert row["value"] == pytest.approx(90.5)
    found = frame[(frame["panel"] == "found") & (frame["method"] == "ednag")].iloc[0]
    assert (found["runs"], found["value"]) == (4, 0.0)
    assert "curve" not in set(frame["panel"])


def test_one_dataset_gets_ranks_and_a_sentence_but_no_critical_difference() -> None:
    drawn = ranks_frame(make_summary(methods=("ednag", "random")), (5, 20), 0.95)
    assert drawn["mean_rank"].tolist() == [1.0, 2.0, 1.0, 2.0]
    assert drawn["critical_difference"].isna().all()
    figure = ranks(drawn, 0.95, "title")
    heading = figure.axes[0].get_title()
    assert "1 dataset of 1 space: too few for a critical difference (at least 3)" in heading
    plt.close(figure)


def test_ranks_over_datasets_respect_the_direction_of_the_metric() -> None:
    names = [("nasbench201", "cifar10"), ("nasbench201", "cifar100")]
    names.append(("transnas-micro", "room_layout"))
    methods = ("ednag", "random")
    summary = pd.concat([make_summary(dataset, space, methods) for space, dataset in names])
    scores = scores_after(summary, ("ednag", "random"), 20)
    assert scores.loc[("transnas-micro", "room_layout", "paper"), "ednag"] < 0
    drawn = ranks_frame(summary, (20,), 0.95)
    # Two methods, three datasets: 1.96 * sqrt(2 * 3 / (6 * 3)).
    assert drawn["critical_difference"].iloc[0] == pytest.approx(1.1316, abs=1e-3)
    assert drawn.set_index("method")["mean_rank"].to_dict() == {
        "ednag": pytest.approx(4 / 3),
        "random": pytest.approx(5 / 3),
    }


def test_only_methods_of_every_dataset_are_ranked() -> None:
    summary = pd.concat(
        [make_summary("cifar10"), make_summary("cifar100", methods=("random", "ednag"))]
    )
    assert common_methods(summary) == ["ednag", "random"]
    runs = counted_runs(summary, "paper")
    assert set(runs["method"]) == {"ednag", "random"}
    with pytest.raises(EdnagError, match="at least two methods"):
        counted_runs(summary[summary["method"] != "random"], "paper")
    with pytest.raises(EdnagError, match="at least two methods"):
        counted_runs(summary, "single-run")


def test_what_cannot_be_ranked_is_named_and_neither_ranked_nor_drawn() -> None:
    names = ("cora", "citeseer", "pubmed")
    methods = ("ednag", "random", "local-search-best")
    runs = pd.concat([make_summary(name, "nasbench-graph", methods) for name in names])
    # One seed fewer on one dataset, and a population that is still random after 5 of 20.
    few = (runs["dataset"] == "cora") & (runs["method"] == "random") & (runs["seed"] == 3)
    described = '{"budget": null, "hyperparameters": {"population_num": 10}}'
    runs = runs[~few].assign(described="")
    runs.loc[runs["method"] == "ednag", "described"] = described
    drawn = ranks_frame(runs, (5, 20), 0.95)
    first, second = (drawn[drawn["budget"] == budget].set_index("method") for budget in (5, 20))
    assert first["mark"].to_dict() == {
        "ednag": "still random search",
        "random": "3 of 4 seeds",
        "local-search-best": "",
    }
    assert first["mean_rank"].isna().all(), "one method has no rank"
    assert second["mean_rank"].dropna().to_dict() == {"ednag": 1.0, "local-search-best": 2.0}
    figure = ranks(drawn, 0.95, "title")
    headings = [axes.get_title() for axes in figure.axes]
    assert "fewer than two methods to rank" in headings[0]
    title = get_method("random").title
    assert headings[1].endswith(f"not ranked: {title} (3 of 4 seeds)")
    plt.close(figure)
    profile = profiles_frame(runs, (5, 20), 0.95)
    assert set(profile.loc[profile["budget"] == 20, "method"]) == {"ednag", "local-search-best"}
    figure = profiles(profile, drawn, "title")
    assert f"not drawn: {title} (3 of 4 seeds)" in figure.axes[1].get_title()
    plt.close(figure)


def test_groups_of_ranks_that_cannot_be_told_apart() -> None:
    assert alike(np.array([1.0, 2.0, 3.0]), 1.5) == [(0, 1), (1, 2)]
    assert alike(np.array([1.0, 2.0, 3.0]), 5.0) == [(0, 2)]
    assert alike(np.array([1.0, 2.0]), 0.5) == []


def test_the_population_of_the_illustration_ends_on_both_peaks() -> None:
    drawn = illustration_frame(0)
    assert tuple(dict.fromkeys(drawn["step"])) == SHOWN
    last = drawn[drawn["step"] == SHOWN[-1]][["x", "y"]].to_numpy()
    distance = np.linalg.norm(last[:, None] - np.array(PEAKS)[None], axis=2)
    assert distance.min(axis=1).max() < 0.6
    assert set(distance.argmin(axis=1)) == {0, 1}
    assert not drawn.equals(illustration_frame(1))


def test_a_figure_is_asked_for_only_where_its_methods_are() -> None:
    assert not any(variants_in(figure, ("ednag", "random")) for figure in VARIANTS)
    assert [figure for figure in VARIANTS if variants_in(figure, METHODS_HERE)] == [
        "mapping",
        "steps",
    ]
    assert variants_in("mapping", ("ednag-power", "ednag-identity")) == ()
    assert not can_rank(("ednag", "ednag-power"))
    assert can_rank(("ednag", "random"))


def test_every_method_has_its_figure() -> None:
    everything = method_names()
    assert not set(main_methods(everything)) & set(ABLATIONS)
    assert {name for name in everything if get_method(name).of == "ednag"} == ABLATIONS
    assert main_methods(("ednag-power",)) == ("ednag-power",)
    assert subject_of(everything) == "ednag"
    assert subject_of(("random", "genetic-algorithm")) == "random"
    for names in (main_methods(everything), *VARIANTS.values()):
        looks = looks_of(names)
        assert len({(look.colour, str(look.dash)) for look in looks.values()}) == len(names)


def test_the_command_line_draws_and_refuses(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.parquet" for name in ("summary", "anytime", "steps")}
    make_summary(methods=("ednag", "random")).to_parquet(files["summary"])
    make_curves(("ednag", "random")).to_parquet(files["anytime"])
    make_steps().to_parquet(files["steps"])
    given = [f"--{name}={path}" for name, path in files.items()] + [f"--folder={tmp_path}"]
    runner = CliRunner()
    figures = [figure.name for figure in DATASET_FIGURES if figure.name not in VARIANTS]
    done = runner.invoke(group, ["plot", "dataset", *figures, *given])
    assert done.exit_code == 0, (done.output, done.exception)
    assert len(pd.read_csv(tmp_path / "anytime.csv")) == 84
    for figure in figures:
        for suffix in ("csv", "pdf", "png"):
            assert (tmp_path / f"{figure}.{suffix}").stat().st_size > 100
    refusals = {
        ("mapping",): "needs runs of ednag and at least one of ednag-identity",
        ("anytime", "--protocol=papr"): "no run of protocol 'papr'; did you mean 'paper'?",
        ("outcome",): "unknown figure 'outcome'; did you mean 'outcomes'?",
    }
    for arguments, message in refusals.items():
        refused = runner.invoke(group, ["plot", "dataset", *arguments, *given])
        assert isinstance(refused.exception, EdnagError)
        assert message in str(refused.exception)

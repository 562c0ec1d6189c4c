"""Evidence about ranking, on made-up predictors; what makes it, on few cells."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ednag.cells import nasbench101
from ednag.cells.nasbench201 import counts, shape_of
from ednag.cli import group
from ednag.errors import EdnagError
from ednag.evidence.figures import ranking as drawing
from ednag.evidence.figures import save_drawing
from ednag.evidence.ranking import (
    TITLES,
    accuracies_of_tiers,
    learning_table,
    readable_learning,
    search_table,
    tier_table,
    write_learning,
    write_search,
    write_tiers,
)
from ednag.ranker import study
from ednag.ranker.baselines import BASELINES
from ednag.spaces.nasbench101_cells import NASBench101Cell, whole_graphs
from ednag.study.statistics import Statistics
from ednag.tables.interface import BenchmarkTable, Metric
from ednag.tables.parquet import write_benchmark

STATISTICS = Statistics(resamples=200)
SIZES = (50, 100)


def judged() -> pd.DataFrame:
    """Two seeds; the forest learns, FLOPs do not, the ranker was trained at one size."""
    rows = [
        {
            "predictor": name,
            "training": size,
            "held_out": 40,
            "tau_b": tau + 0.01 * seed,
            "tau_ties_concordant": tau + 0.1,
            "spearman": tau + 0.2,
            "precision": 0.25,
            "regret": 1.5,
            "seed": seed,
        }
        for seed in (1, 0)
        for size in SIZES
        for name, tau in (("flops", 0.5), ("random_forest", 0.4 + size / 500), ("ranker", 0.45))
        if name != "ranker" or size == 100
    ]
    return pd.DataFrame(rows)


def tiers() -> pd.DataFrame:
    """The ranker is always right, the forest always says tier 1."""
    rows = [
        {
            "predictor": name,
            "training": 100,
            "tier": tier,
            "predicted_tier": predicted,
            "cells": 10 * int(predicted == (tier if name == "ranker_tiers" else 1)),
            "seed": seed,
        }
        for name in ("random_forest", "ranker_tiers")
        for tier in range(1, 6)
        for predicted in range(1, 6)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows)


def searched() -> pd.DataFrame:
    rows = [
        {
            "draws": draws,
            "protocol": protocol,
            "top": top,
            "seed": seed,
            "training": 100,
            "iterations": 4,
            "code": 7,
            "test_accuracy": np.nan if seed == 2 else 90.0 + top + seed,
            "chosen_by": 91.0,
            "evaluations": 4 * top,
            "test_evaluations": 1,
            **dict.fromkeys(("used_flops", "used_parameters"), float(draws == "tiers")),
            **dict.fromkeys(
                ("used_structure", "guided_mean", "guided_first_tier", "random_mean"), 0.25
            ),
            "random_first_tier": 0.2,
            "too_large": 1.0,
        }
        for draws in ("tiers", "uniform")
        for protocol in ("honest", "paper")
        for top in (1, 5)
        for seed in (0, 1, 2)
    ]
    return pd.DataFrame(rows)


def test_taus_are_means_over_seeds_in_the_order_of_the_titles() -> None:
    table = learning_table(judged(), STATISTICS)
    assert table["predictor"].tolist() == ["ranker", *["random_forest"] * 2, *["flops"] * 2]
    assert table["training"].tolist() == [100, 50, 100, 50, 100]
    row = table.set_index(["predictor", "training"]).loc[("random_forest", 100)]
    assert row["tau_b"] == pytest.approx(0.605) and row["seeds"] == 2
    # Two seeds have no interval; the readable table shows the two values.
    assert np.isnan(row["tau_b_low"]) and row["tau_b_values"] == "0.600 0.610"
    readable = readable_learning(table)
    assert "0.605 (0.600 0.610)" in readable["Kendall's tau-b"]
    assert (readable["Best 5 % found (%)"][0], readable["Spearman's rho"][0]) == ("25.0", "0.650")
    assert readable["Regret of the best of 10 (%)"][0] == "1.50"


def test_the_note_says_what_ranks_better_than_the_ranker(tmp_path: Path) -> None:
    table = learning_table(judged(), STATISTICS)
    write_learning(table, "Made up", STATISTICS, [tmp_path / "t.md"])
    text = (tmp_path / "t.md").read_text()
    assert (
        "the ranker (tau-b 0.455) ranks worse than random forest (0.605), FLOPs alone (0.505)."
        in text
    )
    best = judged().assign(tau_b=lambda rows: rows["tau_b"] + (rows["predictor"] == "ranker"))
    write_learning(learning_table(best, STATISTICS), "M", STATISTICS, [tmp_path / "t.md"])
    text = (tmp_path / "t.md").read_text()
    assert "the ranker ranks best" in text and "The ranker is small" in text
    assert "trained in" not in text
    made = {"size": "published", "precision": "bfloat16"}
    write_learning(table, "M", STATISTICS, [tmp_path / "t.md"], **made)
    text = (tmp_path / "t.md").read_text()
    assert "published size" in text and "small" not in text
    assert "It was trained in bfloat16." in text


def test_what_learns_nothing_has_one_row(tmp_path: Path) -> None:
    table = learning_table(judged(), STATISTICS)
    assert list(table["predictor"]).count("flops") == 2
    write_learning(table, "Made up", STATISTICS, [tmp_path / "t.md", tmp_path / "t.csv"])
    assert (tmp_path / "t.md").read_text().count("| FLOPs alone") == 1
    assert len(pd.read_csv(tmp_path / "t.csv")) == len(table) - 1


def test_shares_of_tiers_add_up_over_seeds() -> None:
    table = tier_table(tiers())
    assert table["predictor"].unique().tolist() == ["ranker_tiers", "random_forest"]
    assert (table["cells"] == 20).all() and (table["seeds"] == 2).all()
    columns = [f"into_{tier}" for tier in range(1, 6)]
    np.testing.assert_allclose(table[columns].sum(axis=1), 1)
    assert accuracies_of_tiers(table).to_dict() == {"ranker_tiers": 1.0, "random_forest": 0.2}


def test_searches_without_an_outcome_are_counted_and_left_out() -> None:
    table = search_table(searched(), STATISTICS).set_index(["draws", "protocol", "top"])
    row = table.loc[("tiers", "honest", 5)]
    assert row["test_accuracy"] == 95.5 and row["without_outcome"] == 1 and row["seeds"] == 3


def test_tables_and_figures_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        suffixes = ("csv", "md", "tex")
        table, confusion = learning_table(judged(), STATISTICS), tier_table(tiers())
        write_learning(table, "Made up", STATISTICS, [folder / f"l.{s}" for s in suffixes])
        write_tiers(confusion, "Made up", [folder / f"t.{s}" for s in suffixes])
        found = search_table(searched(), STATISTICS)
        write_search(found, "Made up", STATISTICS, [folder / f"s.{s}" for s in suffixes])
        for name, figure, frame in (
            ("learning", drawing.learning(table, "t"), table),
            ("tiers", drawing.tiers(confusion, "t"), confusion),
        ):
            save_drawing(figure, frame, [folder / f"{name}.{s}" for s in ("csv", "pdf", "png")])

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    first = sorted((tmp_path / "one").iterdir())
    assert len(first) == 15
    for path in first:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def accuracies() -> np.ndarray:
    flops = counts(shape_of("cifar10")).flops.astype(float)
    return 80 + flops / flops.max() * 10 + np.random.default_rng(0).normal(size=len(flops))


def table_at(
    folder: Path, dataset: str = "cifar10-analog", metric: str = "baseline_accuracy"
) -> str:
    table = BenchmarkTable(
        "nasbench201", dataset, {metric: accuracies()}, {metric: Metric(metric, "%", "made up")}
    )
    write_benchmark(table, folder / "table.parquet")
    return str(folder / "table.parquet")


def call(*arguments: str) -> str:
    return CliRunner().invoke(group, ["ranker", *arguments], catch_exceptions=False).stderr


def test_plain_predictors_and_a_tiny_ranker_from_table_to_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"WIDTH": 8, "EPOCHS": 2}.items():
        monkeypatch.setattr(study, name, value)
    table, folder = table_at(tmp_path), str(tmp_path)
    common = ("--table", table, "--held-out", "100", "--seed", "3")
    call(
        "baselines",
        *common,
        "--training",
        "20",
        "--training",
        "60",
        "--output",
        f"{folder}/b.parquet",
    )
    rows = pd.read_parquet(f"{folder}/b.parquet")
    assert set(rows["predictor"]) == set(BASELINES) and set(rows["training"]) == {20, 60}
    flops = rows[rows["predictor"] == "flops"]["tau_b"]
    assert flops.nunique() == 1 and flops.iloc[0] > 0.2

    options = ("--tiers", f"{folder}/t.parquet", "--search", f"{folder}/s.parquet")
    study_of = ("study", *common, "--training", "60", "--iterations", "3", *options)
    call(*study_of, "--output", f"{folder}/r.parquet")
    first = [(tmp_path / f"{name}.parquet").read_bytes() for name in "rts"]
    call(*study_of, "--output", f"{folder}/r.parquet")
    assert first == [(tmp_path / f"{name}.parquet").read_bytes() for name in "rts"]
    confusion = pd.read_parquet(f"{folder}/t.parquet")
    assert (confusion.groupby("predictor")["cells"].sum() == 100).all()
    found = pd.read_parquet(f"{folder}/s.parquet")
    assert set(found["draws"]) == {"tiers", "uniform"} and len(found) == 20
    assert (found[found["draws"] == "uniform"]["used_flops"] == 0).all()
    honest = found[found["protocol"] == "honest"]
    assert (honest["test_evaluations"] <= 1).all()

    told = call(
        "table",
        f"{folder}/r.parquet",
        f"{folder}/b.parquet",
        *options,
        "--title",
        "Made up",
        "--output",
        f"{folder}/l.md",
        "--tiers-output",
        f"{folder}/t.csv",
        "--search-output",
        f"{folder}/s.tex",
    )
    assert "random_forest of 60 cells: tau-b" in told
    call(
        "figures",
        f"{folder}/r.parquet",
        f"{folder}/b.parquet",
        *options[:2],
        "--title",
        "M",
        "--folder",
        folder,
    )
    assert {"learning.pdf", "tiers.png"} <= {path.name for path in tmp_path.iterdir()}
    assert set(pd.read_csv(f"{folder}/learning.csv")["predictor"]) <= set(TITLES)


def listed_at(folder: Path) -> str:
    """Cells of NAS-Bench-101 as `ednag cells enumerate --hashes` lists them, made-up accuracies."""
    forms = [(vertices, int(graph)) for vertices in (4, 5, 6) for graph in whole_graphs(vertices)]
    cells = [NASBench101Cell(size, graph, (0, 1, 2, 0)[: size - 2]) for size, graph in forms]
    totals = nasbench101.counts(nasbench101.from_cells(cells))
    noise = np.random.default_rng(1).normal(size=len(cells))
    rows = pd.DataFrame(
        {
            "adjacency": [cell.adjacency for cell in cells],
            "operations": [cell.operations for cell in cells],
            "flops": totals.flops,
            "parameters": totals.parameters,
            "validation_accuracy_108": 80 + 5 * totals.flops / totals.flops.max() + noise,
        }
    )
    rows.to_parquet(folder / "cells.parquet")
    return str(folder / "cells.parquet")


def test_cells_without_test_accuracy_are_ranked_and_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"WIDTH": 8, "EPOCHS": 2}.items():
        monkeypatch.setattr(study, name, value)
    folder = str(tmp_path)
    common = ("--cells", listed_at(tmp_path), "--held-out", "40", "--training", "20")
    call("baselines", *common, "--output", f"{folder}/b.parquet")
    assert set(pd.read_parquet(f"{folder}/b.parquet")["predictor"]) == set(BASELINES)
    judge = ("study", *common, "--output", f"{folder}/r.parquet", "--tiers", f"{folder}/t.parquet")
    call(*judge)
    assert pd.read_parquet(f"{folder}/r.parquet")["training"].tolist() == [20]
    with pytest.raises(EdnagError, match=r"no test accuracy.*leave --search out"):
        call(*judge, "--search", f"{folder}/s.parquet")
    made = (
        "table",
        f"{folder}/r.parquet",
        f"{folder}/b.parquet",
        "--tiers",
        f"{folder}/t.parquet",
        "--title",
        "Made up",
        "--space",
        "nasbench101",
        "--output",
        f"{folder}/l.md",
        "--tiers-output",
        f"{folder}/t.md",
    )
    call(*made)
    for name in ("l.md", "t.md"):
        assert "needs data nasbench101-only108" in (tmp_path / name).read_text()
        assert "published: 256, 6 and 35" in (tmp_path / name).read_text()
    with pytest.raises(EdnagError, match="--search and --search-output, or neither"):
        call(*made, "--search-output", f"{folder}/s.md")


def test_cells_come_from_a_table_or_a_list(tmp_path: Path) -> None:
    output = ("--output", str(tmp_path / "b.parquet"))
    with pytest.raises(EdnagError, match="give either --table"):
        call("baselines", *output)
    with pytest.raises(EdnagError, match="give either --table"):
        call("baselines", "--table", table_at(tmp_path), "--cells", listed_at(tmp_path), *output)
    with pytest.raises(EdnagError, match="not a list of `ednag cells enumerate --hashes`"):
        call("baselines", "--cells", table_at(tmp_path), *output)


def test_errors_are_one_line_that_helps(tmp_path: Path) -> None:
    output = ("--output", str(tmp_path / "b.parquet"))
    with pytest.raises(EdnagError, match="held out for 5 tiers; give at least 5"):
        call("baselines", "--table", table_at(tmp_path), "--training", "3", *output)
    with pytest.raises(EdnagError, match="more than the 15625 with an accuracy; ask for fewer"):
        call("baselines", "--table", table_at(tmp_path), "--training", "15000", *output)
    with pytest.raises(EdnagError, match="lacks baseline_accuracy; build it again"):
        call("baselines", "--table", table_at(tmp_path, metric="qat_accuracy"), *output)
    predicted = table_at(tmp_path, "digits-unseen", "predicted_accuracy")
    with pytest.raises(EdnagError, match="digits-unseen has no measured cells"):
        call("baselines", "--table", predicted, *output)
    assert not (tmp_path / "b").exists()


def test_predictors_of_a_seed_share_their_cells() -> None:
    values = accuracies()
    cells = study.cells_of("cifar10-analog", values, values)
    small, large = (study.split_cells(cells, size, 50, 1) for size in SIZES)
    np.testing.assert_array_equal(small.held_out, large.held_out)
    np.testing.assert_array_equal(small.pool, large.pool[:50])
    assert not set(large.pool) & set(large.held_out)
    assert study.split_cells(cells, 50, 50, 2).pool.tolist() != small.pool.tolist()

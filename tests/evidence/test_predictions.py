"""Evidence about predictions and about what was trained for them, on made-up figures."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ednag.evidence.figures import predictions as drawing
from ednag.evidence.figures import save_drawing
from ednag.evidence.figures.trained_architectures import top_k, top_k_frame
from ednag.evidence.predictions import (
    coreset_table,
    quality_table,
    write_coreset,
    write_quality,
)
from ednag.evidence.predictor_sentences import (
    ALL_TASKS,
    PLAIN,
    SCORES,
    SENTENCES,
    sentences_on,
)
from ednag.evidence.trained_architectures import (
    mean_accuracies,
    top_k_table,
    write_top_k,
)
from ednag.files import read_rows
from ednag.predictor.choice import CHANCE
from ednag.study.statistics import Statistics

STATISTICS = Statistics(resamples=200)


CELLS = 30


def judged(noise: float, shift: float = 0.0, plain: float = 1.0) -> pd.DataFrame:
    """Three tasks of the same cells, which differ by far more than cells do.

    `noise` is that of the prediction, `plain` that of all other scores.
    """
    generator = np.random.default_rng(0)
    frames = []
    for place, task in enumerate(("a", "b", "c")):
        measured = 50 + 10 * place + generator.normal(size=CELLS)
        columns = {
            "predicted": measured + noise * generator.normal(size=CELLS) + shift,
            **{
                name: measured + plain * generator.normal(size=CELLS)
                for name in ("flops", "reference", "operations", "first", "second")
            },
        }
        keys = [f"cell {number}" for number in range(CELLS)]
        frames.append(
            pd.DataFrame(
                {"task": task, "key": keys, "trainings": 2, "measured": measured, **columns}
            )
        )
    return pd.concat(frames, ignore_index=True)


def of_predictor(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["score"] == "predicted"].set_index("task")


def test_perfect_predictions_correlate_perfectly() -> None:
    table = quality_table(judged(0.0, shift=3.0), STATISTICS)
    assert table["score"].unique().tolist() == list(SCORES)
    ours = of_predictor(table)
    assert ours.index.tolist() == [ALL_TASKS, "a", "b", "c"]
    for coefficient in ("pearson", "spearman", "kendall"):
        np.testing.assert_allclose(ours[coefficient], 1.0)
        np.testing.assert_allclose(ours[f"{coefficient}_low"], 1.0)
    np.testing.assert_allclose(ours["gain"], 0)
    others = table[table["score"].isin(PLAIN)]
    assert (others["gain_low"] > 0).all() and (others["architectures"] == CELLS).all()


def test_differences_between_tasks_count_for_nothing() -> None:
    table = of_predictor(quality_table(judged(1000.0), STATISTICS)).loc[ALL_TASKS]
    pooled = judged(0.0).assign(predicted=lambda frame: frame["task"].map({"a": 1, "b": 2, "c": 3}))
    assert abs(table["spearman"]) < 0.6
    # The task alone predicts the accuracy well, and the order within a task not at all.
    assert pooled["predicted"].corr(pooled["measured"]) > 0.95
    undefined = of_predictor(quality_table(pooled, STATISTICS)).loc[ALL_TASKS]
    assert undefined[["spearman", "spearman_low", "spearman_high"]].isna().all()


def test_a_cell_that_lacks_a_value_on_one_task_is_left_out_of_all() -> None:
    rows = judged(1.0)
    rows.loc[3, "second"] = np.nan
    rows.loc[40, "measured"] = np.nan
    assert (quality_table(rows, STATISTICS)["architectures"] == CELLS - 2).all()
    once = judged(1.0).assign(second=np.nan)
    table = quality_table(once, STATISTICS)
    assert (table["architectures"] == CELLS).all()
    assert table.loc[table["score"] == "second", "spearman"].isna().all()
    assert "by the seed alone" not in " ".join(sentences_on(table))


@pytest.mark.parametrize(
    ("noise", "plain", "said", "not_said"),
    [
        (0.05, 5.0, "The predictor beats FLOPs alone", "not shown to beat FLOPs"),
        (5.0, 0.05, "not shown to beat FLOPs", "predictor beats FLOPs"),
        (1.0, 1.0, "not shown to beat FLOPs", "predictor beats FLOPs"),
    ],
)
def test_note_and_findings_say_whether_the_predictor_beats_flops(
    tmp_path: Path, noise: float, plain: float, said: str, not_said: str
) -> None:
    table = quality_table(judged(noise, plain=plain), STATISTICS)
    page = tmp_path / "page.md"
    write_quality(table, "On a, b, c.", STATISTICS, [page])
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    # As the page of findings reads it.
    for text in (page.read_text(), " ".join(sentences_on(read_rows(path)))):
        assert said in text and not_said not in text
        rows = table[table["task"] == ALL_TASKS].set_index("score")
        assert f"(Spearman {rows.loc['flops', 'spearman']:.2f}, the predictor" in text
        assert f"by {rows.loc['second', 'spearman']:.2f}." in text


def test_a_score_stands_on_one_side_only() -> None:
    better = " ".join(sentences_on(quality_table(judged(0.05, plain=5.0), STATISTICS)))
    worse = " ".join(sentences_on(quality_table(judged(5.0, plain=0.05), STATISTICS)))
    even = " ".join(sentences_on(quality_table(judged(1.0, plain=1.0), STATISTICS)))
    assert "better than FLOPs alone (" in better and "worse than" not in better
    assert "worse than FLOPs alone (" in worse and "better than" not in worse
    assert "cannot be told" in even and "[" in even


def test_sentences_have_no_digits_of_their_own() -> None:
    for name, text in SENTENCES.items():
        assert not re.search(r"\d", re.sub(r"{[^}]*}", "", text)), name


def test_the_coreset_repeats_itself() -> None:
    generator = np.random.default_rng(0)
    rows = [
        {
            "images": images,
            "repeat": repeat,
            "key": f"k{key}",
            "predicted": key + (generator.normal() if images == "random" else 0.0),
            "measured": float(key),
        }
        for images in ("coreset", "random")
        for repeat in range(10)
        for key in range(8)
    ]
    table = coreset_table(pd.DataFrame(rows), STATISTICS).set_index("images")
    assert table.loc["coreset", "spread"] == 0 and table.loc["coreset", "pearson"] > 1 - 1e-9
    assert table.loc["random", "spread"] == pytest.approx(1, abs=0.3)
    assert table.loc["random", "pearson_low"] < table.loc["random", "pearson"] < 1


def choices() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two searches of two architectures each, and three random ones; two trainings each."""
    chosen = pd.DataFrame(
        [
            ("ednag", "paper", 0, 0, "A"),
            ("ednag", "paper", 0, 1, "B"),
            ("ednag", "paper", 1, 0, "B"),
            ("ednag", "paper", 1, 1, "C"),
            (CHANCE, "random", 0, 0, "D"),
            (CHANCE, "random", 0, 1, "E"),
            (CHANCE, "random", 0, 2, "F"),
        ],
        columns=["method", "rule", "run", "rank", "key"],
    )
    validation = {"A": 90, "B": 80, "C": 95, "D": 60, "E": 70, "F": 50}
    test = {"A": 85, "B": 99, "C": 94, "D": 61, "E": 71, "F": 51}
    trained = pd.DataFrame(
        [
            {
                "key": key,
                "seed": seed,
                "status": "complete" if (key, seed) != ("F", 1) else "diverged",
                "validation_accuracy": validation[key] + sign,
                "test_accuracy": test[key] - sign,
                "paper_accuracy": test[key] - sign,
            }
            for key in validation
            for seed, sign in ((0, 1.0), (1, -1.0))
        ]
    )
    return chosen, trained


def test_validation_chooses_and_test_is_reported_once() -> None:
    chosen, trained = choices()
    accuracies = mean_accuracies(trained)
    assert accuracies.loc["A", "test_accuracy"] == 85 and accuracies.loc["F", "diverged"] == 1
    table = top_k_table(chosen, trained, 2, STATISTICS).set_index("method")
    # Of A and B, A does best on validation images though B does better in the test; then C.
    assert table.loc["ednag", "validation"] == pytest.approx((85 + 94) / 2)
    assert table.loc["ednag", "paper"] == pytest.approx(99)
    assert table.loc["ednag", "trained"] == 3
    # Groups of two of D, E and F: the best is E in two of three groups.
    assert table.loc[CHANCE, "validation"] == pytest.approx((71 * 2 + 61) / 3, abs=0.5)
    assert table.loc["ednag", "better_than_random"] == 1


def test_tables_and_figures_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        everything = judged(1.0)
        tables = [folder / f"q.{suffix}" for suffix in ("csv", "md", "tex")]
        write_quality(quality_table(everything, STATISTICS), "On a, b, c.", STATISTICS, tables)
        chosen, trained = choices()
        found = top_k_table(chosen, trained, 2, STATISTICS)
        write_top_k(found, "Digits.", STATISTICS, [folder / f"t.{s}" for s in ("csv", "md", "tex")])
        repeated = everything[everything["task"] == "a"].assign(images="coreset", repeat=0)
        repeats = pd.concat([repeated, repeated.assign(repeat=1)])
        write_coreset(coreset_table(repeats, STATISTICS), STATISTICS, [folder / "c.md"])
        plane = pd.DataFrame(
            {
                "class": ["7", "8"],
                "first": [0.0, 1.0],
                "second": [1.0, 0.0],
                "chosen": [True, False],
            }
        )
        curve = pd.DataFrame(
            {"epoch": [1, 2], "training_loss": [1.0, 0.5], "validation_loss": [1.0, 0.7]}
            | {name: [0.1, 0.2] for name in ("pearson", "spearman", "kendall")}
        )
        frame = drawing.quality_frame(everything)
        images = drawing.coreset_frame(repeats, plane)
        drawn = top_k_frame(chosen, trained)
        for name, figure, shown in (
            ("quality", drawing.quality(frame, "t"), frame),
            ("learning", drawing.learning(curve, "t"), curve),
            ("coreset", drawing.coreset(images, "t"), images),
            ("top-k", top_k(drawn, "t"), drawn),
        ):
            save_drawing(figure, shown, [folder / f"{name}.{s}" for s in ("csv", "pdf", "png")])

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    first = sorted((tmp_path / "one").iterdir())
    assert len(first) == 19
    for path in first:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name

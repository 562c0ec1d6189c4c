"""How well predicted accuracies agree with measured ones on unseen tasks, beside plain scores.

A search needs only the order of the architectures of one task. Correlations are therefore computed
within tasks and averaged: differences between tasks, which are easy to predict, do not count.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.predictor_sentences import (
    ALL_TASKS,
    ORDER,
    PLAIN,
    PREDICTOR,
    SCORES,
    sentences_on,
)
from ednag.evidence.statistics import Interval, middle_share, standard_deviation
from ednag.evidence.writing import NO_VALUE, rounded, texts, with_interval, write_frame
from ednag.predictor.correlations import COEFFICIENTS, Correlations, coefficients, correlations
from ednag.study.statistics import Statistics

#: Resamples of a correlation's interval: each costs a rank transform per task.
_RESAMPLES = 1000


def quality_table(judged: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """A row for each score and held-out task, and one for each score of the mean over them.

    `judged` has a row per architecture and task, with the columns of
    `ednag.predictor.judgement.judge`. An architecture that lacks a value on some task, as a
    training diverged, is left out of all. Intervals resample tasks and architectures, the same for
    all scores, at most 1,000 times; those of one task resample architectures. `gain` is the
    predictor's Spearman coefficient minus that of the score.
    """
    tasks = sorted(judged["task"].unique())
    grids = {
        name: judged.pivot(index="task", columns="key", values=name).loc[tasks]
        for name in ("measured", "first", *SCORES)
    }
    # A column without any value, such as that of a second training, leaves out nothing.
    given = [grid.notna().all() for grid in grids.values() if grid.notna().any(axis=None)]
    complete = np.all(given, axis=0)
    values = {name: grid.loc[:, complete].to_numpy(float) for name, grid in grids.items()}
    pairs = {
        name: (values[name], values["first" if name == "second" else "measured"]) for name in SCORES
    }
    draws = min(statistics.resamples, _RESAMPLES), statistics.seed
    found = correlations(pairs, *draws)
    rows = []
    for name, of_score in found.items():
        for place, task in enumerate([ALL_TASKS, *tasks], start=-1):
            selected = values["measured"] if place < 0 else values["measured"][place]
            row: dict[str, object] = {
                "score": name,
                "task": task,
                "architectures": selected.shape[-1],
                "measured_mean": float(selected.mean()),
                "measured_sd": float(np.mean([*map(standard_deviation, np.atleast_2d(selected))])),
            }
            estimates, drawn = _of_place(of_score, place)
            for number, coefficient in enumerate(COEFFICIENTS):
                interval = _interval(estimates[number], drawn[:, number], statistics)
                row |= interval.columns(coefficient)
            ours, ours_drawn = _of_place(found[PREDICTOR], place)
            order = COEFFICIENTS.index(ORDER)
            gain = ours[order] - estimates[order], (ours_drawn - drawn)[:, order]
            row |= _interval(*gain, statistics).columns("gain")
            rows.append(row)
    return pd.DataFrame(rows)


def _of_place(found: Correlations, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients float64[3] and resamples float64[n, 3] of a task, of the mean for -1."""
    if place < 0:
        return found.mean, found.means_drawn
    return found.by_task[place], found.drawn[:, place]


def _interval(estimate: float, drawn: np.ndarray, statistics: Statistics) -> Interval:
    """Percentiles of the defined resamples; no bounds without any."""
    defined = drawn[~np.isnan(drawn)]
    bounds = middle_share(defined, statistics.confidence) if len(defined) else ()
    return Interval(float(estimate), *bounds)


def readable_quality(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `quality_table`."""
    return {
        "Order by": [SCORES[name] for name in table["score"]],
        "Task": table["task"].tolist(),
        "Cells": texts(table["architectures"]),
        "Measured (%)": [
            f"{rounded(mean)} ± {rounded(sd)}"
            for mean, sd in zip(table["measured_mean"], table["measured_sd"], strict=True)
        ],
        **_correlations(table),
        "Predictor's Spearman minus this": [
            text if name in PLAIN else NO_VALUE
            for name, text in zip(table["score"], with_interval(table, "gain"), strict=True)
        ],
    }


def write_quality(
    table: pd.DataFrame, trained_on: str, statistics: Statistics, paths: Sequence[Path]
) -> None:
    """Write `quality_table` as .csv, .md, .tex; `trained_on` is a sentence for the note."""
    note = (
        f"{' '.join(sentences_on(table))} {trained_on} No class of these tasks was in any task it "
        "was trained on, and none of these cells. Correlation with measured accuracy within a "
        f"task; in brackets {100 * statistics.confidence:g} % bootstrap intervals over cells and, "
        "of the mean, over tasks, of which there are few: too short rather than too long. The mean "
        "on training tasks takes several trainings of each cell."
    )
    write_frame(table, readable_quality(table), note, paths)


def coreset_table(repeated: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row for random images and one for the coreset: spread and quality of predictions.

    `repeated` has columns images, repeat, key, predicted and measured. Intervals are quantiles
    over the repeats.
    """
    rows = []
    for images, group in repeated.groupby("images", sort=True):
        spread = group.groupby("key")["predicted"].std(ddof=1).mean()
        row: dict[str, object] = {
            "images": images,
            "repeats": int(group["repeat"].nunique()),
            "architectures": int(group["key"].nunique()),
            "spread": float(spread),
        }
        repeats = group.groupby("repeat", sort=True)[["predicted", "measured"]]
        by_repeat = pd.DataFrame([coefficients(*each.to_numpy().T) for _, each in repeats])
        for name in COEFFICIENTS:
            bounds = middle_share(by_repeat[name].to_numpy(), statistics.confidence)
            row |= Interval(float(by_repeat[name].mean()), *bounds).columns(name)
        rows.append(row)
    return pd.DataFrame(rows)


def readable_coreset(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `coreset_table`."""
    return {
        "Images": table["images"].tolist(),
        "Repeats": texts(table["repeats"]),
        "Architectures": texts(table["architectures"]),
        "SD of a prediction": texts(table["spread"], 4),
        **_correlations(table),
    }


def write_coreset(table: pd.DataFrame, statistics: Statistics, paths: Sequence[Path]) -> None:
    """Write `coreset_table` as CSV, Markdown and LaTeX."""
    note = (
        "Predictions of the same architectures of one held-out task, from other images of its "
        "classes each time, or from its coreset. Correlation with measured accuracy: mean over "
        f"repeats, in brackets the middle {100 * statistics.confidence:g} % of them."
    )
    write_frame(table, readable_coreset(table), note, paths)


def _correlations(table: pd.DataFrame) -> dict[str, list[str]]:
    return {name.capitalize(): with_interval(table, name) for name in COEFFICIENTS}

"""How well predicted accuracies agree with measured ones on unseen tasks.

A search needs only the order of the architectures of one task. Correlations are therefore computed
within tasks and averaged: differences between tasks, which are easy to predict, do not count.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.statistics import Interval, middle_share, standard_deviation
from ednag.evidence.writing import rounded, texts, with_interval, write_frame
from ednag.predictor.correlations import COEFFICIENTS, MEAN_OF_GROUPS, coefficients, correlations
from ednag.study.statistics import Statistics

#: Resamples of a correlation's interval: each costs a rank transform per task.
_RESAMPLES = 1000
_ALL = "mean over tasks"


def quality_table(judged: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per held-out task, and one of the mean over them.

    `judged` has a row per architecture and task, with columns task, predicted and measured.
    Intervals have at most 1,000 resamples.
    """
    predicted, measured = (judged[side].to_numpy(float) for side in ("predicted", "measured"))
    tasks = judged["task"].to_numpy(str)
    draws = min(statistics.resamples, _RESAMPLES), statistics.seed
    intervals = correlations(predicted, measured, tasks, *draws, statistics.confidence)
    intervals = intervals.set_index(["group", "coefficient"])[["value", "low", "high"]]
    rows = []
    for name in (MEAN_OF_GROUPS, *np.unique(tasks)):
        selected = np.ones(len(tasks), bool) if name == MEAN_OF_GROUPS else tasks == name
        row: dict[str, object] = {
            "task": name if name != MEAN_OF_GROUPS else _ALL,
            "architectures": int(selected.sum()),
            "measured_mean": float(measured[selected].mean()),
            "measured_sd": standard_deviation(measured[selected]),
            "bias": float((predicted - measured)[selected].mean()),
        }
        for coefficient in COEFFICIENTS:
            row |= Interval(*intervals.loc[(name, coefficient)].astype(float)).columns(coefficient)
        rows.append(row)
    return pd.DataFrame(rows)


def readable_quality(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `quality_table`."""
    return {
        "Task": table["task"].tolist(),
        "Architectures": texts(table["architectures"]),
        "Measured (%)": [
            f"{rounded(mean)} ± {rounded(sd)}"
            for mean, sd in zip(table["measured_mean"], table["measured_sd"], strict=True)
        ],
        "Predicted - measured": texts(table["bias"]),
        **_correlations(table),
    }


def write_quality(
    table: pd.DataFrame, trained_on: str, statistics: Statistics, paths: Sequence[Path]
) -> None:
    """Write `quality_table` as .csv, .md, .tex; `trained_on` is a sentence for the note."""
    note = (
        f"{trained_on} No class of these tasks was in any task it was trained on. Correlation of "
        "predicted and measured accuracy over random architectures, within a task; in brackets "
        f"{100 * statistics.confidence:g} % bootstrap intervals over architectures."
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

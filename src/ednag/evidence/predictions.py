"""How well predicted accuracies agree with measured ones, on tasks the predictor never saw.

A search only needs the order of the architectures of one task, so correlations are taken within
tasks and averaged over them: differences between tasks, which are easy to predict, count for
nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.writing import interval_text, rounded, write_frame
from ednag.predictor.correlations import (
    COEFFICIENTS,
    MEAN_OF_GROUPS,
    coefficients,
    correlations,
)
from ednag.study.configuration import Statistics

#: Resamples of a correlation's interval: each costs a rank transform per task.
_RESAMPLES = 1000
_ALL = "mean over tasks"


def quality_table(judged: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per held-out task, and one of the mean over them.

    Args:
        judged: Columns `task`, `predicted` and `measured`, one row per architecture and task.
        statistics: Level of the intervals, and seed; at most 1,000 resamples are drawn.
    """
    predicted, measured = (judged[side].to_numpy(float) for side in ("predicted", "measured"))
    tasks = judged["task"].to_numpy(str)
    found = correlations(
        predicted,
        measured,
        tasks,
        min(statistics.resamples, _RESAMPLES),
        statistics.seed,
        statistics.confidence,
    ).set_index(["group", "coefficient"])
    rows = []
    for name in (MEAN_OF_GROUPS, *np.unique(tasks)):
        here = np.ones(len(tasks), bool) if name == MEAN_OF_GROUPS else tasks == name
        row: dict[str, object] = {
            "task": name if name != MEAN_OF_GROUPS else _ALL,
            "architectures": int(here.sum()),
            "measured_mean": float(measured[here].mean()),
            "measured_sd": float(measured[here].std(ddof=1)) if here.sum() > 1 else np.nan,
            "bias": float((predicted - measured)[here].mean()),
        }
        for coefficient in COEFFICIENTS:
            told = found.loc[(name, coefficient)]
            row |= {
                coefficient: float(told["value"]),
                f"{coefficient}_low": float(told["low"]),
                f"{coefficient}_high": float(told["high"]),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def readable_quality(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `quality_table`."""
    return {
        "Task": table["task"].tolist(),
        "Architectures": [str(count) for count in table["architectures"]],
        "Measured (%)": [
            f"{rounded(mean)} ± {rounded(sd)}"
            for mean, sd in zip(table["measured_mean"], table["measured_sd"], strict=True)
        ],
        "Predicted - measured": [rounded(value) for value in table["bias"]],
        **_correlations(table),
    }


def write_quality(
    table: pd.DataFrame, trained_on: str, statistics: Statistics, paths: Sequence[Path]
) -> None:
    """Write `quality_table` as CSV, Markdown and LaTeX.

    Args:
        table: The table.
        trained_on: What the predictor was trained on, one sentence.
        statistics: As the table was made with.
        paths: Where to.
    """
    note = (
        f"{trained_on} No class of these tasks was in any task it was trained on. Correlation of "
        "predicted and measured accuracy over random architectures, within a task; in brackets "
        f"{100 * statistics.confidence:g} % bootstrap intervals over architectures."
    )
    write_frame(table, readable_quality(table), note, paths)


def coreset_table(repeated: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row for random images and one for the coreset: how steady and how good predictions are.

    Args:
        repeated: Columns `images`, `repeat`, `key`, `predicted`, `measured`.
        statistics: Level of the intervals, which are quantiles over the repeats.
    """
    tail = (1 - statistics.confidence) / 2
    rows = []
    for images, group in repeated.groupby("images", sort=True):
        spread = group.groupby("key")["predicted"].std(ddof=1).mean()
        row: dict[str, object] = {
            "images": images,
            "repeats": int(group["repeat"].nunique()),
            "architectures": int(group["key"].nunique()),
            "spread": float(spread),
        }
        found = pd.DataFrame(
            [
                coefficients(rows_of["predicted"].to_numpy(), rows_of["measured"].to_numpy())
                for _, rows_of in group.groupby("repeat", sort=True)
            ]
        )
        for name in COEFFICIENTS:
            low, high = np.quantile(found[name], [tail, 1 - tail])
            row |= {
                name: float(found[name].mean()),
                f"{name}_low": float(low),
                f"{name}_high": float(high),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def readable_coreset(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `coreset_table`."""
    return {
        "Images": table["images"].tolist(),
        "Repeats": [str(count) for count in table["repeats"]],
        "Architectures": [str(count) for count in table["architectures"]],
        "SD of a prediction": [rounded(value, 4) for value in table["spread"]],
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
    """The readable columns of the coefficients and their intervals."""
    columns = {}
    for name in COEFFICIENTS:
        told = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        columns[name.capitalize()] = [
            f"{rounded(value)} {interval_text(low, high)}" for value, low, high in told
        ]
    return columns

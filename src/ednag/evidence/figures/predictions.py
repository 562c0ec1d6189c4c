"""Figures of a predictor: predicted against measured, learning curve, coreset against chance."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.style import COLOURS, new_figure

#: Bins of the calibration, by predicted accuracy, of equally many architectures.
_BINS = 8


def quality_frame(judged: pd.DataFrame) -> pd.DataFrame:
    """The drawn architectures of tasks, each with its bin of the calibration.

    `judged` has columns `task`, `key`, `predicted` and `measured`, in %.
    """
    ordered = judged.sort_values(["predicted", "task", "key"], kind="stable")
    place = np.arange(len(ordered))
    return ordered.assign(bin=place * min(_BINS, len(ordered)) // len(ordered)).reset_index(
        drop=True
    )


def quality(drawn: pd.DataFrame, title: str) -> Figure:
    """Every architecture by task at the left, mean accuracies of bins at the right."""
    figure, grid = new_figure(title, 1, 2, figsize=(7.2, 3.6), sharex=True, sharey=True)
    left, right = grid[0]
    for place, (task, rows) in enumerate(drawn.groupby("task", sort=True)):
        colour = COLOURS[place % len(COLOURS)]
        x, y = rows["predicted"], rows["measured"]
        left.scatter(x, y, s=9, color=colour, alpha=0.7, label=str(task))
    _diagonal(left, drawn)
    left.set_title("each architecture, by task (its classes)")
    left.set(xlabel="predicted accuracy (%)", ylabel="measured accuracy (%)")
    left.legend(fontsize=6.5, loc="upper left")
    bins = drawn.groupby("bin").agg(
        predicted=("predicted", "mean"),
        measured=("measured", "mean"),
        spread=("measured", lambda values: values.std(ddof=1) / np.sqrt(len(values))),
    )
    x, y, error = bins["predicted"], bins["measured"], 1.96 * bins["spread"].fillna(0)
    right.errorbar(x, y, yerr=error, marker="o", markersize=4, capsize=2, linewidth=1.2)
    _diagonal(right, drawn)
    right.set(title="calibration: means of bins, 95 %", xlabel="predicted accuracy (%)")
    return figure


def _diagonal(axes: Axes, drawn: pd.DataFrame) -> None:
    """A dotted line where prediction and measurement agree."""
    low = float(min(drawn["predicted"].min(), drawn["measured"].min()))
    high = float(max(drawn["predicted"].max(), drawn["measured"].max()))
    axes.plot([low, high], [low, high], color="black", linewidth=0.9, linestyle=(0, (1, 2)))


def learning(drawn: pd.DataFrame, title: str) -> Figure:
    """Loss on both parts and the correlations on the validation part, per epoch."""
    figure, grid = new_figure(title, 1, 2, figsize=(7.2, 3.0))
    left, right = grid[0]
    for column, label in (("training_loss", "training"), ("validation_loss", "validation")):
        left.plot(drawn["epoch"], drawn[column], label=label)
    left.set_yscale("log")
    left.set_ylabel("mean squared error of the target")
    for column in ("pearson", "spearman", "kendall"):
        right.plot(drawn["epoch"], drawn[column], label=column.capitalize())
    right.set_ylabel("correlation, validation part")
    right.set_ylim(top=1.0)
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.legend()
    return figure


def coreset_frame(predictions: pd.DataFrame, projected: pd.DataFrame) -> pd.DataFrame:
    """The drawn rows: predictions of each repeat, and images in the plane of two components.

    `predictions` has columns images (coreset or random), repeat, key and predicted (in %),
    `projected` class, first, second and chosen (bool: in the coreset).
    """
    parts = [predictions.assign(panel="predictions"), projected.assign(panel="images")]
    return pd.concat(parts, ignore_index=True)


def coreset(drawn: pd.DataFrame, title: str) -> Figure:
    """The images of a dataset and its coreset at the left, repeated predictions at the right."""
    figure, grid = new_figure(title, 1, 2, figsize=(7.2, 3.4))
    left, right = grid[0]
    images = drawn[drawn["panel"] == "images"]
    for place, (name, rows) in enumerate(images.groupby("class", sort=False)):
        colour = COLOURS[place % len(COLOURS)]
        chosen = rows["chosen"].astype(bool)
        left.scatter(rows["first"], rows["second"], s=6, color=colour, alpha=0.3, linewidths=0)
        outline: dict[str, Any] = {"s": 14, "edgecolors": "black", "linewidths": 0.5}
        x, y = rows.loc[chosen, "first"], rows.loc[chosen, "second"]
        left.scatter(x, y, color=colour, label=str(name), **outline)
    left.set_title("images; outlined: in the coreset")
    left.set(xlabel="first principal component", ylabel="second principal component")
    left.legend(fontsize=6.5)
    repeats = drawn[drawn["panel"] == "predictions"]
    for place, (_, rows) in enumerate(repeats.groupby("key", sort=False)):
        colour = COLOURS[place % len(COLOURS)]
        for name, width, style in (("random", 0.8, "-"), ("coreset", 1.6, "--")):
            line = rows[rows["images"] == name]
            look: dict[str, Any] = {"color": colour, "linewidth": width, "linestyle": style}
            label = name if place == 0 else None
            right.plot(line["repeat"], line["predicted"], label=label, **look)
    right.set_title("repeated predictions of some architectures")
    right.set(xlabel="repeat", ylabel="predicted accuracy (%)")
    right.legend()
    return figure

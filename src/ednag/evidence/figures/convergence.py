"""Convergence on a dataset: the best so far of the main methods, by distinct evaluations."""

import math
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.style import (
    draw_legend,
    draw_lines_and_bands,
    draw_optimum,
    looks_of,
    new_figure,
    write_beside,
)
from ednag.study.comparisons import main_methods


def draw(dataset: DatasetSummaries) -> Drawing:
    """Median and quartiles over seeds of the best so far."""
    frame = dataset.distinct_curves(main_methods(dataset.methods))
    title = dataset.title("best so far, median and quartiles over seeds")
    return convergence(frame, dataset.optimum, dataset.reported.label, title), frame


def convergence(curves: pd.DataFrame, optimum: float, metric: str, title: str) -> Figure:
    """Best so far against distinct evaluations: median and quartile band, optimum as a line.

    `curves` are of `anytime_curves`, of one protocol; an `optimum` of NaN has no line.
    """
    figure, grid = new_figure(figsize=(5.5, 4.2))
    axes = grid[0, 0]
    looks = looks_of(list(dict.fromkeys(curves["method"])))
    draw_lines_and_bands(axes, curves, "evaluations", "median", looks)
    draw_optimum(axes, optimum)
    optima = [] if math.isnan(optimum) else [optimum]
    for height in optima:
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "ha": "right"}
        write_beside(axes, f"optimum {height:.2f}", (1, height), (-2, 3), fontsize=8, **place)
    # The first few evaluations are left out of the limits: they would flatten the rest.
    late = curves[curves["evaluations"] >= min(10, curves["evaluations"].max())]
    low = min([late["quartile_low"].min(), *optima])
    high = max([late["quartile_high"].max(), *optima])
    margin = 0.06 * (high - low or 1.0)
    axes.set_ylim(low - margin, high + 2 * margin)
    axes.set_xlim(0, max(2, curves["evaluations"].max()))
    axes.set(xlabel="Distinct architectures evaluated", ylabel=metric, title=title)
    draw_legend(figure, looks, columns=2)
    return figure

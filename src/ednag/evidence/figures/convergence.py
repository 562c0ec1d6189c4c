"""Convergence on a dataset: EDNAG, EDNAG+ and chance, best so far by distinct evaluations."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.style import (
    draw_line_and_band,
    draw_optimum,
    looks_of,
    metric_label,
    new_figure,
)
from ednag.study.comparisons import headline_methods


def draw(dataset: DatasetSummaries) -> Drawing:
    """Median and quartiles over seeds of the best so far."""
    frame = dataset.distinct_curves(headline_methods(dataset.methods))
    title = dataset.title("best so far, median and quartiles over seeds")
    return convergence(frame, dataset.optimum, metric_label(dataset.reported), title), frame


def convergence(curves: pd.DataFrame, optimum: float, metric: str, title: str) -> Figure:
    """Best so far against distinct evaluations: median and quartile band, optimum as a line.

    Args:
        curves: As `anytime_curves` makes them, of one protocol and few methods.
        optimum: Best value of the table; NaN, and no line, if it is not known.
        metric: Label of the metric with its unit.
        title: Title of the figure.
    """
    figure, grid = new_figure(figsize=(5.5, 3.6))
    axes = grid[0, 0]
    looks = looks_of(list(dict.fromkeys(curves["method"])))
    for method, curve in curves.groupby("method", sort=False):
        draw_line_and_band(axes, curve, "evaluations", "median", looks, str(method))
    draw_optimum(axes, optimum)
    optima = [] if math.isnan(optimum) else [optimum]
    for height in optima:
        _name_optimum(axes, height)
    # The first few evaluations are left out of the limits: they would flatten the rest.
    late = curves[curves["evaluations"] >= min(10, curves["evaluations"].max())]
    low = min([late["quartile_low"].min(), *optima])
    high = max([late["quartile_high"].max(), *optima])
    margin = 0.06 * (high - low or 1.0)
    axes.set_ylim(low - margin, high + 2 * margin)
    axes.set_xlim(0, max(2, curves["evaluations"].max()))
    axes.set_xlabel("Distinct architectures evaluated")
    axes.set_ylabel(metric)
    axes.set_title(title)
    axes.legend(loc="center right")
    return figure


def _name_optimum(axes: Axes, optimum: float) -> None:
    """The value of the optimum at the right of its line."""
    axes.annotate(
        f"optimum {optimum:.2f}",
        (1, optimum),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(-2, 3),
        ha="right",
        fontsize=8,
    )

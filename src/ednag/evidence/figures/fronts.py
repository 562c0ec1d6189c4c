"""Attained fronts: the median over runs of the best metric at a cost, beside the true front."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.style import Look, draw_legend, looks_of, new_figure
from ednag.study.comparisons import subject_of

_TRUE: dict[str, Any] = {"color": "#aaaaaa", "linewidth": 3.5, "zorder": 1}


def fronts(drawn: pd.DataFrame, labels: dict[str, str], metric: str, title: str) -> Figure:
    """A panel per cost of `Judged.attained_frame`.

    Args:
        drawn: The frame.
        labels: Cost -> its label.
        metric: Label of the metric.
        title: Of the figure.
    """
    costs = list(dict.fromkeys(drawn["cost"]))
    methods = [name for name in dict.fromkeys(drawn["method"]) if name]
    looks, subject = looks_of(methods), subject_of(methods)
    figure, grid = new_figure(title, 1, len(costs), figsize=(1.4 + 3.3 * len(costs), 4.4))
    for axes, cost in zip(grid[0], costs, strict=True):
        _draw_cost(axes, drawn[drawn["cost"] == cost], looks, subject)
        axes.set_xlabel(labels[cost])
    grid[0, 0].set_ylabel(metric)
    draw_legend(figure, looks)
    return figure


def _draw_cost(axes: Axes, part: pd.DataFrame, looks: dict[str, Look], subject: str) -> None:
    for method, curve in part.groupby("method", sort=False):
        if not method:
            axes.plot(curve["at"], curve["median"], drawstyle="steps-post", **_TRUE)
            continue
        look = looks[str(method)]
        axes.plot(curve["at"], curve["median"], drawstyle="steps-post", **look.line)
        if method == subject:
            edges = curve["quartile_worst"], curve["quartile_best"]
            options: dict[str, Any] = {"color": look.colour, "alpha": 0.15, "linewidth": 0}
            axes.fill_between(curve["at"], *edges, step="post", **options)
    true = part[part["method"] == ""]["median"]
    margin = 0.05 * ((true.max() - true.min()) or 1.0)
    axes.set_ylim(true.min() - margin, true.max() + margin)

"""The paper's own curves: convergence of a dataset, and the population while it is denoised."""

import math

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.style import Look, draw_optimum, house_style, looks_of, title_of

#: Panels of the denoising trace: quantity -> (title, factor to %).
_PANELS = {
    "mean": ("Mean of the population", 1.0),
    "best": ("Best of the population", 1.0),
    "valid_rate": ("Valid architectures (%)", 100.0),
    "unique_rate": ("Unique among the valid (%)", 100.0),
}


def _line_and_band(
    axes: Axes, curve: pd.DataFrame, x: str, centre: str, factor: float, look: Look, label: str
) -> None:
    """A line with its band between the quartiles."""
    axes.plot(
        curve[x],
        factor * curve[centre],
        color=look.colour,
        linestyle=look.dash,
        linewidth=look.width,
        label=label,
    )
    low, high = factor * curve["quartile_low"], factor * curve["quartile_high"]
    axes.fill_between(curve[x], low, high, color=look.colour, alpha=0.15, linewidth=0)


def convergence(curves: pd.DataFrame, optimum: float, metric: str, title: str) -> Figure:
    """Best so far against distinct evaluations: median and quartile band, optimum as a line.

    Args:
        curves: As `anytime_curves` makes them, of one protocol and few methods.
        optimum: Best value of the table; NaN, and no line, if nobody knows it.
        metric: Label of the vertical axis with its unit.
        title: Title of the figure.
    """
    house_style()
    figure, axes = plt.subplots(figsize=(5.5, 3.6))
    looks = looks_of(list(dict.fromkeys(curves["method"])))
    for method, curve in curves.groupby("method", sort=False):
        name = str(method)
        _line_and_band(axes, curve, "evaluations", "median", 1.0, looks[name], title_of(name))
    draw_optimum(axes, optimum)
    known = [] if math.isnan(optimum) else [optimum]
    for height in known:
        _name_optimum(axes, height)
    # What happens after the first few evaluations is the story; the start would flatten it.
    late = curves[curves["evaluations"] >= min(10, curves["evaluations"].max())]
    low = min([late["quartile_low"].min(), *known])
    high = max([late["quartile_high"].max(), *known])
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


def denoising_trace(curves: pd.DataFrame, metric: str, title: str) -> Figure:
    """Four panels per denoising step: mean, best, valid rate, unique rate; mean and quartiles.

    Args:
        curves: As `step_curves` makes them, of one protocol and few methods.
        metric: Label of the metric with its unit.
        title: Title of the figure.
    """
    house_style()
    figure, grid = plt.subplots(2, 2, figsize=(7, 4.6), sharex=True)
    looks = looks_of(list(dict.fromkeys(curves["method"])))
    for axes, (quantity, (label, factor)) in zip(grid.flat, _PANELS.items(), strict=True):
        shown = curves[curves["quantity"] == quantity]
        for method, curve in shown.groupby("method", sort=False):
            name = str(method)
            _line_and_band(axes, curve, "step", "mean", factor, looks[name], title_of(name))
        axes.set_title(label)
        if factor == 1.0:
            axes.set_ylabel(metric.replace(" (", "\n("))
        else:
            axes.set_ylim(0, 1.05 * factor)
    for axes in grid[1]:
        axes.set_xlabel("Denoising step")
    if len(looks) > 1:
        grid[0, 0].legend()
    if curves.empty:
        figure.text(0.5, 0.5, "no method of this study has denoising steps", ha="center")
    figure.suptitle(title, fontsize=10)
    return figure

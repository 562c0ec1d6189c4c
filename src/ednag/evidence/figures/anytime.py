"""Anytime curves: the main methods against each other, at equal distinct evaluations."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from ednag.evidence.figures.evaluations import draw_curve, log_evaluations, visible_part
from ednag.evidence.figures.style import Look, draw_optimum, house_style, looks_of, title_of
from ednag.evidence.summaries import OPTIMUM_TOLERANCE

#: Methods that have a band whatever they reach.
_OURS = ("ednag", "ednag-plus")


def anytime_frame(
    curves: pd.DataFrame, methods: Sequence[str], optimum: float, higher_is_better: bool
) -> pd.DataFrame:
    """What is drawn: one row per method and number of distinct evaluations.

    A curve ends where fewer than half of its runs are still running. `band` marks the methods
    whose quartiles are drawn: EDNAG and the baseline with the best mean over the common part of
    the logarithmic axis.

    Args:
        curves: As `anytime_curves` makes them, of one protocol.
        methods: Those that are shown, in this order.
        optimum: Best value of the table; NaN if nobody knows it.
        higher_is_better: Direction of the metric.
    """
    sign = 1.0 if higher_is_better else -1.0
    frames = {method: visible_part(curves[curves["method"] == method]) for method in methods}
    drawn = pd.concat(frames.values(), ignore_index=True)
    regret = sign * (optimum - drawn["mean"])
    # Last bits of a mean are no distance; NaN stays NaN.
    drawn["mean_regret"] = regret.mask(regret < OPTIMUM_TOLERANCE, 0.0)
    banded = {"ednag", best_baseline(frames, sign)}
    drawn["band"] = drawn["method"].isin(banded)
    columns = ["method", "distinct_evaluations", "median", "quartile_low", "quartile_high"]
    return drawn[[*columns, "mean", "mean_regret", "running", "band"]]


def best_baseline(frames: dict[str, pd.DataFrame], sign: float) -> str:
    """The method besides ours with the best mean, each octave of evaluations counted equally."""
    others = {
        name: curve for name, curve in frames.items() if name not in _OURS and not curve.empty
    }
    if not others:
        return ""
    common = min(curve["distinct_evaluations"].max() for curve in others.values())

    def area(name: str) -> float:
        early = others[name][others[name]["distinct_evaluations"] <= common]
        weights = 1 / early["distinct_evaluations"]
        return float(np.average(sign * early["mean"], weights=weights))

    return max(others, key=area)


def anytime(drawn: pd.DataFrame, optimum: float, metric: str, title: str) -> Figure:
    """Left the median best so far, right the mean distance to the optimum while there is any.

    Args:
        drawn: From `anytime_frame`.
        optimum: Best value of the table; NaN, and one panel, if nobody knows it.
        metric: Label of the metric with its unit in brackets.
        title: Title of the figure.
    """
    house_style()
    panels = 2 if (drawn["mean_regret"] > 0).any() else 1
    figure, grid = plt.subplots(1, panels, figsize=(1.2 + 3.3 * panels, 4.1), squeeze=False)
    looks = looks_of(list(dict.fromkeys(drawn["method"])))
    for method, curve in drawn.groupby("method", sort=False):
        look = looks[str(method)]
        x = curve["distinct_evaluations"]
        draw_curve(grid[0, 0], x, curve["median"], look, title_of(str(method)))
        if panels == 2:
            above = curve["mean_regret"] > 0
            draw_curve(grid[0, 1], x[above], curve["mean_regret"][above], look)
        if curve["band"].any():
            _draw_band(grid[0, 0], curve, look)
    _finish_values(grid[0, 0], drawn, optimum, metric)
    if panels == 2:
        _finish_distances(grid[0, 1], metric)
    for axes in grid.flat:
        log_evaluations(axes, drawn["distinct_evaluations"])
    figure.legend(loc="outside lower center", ncols=3)
    figure.suptitle(title, fontsize=10)
    return figure


def _draw_band(axes: Axes, curve: pd.DataFrame, look: Look) -> None:
    x, low, high = curve["distinct_evaluations"], curve["quartile_low"], curve["quartile_high"]
    axes.fill_between(x, low, high, color=look.colour, alpha=0.15, linewidth=0)


def _finish_distances(axes: Axes, metric: str) -> None:
    """A logarithmic axis that is read as it stands, title and label."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_title("Mean distance to the optimum (log scale)")
    unit = metric.split("(")[-1].split(",")[0].rstrip(")")
    axes.set_ylabel(f"distance in {unit}")


def _finish_values(axes: Axes, drawn: pd.DataFrame, optimum: float, metric: str) -> None:
    """Limits that show what is drawn and the optimum, title and labels."""
    banded = drawn[drawn["band"]]
    shown = [drawn["median"], banded["quartile_low"], banded["quartile_high"]]
    known = [] if np.isnan(optimum) else [optimum]
    low = min([*(column.min() for column in shown if len(column)), *known])
    high = max([*(column.max() for column in shown if len(column)), *known])
    margin = 0.05 * (high - low or 1.0)
    axes.set_ylim(low - margin, high + margin)
    draw_optimum(axes, optimum)
    axes.set_title("Median best so far (bands: quartiles)")
    axes.set_ylabel(metric)

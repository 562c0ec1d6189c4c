"""Anytime curves: the main methods at equal distinct evaluations, look-ups and hours."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.evaluations import draw_curve, log_evaluations, visible_part
from ednag.evidence.figures.style import (
    Look,
    draw_band,
    draw_legend,
    draw_optimum,
    looks_of,
    new_figure,
)
from ednag.evidence.summaries import DISTINCT, HOURS, LOOKUPS, OPTIMUM_TOLERANCE
from ednag.study.comparisons import main_methods, subject_of

#: Methods that are no baselines.
_OURS = ("ednag", "ednag-plus")
_AXES = {
    DISTINCT: "Distinct architectures evaluated",
    LOOKUPS: "Look-ups (repeats and invalid ones count)",
    HOURS: "Simulated GPU hours of training",
}


def draw(dataset: DatasetSummaries) -> Drawing:
    """All main methods at equal numbers of evaluations."""
    metric = dataset.reported
    methods = main_methods(dataset.methods)
    frame = anytime_frame(dataset.curves, methods, dataset.optimum, metric.higher_is_better)
    title = dataset.title("methods at equal numbers of evaluations")
    return anytime(frame, dataset.optimum, metric.label, title), frame


def anytime_frame(
    curves: pd.DataFrame, methods: Sequence[str], optimum: float, higher_is_better: bool
) -> pd.DataFrame:
    """The drawn points: one row per method and number of evaluations, distinct or of any kind,
    or of simulated GPU hours.

    A curve ends when fewer than half of its runs are running. `band` marks the methods whose
    quartiles are drawn: `subject_of` and the baseline with the best mean over the common part of
    the logarithmic axis.

    `curves` are of `anytime_curves`, of one protocol; an unknown `optimum` is NaN.
    """
    sign = 1.0 if higher_is_better else -1.0
    subject = subject_of(methods)
    parts = []
    for counted in curves["counted"].unique():
        kind = curves[curves["counted"] == counted]
        frames = {method: visible_part(kind[kind["method"] == method]) for method in methods}
        part = pd.concat(frames.values(), ignore_index=True)
        part["band"] = part["method"].isin({subject, best_baseline(frames, subject, sign)})
        parts.append(part)
    drawn = pd.concat(parts, ignore_index=True)
    regret = sign * (optimum - drawn["mean"])
    # The last bits of a mean are no distance; NaN stays NaN.
    drawn["mean_regret"] = regret.mask(regret.abs() < OPTIMUM_TOLERANCE, 0.0)
    columns = ["counted", "method", "evaluations", "median", "quartile_low", "quartile_high"]
    return drawn[[*columns, "mean", "mean_regret", "running", "band"]]


def best_baseline(frames: dict[str, pd.DataFrame], subject: str, sign: float) -> str:
    """The baseline with the best mean, with equal weight for each octave of evaluations.

    The mean is over the part of the axis that all share. A method whose curve begins later is left
    out: counted in look-ups, some see their first architecture when others have ended.
    """
    ours = {subject, *_OURS}
    others = {name: curve for name, curve in frames.items() if name not in ours and len(curve)}
    common = min((curve["evaluations"].max() for curve in others.values()), default=0)
    shared = {name: curve[curve["evaluations"] <= common] for name, curve in others.items()}
    areas = {
        name: float(np.average(sign * curve["mean"], weights=1 / curve["evaluations"]))
        for name, curve in shared.items()
        if len(curve)
    }
    return max(areas, key=lambda name: areas[name], default="")


def anytime(drawn: pd.DataFrame, optimum: float, metric: str, title: str) -> Figure:
    """The median best so far at the left, the mean distance to the optimum at the right.

    The upper panels count distinct evaluations, those below look-ups of any kind and, on datasets
    that have times, simulated GPU hours. There are no panels at the right if the optimum is not
    known (NaN). `metric` has its unit in brackets.
    """
    panels = 2 if (drawn["mean_regret"] > 0).any() else 1
    kinds = list(dict.fromkeys(drawn["counted"]))
    size = (1.2 + 3.3 * panels, 1.5 + 2.6 * len(kinds))
    figure, grid = new_figure(title, len(kinds), panels, figsize=size)
    looks = looks_of(list(dict.fromkeys(drawn["method"])))
    for row, counted in zip(grid, kinds, strict=True):
        part = drawn[drawn["counted"] == counted]
        for method, curve in part.groupby("method", sort=False):
            _draw_method(row, curve, looks[str(method)])
        _finish_values(row[0], part, optimum, metric)
        if panels == 2:
            _finish_distances(row[1], metric)
        for axes in row:
            log_evaluations(axes, part["evaluations"], _AXES[counted])
    draw_legend(figure, looks)
    return figure


def _draw_method(row: Sequence[Axes], curve: pd.DataFrame, look: Look) -> None:
    x = curve["evaluations"]
    draw_curve(row[0], x, curve["median"], look)
    if len(row) == 2:
        above = curve["mean_regret"] > 0
        draw_curve(row[1], x[above], curve["mean_regret"][above], look)
    if curve["band"].any():
        draw_band(row[0], x, curve["quartile_low"], curve["quartile_high"], look.colour)


def _finish_distances(axes: Axes, metric: str) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    unit = metric.split("(")[-1].split(",")[0].rstrip(")")
    axes.set(title="Mean distance to the optimum (log scale)", ylabel=f"distance in {unit}")


def _finish_values(axes: Axes, drawn: pd.DataFrame, optimum: float, metric: str) -> None:
    """Limits that include the curves and the optimum, title and labels."""
    banded = drawn[drawn["band"]]
    shown = [drawn["median"], banded["quartile_low"], banded["quartile_high"]]
    optima = [] if np.isnan(optimum) else [optimum]
    low = min([*(column.min() for column in shown if len(column)), *optima])
    high = max([*(column.max() for column in shown if len(column)), *optima])
    margin = 0.05 * (high - low or 1.0)
    axes.set_ylim(low - margin, high + margin)
    draw_optimum(axes, optimum)
    axes.set(title="Median best so far (bands: quartiles)", ylabel=metric)

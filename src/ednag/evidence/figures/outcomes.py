"""The outcome of each run: a dot for every seed, a box for the quartiles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.style import (
    draw_optimum,
    looks_of,
    name_rows,
    new_figure,
    row_heights,
    title_of,
    write_beside,
)
from ednag.study.comparisons import ABLATIONS

_COLUMNS = ["method", "seed", "status", "outcome", "optimum", "found_optimum", "distinct"]
#: Right edges of the columns of numbers, in points from the axes.
_AT_OPTIMUM, _DISTINCT, _WITHOUT_OUTCOME = 40, 78, 116
#: With more rows than this, each is lower.
_MOST_HIGH_ROWS = 12


def draw(dataset: DatasetSummaries) -> Drawing:
    """The outcome of every run of every method."""
    frame = outcomes_frame(dataset.runs, dataset.methods)
    title = dataset.title("outcome of each run at its own end")
    return outcomes(frame, dataset.reported.label, title), frame


def outcomes_frame(summary: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """The drawn runs of a summary of one protocol, by method in the order of `methods`, by seed."""
    by_seed = summary.sort_values("seed", kind="stable")
    parts = [by_seed.loc[by_seed["method"] == name, _COLUMNS] for name in methods]
    return pd.concat(parts, ignore_index=True)


def outcomes(drawn: pd.DataFrame, metric: str, title: str) -> Figure:
    """A row per method of `outcomes_frame`: dots, box and median; counts of runs at the right.

    The axis shows every box; dots beyond it are triangles at its edge.
    """
    methods = list(dict.fromkeys(drawn["method"]))
    height = 0.3 if len(methods) <= _MOST_HIGH_ROWS else 0.24
    figure, grid = new_figure(title, figsize=(7.2, 1.2 + height * len(methods)))
    axes = grid[0, 0]
    limits = _limits(drawn)
    looks = looks_of(methods)
    for row, (method, runs) in enumerate(drawn.groupby("method", sort=False)):
        colour = "0.35" if method in ABLATIONS else looks[str(method)].colour
        _draw_row(axes, row, runs, colour, limits)
        _write_counts(axes, row, runs)
    draw_optimum(axes, float(drawn["optimum"].iloc[0]), vertical=True)
    name_rows(axes, [title_of(name) for name in methods])
    axes.set_xlim(limits)
    axes.set_xlabel(metric)
    _write(axes, _AT_OPTIMUM, -0.75, "optimum\nfound", "bottom")
    _write(axes, _DISTINCT, -0.75, "distinct\n(mean)", "bottom")
    if drawn["outcome"].isna().any():
        _write(axes, _WITHOUT_OUTCOME, -0.75, "without\noutcome", "bottom")
    return figure


def _limits(drawn: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis: the optimum and all quartiles, with a quarter of their range beyond."""
    quartiles = drawn.groupby("method")["outcome"].quantile(np.array([0.25, 0.75]))
    ends = pd.concat([quartiles, drawn["optimum"]]).dropna()
    if ends.empty:
        return 0.0, 1.0
    low, high = float(ends.min()), float(ends.max())
    values = drawn["outcome"].dropna()
    room, edge = (share * (high - low or 1.0) for share in (0.25, 0.03))
    # The optimum is always inside the limits; if lower is better, it is `low`.
    first, last = min(low, values.min()) - edge, max(high, values.max()) + edge
    return max(low - room, first), min(high + room, last)


def _draw_row(
    axes: Axes, row: int, runs: pd.DataFrame, colour: str, limits: tuple[float, float]
) -> None:
    """One method: a dot per run, and a box between the quartiles with the median."""
    values = runs["outcome"].dropna().to_numpy(dtype=float)
    if not len(values):
        return
    heights = row_heights(len(values), row)
    for outside, marker in ((values < limits[0], "<"), (values > limits[1], ">")):
        edge = np.full(int(outside.sum()), limits[0] if marker == "<" else limits[1])
        axes.scatter(edge, heights[outside], s=10, marker=marker, color=colour, clip_on=False)
    inside = (values >= limits[0]) & (values <= limits[1])
    dots: dict[str, Any] = {"s": 5, "alpha": 0.55, "linewidths": 0, "rasterized": True, "zorder": 2}
    axes.scatter(values[inside], heights[inside], color=colour, **dots)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    axes.fill_between([low, high], row - 0.36, row + 0.36, color="black", alpha=0.12, linewidth=0)
    # The median has a line because a box of equal values has no width.
    axes.plot([middle, middle], [row - 0.36, row + 0.36], color="black", linewidth=1.4, zorder=3)


def _write_counts(axes: Axes, row: int, runs: pd.DataFrame) -> None:
    """Runs that found the optimum, mean distinct evaluations, runs without an outcome."""
    if runs["optimum"].notna().all():
        _write(axes, _AT_OPTIMUM, row, f"{int(runs['found_optimum'].sum())}/{len(runs)}")
    _write(axes, _DISTINCT, row, f"{runs['distinct'].mean():.0f}")
    without_outcome = int(runs["outcome"].isna().sum())
    if without_outcome:
        _write(axes, _WITHOUT_OUTCOME, row, f"{without_outcome}")


def _write(axes: Axes, column: float, row: float, text: str, va: str = "center") -> None:
    """Text that ends so many points to the right of the axes."""
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": va}
    write_beside(axes, text, (1, row), (column, 0), fontsize=7, **place)

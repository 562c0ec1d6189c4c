"""Critical-difference diagrams: mean ranks over datasets (Demsar, JMLR 2006)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.style import looks_of, marked_text, new_figure, title_of, write_beside
from ednag.study.comparisons import FEWEST_DATASETS


def alike(ranks: np.ndarray, difference: float) -> list[tuple[int, int]]:
    """The largest groups (first, last) of ascending ranks that are closer than the difference."""
    groups: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = int(np.flatnonzero(ranks - ranks[first] <= difference)[-1])
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups


def ranks(drawn: pd.DataFrame, confidence: float, title: str) -> Figure:
    """A diagram per budget and number of datasets: methods by mean rank, bars over `alike` ones.

    `drawn` is of `ranks_frame`, or several of them. Methods with a mark are named in the heading.
    """
    groups = [rows for _, rows in drawn.groupby(["datasets", "budget"], sort=False)]
    methods = drawn["method"].nunique()
    height = 0.55 + 0.12 * methods
    figure, grid = new_figure(title, len(groups), figsize=(7.2, 0.5 + height * len(groups)))
    for axes, group in zip(grid[:, 0], groups, strict=True):
        rows = group.reset_index(drop=True)
        ranked = rows[rows["mean_rank"].notna()]
        if len(ranked):
            _draw_diagram(axes, ranked)
        else:
            axes.axis("off")
        marked = marked_text(rows, "not ranked")
        axes.set_title(_heading(rows, confidence) + marked, fontsize=8)
    return figure


def _heading(rows: pd.DataFrame, confidence: float) -> str:
    """Budget, number of datasets, critical difference and test of a diagram."""
    first = rows.iloc[0]  # The best rank.
    count = int(first["datasets"])
    spaces = int(first["spaces"])
    text = (
        f"After {int(first['budget'])} distinct evaluations, {count} dataset{'s' * (count != 1)} "
        f"of {spaces} space{'s' * (spaces != 1)}"
    )
    if np.isnan(first["mean_rank"]):
        return f"{text}: fewer than two methods to rank"
    if np.isnan(first["critical_difference"]):
        return f"{text}: too few for a critical difference (at least {FEWEST_DATASETS})"
    text += f"; critical difference {first['critical_difference']:.2f} ({100 * confidence:g} %)"
    if np.isnan(first["friedman_p"]):
        return text
    return f"{text}; Friedman p = {first['friedman_p']:.2g}"


def _draw_diagram(axes: Axes, rows: pd.DataFrame) -> None:
    """The axis of ranks at the top; names left and right with lines up to their ranks."""
    count = len(rows)
    left = (count + 1) // 2
    looks = looks_of(list(rows["method"]))
    difference = float(rows["critical_difference"].iloc[0])
    groups = [] if np.isnan(difference) else alike(rows["mean_rank"].to_numpy(), difference)
    below = 0.5 + 0.45 * len(groups)
    for place, (method, rank) in enumerate(zip(rows["method"], rows["mean_rank"], strict=True)):
        first_half = place < left
        depth = below + 0.8 * (place if first_half else count - 1 - place) + 0.3
        edge = 0.75 if first_half else count + 0.25
        colour = looks[method].colour
        axes.plot([rank, rank, edge], [0, depth, depth], color=colour, linewidth=1)
        axes.plot([rank], [0], "o", color=colour, markersize=4, clip_on=False, zorder=3)
        name = title_of(method)
        text = f"{name}  {rank:.2f}" if first_half else f"{rank:.2f}  {name}"
        shift, ha = (-3, "right") if first_half else (3, "left")
        write_beside(axes, text, (edge, depth), (shift, 0), ha=ha, va="center", fontsize=7.5)
    for level, (first, last) in enumerate(groups):
        low, high = rows["mean_rank"].iloc[first], rows["mean_rank"].iloc[last]
        height = 0.4 + 0.45 * level
        axes.plot([low - 0.04, high + 0.04], [height] * 2, color="black", linewidth=3, zorder=4)
    _rank_axis(axes, count, below + 0.8 * left)


def _rank_axis(axes: Axes, count: int, depth: float) -> None:
    """Ranks 1 .. count at the top, room for the names at both sides."""
    axes.set_ylim(depth + 0.2, -0.2)
    axes.set_xlim(0.75, count + 0.25)
    axes.xaxis.tick_top()
    axes.set_xticks(range(1, count + 1))
    axes.tick_params(axis="x", pad=1)
    axes.set_yticks([])
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["top"].set_visible(True)

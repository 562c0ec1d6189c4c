"""Critical-difference diagrams: mean ranks over datasets (Demsar, JMLR 2006)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.errors import EdnagError
from ednag.evidence.comparison import KEYS
from ednag.evidence.figures.style import looks_of, new_figure, title_of, write_beside
from ednag.evidence.standing import friedman_p, mean_scores
from ednag.evidence.statistics import critical_difference, mean_ranks
from ednag.study.comparisons import FEWEST_DATASETS


def common_methods(summary: pd.DataFrame) -> list[str]:
    """Methods that were run on every dataset, in the summaries' order."""
    datasets = len(summary[["space", "dataset"]].drop_duplicates())
    pairs = summary[["space", "dataset", "method"]].drop_duplicates()
    counts = pairs.groupby("method", sort=False).size()
    return [str(name) for name, count in counts.items() if count == datasets]


def scores_after(summary: pd.DataFrame, methods: Sequence[str], budget: int) -> pd.DataFrame:
    """Score of each method (columns) on each dataset (rows) of one protocol, higher is better.

    The score is the mean over seeds of the best seen after `budget` distinct evaluations. Datasets
    on which a method has no value are left out.
    """
    kept = summary[summary["method"].isin(methods)]
    rows = {names: mean_scores(group, budget) for names, group in kept.groupby(KEYS)}
    return pd.DataFrame(rows, index=list(methods)).T.dropna()


def ranks_frame(
    summary: pd.DataFrame, methods: Sequence[str], budgets: Sequence[int], confidence: float
) -> pd.DataFrame:
    """The drawn ranks: one row per budget and method, the best rank first.

    `friedman_p` is the p-value of Friedman's test that the methods do not differ. It and the
    `critical_difference` are NaN for fewer than 3 datasets.

    Raises:
        EdnagError: Fewer than two methods, or no dataset on which all have a value.
    """
    if len(methods) < 2:
        raise EdnagError("a ranking needs at least two methods; add one to the study")
    frames = []
    for budget in budgets:
        scores = scores_after(summary, methods, budget).to_numpy()
        if not len(scores):
            raise EdnagError(
                f"no dataset on which all of {', '.join(methods)} have a value after {budget} "
                "distinct evaluations"
            )
        is_enough = len(scores) >= FEWEST_DATASETS
        difference = critical_difference(len(methods), len(scores), confidence)
        columns = {
            "budget": budget,
            "method": list(methods),
            "mean_rank": mean_ranks(scores),
            "datasets": len(scores),
            "critical_difference": difference if is_enough else np.nan,
            "friedman_p": friedman_p(scores) if is_enough else np.nan,
        }
        frames.append(pd.DataFrame(columns).sort_values("mean_rank", kind="stable"))
    return pd.concat(frames, ignore_index=True)


def alike(ranks: np.ndarray, difference: float) -> list[tuple[int, int]]:
    """The largest groups (first, last) of ascending ranks that are closer than the difference."""
    groups: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = int(np.flatnonzero(ranks - ranks[first] <= difference)[-1])
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups


def ranks(drawn: pd.DataFrame, confidence: float, title: str) -> Figure:
    """A diagram per budget of `ranks_frame`: methods by mean rank, bars over groups of `alike`."""
    budgets = list(dict.fromkeys(drawn["budget"]))
    methods = drawn["method"].nunique()
    height = 0.55 + 0.12 * methods
    figure, grid = new_figure(title, len(budgets), figsize=(7.2, 0.5 + height * len(budgets)))
    for axes, budget in zip(grid[:, 0], budgets, strict=True):
        rows = drawn[drawn["budget"] == budget].reset_index(drop=True)
        _draw_diagram(axes, rows)
        axes.set_title(_heading(rows, confidence), fontsize=8)
    return figure


def _heading(rows: pd.DataFrame, confidence: float) -> str:
    """Budget, number of datasets, critical difference and test of a diagram."""
    first = rows.iloc[0]
    count = int(first["datasets"])
    text = f"After {int(first['budget'])} distinct evaluations, {count} dataset{'s' * (count != 1)}"
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

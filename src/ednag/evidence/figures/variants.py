"""What the figures of EDNAG's variants have in common: curves, outcomes, shares of runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.errors import EdnagError
from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.evaluations import draw_curve, log_evaluations, visible_part
from ednag.evidence.figures.style import (
    Look,
    draw_optimum,
    looks_of,
    new_figure,
    title_of,
    write_beside,
)
from ednag.evidence.statistics import exact_share, finite, mean_interval
from ednag.study.comparisons import VARIANTS, variants_in
from ednag.study.statistics import Statistics

_COLUMNS = ["panel", "method", "evaluations", "value", "low", "high", "runs", "optimum"]


def draw_variants(
    dataset: DatasetSummaries, figure: str, text: str, with_curves: bool = True
) -> Drawing:
    """The panels of the methods that a figure of VARIANTS compares.

    Raises:
        EdnagError: The study lacks EDNAG, or all other methods of the figure.
    """
    methods = variants_in(figure, dataset.methods)
    if not methods:
        others = ", ".join(name for name in VARIANTS[figure] if name != "ednag")
        raise EdnagError(
            f"figure {figure!r}: nothing to compare on {'/'.join(dataset.place)}; it needs runs "
            f"of ednag and at least one of {others}"
        )
    curves = dataset.distinct_curves(methods if with_curves else ())
    frame = variants_frame(dataset.runs, curves, methods, dataset.statistics)
    return variants(frame, dataset.reported.label, dataset.title(text)), frame


def variants_frame(
    summary: pd.DataFrame, curves: pd.DataFrame, methods: Sequence[str], statistics: Statistics
) -> pd.DataFrame:
    """The drawn rows, of the panels `curve`, `outcome` and, with a known optimum, `found`.

    `summary` is of `summarise_runs`, of one protocol, `curves` of `anytime_curves`; empty for no
    panel of curves.
    """
    rows: list[tuple[object, ...]] = []
    for method in methods:
        part = visible_part(curves[curves["method"] == method])
        for x, mean, running in part[["evaluations", "mean", "running"]].itertuples(index=False):
            rows.append(("curve", method, x, mean, np.nan, np.nan, running, np.nan))
    for method in methods:
        runs = summary[summary["method"] == method]
        optimum = float(runs["optimum"].iloc[0])
        values = finite(runs["outcome"])
        mean = mean_interval(values, statistics.confidence)
        rows.append(("outcome", method, None, *mean, len(values), optimum))
        if not np.isnan(optimum):
            at_optimum = int(runs["found_optimum"].sum())
            share = exact_share(at_optimum, len(runs), statistics.confidence)
            rows.append(("found", method, None, *share, len(runs), optimum))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["evaluations"] = frame["evaluations"].astype("Int64")
    return frame


def variants(drawn: pd.DataFrame, metric: str, title: str) -> Figure:
    """The panels of `variants_frame`: mean best so far, mean outcome, share at the optimum."""
    panels = list(dict.fromkeys(drawn["panel"]))
    widths = [3.0 if panel == "curve" else 2.0 for panel in panels]
    looks = looks_of(list(dict.fromkeys(drawn["method"])))
    height = 1.5 + 0.3 * len(looks) if "curve" not in panels else 3.4
    size = (sum(widths) + 1.4, height)
    figure, grid = new_figure(title, 1, len(panels), figsize=size, width_ratios=widths)
    optimum = float(drawn["optimum"].dropna().iloc[0]) if "found" in panels else np.nan
    for axes, panel in zip(grid[0], panels, strict=True):
        shown = drawn[drawn["panel"] == panel]
        if panel == "curve":
            _draw_curves(axes, shown, looks, optimum, metric)
            figure.legend(loc="outside lower center", ncols=5)
            continue
        if panel == "outcome":
            _draw_outcomes(axes, shown, looks, optimum, metric)
        else:
            _draw_shares(axes, shown, looks)
        # A row per method, the first at the top; only the first panel of rows names them.
        is_first = panel == next(name for name in panels if name != "curve")
        names = [_short_title(name) if is_first else "" for name in looks]
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(axis="y", left=is_first)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
    return figure


def _short_title(method: str) -> str:
    """A method's title without "EDNAG", which the title of the figure names."""
    return title_of(method).removeprefix("EDNAG, ")


def _draw_curves(
    axes: Axes, shown: pd.DataFrame, looks: dict[str, Look], optimum: float, metric: str
) -> None:
    for method, curve in shown.groupby("method", sort=False):
        look = looks[str(method)]
        x = curve["evaluations"].astype(float)
        draw_curve(axes, x, curve["value"], look, _short_title(str(method)))
    draw_optimum(axes, optimum)
    log_evaluations(axes, shown["evaluations"].astype(float))
    axes.set(ylabel=metric, title="Mean best so far")


def _draw_outcomes(
    axes: Axes, shown: pd.DataFrame, looks: dict[str, Look], optimum: float, metric: str
) -> None:
    """A dot per method with its interval: a bar from 0 would hide all differences."""
    for row, (method, value, low, high) in _numbered(shown):
        colour = looks[method].colour
        axes.plot([low, high], [row, row], color=colour, linewidth=2)
        axes.plot([value], [row], "o", color=colour, markersize=5)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        look: dict[str, Any] = {"ha": "center", "fontsize": 7, "bbox": box}
        write_beside(axes, f"{value:.2f}", (value, row), (0, 6), **look)
    draw_optimum(axes, optimum, vertical=True)
    axes.margins(x=0.12)
    axes.locator_params(axis="x", nbins=4)
    axes.set(xlabel=metric, title="Mean outcome")


def _draw_shares(axes: Axes, shown: pd.DataFrame, looks: dict[str, Look]) -> None:
    """A bar from 0 per method with its interval."""
    for row, (method, value, low, high) in _numbered(shown):
        axes.barh(row, 100 * value, height=0.55, color=looks[method].colour, alpha=0.55)
        axes.plot([100 * low, 100 * high], [row, row], color="black", linewidth=1.2)
        text = f"{100 * value:.0f}"
        write_beside(axes, text, (100 * high, row), (4, 0), va="center", fontsize=7)
    axes.set(xlim=(0, 112), xticks=range(0, 101, 25), xlabel="Runs (%)", title="Optimum found")


def _numbered(shown: pd.DataFrame) -> list[tuple[int, tuple[str, float, float, float]]]:
    """Row number, then method, value, low and high."""
    columns = shown[["method", "value", "low", "high"]]
    return list(enumerate(columns.itertuples(index=False, name=None)))

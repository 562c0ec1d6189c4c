"""The set of the authors' seeds among equally large sets of unselected seeds."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.evidence.figures.style import new_figure, write_note
from ednag.tables import get_definition, get_reported_metric

_COLUMNS = 3


def authors_seeds_figure(histogram: pd.DataFrame, sets: pd.DataFrame, title: str) -> Figure:
    """One panel per dataset: share of sets by their mean, and lines for the listed set.

    `histogram` is from `means_histogram`; `sets` has a row of `set_row` per dataset.
    """
    columns = min(_COLUMNS, max(1, len(sets)))
    rows = max(1, -(-len(sets) // columns))
    # Half an inch is for the legend below the panels.
    size = (2.6 * columns + 0.4, 2.0 * rows + 0.5 + 0.5 / columns)
    figure, grid = new_figure(title, rows, columns, figsize=size)
    for axes in grid.flat[len(sets) :]:
        axes.set_visible(False)
    for axes, (_, row) in zip(grid.flat, sets.iterrows(), strict=False):
        same = (histogram["space"] == row["space"]) & (histogram["dataset"] == row["dataset"])
        _panel(axes, histogram[same], row)
    if len(sets):
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    else:
        write_note(figure, "the authors list no seeds for this study's datasets")
    return figure


def _panel(axes: Axes, histogram: pd.DataFrame, row: pd.Series) -> None:
    """The distribution on one dataset, and the place of the listed set in it."""
    if histogram.empty:
        axes.text(0.5, 0.5, "too few seeds", ha="center", transform=axes.transAxes)
    axes.bar(
        histogram["low"],
        100 * histogram["share"],
        width=histogram["high"] - histogram["low"],
        align="edge",
        color="0.75",
        label="equally large sets of unselected seeds",
    )
    axes.axvline(row["ours_mean"], color="C0", label="authors' seeds, our runs")
    axes.axvline(row["comment_mean"], color="C1", linestyle="--", label="authors' comments")
    place = str(row["space"]), str(row["dataset"])
    title, unit = get_definition(*place).title, get_reported_metric(*place, "paper").unit
    better = "" if row["higher_is_better"] else ", lower is better"
    axes.set_title(f"{title} ({row['listed']} seeds{better})", fontsize=8)
    axes.set_xlabel(f"mean of the set ({unit})", fontsize=8)
    axes.set_ylabel("sets (%)", fontsize=8)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(useOffset=False)

"""Targets reached against distinct evaluations, over datasets (Hansen et al., COCO, 2021)."""

import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.evaluations import draw_curve, log_evaluations
from ednag.evidence.figures.style import draw_legend, looks_of, new_figure, write_note
from ednag.evidence.over_datasets import ALL_TARGETS
from ednag.evidence.targets import TARGETS

_TITLES = {
    ALL_TARGETS: "Mean over the three targets",
    **{target: f"Target: {title}" for target, title in TARGETS.items()},
}


def targets(drawn: pd.DataFrame, title: str) -> Figure:
    """A panel per target of `targets_frame`: share of runs that have reached it, in %."""
    if drawn.empty:
        figure, _ = new_figure(title, figsize=(7.2, 2))
        write_note(figure, "not drawn: each method was tuned on one of the datasets")
        return figure
    figure, grid = new_figure(title, 2, 2, figsize=(7.2, 5.6), sharex=True, sharey=True)
    looks = looks_of(list(dict.fromkeys(drawn["method"])))
    for axes, (target, rows) in zip(grid.flat, drawn.groupby("target", sort=False), strict=True):
        for method, curve in rows.groupby("method", sort=False):
            draw_curve(axes, curve["evaluations"], 100 * curve["share"], looks[str(method)])
        axes.set_title(_TITLES[str(target)], fontsize=8)
        axes.set_ylim(-2, 102)
    for axes in grid[1]:
        log_evaluations(axes, drawn["evaluations"])
    for axes in grid[:, 0]:
        axes.set_ylabel("share of runs (%)")
    draw_legend(figure, looks)
    return figure

"""Performance profiles over datasets (Agarwal et al., NeurIPS 2021)."""

import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.style import draw_band, draw_legend, looks_of, marked_text, new_figure

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def profiles(drawn: pd.DataFrame, ranked: pd.DataFrame, title: str) -> Figure:
    """A panel per budget of `profiles_frame`: share of runs that are as near to the best, in %.

    `ranked` is of `ranks_frame`, whose marks name the methods that are not drawn.
    """
    budgets = list(dict.fromkeys(ranked["budget"]))
    rows = (len(budgets) + 1) // 2
    columns = min(2, len(budgets))
    size = (1.0 + 3.1 * columns, 1.1 + 2.2 * rows)
    figure, grid = new_figure(title, rows, columns, figsize=size, sharex=True, sharey=True)
    looks = looks_of(list(dict.fromkeys(ranked["method"])))
    for axes in grid.flat[len(budgets) :]:
        axes.set_visible(False)
    for axes, budget in zip(grid.flat, budgets, strict=False):
        part = drawn[drawn["budget"] == budget]
        for method, curve in part.groupby("method", sort=False):
            look = looks[str(method)]
            axes.plot(curve["regret"], 100 * curve["share"], **look.line)
            low, high = 100 * curve["share_low"], 100 * curve["share_high"]
            draw_band(axes, curve["regret"], low, high, look.colour)
        marked = marked_text(ranked[ranked["budget"] == budget], "not drawn")
        axes.set_title(f"After {budget} distinct evaluations{marked}", fontsize=8)
        axes.set_xscale("log")
        axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
        axes.minorticks_off()
        axes.set_ylim(-2, 102)
    for axes in grid[-1]:
        axes.set_xlabel("regret of at most (%)")
    for axes in grid[:, 0]:
        axes.set_ylabel("share of runs (%)")
    draw_legend(figure, looks)
    return figure

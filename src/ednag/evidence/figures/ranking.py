"""Learning curves of predictors that rank cells, and confusions of tiers."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.style import COLOURS, draw_band, new_figure
from ednag.evidence.ranking import TIERS, TITLES, accuracies_of_tiers

_COLOURS = {
    "ranker": COLOURS[0],
    "ridge_pairs": COLOURS[4],
    "ridge_operations": COLOURS[5],
    "nearest_neighbours": "#333333",
    "random_forest": COLOURS[2],
    "gradient_boosting": COLOURS[1],
    "flops": "#999999",
    "parameters": COLOURS[3],
}


def learning(drawn: pd.DataFrame, title: str) -> Figure:
    """Kendall's tau-b of a `learning_table` against training cells; bands: intervals over seeds."""
    figure, grid = new_figure(title, figsize=(7.2, 3.6))
    axes = grid[0, 0]
    for name, rows in drawn.groupby("predictor", sort=False):
        colour = _COLOURS[str(name)]
        axes.plot(
            rows["training"],
            rows["tau_b"],
            marker="o",
            markersize=3.5,
            color=colour,
            # FLOPs and parameters of these cells give nearly the same order.
            linestyle=(0, (4, 2)) if name == "parameters" else "-",
            label=f"{TITLES[str(name)]} ({rows['seeds'].min()} seeds)",
        )
        draw_band(axes, rows["training"], rows["tau_b_low"], rows["tau_b_high"], colour, 0.18)
    axes.set_xscale("log")
    sizes = sorted(drawn["training"].unique())
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training cells")
    axes.set_ylabel("Kendall's tau-b on cells held out")
    axes.legend(fontsize=7)
    return figure


def tiers(drawn: pd.DataFrame, title: str) -> Figure:
    """A panel per predictor of a `tier_table`: shares of each true tier (row) by predicted tier."""
    groups = list(drawn.groupby("predictor", sort=False))
    accuracy = accuracies_of_tiers(drawn)
    size = (1.85 * len(groups), 2.6)
    figure, panels = new_figure(title, 1, len(groups), figsize=size, sharey=True)
    for axes, (name, rows) in zip(panels[0], groups, strict=True):
        shares = 100 * rows[[f"into_{tier}" for tier in range(1, TIERS + 1)]].to_numpy(float)
        axes.imshow(shares, vmin=0, vmax=100, cmap="Blues")
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 60 else "black"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, c=colour)
        axes.set_title(f"{TITLES[str(name)]}\n{100 * accuracy[name]:.0f} % right", fontsize=7.5)
        numbers = [str(tier) for tier in range(1, TIERS + 1)]
        axes.set_xticks(range(TIERS), numbers)
        axes.set_yticks(range(TIERS), numbers)
        axes.grid(visible=False)
        axes.set_xlabel("predicted tier")
    panels[0][0].set_ylabel("true tier (%)")
    return figure

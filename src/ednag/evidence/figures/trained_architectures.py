"""The accuracies of chosen architectures after training, beside random ones."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.style import COLOURS, name_rows, new_figure, row_heights
from ednag.evidence.trained_architectures import (
    mean_accuracies,
    outcomes_of_groups,
    title_of_choice,
)
from ednag.predictor.choice import CHANCE


def top_k_frame(chosen: pd.DataFrame, trained: pd.DataFrame) -> pd.DataFrame:
    """The drawn test accuracies: of each search, and of every random architecture.

    `chosen` and `trained` are as in `ednag.evidence.trained_architectures`.
    """
    accuracies = mean_accuracies(trained)
    by_chance = chosen["method"] == CHANCE
    groups = outcomes_of_groups(chosen[~by_chance], accuracies)
    drawn = groups.assign(test_accuracy=groups["validation"])
    random = accuracies.loc[chosen.loc[by_chance, "key"].unique(), "test_accuracy"]
    pool = pd.DataFrame({"test_accuracy": random.to_numpy(), "method": CHANCE, "rule": "random"})
    pool["run"] = np.arange(len(pool))
    columns = ["method", "rule", "run", "test_accuracy"]
    return pd.concat([drawn[columns], pool[columns]], ignore_index=True)


def top_k(drawn: pd.DataFrame, title: str) -> Figure:
    """A row per way of choosing: a dot per search (random: per architecture), and the mean."""
    rows = list(drawn.groupby(["method", "rule"], sort=False))
    figure, grid = new_figure(title, figsize=(7.2, 1.0 + 0.34 * len(rows)))
    axes = grid[0, 0]
    for place, ((method, _), group) in enumerate(rows):
        values = group["test_accuracy"].to_numpy(dtype=float)
        colour = "0.45" if method == CHANCE else COLOURS[0]
        heights = row_heights(len(values), place)
        axes.scatter(values, heights, s=9, color=colour, alpha=0.7, linewidths=0)
        axes.plot([values.mean()] * 2, [place - 0.36, place + 0.36], color="black", linewidth=1.4)
    name_rows(axes, [title_of_choice(str(method), str(rule)) for (method, rule), _ in rows])
    axes.set_xlabel("test accuracy (%) of the best by validation; line: mean")
    return figure

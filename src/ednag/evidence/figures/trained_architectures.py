"""What training the chosen architectures gives, beside random ones."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.style import house_style
from ednag.evidence.trained_architectures import (
    mean_accuracies,
    outcomes_of_groups,
    title_of_choice,
)
from ednag.predictor.choice import CHANCE

#: Dots of a row are spread by the golden ratio and not by chance.
_GOLDEN = 0.6180339887498949


def top_k_frame(chosen: pd.DataFrame, trained: pd.DataFrame) -> pd.DataFrame:
    """What is drawn: test accuracy per search, and of every random architecture.

    Args:
        chosen, trained: As `ednag.evidence.trained_architectures` takes them.
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
    house_style()
    rows = list(drawn.groupby(["method", "rule"], sort=False))
    figure, axes = plt.subplots(figsize=(7.2, 1.0 + 0.34 * len(rows)))
    for place, ((method, _), group) in enumerate(rows):
        values = group["test_accuracy"].to_numpy(dtype=float)
        heights = place + 0.6 * ((np.arange(len(values)) * _GOLDEN) % 1 - 0.5)
        colour = "0.45" if method == CHANCE else "#0072B2"
        axes.scatter(values, heights, s=9, color=colour, alpha=0.7, linewidths=0)
        axes.plot([values.mean()] * 2, [place - 0.36, place + 0.36], color="black", linewidth=1.4)
    names = [title_of_choice(str(method), str(rule)) for (method, rule), _ in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("test accuracy (%) of the best by validation; line: mean")
    figure.suptitle(title, fontsize=10)
    return figure

"""Figures, each drawn from a CSV that stands beside it. Same CSV, same bytes."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from itertools import cycle
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ednag.files import replacing
from ednag.methods import get_method

#: Line styles cycle with colours so that no figure depends on colour alone.
_DASHES = ("-", "--", "-.", ":")
#: Panels of the denoising trace: quantity -> (title, factor to %).
_PANELS = {
    "mean": ("Mean of the population", 1.0),
    "best": ("Best of the population", 1.0),
    "valid_rate": ("Valid architectures (%)", 100.0),
    "unique_rate": ("Unique among the valid (%)", 100.0),
}


def _style() -> None:
    with as_file(files("ednag.evidence") / "ednag.mplstyle") as path:
        plt.style.use(path)


def save_figure(figure: Figure, paths: Sequence[Path]) -> None:
    """Write a figure to each path by its suffix (.pdf, .png), without time or program in it."""
    for path in paths:
        metadata: dict[str, None] = {"Software": None}
        if path.suffix == ".pdf":
            metadata = {"CreationDate": None, "Creator": None, "Producer": None}
        with replacing(path) as beside:
            figure.savefig(beside, metadata=metadata, format=path.suffix.removeprefix("."))
    plt.close(figure)


def convergence(curves: pd.DataFrame, optimum: float, metric: str, title: str) -> Figure:
    """Best so far against distinct evaluations: median and quartile band, optimum as a line.

    Args:
        curves: As `anytime_curves` makes them, of one protocol.
        optimum: Best value of the table.
        metric: Label of the vertical axis with its unit.
        title: Title of the figure.
    """
    _style()
    figure, axes = plt.subplots(figsize=(5.5, 3.6))
    for (method, curve), dash in zip(
        curves.groupby("method", sort=False), cycle(_DASHES), strict=False
    ):
        x = curve["distinct_evaluations"]
        (line,) = axes.plot(x, curve["median"], dash, label=get_method(str(method)).title)
        axes.fill_between(
            x,
            curve["quartile_low"],
            curve["quartile_high"],
            color=line.get_color(),
            alpha=0.2,
            linewidth=0,
        )
    axes.axhline(optimum, color="black", linewidth=0.9, linestyle=(0, (1, 2)))
    axes.annotate(
        f"optimum {optimum:.2f}",
        (1, optimum),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(-2, 3),
        ha="right",
        fontsize=8,
    )
    # What happens after the first few evaluations is the story; the start would flatten it.
    late = curves[curves["distinct_evaluations"] >= min(10, curves["distinct_evaluations"].max())]
    low = min(late["quartile_low"].min(), optimum)
    high = max(late["quartile_high"].max(), optimum)
    margin = 0.06 * (high - low or 1.0)
    axes.set_ylim(low - margin, high + 2 * margin)
    axes.set_xlim(0, max(2, curves["distinct_evaluations"].max()))
    axes.set_xlabel("Distinct architectures evaluated")
    axes.set_ylabel(metric)
    axes.set_title(title)
    axes.legend(loc="lower right")
    return figure


def denoising_trace(curves: pd.DataFrame, metric: str, title: str) -> Figure:
    """Four panels per denoising step: mean, best, valid rate, unique rate; mean and quartiles.

    Args:
        curves: As `step_curves` makes them, of one protocol.
        metric: Label of the metric with its unit.
        title: Title of the figure.
    """
    _style()
    figure, grid = plt.subplots(2, 2, figsize=(7, 4.6), sharex=True)
    for axes, (quantity, (label, factor)) in zip(grid.flat, _PANELS.items(), strict=True):
        shown = curves[curves["quantity"] == quantity]
        for (method, curve), dash in zip(
            shown.groupby("method", sort=False), cycle(_DASHES), strict=False
        ):
            (line,) = axes.plot(
                curve["step"], factor * curve["mean"], dash, label=get_method(str(method)).title
            )
            axes.fill_between(
                curve["step"],
                factor * curve["quartile_low"],
                factor * curve["quartile_high"],
                color=line.get_color(),
                alpha=0.2,
                linewidth=0,
            )
        axes.set_title(label if factor != 1.0 else f"{label}, {metric}")
    for axes in grid[1]:
        axes.set_xlabel("Denoising step")
    if curves["method"].nunique() > 1:
        grid[0, 0].legend()
    if curves.empty:
        figure.text(0.5, 0.5, "no method of this study has denoising steps", ha="center")
    figure.suptitle(title, fontsize=10)
    return figure

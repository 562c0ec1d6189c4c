"""The population while it is denoised."""

import pandas as pd
from matplotlib.figure import Figure

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.style import (
    draw_lines_and_bands,
    looks_of,
    new_figure,
    write_note,
)
from ednag.study.comparisons import main_methods

#: Panels: quantity -> (title, factor to %).
_PANELS = {
    "mean": ("Mean of the population", 1.0),
    "best": ("Best of the population", 1.0),
    "valid_rate": ("Valid architectures (%)", 100.0),
    "unique_rate": ("Unique among the valid (%)", 100.0),
}


def draw(dataset: DatasetSummaries) -> Drawing:
    """Mean and quartiles over seeds for each denoising step."""
    shown = dataset.steps["method"].isin(main_methods(dataset.methods))
    frame = dataset.steps[shown].reset_index(drop=True)
    title = dataset.title("denoising, mean and quartiles over seeds")
    return denoising_trace(frame, dataset.queried.label, title), frame


def denoising_trace(curves: pd.DataFrame, metric: str, title: str) -> Figure:
    """Four panels of `step_curves` of one protocol and few methods: mean and quartiles."""
    figure, grid = new_figure(title, 2, 2, figsize=(7, 4.6), sharex=True)
    looks = looks_of(list(dict.fromkeys(curves["method"])))
    for axes, (quantity, (label, factor)) in zip(grid.flat, _PANELS.items(), strict=True):
        shown = curves[curves["quantity"] == quantity]
        draw_lines_and_bands(axes, shown, "step", "mean", looks, factor)
        axes.set_title(label)
        if factor == 1.0:
            axes.set_ylabel(metric.replace(" (", "\n("))
        else:
            axes.set_ylim(0, 1.05 * factor)
    for axes in grid[1]:
        axes.set_xlabel("Denoising step")
    if len(looks) > 1:
        grid[0, 0].legend()
    if curves.empty:
        write_note(figure, "no method of this study has denoising steps")
    return figure

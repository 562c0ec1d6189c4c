"""The house style: one look per method in every figure, and files that never differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ednag.files import replacing, write_text
from ednag.methods import get_method
from ednag.tables.interface import Metric

_SOLID: Any = "-"
_DASHED: Any = (0, (4, 1.5))
_DOTTED: Any = (0, (1, 1.2))
_LONG: Any = (0, (9, 2))
_MIXED: Any = (0, (5, 1.2, 1, 1.2))
_BLUE, _RED, _GREEN, _PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
_ORANGE, _SKY, _BLACK = "#E69F00", "#56B4E9", "#000000"


@dataclass(frozen=True)
class Look:
    """How a method's line and marks look."""

    colour: str
    dash: Any = _SOLID
    width: float = 1.3


#: A family of methods has a colour; its settings differ by dashes.
_LOOKS: Mapping[str, Look] = {
    "ednag": Look(_BLUE, width=2.2),
    "ednag-plus": Look(_RED, width=2.2),
    "random": Look(_BLACK, _DOTTED),
    "regularised-evolution-100-10": Look(_GREEN),
    "regularised-evolution-30-10": Look(_GREEN, _DASHED),
    "regularised-evolution-10-3": Look(_GREEN, _DOTTED),
    "local-search-best": Look(_PINK),
    "local-search-first": Look(_PINK, _DASHED),
    "genetic-algorithm": Look(_ORANGE),
    "diffusion-evolution": Look(_SKY),
}
#: For methods without a look of their own, in their order in the figure.
_SPARE = (
    Look(_RED, _DASHED),
    Look(_GREEN, _MIXED),
    Look(_PINK, _DOTTED),
    Look(_ORANGE, _LONG),
    Look(_SKY, _MIXED),
    Look(_BLACK, _DASHED),
    Look(_BLACK, _MIXED),
    Look(_RED, _DOTTED),
)

_STYLE = Path(__file__).parents[1] / "ednag.mplstyle"
#: What a figure becomes; the CSV holds exactly what is drawn.
SUFFIXES = ("csv", "pdf", "png")


def house_style() -> None:
    """Set matplotlib's defaults, then the settings of ednag.mplstyle."""
    plt.style.use(["default", _STYLE])


def looks_of(methods: Sequence[str]) -> dict[str, Look]:
    """Method -> its look; the same in every figure for the main methods."""
    spare = [name for name in methods if name not in _LOOKS]
    found = {name: _SPARE[place % len(_SPARE)] for place, name in enumerate(spare)}
    return {name: _LOOKS[name] if name in _LOOKS else found[name] for name in methods}


def title_of(method: str) -> str:
    """A method's name in a legend."""
    return get_method(method).title


def metric_label(metric: Metric) -> str:
    """A metric's name, unit and, where it is unusual, direction."""
    direction = "" if metric.higher_is_better else ", lower is better"
    return f"{metric.name.replace('_', ' ')} ({metric.unit}{direction})"


def draw_optimum(axes: Axes, optimum: float, vertical: bool = False) -> None:
    """A dotted line at the best value of the benchmark; none if nobody knows it."""
    if np.isnan(optimum):
        return
    draw = axes.axvline if vertical else axes.axhline
    draw(optimum, color="black", linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)


def save_figure(figure: Figure, paths: Sequence[Path]) -> None:
    """Write a figure to each path by its suffix (.pdf, .png), without time or program in it."""
    for path in paths:
        metadata: dict[str, None] = {"Software": None}
        if path.suffix == ".pdf":
            metadata = {"CreationDate": None, "Creator": None, "Producer": None}
        with replacing(path) as beside:
            figure.savefig(beside, metadata=metadata, format=path.suffix.removeprefix("."))
        # The layout is found once; it takes longer than the drawing.
        figure.set_layout_engine("none")
    plt.close(figure)


def save_in(folder: Path, name: str, figure: Figure, drawn: pd.DataFrame) -> None:
    """`save_drawing` to name.csv, name.pdf and name.png in a folder."""
    save_drawing(figure, drawn, [folder / f"{name}.{suffix}" for suffix in SUFFIXES])


def save_drawing(figure: Figure, drawn: pd.DataFrame, paths: Sequence[Path]) -> None:
    """Write a figure and, to .csv, what is drawn in it, in full precision."""
    save_figure(figure, [path for path in paths if path.suffix != ".csv"])
    for path in paths:
        if path.suffix == ".csv":
            write_text(path, drawn.to_csv(index=False, lineterminator="\n"))

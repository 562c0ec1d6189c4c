"""The house style: one look per method in every figure, and the same bytes for the same data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ednag.files import replacing, write_text
from ednag.methods import get_method

_DASHED, _DOTTED = (0, (4, 1.5)), (0, (1, 1.2))
_LONG, _MIXED = (0, (9, 2)), (0, (5, 1.2, 1, 1.2))
_TWO_DOTS, _SPARSE = (0, (5, 1.2, 1, 1.2, 1, 1.2)), (0, (2.5, 3))
#: Colours of Okabe and Ito, which colour-blind people can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_BLUE, _RED, _GREEN, _PINK, _ORANGE, _SKY = COLOURS
_BLACK = "#000000"
#: Dots are spread over this share of a row.
_SPREAD, _GOLDEN = 0.6, 0.6180339887498949


@dataclass(frozen=True)
class Look:
    """The look of a method's line and marks."""

    colour: str
    dash: Any = "-"
    width: float = 1.3

    @property
    def line(self) -> dict[str, Any]:
        """As options of `Axes.plot`."""
        return {"color": self.colour, "linestyle": self.dash, "linewidth": self.width}


#: Methods of a family have the same colour and other dashes.
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
    Look(_PINK, _LONG),
    Look(_ORANGE, _DOTTED),
    Look(_SKY, _DOTTED),
    Look(_GREEN, _LONG),
    Look(_ORANGE, _DASHED),
    Look(_SKY, _DASHED),
    *(Look(colour, dash) for dash in (_TWO_DOTS, _SPARSE) for colour in (*COLOURS, _BLACK)),
)

_STYLE = Path(__file__).parents[1] / "ednag.mplstyle"
#: Files of a figure; the CSV has exactly the data that are drawn.
SUFFIXES = ("csv", "pdf", "png")


def house_style() -> None:
    """Set matplotlib's defaults, then the settings of ednag.mplstyle."""
    plt.style.use(["default", _STYLE])


def new_figure(
    title: str = "", rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure in the house style, and its panels as Axes[rows, columns].

    `options` are those of `plt.subplots`.
    """
    house_style()
    figure, grid = plt.subplots(rows, columns, squeeze=False, **options)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure, grid


def write_note(figure: Figure, text: str) -> None:
    """A sentence in the middle of a figure without data."""
    # Drawn before the title, as the order of texts changes the bytes of a PDF.
    figure.text(0.5, 0.5, text, ha="center", zorder=2.9)


def looks_of(methods: Sequence[str]) -> dict[str, Look]:
    """Method -> its look; the same in every figure for the main methods."""
    others = [name for name in methods if name not in _LOOKS]
    spare = {name: _SPARE[place % len(_SPARE)] for place, name in enumerate(others)}
    return {name: _LOOKS.get(name) or spare[name] for name in methods}


def title_of(method: str) -> str:
    """A method's name in a legend."""
    return get_method(method).title


def draw_legend(figure: Figure, looks: Mapping[str, Look], columns: int = 3) -> None:
    """One legend of all methods, below the panels."""
    lines = [Line2D([], [], **look.line) for look in looks.values()]
    titles = [title_of(name) for name in looks]
    figure.legend(lines, titles, loc="outside lower center", ncols=columns)


def marked_text(rows: pd.DataFrame, what: str) -> str:
    """A line that names methods with a `mark`, and why they are not `what`; "" for none."""
    marked = rows[rows["mark"] != ""].drop_duplicates("method")
    names = [f"{title_of(name)} ({mark})" for name, mark in marked[["method", "mark"]].to_numpy()]
    return f"\n{what}: {', '.join(names)}" if names else ""


def draw_optimum(axes: Axes, optimum: float, vertical: bool = False) -> None:
    """A dotted line at the best value of the benchmark; none if it is not known."""
    if not np.isnan(optimum):
        draw = axes.axvline if vertical else axes.axhline
        draw(optimum, color="black", linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)


def draw_lines_and_bands(
    axes: Axes, curves: pd.DataFrame, x: str, y: str, looks: Mapping[str, Look], factor: float = 1.0
) -> None:
    """A line per method, times a factor, with its band between the quartiles."""
    for method, curve in curves.groupby("method", sort=False):
        look = looks[str(method)]
        axes.plot(curve[x], factor * curve[y], label=title_of(str(method)), **look.line)
        low, high = factor * curve["quartile_low"], factor * curve["quartile_high"]
        draw_band(axes, curve[x], low, high, look.colour)


def draw_band(
    axes: Axes, x: pd.Series, low: pd.Series, high: pd.Series, colour: str, alpha: float = 0.15
) -> None:
    """A band without edges between two curves."""
    axes.fill_between(x, low, high, color=colour, alpha=alpha, linewidth=0)


def write_beside(
    axes: Axes, text: str, place: tuple[float, float], shift: tuple[float, float], **options: Any
) -> None:
    """Text that is shifted from a place by points; `options` are those of `Axes.annotate`."""
    axes.annotate(text, place, xytext=shift, textcoords="offset points", **options)


def row_heights(count: int, row: int) -> np.ndarray:
    """Heights float64[count] of the dots of a row, spread by the golden ratio and not by chance."""
    return row + _SPREAD * ((np.arange(count) * _GOLDEN) % 1 - 0.5)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """A row for each name, the first at the top."""
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def save_figure(figure: Figure, paths: Sequence[Path]) -> None:
    """Write a figure to paths by their suffix (.pdf, .png), without time or program in it."""
    for path in paths:
        metadata: dict[str, None] = {"Software": None}
        if path.suffix == ".pdf":
            metadata = {"CreationDate": None, "Creator": None, "Producer": None}
        with replacing(path) as beside:
            figure.savefig(beside, metadata=metadata, format=path.suffix.removeprefix("."))
        # The layout is computed once; it takes longer than the drawing. With the engine "none",
        # which stands for one that was there, matplotlib would draw the figure twice.
        with plt.rc_context({"figure.constrained_layout.use": False}):
            figure.set_layout_engine(None)
    plt.close(figure)


def save_in(folder: Path, name: str, figure: Figure, drawn: pd.DataFrame) -> None:
    """`save_drawing` to name.csv, name.pdf and name.png in a folder."""
    save_drawing(figure, drawn, [folder / f"{name}.{suffix}" for suffix in SUFFIXES])


def save_drawing(figure: Figure, drawn: pd.DataFrame, paths: Sequence[Path]) -> None:
    """Write a figure to .pdf and .png paths, and its data in full precision to .csv paths."""
    save_figure(figure, [path for path in paths if path.suffix != ".csv"])
    for path in paths:
        if path.suffix == ".csv":
            write_text(path, drawn.to_csv(index=False, lineterminator="\n"))

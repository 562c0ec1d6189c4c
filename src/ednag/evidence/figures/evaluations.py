"""Curves on a logarithmic axis of evaluations."""

import pandas as pd
from matplotlib.axes import Axes

from ednag.evidence.figures.style import Look

#: Curves start here: after fewer evaluations no method is better than chance.
_FIRST = 10
#: More labels would touch each other: then only powers of ten have one.
_MOST_TICKS = 9
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def visible_part(curve: pd.DataFrame) -> pd.DataFrame:
    """A method's curve from `anytime_curves` while at least half of its runs are running.

    It starts at 10 evaluations, or hours; of a shorter curve, the end is kept.
    """
    running = curve["running"] >= curve["running"].max() / 2
    first = min(_FIRST, curve["evaluations"][running].max())
    return curve[running & (curve["evaluations"] >= first)]


def draw_curve(axes: Axes, x: pd.Series, y: pd.Series, look: Look, label: str = "") -> None:
    """A line with a dot at its end."""
    axes.plot(x, y, label=label or None, **look.line)
    axes.plot(x.iloc[-1:], y.iloc[-1:], "o", color=look.colour, markersize=3)


def log_evaluations(
    axes: Axes, x: pd.Series, label: str = "Distinct architectures evaluated"
) -> None:
    """A logarithmic axis with plain numbers at the ticks."""
    axes.set_xscale("log")
    shown = [tick for tick in _TICKS if x.min() <= tick <= 1.1 * x.max()]
    if len(shown) > _MOST_TICKS:
        shown = [tick for tick in shown if str(tick).strip("0") == "1"]
    axes.set_xticks(shown, [f"{tick}" for tick in shown])
    axes.minorticks_off()
    axes.set_xlabel(label)

"""Figures, each drawn from a CSV that stands beside it. Same CSV, same bytes.

One module per figure, with two functions: one makes the frame of what is drawn, one draws it.
Only what every figure needs is imported here; statistics take a second to import.
"""

import importlib
import os
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.naming import suggestion

# matplotlib reads the user's settings on import: from ./matplotlibrc, else from the file that
# MATPLOTLIBRC names, else from the home directory. Some settings make the import fail.
os.environ["MATPLOTLIBRC"] = str(Path(__file__).parents[1] / "ednag.mplstyle")
os.environ["MPLBACKEND"] = "agg"
with chdir(os.sep):
    from ednag.evidence.figures.style import house_style, save_drawing, save_figure, save_in

__all__ = [
    "drawing_of",
    "house_style",
    "save_drawing",
    "save_figure",
    "save_in",
]


def drawing_of(figure: str) -> Callable[..., Any]:
    """The function `draw` of the module with the name of a figure of a dataset.

    Raises:
        EdnagError: There is no such figure.
    """
    modules = [path.stem for path in sorted(Path(__file__).parent.glob("*.py"))]
    module = importlib.import_module(f"{__name__}.{figure}") if figure in modules else None
    draw: Callable[..., Any] | None = getattr(module, "draw", None)
    if draw is None:
        raise EdnagError(f"unknown figure {figure!r}{suggestion(figure, modules)}")
    return draw

"""Figures, each drawn from a CSV that stands beside it. Same CSV, same bytes.

One module per figure, with two functions: one makes the frame of what is drawn, one draws it.
Only what every figure needs is imported here; statistics take a second to import.
"""

import os
from contextlib import chdir
from pathlib import Path

# matplotlib reads the user's settings on import: from ./matplotlibrc, else from the file that
# MATPLOTLIBRC names, else from the home directory. Some settings make the import fail.
os.environ["MATPLOTLIBRC"] = str(Path(__file__).parents[1] / "ednag.mplstyle")
os.environ["MPLBACKEND"] = "agg"
with chdir(os.sep):
    from ednag.evidence.figures.style import house_style, save_drawing, save_figure, save_in

__all__ = [
    "house_style",
    "save_drawing",
    "save_figure",
    "save_in",
]

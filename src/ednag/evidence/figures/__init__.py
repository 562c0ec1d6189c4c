"""Figures, each drawn from a CSV that stands beside it. Same CSV, same bytes.

One module per figure, with two functions: one makes the frame of what is drawn, one draws it.
Only what every figure needs is imported here; statistics take a second to import.
"""

from ednag.evidence.figures.style import house_style, save_drawing, save_figure, save_in

__all__ = [
    "house_style",
    "save_drawing",
    "save_figure",
    "save_in",
]

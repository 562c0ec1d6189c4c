"""Figures, each drawn from a CSV that stands beside it. Same CSV, same bytes.

Every figure has two functions: one that makes the frame of what is drawn, one that draws it.
"""

from ednag.evidence.figures.anytime import anytime, anytime_frame
from ednag.evidence.figures.curves import convergence, denoising_trace
from ednag.evidence.figures.outcomes import outcomes, outcomes_frame
from ednag.evidence.figures.ranks import ranks, ranks_frame
from ednag.evidence.figures.style import house_style, save_drawing, save_figure
from ednag.evidence.figures.variants import variants, variants_frame

_style = house_style

__all__ = [
    "anytime",
    "anytime_frame",
    "convergence",
    "denoising_trace",
    "house_style",
    "outcomes",
    "outcomes_frame",
    "ranks",
    "ranks_frame",
    "save_drawing",
    "save_figure",
    "variants",
    "variants_frame",
]

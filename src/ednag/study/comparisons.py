"""The methods that a figure compares, and the figures that a study's methods allow.

A study has no figure that would compare nothing.
"""

from collections.abc import Mapping, Sequence

from ednag.methods import get_method
from ednag.tables.interface import COSTS

#: Figure -> the methods that it compares, EDNAG and variants of it, in the order of drawing.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "mapping": (
        "ednag",
        "ednag-identity",
        "ednag-power",
        "ednag-exponential",
        "ednag-rescale",
    ),
    "steps": ("ednag-steps-50", "ednag-steps-75", "ednag"),
    "population": ("ednag-population-15", "ednag", "ednag-population-60"),
    "ablation": (
        "ednag",
        "ednag-no-mutation",
        "ednag-no-selection",
        "ednag-no-denoising",
        "ednag-fresh-noise",
    ),
}

#: EDNAG with one part changed; these methods are compared in figures of their own.
ABLATIONS = frozenset(name for names in VARIANTS.values() for name in names) - {"ednag"}

#: A critical difference needs at least so many datasets.
FEWEST_DATASETS = 3


def main_methods(methods: Sequence[str]) -> tuple[str, ...]:
    """The methods of a study in curves and ranks: all but the ablations.

    Of a study with nothing else, its first eight.
    """
    chosen = tuple(name for name in methods if name not in ABLATIONS)
    return chosen or tuple(methods[:8])


def ranked_methods(methods: Sequence[str]) -> tuple[str, ...]:
    """Those of `main_methods` that look for the best metric, whatever an architecture costs."""
    return tuple(name for name in main_methods(methods) if get_method(name).further != COSTS)


def subject_of(methods: Sequence[str]) -> str:
    """The method that a study is about: EDNAG, or its first where it does not run EDNAG."""
    return "ednag" if "ednag" in methods else methods[0]


def variants_in(figure: str, methods: Sequence[str]) -> tuple[str, ...]:
    """The methods of a figure of VARIANTS that a study has; none without EDNAG or a variant."""
    chosen = tuple(name for name in VARIANTS[figure] if name in methods)
    return chosen if "ednag" in chosen and len(chosen) > 1 else ()


def can_rank(methods: Sequence[str]) -> bool:
    """Whether there are methods to rank."""
    return len(main_methods(methods)) > 1

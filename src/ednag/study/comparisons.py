"""Which methods stand together in a figure, and which figures a study's methods allow.

A figure that lacks what it compares is not asked for; it is never drawn empty.
"""

from collections.abc import Mapping, Sequence

#: Figure -> EDNAG with something varied, in the order in which they are drawn.
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

#: Methods that have figures of their own.
ABLATIONS = frozenset(name for names in VARIANTS.values() for name in names) - {"ednag"}

#: Methods whose populations the paper's tables describe.
GENERATORS = ("ednag", "ednag-identity", "ednag-power")

#: A critical difference over fewer datasets says nothing.
FEWEST_DATASETS = 3


def main_methods(methods: Sequence[str]) -> tuple[str, ...]:
    """Those of a study's methods that curves and ranks show: all but the ablations.

    The ablations have figures of their own. A study of nothing else keeps its first eight.
    """
    chosen = tuple(name for name in methods if name not in ABLATIONS)
    return chosen or tuple(methods[:8])


def headline_methods(methods: Sequence[str]) -> tuple[str, ...]:
    """Those that stand in the convergence figure: the method, the improved one, and chance.

    A study that has neither shows its first three.
    """
    chosen = tuple(name for name in ("ednag", "ednag-plus", "random") if name in methods)
    return chosen or tuple(methods[:3])


def variants_in(figure: str, methods: Sequence[str]) -> tuple[str, ...]:
    """The variants of a figure that a study has; none where there is nothing to compare.

    Something is compared where EDNAG itself and at least one variant are there.
    """
    chosen = tuple(name for name in VARIANTS[figure] if name in methods)
    return chosen if "ednag" in chosen and len(chosen) > 1 else ()


#: Figures that every dataset and protocol has.
DATASET_FIGURES = ("convergence", "denoising", "anytime", "outcomes")


def variant_figures(methods: Sequence[str]) -> tuple[str, ...]:
    """The figures of EDNAG varied for which a study has the methods."""
    return tuple(figure for figure in VARIANTS if variants_in(figure, methods))


def can_rank(methods: Sequence[str]) -> bool:
    """Whether there are methods to rank."""
    return len(main_methods(methods)) > 1

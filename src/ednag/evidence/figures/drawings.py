"""The figures of a dataset by name."""

from collections.abc import Callable, Mapping

from ednag.evidence.figures import (
    ablation,
    anytime,
    convergence,
    denoising,
    mapping,
    outcomes,
    population,
    steps,
)
from ednag.evidence.figures.dataset import DatasetSummaries, Drawing

#: Figure -> the function that draws it.
DRAWINGS: Mapping[str, Callable[[DatasetSummaries], Drawing]] = {
    "convergence": convergence.draw,
    "denoising": denoising.draw,
    "anytime": anytime.draw,
    "outcomes": outcomes.draw,
    "mapping": mapping.draw,
    "steps": steps.draw,
    "population": population.draw,
    "ablation": ablation.draw,
}

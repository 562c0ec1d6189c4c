"""EDNAG beside searches without one of its parts."""

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.variants import draw_variants


def draw(dataset: DatasetSummaries) -> Drawing:
    """Outcomes and shares of runs at the optimum; the curves would lie on each other."""
    return draw_variants(dataset, "ablation", "EDNAG without one of its parts", with_curves=False)

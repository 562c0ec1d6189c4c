"""EDNAG beside other population sizes."""

from ednag.evidence.figures.dataset import DatasetSummaries, Drawing
from ednag.evidence.figures.variants import draw_variants


def draw(dataset: DatasetSummaries) -> Drawing:
    """Curves, outcomes and shares of runs at the optimum."""
    return draw_variants(dataset, "population", "EDNAG beside other sizes of the population")

"""All architectures of a search space as the ranker's search draws them."""

import numpy as np

from ednag.cells import nasbench101, nasbench201
from ednag.ranker.sampling import EdgeOperations, Population, VertexCounts

#: Cells counted at a time.
_CHUNK = 8192


def nasbench101_population(cells: nasbench101.CellBatch) -> Population:
    """Cells of NAS-Bench-101, coded by their row; some 3 s for all 423,624."""
    flops, parameters = np.empty((2, len(cells)))
    for start in range(0, len(cells), _CHUNK):
        some = slice(start, start + _CHUNK)
        counts = nasbench101.counts(cells[some])
        flops[some], parameters[some] = counts.flops, counts.parameters
    return Population(flops, parameters, VertexCounts(cells.vertices))


def nasbench201_population(dataset: str) -> Population:
    """All 15,625 cells of NAS-Bench-201, coded as in their space.

    Raises:
        EdnagError: There is no such dataset.
    """
    counts = nasbench201.counts(nasbench201.shape_of(dataset))
    return Population(
        counts.flops.astype(np.float64), counts.parameters.astype(np.float64), EdgeOperations()
    )

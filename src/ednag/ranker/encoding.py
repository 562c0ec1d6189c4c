"""Architectures as stacks of square patches: what the ranker reads.

Source: specification nar.md, section Architecture encoding.
"""

import numpy as np

from ednag.cells import nasbench101, nasbench201
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench101_cells import INPUT, MAX_VERTICES, OPERATIONS, OUTPUT
from ednag.spaces.nasbench201 import EDGES, NASBench201
from ednag.spaces.nasbench201 import OPERATIONS as EDGE_OPERATIONS

#: Patches of an architecture and the side of each.
NASBENCH101_PATCHES = (1 + 2 * len(nasbench101.MODULES), MAX_VERTICES)
NASBENCH201_PATCHES = (31, 4)
#: FLOPs and parameters of NAS-Bench-101 are divided by these.
FLOPS_UNIT, PARAMETERS_UNIT = 1e7, 1e5
#: Number of each operation in the first patch of NAS-Bench-101; a vertex that is empty is 0.
OPERATION_TYPES = {
    INPUT: 1,
    OPERATIONS.index("conv1x1-bn-relu"): 2,
    OPERATIONS.index("conv3x3-bn-relu"): 3,
    OPERATIONS.index("maxpool3x3"): 4,
    OUTPUT: 5,
    nasbench101.EMPTY: 0,
}


def encode_nasbench101(
    batch: nasbench101.CellBatch, counts: nasbench101.NASBench101Counts | None = None
) -> np.ndarray:
    """Patches float32[n, 19, 7, 7]: adjacency times what the vertex of the column is.

    First its operation type, then for each of the nine modules its FLOPs / 1e7 and its
    parameters / 1e5.

    Args:
        batch: Cells; the numbering of their vertices shows in the encoding.
        counts: Of these cells, if they are there already.
    """
    found = counts or nasbench101.counts(batch)
    patches, side = NASBENCH101_PATCHES
    columns = np.empty((len(batch), patches, side), dtype=np.float32)
    lowest = min(OPERATION_TYPES)
    types = np.zeros(max(OPERATION_TYPES) - lowest + 1)
    for label, kind in OPERATION_TYPES.items():
        types[label - lowest] = kind
    columns[:, 0] = types[batch.labels.astype(np.int64) - lowest]
    columns[:, 1::2] = found.vertex_flops / FLOPS_UNIT
    columns[:, 2::2] = found.vertex_parameters / PARAMETERS_UNIT
    return batch.adjacency[:, None] * columns[:, :, None, :]


def encode_nasbench201(dataset: str, codes: np.ndarray | None = None) -> np.ndarray:
    """Patches float32[n, 31, 4, 4]: edges by (source, target), upper triangular.

    First the number of each edge's operation, 0 to 4, then for each of the fifteen cells its
    multiply-adds and its parameters, unscaled.

    Args:
        dataset: A key of `ednag.cells.nasbench201.SHAPES`.
        codes: int[n]; all 15,625 in code order if None.

    Raises:
        EdnagError: There is no such dataset.
    """
    shape = nasbench201.shape_of(dataset)
    if codes is None:
        codes = np.arange(NASBench201.size)
    counts = nasbench201.counts(shape, codes)
    operations = digits_of(np.asarray(codes, dtype=np.int64), len(EDGE_OPERATIONS), len(EDGES))
    stages = [stage for _, stage in shape.cell_positions]
    patches, side = NASBENCH201_PATCHES
    edges = np.empty((len(codes), patches, len(EDGES)), dtype=np.float32)
    edges[:, 0] = operations
    edges[:, 1::2] = counts.edge_flops[:, stages]
    edges[:, 2::2] = counts.edge_parameters[:, stages]
    encoded = np.zeros((len(codes), patches, side, side), dtype=np.float32)
    targets, sources = np.array(EDGES).T
    encoded[:, :, sources, targets] = edges
    return encoded


def edge_operation_counts(codes: np.ndarray) -> np.ndarray:
    """How often each of the five operations occurs on the six edges, int64[n, 5]."""
    digits = digits_of(np.asarray(codes, dtype=np.int64), len(EDGE_OPERATIONS), len(EDGES))
    return (digits[:, :, None] == np.arange(len(EDGE_OPERATIONS))).sum(axis=1)

"""Architectures as stacks of square patches, the input of the ranker.

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


def encode_nasbench101(batch: nasbench101.CellBatch) -> np.ndarray:
    """Patches float32[n, 19, 7, 7]: adjacency times a property of the column's vertex.

    The first patch has its operation type, the others its FLOPs / 1e7 and its parameters / 1e5 in
    each of the nine modules. The encoding depends on the numbering of the vertices.
    """
    counts = nasbench101.counts(batch)
    columns = np.empty((len(batch), *NASBENCH101_PATCHES), dtype=np.float32)
    # Negative labels index from the end.
    types = np.zeros(len(OPERATION_TYPES))
    types[list(OPERATION_TYPES)] = list(OPERATION_TYPES.values())
    columns[:, 0] = types[batch.labels]
    columns[:, 1::2] = counts.vertex_flops / FLOPS_UNIT
    columns[:, 2::2] = counts.vertex_parameters / PARAMETERS_UNIT
    return batch.adjacency[:, None] * columns[:, :, None, :]


def encode_nasbench201(dataset: str) -> np.ndarray:
    """Patches float32[15625, 31, 4, 4] of all cells in code order: edges by (source, target).

    The first patch has the number of each edge's operation, 0 to 4, the others its multiply-adds
    and its parameters in each of the fifteen cells, unscaled.

    Args:
        dataset: A key of `ednag.cells.nasbench201.SHAPES`.
    """
    shape = nasbench201.shape_of(dataset)
    counts = nasbench201.counts(shape)
    operations = digits_of(np.arange(NASBench201.size), len(EDGE_OPERATIONS), len(EDGES))
    stages = [stage for _, stage in shape.cell_positions]
    patches, side = NASBENCH201_PATCHES
    edges = np.empty((NASBench201.size, patches, len(EDGES)), dtype=np.float32)
    edges[:, 0] = operations
    edges[:, 1::2] = counts.edge_flops[:, stages]
    edges[:, 2::2] = counts.edge_parameters[:, stages]
    encoded = np.zeros((NASBench201.size, patches, side, side), dtype=np.float32)
    targets, sources = np.array(EDGES).T
    encoded[:, :, sources, targets] = edges
    return encoded

"""Node types of architectures as graphs. Source: meta-predictor specification."""

from collections.abc import Sequence

import numpy as np

from ednag.errors import EdnagError
from ednag.predictor.configuration import configuration_of
from ednag.spaces import mobilenetv3, nasbench201
from ednag.spaces.interface import digits_of

#: Types of the first and the last node, and the first type of the nodes between.
INPUT, OUTPUT, FIRST_OPERATION = 0, 1, 2


def node_types_of(space: str, architectures: np.ndarray | Sequence[str]) -> np.ndarray:
    """Node types int64[n, V] of architectures.

    Args:
        space: "nasbench201" or "mobilenetv3".
        architectures: Keys of the space; or codes int[n] (nasbench201), layers uint8[n, 20]
            (mobilenetv3, as in `ednag.spaces.mobilenetv3`).

    Raises:
        EdnagError: A key or code is not in the space, or the space has no meta-predictor.
    """
    is_cell = configuration_of(space).space == "nasbench201"
    if isinstance(architectures, np.ndarray) and architectures.dtype.kind in "iu":
        return _cells(architectures) if is_cell else _networks(architectures)
    keys = [str(key) for key in architectures]
    if is_cell:
        cells = nasbench201.NASBench201()
        return _cells(np.array([cells.code(key) for key in keys], dtype=np.int64))
    networks = mobilenetv3.MobileNetV3()
    if not keys:
        return np.empty((0, configuration_of(space).nodes), dtype=np.int64)
    return _networks(networks.contents(np.array([networks.code(key) for key in keys])))


def _cells(codes: np.ndarray) -> np.ndarray:
    """Node types int64[n, 8] of codes int[n] of nasbench201."""
    size = nasbench201.NASBench201.size
    outside = (codes < 0) | (codes >= size)
    if outside.any():
        raise EdnagError(
            f"nasbench201: code {codes[outside][0]} is outside the space; codes are 0 to {size - 1}"
        )
    operations = digits_of(codes, len(nasbench201.OPERATIONS), len(nasbench201.EDGES))
    return _between_ends(operations + FIRST_OPERATION)


def _networks(layers: np.ndarray) -> np.ndarray:
    """Node types int64[n, 22] of layers uint8[n, 20] of mobilenetv3.

    The type of a layer encodes the depth of its stage and its block. The blocks of a stage move to
    its front, as the positions of `none` do not change the network. Layers beyond the depth count
    as the first block, 3-3.
    """
    stages = layers.reshape(len(layers), mobilenetv3.STAGES, mobilenetv3.LAYERS)
    depth = mobilenetv3.depths(layers)
    if (layers > mobilenetv3.NONE).any() or (depth < mobilenetv3.MIN_DEPTH).any():
        raise EdnagError(
            f"mobilenetv3: layers outside 0 to {mobilenetv3.NONE}, or a stage with fewer than "
            f"{mobilenetv3.MIN_DEPTH} blocks; give architectures of the space alone"
        )
    order = np.argsort(stages == mobilenetv3.NONE, axis=2, kind="stable")
    blocks = np.take_along_axis(stages, order, axis=2).astype(np.int64)
    blocks[blocks == mobilenetv3.NONE] = 0
    deeper = (depth - mobilenetv3.MIN_DEPTH)[:, :, None]
    types = FIRST_OPERATION + len(mobilenetv3.BLOCKS) * deeper + blocks
    return _between_ends(types.reshape(layers.shape))


def _between_ends(operations: np.ndarray) -> np.ndarray:
    """Node types int64[n, V] with the input before and the output behind int[n, V - 2]."""
    return np.pad(
        operations.astype(np.int64), ((0, 0), (1, 1)), constant_values=((0, 0), (INPUT, OUTPUT))
    )

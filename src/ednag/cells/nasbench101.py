"""FLOPs and parameters of NAS-Bench-101 networks by formula, for each vertex of many cells.

Counts are as in NAR's cell-information dataset: a multiply-add is two, batch normalisation and ReLU
are zero (specification nar.md, section NAS-Bench-101 counts). A vertex has the costs of its
operation, of the addition of its inputs and of the projections of its edges from the module's
input. The output vertex, a concatenation, costs nothing.

An edge from the module's input to its output adds a projection to all output channels, which counts
for the output vertex. The published example has no such edge. The parameters agree with measured
ones; the FLOPs (2 ci co H^2, and co H^2 to add it to a concatenation) are our interpretation.

Where output channels do not divide evenly among the vertices that share them, the first vertices
take the remainder. So counts of some cells depend on the numbering of their vertices, which the
module hash does not contain.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.spaces.nasbench101_cells import (
    INPUT,
    MAX_EDGES,
    MAX_VERTICES,
    OPERATIONS,
    OUTPUT,
    NASBench101Cell,
    edges_of,
    living_vertices,
)

#: Label of unused vertices, which are before the output.
EMPTY = -3
STACKS, MODULES_PER_STACK = 3, 3
#: Channels and side in pixels of each stack's outputs.
STACK_CHANNELS = (128, 256, 512)
STACK_SIZES = (32, 16, 8)
CLASSES, IMAGE_CHANNELS = 10, 3
#: Side of the square kernel of each operation that is a convolution.
_KERNELS = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}
_POOLED = 9  # values that a 3x3 maximum compares


@dataclass(frozen=True)
class Module:
    """One of the nine repetitions of the cell: channels in and out, side of its maps in pixels."""

    name: str
    inputs: int
    outputs: int
    size: int


#: The nine modules in the order of the network, named as the published dataset names them. The stem
#: has the channels of the first stack.
MODULES = tuple(
    Module(
        f"stack{stack}/module{place}",
        STACK_CHANNELS[stack if place else max(stack - 1, 0)],
        STACK_CHANNELS[stack],
        STACK_SIZES[stack],
    )
    for stack in range(STACKS)
    for place in range(MODULES_PER_STACK)
)


@dataclass(frozen=True)
class CellBatch:
    """n cells of 2 to 7 vertices.

    Attributes:
        adjacency: bool[n, 7, 7], upper triangular; smaller cells have empty vertices before the
            output, which is always vertex 6.
        labels: int8[n, 7]: INPUT, OUTPUT, EMPTY, or an index into `nasbench101_cells.OPERATIONS`.
    """

    adjacency: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def cell(self, row: int) -> NASBench101Cell:
        """One cell with the same numbering."""
        used = self.labels[row] != EMPTY
        adjacency = self.adjacency[row][np.ix_(used, used)].astype(np.int64)
        upper = adjacency[np.triu_indices(len(adjacency), 1)]
        labels = tuple(int(label) for label in self.labels[row] if label >= 0)
        return NASBench101Cell(len(adjacency), int("".join(map(str, upper)), 2), labels)


@dataclass(frozen=True)
class NASBench101Counts:
    """Costs of n networks, for one image of 32 x 32 pixels and 10 classes.

    Attributes:
        vertex_flops: int64[n, 9, 7], FLOPs of each vertex (empty ones 0) in each of MODULES.
        vertex_parameters: int64[n, 9, 7], parameters likewise.
        flops, parameters: int64[n], FLOPs and trainable parameters of whole networks.
    """

    vertex_flops: np.ndarray
    vertex_parameters: np.ndarray
    flops: np.ndarray
    parameters: np.ndarray


def from_cells(cells: Iterable[NASBench101Cell]) -> CellBatch:
    """Enumerated cells as arrays, with the same order and numbering."""
    listed = list(cells)
    return from_texts([cell.adjacency for cell in listed], [cell.operations for cell in listed])


def from_records(
    adjacencies: Sequence[Sequence[Sequence[int]]],
    operations: Sequence[Sequence[str]],
    first: int = 0,
) -> CellBatch:
    """Cells from the benchmark's records.

    Args:
        adjacencies: [v, v] of 0 and 1 for each cell, pruned.
        operations: v names for each cell, from `input` to `output`.
        first: Number of the first cell, for messages.

    Raises:
        EdnagError: One is not a pruned cell of the benchmark; the message has its number.
    """
    adjacency = np.zeros((len(adjacencies), MAX_VERTICES, MAX_VERTICES), dtype=bool)
    labels = np.full((len(adjacencies), MAX_VERTICES), EMPTY, dtype=np.int8)
    for row, (matrix, names) in enumerate(zip(adjacencies, operations, strict=True)):
        shape = np.shape(matrix)
        if not 2 <= len(names) <= MAX_VERTICES or shape != (len(names), len(names)):
            raise EdnagError(
                f"NAS-Bench-101 cell {first + row}: adjacency of shape {shape} with {len(names)} "
                f"operations; give one row and column per operation, 2 to {MAX_VERTICES}"
            )
        places = _places(len(names))
        adjacency[row][np.ix_(places, places)] = np.asarray(matrix, dtype=bool)
        labels[row, places] = _labels(first + row, names)
    batch = CellBatch(adjacency, labels)
    _check_cells(batch, first)
    return batch


def from_texts(adjacencies: Sequence[str], operations: Sequence[str], first: int = 0) -> CellBatch:
    """Cells from a list of `ednag cells enumerate`; see `from_records`.

    Args:
        adjacencies: vertices^2 digits for each cell, row by row.
        operations: Names joined by commas for each cell.
    """
    names = [text.split(",") for text in operations]
    matrices = []
    for row, (text, size) in enumerate(zip(adjacencies, map(len, names), strict=True)):
        if len(text) != size * size or set(text) - {"0", "1"}:
            raise EdnagError(
                f"NAS-Bench-101 cell {first + row}: adjacency {text!r} with {size} operations; "
                "give one digit, 0 or 1, for each pair of them"
            )
        rows = (text[at : at + size] for at in range(0, len(text), size))
        matrices.append([[int(digit) for digit in row] for row in rows])
    return from_records(matrices, names, first)


def _places(vertices: int) -> np.ndarray:
    """Positions of the vertices of a cell among seven, with empty ones before the output."""
    return np.array([*range(vertices - 1), MAX_VERTICES - 1])


def _labels(row: int, names: Sequence[str]) -> list[int]:
    """Labels of a cell's operations; raises EdnagError with the valid names."""
    if names[0] != "input" or names[-1] != "output":
        raise EdnagError(
            f"NAS-Bench-101 cell {row}: operations run from {names[0]!r} to {names[-1]!r}; "
            "they begin with 'input' and end with 'output'"
        )
    for name in names[1:-1]:
        if name not in OPERATIONS:
            raise EdnagError(
                f"NAS-Bench-101 cell {row}: no operation {name!r}{suggestion(name, OPERATIONS)}"
            )
    return [INPUT, *(OPERATIONS.index(name) for name in names[1:-1]), OUTPUT]


def _check_cells(batch: CellBatch, first: int) -> None:
    """Check for edges backwards, too many edges, and vertices that are not on a path."""
    order = edges_of(MAX_VERTICES)
    edges = np.array([batch.adjacency[:, a, b] for a, b in order])
    living = living_vertices(edges, MAX_VERTICES).T
    wrong = {
        "an edge leads backwards; number the vertices so that every edge leads upwards": (
            batch.adjacency.sum(axis=(1, 2)) != edges.sum(axis=0)
        ),
        f"it has more than {MAX_EDGES} edges": edges.sum(axis=0) > MAX_EDGES,
        "a vertex lies on no path from input to output; prune it": (
            living != (batch.labels != EMPTY)
        ).any(axis=1),
    }
    for reason, rows in wrong.items():
        if rows.any():
            row = first + int(np.flatnonzero(rows)[0])
            raise EdnagError(f"NAS-Bench-101 cell {row}: {reason}")


def vertex_channels(adjacency: np.ndarray, outputs: int) -> np.ndarray:
    """Channels int64[n, 7] of each vertex of a module by the benchmark's rule.

    Inner vertices with an edge to the output share its channels; the first ones have one more if
    there is a remainder. Other vertices have the channels of their widest successor. Column 0, the
    module's input, and empty vertices are 0.

    Args:
        adjacency: bool[n, 7, 7].
        outputs: Channels of the module's output.
    """
    last = MAX_VERTICES - 1
    feeds = adjacency[:, :, last].copy()
    feeds[:, 0] = False
    share, remainder = np.divmod(outputs, np.maximum(feeds.sum(axis=1), 1))
    place = np.cumsum(feeds, axis=1) - 1
    channels = np.where(feeds, share[:, None] + (place < remainder[:, None]), 0)
    channels[:, last] = outputs
    for vertex in range(last - 1, 0, -1):
        successors = np.where(adjacency[:, vertex, 1:last], channels[:, 1:last], 0)
        widest = successors.max(axis=1)
        channels[:, vertex] = np.where(feeds[:, vertex], channels[:, vertex], widest)
    return channels.astype(np.int64)


def counts(batch: CellBatch) -> NASBench101Counts:
    """Costs of the networks of n cells; needs 3 MB of memory for 1,000 cells."""
    of_modules = [_module_counts(batch, module) for module in MODULES]
    flops, parameters = (np.stack(each, axis=1) for each in zip(*of_modules, strict=True))
    outside_flops, outside_parameters = _outside_the_modules()
    return NASBench101Counts(
        vertex_flops=flops,
        vertex_parameters=parameters,
        flops=outside_flops + flops.sum(axis=(1, 2)),
        parameters=outside_parameters + parameters.sum(axis=(1, 2)),
    )


def counts_in_chunks(
    cells: Iterable[NASBench101Cell], chunk: int = 8192
) -> Iterator[tuple[CellBatch, NASBench101Counts]]:
    """Cells and their counts, `chunk` (at least 1) at a time, in order."""
    remaining = iter(cells)
    while taken := list(islice(remaining, chunk)):
        batch = from_cells(taken)
        yield batch, counts(batch)


def _module_counts(batch: CellBatch, module: Module) -> tuple[np.ndarray, np.ndarray]:
    """FLOPs and parameters int64[n, 7] of each vertex of one module."""
    area = module.size**2
    channels = vertex_channels(batch.adjacency, module.outputs)
    from_input = batch.adjacency[:, 0, :]
    projection = from_input * module.inputs * channels
    flops = 2 * projection * area
    parameters = projection + from_input * 2 * channels

    added = batch.adjacency.sum(axis=1)
    # The output concatenates inner vertices, and adds only a projection of the module's input.
    inner = batch.adjacency[:, 1:, -1].any(axis=1)
    added[:, -1] = np.where(from_input[:, -1] & inner, 2, 1)
    flops += np.maximum(added - 1, 0) * channels * area

    for label, name in enumerate(OPERATIONS):
        width = np.where(batch.labels == label, channels, 0)
        if name in _KERNELS:
            weights = _KERNELS[name] ** 2 * width**2
            flops += 2 * weights * area
            parameters += weights + 2 * width
        else:
            flops += _POOLED * width * area
    return flops, parameters


def _outside_the_modules() -> tuple[int, int]:
    """FLOPs and parameters of stem, pooling between stacks, global pooling and classifier."""
    stem = 9 * IMAGE_CHANNELS * STACK_CHANNELS[0]
    flops = 2 * stem * STACK_SIZES[0] ** 2
    for channels, size in zip(STACK_CHANNELS[:-1], STACK_SIZES[1:], strict=True):
        flops += 4 * channels * size**2  # 2 x 2 maximum
    flops += STACK_CHANNELS[-1] * STACK_SIZES[-1] ** 2  # global average
    classifier = STACK_CHANNELS[-1] * CLASSES
    flops += 2 * classifier + CLASSES
    return flops, stem + 2 * STACK_CHANNELS[0] + classifier + CLASSES

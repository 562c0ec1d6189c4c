"""The cells of NAS-Bench-101 (Ying et al., ICML 2019): pruning, module hash, enumeration.

A cell is a directed acyclic graph of 2 to 7 vertices and at most 9 edges; vertex 0 is the input,
the last one the output, and each vertex between them holds one of three operations. Two cells are
the same network if one is a renumbering of the other. The benchmark has 423,624 networks; its hash
of a cell does not depend on the numbering.

A *graph* of v vertices is written as the integer whose bits are the upper triangle of its
adjacency, row by row, the most significant bit first: every edge leads to a higher vertex.

Source: search-spaces specification (row nasbench101, module hash).
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations, product

import numpy as np

MAX_VERTICES = 7
MAX_EDGES = 9
#: Operations of a vertex by label; the hash depends on the labels.
OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
INPUT, OUTPUT = -1, -2
#: Number of different cells.
CELL_COUNT = 423_624


def edges_of(vertices: int) -> list[tuple[int, int]]:
    """(source, target) of each bit of a graph, the most significant first."""
    return list(combinations(range(vertices), 2))


def unpack(graphs: np.ndarray, vertices: int) -> np.ndarray:
    """Edges bool[bits, n] of graphs int[n], in the order of `edges_of`."""
    bits = len(edges_of(vertices))
    return np.array([(graphs >> (bits - 1 - bit)) & 1 for bit in range(bits)], dtype=bool)


def pack(edges: np.ndarray) -> np.ndarray:
    """Graphs int32[n] of edges bool[bits, n]."""
    graphs = np.zeros(edges.shape[1], dtype=np.int32)
    for edge in edges:
        graphs = (graphs << 1) | edge
    return graphs


def living_vertices(edges: np.ndarray, vertices: int) -> np.ndarray:
    """bool[vertices, n]: whether a vertex lies on a path from input to output."""
    forward = np.zeros((vertices, edges.shape[1]), dtype=bool)
    backward = forward.copy()
    forward[0] = backward[-1] = True
    order = edges_of(vertices)
    for bit, (source, target) in enumerate(order):
        forward[target] |= forward[source] & edges[bit]
    for bit, (source, target) in reversed(list(enumerate(order))):
        backward[source] |= backward[target] & edges[bit]
    return forward & backward


def prune(graphs: np.ndarray, vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Remove the edges of graphs int[n] that are on no path from input to output.

    Returns:
        The pruned graphs int32[n], and bool[n]: whether the result is a cell, with a path to the
        output and at most MAX_EDGES edges.
    """
    edges = unpack(graphs, vertices)
    living = living_vertices(edges, vertices)
    for bit, (source, target) in enumerate(edges_of(vertices)):
        edges[bit] &= living[source] & living[target]
    return pack(edges), living[0] & (edges.sum(axis=0) <= MAX_EDGES)


def smallest_numbering(
    graphs: np.ndarray, vertices: int, interchangeable: Sequence[int]
) -> np.ndarray:
    """The smallest of the renumberings int32[n] of graphs int[n] by `interchangeable` vertices."""
    order = edges_of(vertices)
    edges = unpack(graphs, vertices)
    smallest = np.asarray(graphs, dtype=np.int32)
    for numbers in permutations(interchangeable):
        new = dict(zip(range(vertices), range(vertices), strict=True))
        new.update(zip(interchangeable, numbers, strict=True))
        renumbered = np.zeros_like(edges)
        backwards = np.zeros(edges.shape[1], dtype=bool)
        for bit, (source, target) in enumerate(order):
            if new[source] < new[target]:
                renumbered[order.index((new[source], new[target]))] = edges[bit]
            else:
                backwards |= edges[bit]
        smallest = np.where(backwards, smallest, np.minimum(smallest, pack(renumbered)))
    return smallest


@cache
def _surroundings(graph: int, vertices: int) -> list[tuple[int, list[int], list[int]]]:
    """(vertex, sources of its edges, targets of its edges) of each vertex with edges."""
    bits = f"{graph:0{len(edges_of(vertices))}b}"
    edges = [edge for edge, bit in zip(edges_of(vertices), bits, strict=True) if bit == "1"]
    sources = [[a for a, b in edges if b == vertex] for vertex in range(vertices)]
    targets = [[b for a, b in edges if a == vertex] for vertex in range(vertices)]
    return [(v, sources[v], targets[v]) for v in range(vertices) if sources[v] or targets[v]]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def module_hash(graph: int, labels: Sequence[int]) -> str:
    """The benchmark's hash of a pruned cell, 32 hexadecimal digits.

    Args:
        graph: A pruned graph of len(labels) vertices; vertices without edges do not count.
        labels: Per vertex INPUT, OUTPUT or an index into OPERATIONS.
    """
    around = _surroundings(graph, len(labels))
    names = {
        vertex: _md5(str((len(targets), len(sources), labels[vertex])))
        for vertex, sources, targets in around
    }
    for _ in around:
        names = {
            vertex: _md5(
                "".join(sorted([names[other] for other in sources]))
                + "|"
                + "".join(sorted([names[other] for other in targets]))
                + "|"
                + names[vertex]
            )
            for vertex, sources, targets in around
        }
    return _md5(str(sorted(names.values())))


@dataclass(frozen=True)
class NASBench101Cell:
    """A cell: `labels` of its inner vertices are indices into OPERATIONS."""

    vertices: int
    graph: int
    labels: tuple[int, ...]

    @property
    def adjacency(self) -> str:
        """All vertices^2 entries of the adjacency, row by row, as in the benchmark's records."""
        bits = f"{self.graph:0{len(edges_of(self.vertices))}b}"
        entries = dict(zip(edges_of(self.vertices), bits, strict=True))
        numbers = range(self.vertices)
        return "".join(entries.get((a, b), "0") for a in numbers for b in numbers)

    @property
    def operations(self) -> str:
        """Operations in the order of the vertices, joined by commas, as in the records."""
        return ",".join(["input", *(OPERATIONS[label] for label in self.labels), "output"])


def whole_graphs(vertices: int) -> np.ndarray:
    """Graphs int32[n], ascending, that use every vertex, one per unlabelled form."""
    graphs = np.arange(2 ** len(edges_of(vertices)), dtype=np.int32)
    pruned, is_cell = prune(graphs, vertices)
    edges = unpack(graphs, vertices)
    whole = is_cell & (pruned == graphs) & living_vertices(edges, vertices).all(axis=0)
    return np.unique(smallest_numbering(graphs[whole], vertices, range(1, vertices - 1)))


#: (vertices, graph) of an unlabelled cell.
Form = tuple[int, int]


def enumerate_cells(
    follow: Callable[[list[Form]], Iterable[Form]] = iter,
) -> dict[str, NASBench101Cell]:
    """Every cell of the benchmark by its module hash, hashes ascending.

    Hashes 450,808 graphs, all choices of operations in 2,494 unlabelled forms; takes about a minute
    on one core. Among cells with the same hash the first is kept: fewest vertices, smallest graph,
    smallest labels. `follow` wraps the iteration over the forms, for example with a progress bar.
    """
    forms = [(v, int(graph)) for v in range(2, MAX_VERTICES + 1) for graph in whole_graphs(v)]
    cells: dict[str, NASBench101Cell] = {}
    for vertices, graph in follow(forms):
        for labels in product(range(len(OPERATIONS)), repeat=vertices - 2):
            name = module_hash(graph, (INPUT, *labels, OUTPUT))
            cells.setdefault(name, NASBench101Cell(vertices, graph, labels))
    return dict(sorted(cells.items()))

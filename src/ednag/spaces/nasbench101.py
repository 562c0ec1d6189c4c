"""NAS-Bench-101 as EDNAG searches it: seven vertices whose operations are fixed, free edges.

With fixed operations a genotype reaches 6,399 of the benchmark's 423,624 cells (upstream audit, 3).
This space holds these 6,399, so that all methods are compared on the cells that EDNAG can reach;
`nasbench101_cells` has all 423,624. A code is the rank of a cell's smallest adjacency; a key is the
benchmark's module hash.

Source: search-spaces specification, row nasbench101.
"""

from functools import cached_property
from itertools import combinations, pairwise

import numpy as np

from ednag.spaces.interface import (
    INVALID,
    SearchProfile,
    SearchSpace,
    ThresholdReading,
    Variable,
)
from ednag.spaces.nasbench101_cells import (
    INPUT,
    OPERATIONS,
    OUTPUT,
    edges_of,
    module_hash,
    prune,
    smallest_numbering,
)

VERTICES = 7
#: The operation of each vertex, the same in every architecture.
VERTEX_OPERATIONS = (
    "input",
    "conv1x1-bn-relu",
    "conv3x3-bn-relu",
    "conv3x3-bn-relu",
    "conv3x3-bn-relu",
    "maxpool3x3",
    "output",
)
LABELS = (INPUT, *(OPERATIONS.index(name) for name in VERTEX_OPERATIONS[1:-1]), OUTPUT)
#: The vertices with the same operation, whose numbers can be permuted.
_ALIKE = (2, 3, 4)
#: The reference's string for a genotype that is no cell.
_INVALID_KEY = "invalid"


class NASBench101(SearchSpace):
    """6,399 cells; genotype (7, 7), an edge where the upper triangle is at least 0.5.

    A raw code is the graph of `nasbench101_cells`: 21 bits, one per edge. It is invalid if the
    pruned graph does not reach the output or has more than 9 edges. The other 417,225 cells have
    other operations, which the reference's genotype does not describe.
    """

    name = "nasbench101"
    shape = (VERTICES, VERTICES)
    size = 6399
    raw_size = 2 ** len(edges_of(VERTICES))
    grammar = (
        "as a module hash, 32 hexadecimal digits, of one of the 6,399 cells with vertices "
        f"{', '.join(VERTEX_OPERATIONS)}"
    )
    variables = tuple(
        Variable(f"{source} to {target}", ("no edge", "edge"))
        for source, target in edges_of(VERTICES)
    )
    profile = SearchProfile(lower=0.0, normalise_selected=True, evaluate_final=True)
    reading = ThresholdReading(
        entries=tuple(VERTICES * source + target for source, target in edges_of(VERTICES)),
        threshold=0.5,
    )

    @cached_property
    def _pruned(self) -> tuple[np.ndarray, np.ndarray]:
        """Pruned graph int32[2^21] of each raw code, and bool[2^21]: whether it is a cell."""
        return prune(np.arange(self.raw_size, dtype=np.int32), VERTICES)

    @cached_property
    def _forms(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct pruned graphs int32[13839], ascending, and the smallest form of each."""
        pruned, is_cell = self._pruned
        occurs = np.zeros(self.raw_size, dtype=bool)
        occurs[pruned[is_cell]] = True
        graphs = np.flatnonzero(occurs).astype(np.int32)
        return graphs, smallest_numbering(graphs, VERTICES, _ALIKE)

    @cached_property
    def graphs(self) -> np.ndarray:
        """The smallest pruned graph int32[6399] of each code, ascending."""
        return np.unique(self._forms[1])

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[2^21]; computed in about 0.4 s."""
        pruned, is_cell = self._pruned
        graphs, smallest = self._forms
        code_of_graph = np.full(self.raw_size, INVALID, dtype=np.int32)
        code_of_graph[graphs] = np.searchsorted(self.graphs, smallest)
        return np.where(is_cell, code_of_graph[pruned], INVALID).astype(np.int32)

    @cached_property
    def _keys(self) -> list[str]:
        """The module hash of each code; computed in about 0.6 s."""
        return [module_hash(int(graph), LABELS) for graph in self.graphs]

    @cached_property
    def _code_of_key(self) -> dict[str, int]:
        return {key: code for code, key in enumerate(self._keys)}

    def paths(self, codes: np.ndarray) -> np.ndarray:
        """bool[n, 16]: sequences of a 1x1 convolution or none, 3x3 ones, a pooling or none."""
        edges = edges_of(VERTICES)
        has = dict(zip(edges, self.values_of(codes).T.astype(bool), strict=True))
        found: dict[tuple[int, ...], np.ndarray] = {}
        for length in range(VERTICES - 1):
            for inner in combinations(range(1, VERTICES - 1), length):
                path = pairwise((0, *inner, VERTICES - 1))
                there = np.all([has[edge] for edge in path], axis=0)
                sequence = tuple(LABELS[vertex] for vertex in inner)
                found[sequence] = found.get(sequence, False) | there
        return np.stack(list(found.values()), axis=1)

    def raw_key(self, raw: int) -> str:
        """The module hash, or `invalid`."""
        code = int(self.code_of_raw[raw])
        return _INVALID_KEY if code == INVALID else self.key(code)

    def key(self, code: int) -> str:
        return self._keys[self.check_code(code)]

    def parse(self, key: str) -> int:
        return self._code_of_key.get(key, INVALID)

    @cached_property
    def _neighbours(self) -> list[np.ndarray]:
        """Codes int32[k] of the neighbours of each code.

        The same pairs as a change of one entry in any genotype: one edge less, pruned, and the
        reverse.
        """
        graphs, _ = self._forms
        codes = self.code_of_raw[graphs]
        pairs = []
        for bit in range(len(edges_of(VERTICES))):
            others = self.code_of_raw[graphs ^ (1 << bit)]
            differ = (others != INVALID) & (others != codes)
            one, other = codes[differ].astype(np.int64), others[differ].astype(np.int64)
            pairs += [one * self.size + other, other * self.size + one]
        first, second = np.divmod(np.unique(np.concatenate(pairs)), self.size)
        starts = np.searchsorted(first, np.arange(1, self.size))
        return np.split(second.astype(np.int32), starts)

    def neighbours(self, code: int) -> np.ndarray:
        """The 2 to 738 cells (median 8) whose genotypes can differ in one entry."""
        return self._neighbours[self.check_code(code)]

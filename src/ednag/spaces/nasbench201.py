"""NAS-Bench-201 (Dong and Yang, ICLR 2020): four nodes, one operation on each of six edges.

Source: search-spaces specification, row nasbench201.
"""

import re
from functools import cached_property
from itertools import islice

import numpy as np

from ednag.spaces.four_node_cells import EDGES, paths_of
from ednag.spaces.interface import (
    INVALID,
    ArgmaxReading,
    SearchProfile,
    SearchSpace,
    Variable,
    digits_of,
    mixed_radix,
    one_digit_away,
)

#: The five operations an edge can carry; a code is the number with these digits.
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
#: The genotype's columns; the first two mark the ends of the cell.
GENOTYPE_SYMBOLS = ("input", "output", *OPERATIONS)


def write_cell(operations: list[str]) -> str:
    """The benchmark's string for six operations in the order of EDGES."""
    tokens = [f"{name}~{source}" for name, (_, source) in zip(operations, EDGES, strict=True)]
    return f"|{tokens[0]}|+|{tokens[1]}|{tokens[2]}|+|{tokens[3]}|{tokens[4]}|{tokens[5]}|"


def _graph(operations: list[str]) -> str:
    """The benchmark's string of the graph that six operations, in the order of EDGES, spell.

    Skip connections are identities, and `none` is absent ("#"). This is the rule of its authors,
    by which they count 6,466 graphs. It leaves some cells apart that compute the same: "#+#" is not
    simplified, and sums are sorted but not flattened.
    """
    nodes, following = ["0"], iter(operations)
    for target in range(1, 4):
        sources = zip(nodes, islice(following, target), strict=True)
        nodes.append("+".join(sorted(_term(*source) for source in sources)))
    return nodes[-1]


def _term(node: str, operation: str) -> str:
    """What an edge adds to the sum of its target."""
    if operation == "none" or node == "#":
        return "#"
    return node if operation == "skip_connect" else f"({node})@{operation}"


_KEY = re.compile(re.escape(write_cell(["OP"] * 6)).replace("OP", f"({'|'.join(OPERATIONS)})"))


class NASBench201(SearchSpace):
    """15,625 cells; genotype (8, 7), argmax per row, rows 0 and 7 ignored."""

    name = "nasbench201"
    shape = (8, 7)
    size = len(OPERATIONS) ** len(EDGES)
    raw_size = len(GENOTYPE_SYMBOLS) ** len(EDGES)
    unique_graphs = 6466
    grammar = f"|op~0|+|op~0|op~1|+|op~0|op~1|op~2| with op one of {', '.join(OPERATIONS)}"
    profile = SearchProfile()
    variables = tuple(Variable(f"{source} to {target}", OPERATIONS) for target, source in EDGES)
    reading = ArgmaxReading(rows=(1, 2, 3, 4, 5, 6), radices=(len(GENOTYPE_SYMBOLS),) * len(EDGES))

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[7^6]; invalid where an edge is decoded as input or output."""
        digits = digits_of(np.arange(self.raw_size), len(GENOTYPE_SYMBOLS), len(EDGES))
        first = GENOTYPE_SYMBOLS.index(OPERATIONS[0])
        codes = mixed_radix(digits - first, len(OPERATIONS))
        return np.where((digits >= first).all(axis=1), codes, INVALID).astype(np.int32)

    @cached_property
    def graph_of_code(self) -> np.ndarray:
        """int32[15625]: see `_graph`."""
        digits = digits_of(np.arange(self.size), len(OPERATIONS), len(EDGES)).tolist()
        graphs = [_graph([OPERATIONS[digit] for digit in row]) for row in digits]
        _, first, graph = np.unique(graphs, return_index=True, return_inverse=True)
        return first[graph].astype(np.int32)

    def raw_key(self, raw: int) -> str:
        """The reference's string, in which an edge may read `input` or `output`."""
        digits = digits_of(np.array([raw]), len(GENOTYPE_SYMBOLS), len(EDGES))[0]
        return write_cell([GENOTYPE_SYMBOLS[digit] for digit in digits])

    def key(self, code: int) -> str:
        digits = digits_of(np.array([self.check_code(code)]), len(OPERATIONS), len(EDGES))[0]
        return write_cell([OPERATIONS[digit] for digit in digits])

    def parse(self, key: str) -> int:
        match = _KEY.fullmatch(key)
        if match is None:
            return INVALID
        digits = [OPERATIONS.index(name) for name in match.groups()]
        return int(mixed_radix(np.array([digits]), len(OPERATIONS))[0])

    def values_of(self, codes: np.ndarray) -> np.ndarray:
        """The digits int64[n, 6] of the codes; those of raw codes count two symbols more."""
        return digits_of(codes, len(OPERATIONS), len(EDGES))

    def _code_of_options(self, values: np.ndarray) -> np.ndarray:
        return mixed_radix(values, len(OPERATIONS))

    def paths(self, codes: np.ndarray) -> np.ndarray:
        """bool[n, 84]: sequences of one, two and three of the operations but `none`."""
        return paths_of(self.values_of(codes), len(OPERATIONS))

    def neighbours(self, code: int) -> np.ndarray:
        """The 24 cells that differ in one edge."""
        return one_digit_away(self.check_code(code), len(OPERATIONS), len(EDGES))

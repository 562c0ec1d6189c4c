"""NAS-Bench-Graph (Qin et al., NeurIPS 2022): graph neural networks of four layers.

A network is a tree: each of four positions takes the output of the input or of one earlier
position and applies one of nine operations; the leaves together are the output. There are 59,049
descriptions. Some describe the same network: the order of branches does not matter, nor does a skip
connection before another layer. The benchmark trained one network of each kind, 26,206 in total;
a code is a kind.
Source: package nas-bench-graph 1.4.0, module `architecture`: `Arch.valid_hash` names the kind.
"""

import re
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import permutations

import numpy as np

from ednag.spaces.interface import (
    INVALID,
    ArgmaxReading,
    RedundantSpace,
    SearchProfile,
    Variable,
    digits_of,
    mixed_radix,
)

#: The layers a position can hold.
OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
#: The input of each position: 0 the network's input, k the k-th position. Up to the order of
#: branches these are all trees of four positions.
MACROS = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
POSITIONS = 4

_SKIP = OPERATIONS.index("skip")
_TOKEN = r"\|(\w+)~([0-3])"
_KEY = re.compile(_TOKEN * POSITIONS + r"\|")


def _write(links: Sequence[int], operations: Sequence[int]) -> str:
    """The string of a network: the operation and the input of each position."""
    tokens = [f"{OPERATIONS[op]}~{link}" for op, link in zip(operations, links, strict=True)]
    return f"|{'|'.join(tokens)}|"


def settle_skips(links: Sequence[int], skips: frozenset[int]) -> tuple[list[int], list[int]]:
    """Move the skip connections without effect to the front, as a chain after the input.

    A skip connection has an effect only as a leaf beside another branch, where it carries its
    input to the output, unless its input is that of the network.

    Args:
        links: The input of each position, 0 .. k - 1 for the k-th.
        skips: The positions, from 1, with a skip connection.

    Returns:
        The links of the settled tree, and the old position, from 1, of each of its positions.
    """
    feed = dict(enumerate(links, start=1))
    chain = []
    for position in sorted(skips):
        source = feed[position]
        followers = [other for other in feed if feed[other] == position]
        beside = [other for other in feed if feed[other] == source and other != position]
        if source == 0 or followers or not beside:
            del feed[position]
            feed.update(dict.fromkeys(followers, source))
            chain.append(position)
    order = chain + list(feed)
    place = {0: len(chain)} | {position: k for k, position in enumerate(order, start=1)}
    settled = list(range(len(chain))) + [place[source] for source in feed.values()]
    return settled, order


@cache
def spellings(links: tuple[int, ...], skips: frozenset[int]) -> tuple[int, np.ndarray]:
    """The ways to write a settled network with one of the nine MACROS; see `settle_skips`.

    Returns:
        Index of the macro with the network's form, and int64[ways, 4]: for each way, the old
        position, from 0, of the operation at each new position.
    """
    settled, order = settle_skips(links, skips)
    macros, ways = set(), []
    for arrangement in permutations(range(1, POSITIONS + 1)):
        place = {0: 0} | {old: new for new, old in enumerate(arrangement, start=1)}
        written = tuple(place[settled[old - 1]] for old in arrangement)
        if written in MACROS:
            macros.add(MACROS.index(written))
            ways.append([order[old - 1] - 1 for old in arrangement])
    (macro,) = macros
    return macro, np.array(ways)


def canonical(links: tuple[int, ...], operations: np.ndarray) -> np.ndarray:
    """The canonical raw codes int64[n] of the kinds of networks with the inputs `links`.

    `operations` int[n, 4] are indices into OPERATIONS; all rows have `skip` at the same positions.
    """
    skips = frozenset((np.flatnonzero(operations[0] == _SKIP) + 1).tolist())
    macro, ways = spellings(links, skips)
    written = np.stack([mixed_radix(operations[:, way], len(OPERATIONS)) for way in ways])
    return macro * len(OPERATIONS) ** POSITIONS + written.min(axis=0)


class NASBenchGraph(RedundantSpace):
    """26,206 kinds of networks; genotype (5, 9): argmax gives the macro, then four operations."""

    name = "nasbench-graph"
    shape = (1 + POSITIONS, len(OPERATIONS))
    size = 26_206
    raw_size = len(MACROS) * len(OPERATIONS) ** POSITIONS
    grammar = (
        f"|op~0|op~a|op~b|op~c| with op one of {', '.join(OPERATIONS)}, not all of them skip, and "
        "a, b, c the earlier position that feeds it (a <= 1, b <= 2, c <= 3; 0 is the input)"
    )
    # The reference has no settings for this space; these are its settings for NAS-Bench-201.
    profile = SearchProfile()
    variables = (
        Variable("macro", tuple("".join(map(str, links)) for links in MACROS)),
        *(Variable(f"position {number}", OPERATIONS) for number in range(1, 1 + POSITIONS)),
    )
    # The digits of a raw code are the macro and four operations.
    reading = ArgmaxReading(
        rows=tuple(range(1 + POSITIONS)), radices=(len(OPERATIONS),) * (1 + POSITIONS)
    )

    @cached_property
    def _canonical_of_raw(self) -> np.ndarray:
        """The canonical raw code int64[9^5] of the same kind of network."""
        operations = digits_of(np.arange(len(OPERATIONS) ** POSITIONS), len(OPERATIONS), POSITIONS)
        pattern = mixed_radix(operations == _SKIP, 2)
        result = np.empty((len(MACROS), len(operations)), dtype=np.int64)
        for skips in range(2**POSITIONS):
            alike = np.flatnonzero(pattern == skips)
            for macro, links in enumerate(MACROS):
                result[macro, alike] = canonical(links, operations[alike])
        return result.ravel()

    @cached_property
    def _raw_of_code(self) -> np.ndarray:
        """The canonical raw code int64[26206] of each code, ascending.

        Without the last kind, skip connections only, which was not trained.
        """
        return np.unique(self._canonical_of_raw)[:-1]

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[9^5]; invalid where all four operations are skip."""
        codes = np.searchsorted(self._raw_of_code, self._canonical_of_raw)
        return np.where(codes < self.size, codes, INVALID).astype(np.int32)

    def raw_key(self, raw: int) -> str:
        """The network as the genotype describes it."""
        macro, *operations = digits_of(np.array([raw]), len(OPERATIONS), 1 + POSITIONS)[0]
        return _write(MACROS[macro], operations)

    def key(self, code: int) -> str:
        """The canonical string of the kind."""
        return self.raw_key(int(self._raw_of_code[self.check_code(code)]))

    def parse(self, key: str) -> int:
        """The code of a network's string, which may be any description of its kind."""
        match = _KEY.fullmatch(key)
        if match is None:
            return INVALID
        names, links = match.groups()[::2], tuple(map(int, match.groups()[1::2]))
        if not set(names) <= set(OPERATIONS) or any(link > k for k, link in enumerate(links)):
            return INVALID
        raw = canonical(links, np.array([[OPERATIONS.index(name) for name in names]]))
        return int(self.code_of_raw[raw[0]])

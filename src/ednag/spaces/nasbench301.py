"""NAS-Bench-301 as EDNAG cuts it: the first four edges of a normal cell of DARTS.

The reference drops the other four edges and the whole reduction cell (upstream audit, 4). So an
architecture of this space is a group of networks that share these edges.
Source: search-spaces specification, row nasbench301; benchmark: Zela et al., ICLR 2022.
"""

import re

import numpy as np

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

Pair = tuple[int, int]
#: The (input node, operation) pairs each of the four edges can be, in the reference's order.
CHOICES: tuple[tuple[Pair, ...], ...] = (
    ((0, 6), (0, 1), (0, 0), (0, 5), (0, 2), (0, 4), (0, 3)),
    ((1, 5), (1, 6), (1, 3), (1, 1), (1, 0), (1, 4), (1, 2)),
    (
        *((0, 6), (0, 1), (1, 5), (1, 6), (1, 3), (0, 0), (0, 5)),
        *((1, 1), (0, 2), (0, 4), (1, 0), (1, 4), (0, 3), (1, 2)),
    ),
    (
        *((1, 5), (1, 3), (1, 6), (2, 0), (1, 4), (1, 1), (2, 3)),
        *((2, 5), (2, 6), (1, 0), (2, 2), (2, 4), (2, 1), (1, 2)),
    ),
)
_RADICES = tuple(len(choices) for choices in CHOICES)
_PAIR = r"\(([0-2]), ([0-6])\)"
_KEY = re.compile(rf"\({_PAIR}, {_PAIR}, {_PAIR}, {_PAIR}\)")


class NASBench301(SearchSpace):
    """9,604 groups; genotype (4, 14), argmax per row, modulo 7 in the first two rows.

    A code is the mixed-radix number (7, 7, 14, 14) of the four choices. Every genotype has a code;
    a table holds values of some codes only.
    """

    name = "nasbench301"
    shape = (4, 14)
    size = raw_size = 7 * 7 * 14 * 14
    grammar = (
        "((0, op), (1, op), (node, op), (node, op)) with op 0 to 6, third node 0 or 1, "
        "fourth node 1 or 2"
    )
    profile = SearchProfile(lower=0.0, normalise_selected=True, evaluate_final=True)
    variables = tuple(
        Variable(f"edge {number}", tuple(map(str, choices)))
        for number, choices in enumerate(CHOICES, start=1)
    )
    reading = ArgmaxReading(rows=(0, 1, 2, 3), radices=_RADICES)

    def key(self, code: int) -> str:
        """The four pairs, for example ((0, 4), (1, 2), (0, 0), (1, 0))."""
        digits = digits_of(np.array([self.check_code(code)]), _RADICES, 4)[0]
        return str(tuple(choices[at] for choices, at in zip(CHOICES, digits, strict=True)))

    def parse(self, key: str) -> int:
        """The code of four pairs written as `key` writes them."""
        match = _KEY.fullmatch(key)
        if match is None:
            return INVALID
        numbers = [int(digit) for digit in match.groups()]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if any(pair not in choices for pair, choices in zip(pairs, CHOICES, strict=True)):
            return INVALID
        digits = [choices.index(pair) for pair, choices in zip(pairs, CHOICES, strict=True)]
        return int(mixed_radix(np.array([digits]), _RADICES)[0])

    def neighbours(self, code: int) -> np.ndarray:
        """The 38 groups that differ in one pair."""
        return one_digit_away(self.check_code(code), _RADICES, len(_RADICES))

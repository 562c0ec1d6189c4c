"""Chains of four layers, each one of three operations."""

import numpy as np

from ednag.spaces.interface import (
    INVALID,
    ArgmaxReading,
    SearchProfile,
    SearchSpace,
    Variable,
    digits_of,
    one_digit_away,
)

OPERATIONS = ("conv", "pool", "skip")
LAYERS = 4


class Chain(SearchSpace):
    """81 chains; genotype (4, 3): the largest entry of a row is the operation of a layer."""

    name = "chain"
    shape = (LAYERS, len(OPERATIONS))
    size = raw_size = len(OPERATIONS) ** LAYERS
    grammar = "four of conv, pool and skip, such as conv-pool-conv-skip"
    profile = SearchProfile()
    variables = tuple(Variable(f"layer {number}", OPERATIONS) for number in range(1, 1 + LAYERS))
    reading = ArgmaxReading(rows=tuple(range(LAYERS)), radices=(len(OPERATIONS),) * LAYERS)

    def key(self, code: int) -> str:
        """The string of a chain."""
        digits = digits_of(np.array([self.check_code(code)]), len(OPERATIONS), LAYERS)[0]
        return "-".join(OPERATIONS[digit] for digit in digits)

    def parse(self, key: str) -> int:
        """The inverse of `key`; `INVALID` for a string that is no chain."""
        names = key.split("-")
        if len(names) != LAYERS or not set(names) <= set(OPERATIONS):
            return INVALID
        code = 0
        for name in names:
            code = code * len(OPERATIONS) + OPERATIONS.index(name)
        return code

    def neighbours(self, code: int) -> np.ndarray:
        """Codes int32[8], ascending, of the chains with one other operation."""
        return one_digit_away(self.check_code(code), len(OPERATIONS), LAYERS)

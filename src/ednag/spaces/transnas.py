"""TransNAS-Bench-101 (Duan et al., CVPR 2021): a cell space (micro) and a skeleton space (macro).

Source: search-spaces specification, rows transnas-micro and transnas-macro.
"""

import re
from functools import cached_property
from itertools import product

import numpy as np

from ednag.spaces.four_node_cells import EDGES, paths_of
from ednag.spaces.interface import (
    INVALID,
    ArgmaxReading,
    SearchProfile,
    SearchSpace,
    Variable,
    digits_of,
    one_digit_away,
)

#: How the reference searches both spaces.
_PROFILE = SearchProfile(evaluate_final=True)

#: Operations of a micro edge by digit: none, skip connection, 1x1 and 3x3 convolution.
MICRO_OPERATIONS = ("none", "skip_connect", "conv_1x1", "conv_3x3")
#: The same, as keys write them.
MICRO_DIGITS = tuple(map(str, range(len(MICRO_OPERATIONS))))
_MICRO_EDGES = len(EDGES)
_MICRO_KEY = re.compile(r"64-41414-([0-3])_([0-3]{2})_([0-3]{3})")

#: Module types of a macro skeleton: 1 keeps both resolution and channels, 2 doubles the channels,
#: 3 halves the resolution, 4 does both. 0 is the genotype's `none`: no module.
MACRO_TYPES = (1, 2, 3, 4)
_DOUBLES, _HALVES = (2, 4), (3, 4)
_MACRO_POSITIONS = 6
_MACRO_KEY = re.compile(r"64-([1-4]*)-basic")


class TransNASMicro(SearchSpace):
    """4,096 cells of four nodes; genotype (6, 4), argmax per row, every genotype is valid.

    A code is the number whose base-4 digits are the operations of the six edges, in the order of
    the benchmark (its own index is 3,256 higher).
    """

    name = "transnas-micro"
    shape = (_MICRO_EDGES, len(MICRO_OPERATIONS))
    size = raw_size = len(MICRO_OPERATIONS) ** _MICRO_EDGES
    grammar = "64-41414-a_bc_def with digits 0 to 3 (none, skip, 1x1, 3x3 convolution)"
    profile = _PROFILE
    variables = tuple(Variable(f"{source} to {target}", MICRO_DIGITS) for target, source in EDGES)
    reading = ArgmaxReading(rows=(0, 1, 2, 3, 4, 5), radices=(4,) * _MICRO_EDGES)

    def key(self, code: int) -> str:
        """The benchmark's string, for example 64-41414-3_33_333."""
        digits = digits_of(np.array([self.check_code(code)]), 4, _MICRO_EDGES)[0]
        return "64-41414-{}_{}{}_{}{}{}".format(*digits)

    def parse(self, key: str) -> int:
        match = _MICRO_KEY.fullmatch(key)
        return INVALID if match is None else int("".join(match.groups()), base=4)

    def paths(self, codes: np.ndarray) -> np.ndarray:
        """bool[n, 39]: sequences of one, two and three of the operations but `none`."""
        return paths_of(self.values_of(codes), len(MICRO_OPERATIONS))

    def neighbours(self, code: int) -> np.ndarray:
        """The 18 cells that differ in one edge."""
        return one_digit_away(self.check_code(code), 4, _MICRO_EDGES)


def _is_skeleton(types: tuple[int, ...]) -> bool:
    """Whether the benchmark trained it: resolution halved 1 to 4 times, channels doubled 1 to 3."""
    halves = sum(kind in _HALVES for kind in types)
    doubles = sum(kind in _DOUBLES for kind in types)
    return 1 <= halves <= 4 and 1 <= doubles <= 3


class TransNASMacro(SearchSpace):
    """3,256 skeletons of 4 to 6 modules; genotype (6, 5), argmax per row, `none` leaves one out.

    A code is the position among all skeletons, shorter ones first, then by their digits. (The
    benchmark's own index follows another order, which its index file gives.)
    """

    name = "transnas-macro"
    shape = (_MACRO_POSITIONS, 1 + len(MACRO_TYPES))
    size = 3256
    raw_size = (1 + len(MACRO_TYPES)) ** _MACRO_POSITIONS
    grammar = (
        "64-<digits>-basic with 4 to 6 digits 1 to 4, of which 1 to 4 are 3 or 4 (resolution "
        "halved) and 1 to 3 are 2 or 4 (channels doubled)"
    )
    profile = _PROFILE
    # Of skeletons with fewer than six modules, the first are `none`.
    variables = tuple(
        Variable(f"module {number}", ("none", *map(str, MACRO_TYPES)))
        for number in range(1, 1 + _MACRO_POSITIONS)
    )
    reading = ArgmaxReading(rows=(0, 1, 2, 3, 4, 5), radices=(5,) * _MACRO_POSITIONS)

    @cached_property
    def _skeletons(self) -> list[str]:
        """The digits of each skeleton, by code."""
        return [
            "".join(map(str, types))
            for length in (4, 5, 6)
            for types in product(MACRO_TYPES, repeat=length)
            if _is_skeleton(types)
        ]

    @cached_property
    def _code_of_digits(self) -> dict[str, int]:
        return {digits: code for code, digits in enumerate(self._skeletons)}

    @cached_property
    def _digits_of_raw(self) -> list[str]:
        """The digits of each raw code without `none`."""
        digits = digits_of(np.arange(self.raw_size), 5, _MACRO_POSITIONS).tolist()
        return ["".join(map(str, row)).replace("0", "") for row in digits]

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[5^6]; invalid where the digits are no skeleton."""
        codes = [self._code_of_digits.get(digits, INVALID) for digits in self._digits_of_raw]
        return np.array(codes, dtype=np.int32)

    def raw_key(self, raw: int) -> str:
        """The reference's string, also of a raw code that is no skeleton."""
        return f"64-{self._digits_of_raw[raw]}-basic"

    def key(self, code: int) -> str:
        """The benchmark's string, for example 64-4111-basic."""
        return f"64-{self._skeletons[self.check_code(code)]}-basic"

    def parse(self, key: str) -> int:
        match = _MACRO_KEY.fullmatch(key)
        return INVALID if match is None else self._code_of_digits.get(match[1], INVALID)

    def neighbours(self, code: int) -> np.ndarray:
        """The skeletons one module away: one changed, one added or one left out."""
        digits = self._skeletons[self.check_code(code)]
        changed = {digits[:at] + digits[at + 1 :] for at in range(len(digits))}
        for kind in map(str, MACRO_TYPES):
            changed |= {digits[:at] + kind + digits[at + 1 :] for at in range(len(digits))}
            changed |= {digits[:at] + kind + digits[at:] for at in range(len(digits) + 1)}
        codes = {self._code_of_digits.get(skeleton, INVALID) for skeleton in changed}
        return np.array(sorted(codes - {INVALID, code}), dtype=np.int32)

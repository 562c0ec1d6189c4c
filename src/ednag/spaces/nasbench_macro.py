"""NAS-Bench-Macro (Su et al., CVPR 2021): networks of eight layers for small images.

Three stages of two, three and three layers; the first layer of a stage halves the resolution. A
layer is an identity (in the first layer of a stage a projection), or an inverted residual of
kernel 3 and expansion 3 or kernel 5 and expansion 6. Identities may stand anywhere after the first
layer of a stage, so that 6,561 descriptions are 3,969 networks.
Source: search-spaces specification, Further files.
"""

import re
from functools import cached_property
from itertools import product

import numpy as np

from ednag.spaces.interface import (
    INVALID,
    ArgmaxReading,
    RedundantSpace,
    SearchProfile,
    Variable,
)

#: The layers of a position, by digit.
OPERATIONS = ("identity", "MB3_K3", "MB6_K5")
_POSITIONS = 8
#: Positions among which identities can move: the first of a stage alone, and its others.
_GROUPS = ((0,), (1,), (2,), (3, 4), (5,), (6, 7))
_KEY = re.compile(rf"[0-2]{{{_POSITIONS}}}")


def canonical(description: str) -> str:
    """The description of the same network in which the identities of each group come first."""
    settled = ""
    for group in _GROUPS:
        layers = "".join(description[position] for position in group)
        settled += layers.replace("0", "").rjust(len(group), "0")
    return settled


class NASBenchMacro(RedundantSpace):
    """3,969 networks; genotype (8, 3): argmax gives the layer of each position."""

    name = "nasbench-macro"
    shape = (_POSITIONS, len(OPERATIONS))
    size = 3969
    raw_size = len(OPERATIONS) ** _POSITIONS
    grammar = "as eight digits: 0 identity, 1 MB3_K3, 2 MB6_K5"
    # The reference has no settings for this space; these are its settings for NAS-Bench-201.
    profile = SearchProfile()
    variables = tuple(Variable(f"layer {k}", ("0", "1", "2")) for k in range(1, 1 + _POSITIONS))
    reading = ArgmaxReading(rows=tuple(range(_POSITIONS)), radices=(3,) * _POSITIONS)

    @cached_property
    def _canonical_of_raw(self) -> list[str]:
        return [canonical("".join(digits)) for digits in product("012", repeat=_POSITIONS)]

    @cached_property
    def _keys(self) -> list[str]:
        """The canonical description of each code, ascending."""
        return sorted(set(self._canonical_of_raw))

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[6561]; every raw code is a network."""
        codes = {key: code for code, key in enumerate(self._keys)}
        return np.array([codes[key] for key in self._canonical_of_raw], dtype=np.int32)

    def raw_key(self, raw: int) -> str:
        """The network as the genotype describes it."""
        return np.base_repr(raw, len(OPERATIONS)).rjust(_POSITIONS, "0")

    def key(self, code: int) -> str:
        """The canonical description, for example 02012100."""
        return self._keys[self.check_code(code)]

    def parse(self, key: str) -> int:
        """The code of a network's key, which may be any description of it."""
        return int(self.code_of_raw[int(key, 3)]) if _KEY.fullmatch(key) else INVALID

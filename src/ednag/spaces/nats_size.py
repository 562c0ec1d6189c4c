"""The size space of NATS-Bench (Dong et al., TPAMI 2021): the channels of five layers.

Source: search-spaces specification, Further files.
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

#: Numbers of channels a layer can have, by digit.
CHANNELS = ("8", "16", "24", "32", "40", "48", "56", "64")
_LAYERS = 5
_KEY = re.compile(":".join([f"({'|'.join(CHANNELS)})"] * _LAYERS))


class NATSSize(SearchSpace):
    """32,768 networks; genotype (5, 8): argmax gives the channels of each layer."""

    name = "nats-size"
    shape = (_LAYERS, len(CHANNELS))
    size = raw_size = len(CHANNELS) ** _LAYERS
    grammar = "a:b:c:d:e, the channels of five layers, each 8, 16, 24, 32, 40, 48, 56 or 64"
    # The reference has no settings for this space; these are its settings for NAS-Bench-201.
    profile = SearchProfile()
    variables = tuple(Variable(f"layer {number}", CHANNELS) for number in range(1, 1 + _LAYERS))
    reading = ArgmaxReading(rows=tuple(range(_LAYERS)), radices=(len(CHANNELS),) * _LAYERS)

    def key(self, code: int) -> str:
        """The benchmark's string, for example 64:64:64:64:64."""
        digits = digits_of(np.array([self.check_code(code)]), len(CHANNELS), _LAYERS)[0]
        return ":".join(CHANNELS[digit] for digit in digits)

    def parse(self, key: str) -> int:
        match = _KEY.fullmatch(key)
        if match is None:
            return INVALID
        digits = [[CHANNELS.index(channels) for channels in match.groups()]]
        return int(mixed_radix(np.array(digits), len(CHANNELS))[0])

    def neighbours(self, code: int) -> np.ndarray:
        """The 35 networks with another number of channels in one layer."""
        return one_digit_away(self.check_code(code), len(CHANNELS), _LAYERS)

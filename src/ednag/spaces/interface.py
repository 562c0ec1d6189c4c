"""What every search space offers: decoding, keys, neighbours, and how the reference searches it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ednag.errors import EdnagError

#: Code of an architecture that the space does not contain.
INVALID = -1


@dataclass(frozen=True)
class SearchProfile:
    """How the reference implementation searches this space (spec: ednag-search.md).

    Attributes:
        lower: Lower end of the range each genotype is normalised to; the upper end is 1.
        normalise_selected: Whether the selected population is normalised once more.
        evaluate_final: Whether the final population is evaluated and may hold the outcome.
        first_step_index_factor: Factor on the mutation's distribution index in the first
            denoising step, rounded up; 1 leaves it as it is.
    """

    lower: float = -1.0
    normalise_selected: bool = False
    evaluate_final: bool = False
    first_step_index_factor: float = 1.5


class SearchSpace(ABC):
    """A finite set of architectures, each with a dense integer `code` in [0, size) and a `key`.

    A genotype is a float32 matrix of shape `shape` = (R, C). Decoding goes genotype -> raw code
    (what the matrix says, whether the space contains it or not) -> code (`INVALID` = -1 if not).
    """

    #: Name in the configuration and in paths.
    name: str
    #: (R, C) of one genotype.
    shape: tuple[int, int]
    #: Number of architectures; codes are 0 .. size - 1.
    size: int
    #: Number of raw codes; raw codes are 0 .. raw_size - 1.
    raw_size: int
    #: How a key is written, for error messages.
    grammar: str
    profile: SearchProfile

    @abstractmethod
    def decode_raw(self, genotypes: np.ndarray) -> np.ndarray:
        """Raw codes int64[n] of genotypes float32[n, R, C]."""

    @cached_property
    @abstractmethod
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[raw_size], `INVALID` where a raw code is no architecture of the space."""

    @abstractmethod
    def raw_key(self, raw: int) -> str:
        """The reference's string for a raw code, also for one that is invalid."""

    @abstractmethod
    def key(self, code: int) -> str:
        """The printable, canonical string of an architecture."""

    @abstractmethod
    def code(self, key: str) -> int:
        """The code of a key; raises EdnagError with the grammar if it is not of this space."""

    @abstractmethod
    def neighbours(self, code: int) -> np.ndarray:
        """Codes int32[k] of the architectures one change away, ascending."""

    def decode(self, genotypes: np.ndarray) -> np.ndarray:
        """Codes int32[n] of genotypes float32[n, R, C]; `INVALID` where there is none."""
        return self.code_of_raw[self.decode_raw(genotypes)]

    def check_code(self, code: int) -> int:
        """`code` itself; raises EdnagError if it is outside [0, size)."""
        if not 0 <= code < self.size:
            raise EdnagError(
                f"{self.name}: code {code} is outside the space; codes are 0 to {self.size - 1}"
            )
        return code

    def foreign_key(self, key: str) -> EdnagError:
        """The error for a string that is no key of this space."""
        return EdnagError(
            f"{self.name}: {key!r} is not an architecture of this space; "
            f"an architecture is written {self.grammar}"
        )


def mixed_radix(digits: np.ndarray, base: int) -> np.ndarray:
    """Integers int64[n] whose digits in `base`, most significant first, are int[n, p]."""
    weights = base ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64)
    return digits.astype(np.int64) @ weights


def digits_of(number: np.ndarray, base: int, positions: int) -> np.ndarray:
    """Digits int64[n, positions] of integers int[n] in `base`, most significant first."""
    weights = base ** np.arange(positions - 1, -1, -1, dtype=np.int64)
    return (np.asarray(number, dtype=np.int64)[:, None] // weights) % base

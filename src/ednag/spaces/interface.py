"""The interface of a search space: decoding, keys, neighbours, and the reference's settings."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Self

import numpy as np

from ednag.errors import EdnagError, shown

#: Code of an architecture that the space does not contain.
INVALID = -1


@dataclass(frozen=True)
class SearchProfile:
    """How the reference implementation searches this space (spec: ednag-search.md).

    Attributes:
        lower: Lower end of the range each genotype is normalised to; the upper end is 1.
        normalise_selected: Whether the selected population is normalised again.
        evaluate_final: Whether the final population is evaluated and may hold the outcome.
        first_step_index_factor: Factor on the mutation's distribution index in the first
            denoising step, rounded up.
        init_valid_rate: Share of the initial population, in [0, 1], that
            `SearchSpace.well_formed` genotypes replace.
        lower_params_rate: Share of each new population, in [0, 1], that is selected by
            `SearchSpace.omitted`, between the diverse and the roulette.
        hyperparameters: Search hyper-parameters whose default differs in this space.
    """

    lower: float = -1.0
    normalise_selected: bool = False
    evaluate_final: bool = False
    first_step_index_factor: float = 1.5
    init_valid_rate: float = 0.0
    lower_params_rate: float = 0.0
    hyperparameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ArgmaxReading:
    """A genotype read row by row: the position of the largest entry is a digit of the raw code.

    Data and not code, so that a compiled engine reads all spaces in the same way.

    Attributes:
        rows: The rows that are read, the most significant digit first.
        radices: Base of each digit; a column at or above it counts modulo the base.
    """

    rows: tuple[int, ...]
    radices: tuple[int, ...]

    def unreachable(self, shape: tuple[int, int]) -> str:
        """Why genotypes of this shape (R, C) cannot give every raw code; "" if they can."""
        if len(set(self.rows)) < len(self.rows) or not set(self.rows) <= set(range(shape[0])):
            return f"it reads the rows {self.rows}, which are not different rows of {shape[0]}"
        if max(self.radices) > shape[1]:
            return f"a row with {max(self.radices)} options needs as many columns, not {shape[1]}"
        return ""

    def raw(self, genotypes: np.ndarray) -> np.ndarray:
        """Raw codes int64[n] of genotypes float32[n, R, C]."""
        digits = genotypes[:, list(self.rows)].argmax(axis=2) % np.array(self.radices)
        return mixed_radix(digits, self.radices)


@dataclass(frozen=True)
class ThresholdReading:
    """A genotype read entry by entry: each is a bit of the raw code, set from `threshold` up.

    Attributes:
        entries: Positions in the flattened genotype, the most significant bit first.
        threshold: Smallest value of a set bit.
    """

    entries: tuple[int, ...]
    threshold: float

    def unreachable(self, shape: tuple[int, int]) -> str:
        """Why genotypes of this shape (R, C) cannot give every raw code; "" if they can."""
        size = shape[0] * shape[1]
        if len(set(self.entries)) < len(self.entries) or not set(self.entries) <= set(range(size)):
            return f"it reads the entries {self.entries}, which are not different ones of {size}"
        return ""

    def raw(self, genotypes: np.ndarray) -> np.ndarray:
        """Raw codes int64[n] of genotypes float32[n, R, C]."""
        _, rows, columns = genotypes.shape
        flat = genotypes.reshape(-1, rows * columns)
        return mixed_radix(flat[:, list(self.entries)] >= self.threshold, 2)


@dataclass(frozen=True)
class Variable:
    """A choice that an architecture is made of: its name, and its options as keys write them."""

    name: str
    options: tuple[str, ...]


class SearchSpace(ABC):
    """A finite set of architectures, each with a dense integer `code` in [0, size) and a `key`.

    A genotype is a float32 matrix of shape `shape` = (R, C). It is decoded to a raw code, which can
    also describe an architecture outside the space, and then to a code, `INVALID` = -1 if outside.
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
    #: Number of unique graphs, see `graph_of_code`; None if the space does not know them.
    unique_graphs: int | None = None
    profile: SearchProfile
    #: The choices that an architecture is made of, in the order of the key. What is the same in all
    #: architectures is left out. Methods that describe architectures need them.
    variables: tuple[Variable, ...] = ()
    #: How a genotype gives a raw code; None if the space overrides `decode_raw`.
    reading: ArgmaxReading | ThresholdReading | None = None

    def __init_subclass__(cls) -> None:
        """Raise EdnagError if the space has architectures that its genotypes cannot describe."""
        super().__init_subclass__()
        reason = cls.reading.unreachable(cls.shape) if cls.reading is not None else ""
        if reason:
            raise EdnagError(
                f"search space {cls.name}: its reading does not fit its shape {cls.shape}: "
                f"{reason}; correct `shape` or `reading` in {cls.__module__}"
            )

    def decode_raw(self, genotypes: np.ndarray) -> np.ndarray:
        """Raw codes int64[n] of genotypes float32[n, R, C]."""
        if self.reading is None:
            raise NotImplementedError(f"{self.name} has neither a reading nor a decode_raw")
        return self.reading.raw(genotypes)

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[raw_size], `INVALID` where a raw code is no architecture of the space.

        The raw codes themselves, unless the space overrides this and `raw_key`.
        """
        return np.arange(self.size, dtype=np.int32)

    def raw_key(self, raw: int) -> str:
        """The reference's string for a raw code, also for one that is invalid."""
        return self.key(raw)

    @abstractmethod
    def key(self, code: int) -> str:
        """The printable, canonical string of an architecture."""

    def keys(self, codes: np.ndarray) -> list[str]:
        """The keys of codes int[n]."""
        return [self.key(int(code)) for code in codes]

    @abstractmethod
    def parse(self, key: str) -> int:
        """The code of any string, `INVALID` if it is not the key of an architecture."""

    def code(self, key: object) -> int:
        """The code of a key; raises EdnagError, which states the grammar, for any other value."""
        code = self.parse(key) if isinstance(key, str) else INVALID
        if code == INVALID:
            raise self.foreign_key(key)
        return code

    @abstractmethod
    def neighbours(self, code: int) -> np.ndarray:
        """Codes int32[k] of the architectures one change away, ascending; mutual."""

    @cached_property
    def graph_of_code(self) -> np.ndarray | None:
        """int32[size], equal for architectures that are one graph: the lowest code of these.

        None where `unique_graphs` is None.
        """
        return None

    @cached_property
    def radices(self) -> tuple[int, ...]:
        """The number of options of each variable; raises EdnagError if the space has none."""
        if not self.variables:
            raise EdnagError(
                f"search space {self.name} does not say what an architecture is made of; give it "
                f"`variables` in {type(self).__module__} (docs/own-search-space.md)"
            )
        return tuple(len(variable.options) for variable in self.variables)

    @cached_property
    def _raw_of_code(self) -> np.ndarray:
        """The raw code int64[size] that stands for each code: the lowest one."""
        if math.prod(self.radices) != self.raw_size:
            raise NotImplementedError(f"{self.name}: raw codes are not the values of `variables`")
        first = np.zeros(self.size + 1, dtype=np.int64)
        # The last one written to a place stays; invalid ones are written to the end.
        first[self.code_of_raw[::-1]] = np.arange(self.raw_size)[::-1]
        return first[:-1]

    def values_of(self, codes: np.ndarray) -> np.ndarray:
        """Options int64[n, V] of each of the V `variables` in architectures int[n].

        Where several descriptions are one architecture, those of one of them: the digits of the
        raw code that stands for it, unless the space overrides this and `_code_of_options`.
        """
        raws = self._raw_of_code[np.asarray(codes, dtype=np.int64)]
        return digits_of(raws, self.radices, len(self.radices))

    def code_of(self, values: np.ndarray) -> np.ndarray:
        """Codes int32[n] of options int[n, V]; `INVALID` where they are no architecture.

        In a `LargeSpace`, architectures that are new get new codes.
        """
        values = np.asarray(values, dtype=np.int64)
        known = ((values >= 0) & (values < np.array(self.radices))).all(axis=1)
        codes = np.full(len(values), INVALID, dtype=np.int32)
        codes[known] = self._code_of_options(values[known])
        return codes

    def _code_of_options(self, values: np.ndarray) -> np.ndarray:
        """`code_of`, of options that exist."""
        return self.code_of_raw[mixed_radix(values, self.radices)]

    def features(self, codes: np.ndarray) -> np.ndarray:
        """What predictors see of architectures int[n], float64[n, F]: 0 or 1 each.

        The option of each of the `variables`, one-hot, then the `paths`.
        """
        values, paths = self.values_of(codes), self.paths(codes)
        chosen = [
            values[:, [place]] == np.arange(options) for place, options in enumerate(self.radices)
        ]
        return np.concatenate([*chosen, paths], axis=1).astype(np.float64)

    def paths(self, codes: np.ndarray) -> np.ndarray:
        """The path encoding bool[n, P] of architectures int[n] (White et al., AAAI 2021).

        For each sequence of operations, whether a path from input to output has it. P is 0 in a
        space whose architectures are no cells.
        """
        return np.zeros((len(codes), 0), dtype=bool)

    @property
    def numbered(self) -> int:
        """The number of codes: `size`, unless codes are assigned during a run."""
        return self.size

    def fresh(self) -> Self:
        """The space for a new run: itself, unless codes are assigned during a run."""
        return self

    def sample(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Codes int32[count] drawn uniformly and independently."""
        return generator.integers(self.size, size=count, dtype=np.int32)

    def mutate(self, code: int, generator: np.random.Generator) -> int:
        """One neighbour drawn uniformly: the mutation of evolutionary methods."""
        return int(generator.choice(self.neighbours(code)))

    def well_formed(self, count: int, state: np.random.RandomState) -> np.ndarray:
        """Genotypes float32[count, R, C] for the initial population (init_valid_rate > 0)."""
        raise NotImplementedError(f"{self.name} starts from noise alone")

    def omitted(self, codes: np.ndarray) -> np.ndarray:
        """Layers each architecture leaves out, int64[n], 0 if invalid (lower_params_rate > 0)."""
        raise NotImplementedError(f"{self.name} has no layers to leave out")

    def decode(self, genotypes: np.ndarray) -> np.ndarray:
        """Codes int32[n] of genotypes float32[n, R, C]; `INVALID` where there is none."""
        return self.code_of_raw[self.decode_raw(genotypes)]

    def check_code(self, code: int) -> int:
        """`code` itself; raises EdnagError if it is outside [0, size)."""
        if not 0 <= code < self.numbered:
            raise EdnagError(
                f"{self.name}: code {code} is outside the space; codes are 0 to {self.numbered - 1}"
            )
        return code

    def foreign_key(self, key: object) -> EdnagError:
        """The error for a value that is no key of this space."""
        kind = "" if isinstance(key, str) else f" ({type(key).__name__}, not text)"
        return EdnagError(
            f"{self.name}: {shown(key)}{kind} is not an architecture of this space; "
            f"an architecture is written {self.grammar}"
        )


class RedundantSpace(SearchSpace):
    """A space in which some architectures have several descriptions: raw codes with one code."""

    @cached_property
    def _descriptions(self) -> list[np.ndarray]:
        """All raw codes int64[k] of each code, ascending."""
        order = np.argsort(self.code_of_raw, kind="stable")
        first = np.searchsorted(self.code_of_raw[order], np.arange(self.size))
        return np.split(order, first)[1:]

    def neighbours(self, code: int) -> np.ndarray:
        """The architectures with a description one digit away from any description of this one.

        Neighbours of one of its descriptions alone would not be mutual.
        """
        near = [
            one_digit_away(int(raw), self.radices, len(self.radices))
            for raw in self._descriptions[self.check_code(code)]
        ]
        codes = np.unique(self.code_of_raw[np.concatenate(near)])
        return codes[(codes != code) & (codes != INVALID)].astype(np.int32)


class LargeSpace(SearchSpace):
    """A space with too many architectures to number in advance.

    An architecture gets the next code 0, 1, 2, ... when it is first decoded. Codes are valid in one
    object only; `fresh` returns an object without codes, so that the codes of a run depend on the
    run alone. A stored run holds the keys of its codes. Raw codes are the codes.
    """

    raw_size = 0

    def __init__(self) -> None:
        self._codes: dict[bytes, int] = {}
        self._contents: list[np.ndarray] = []

    @property
    def numbered(self) -> int:
        """The number of codes so far."""
        return len(self._contents)

    def fresh(self) -> Self:
        """An empty space for a new run."""
        return type(self)()

    def number(self, contents: np.ndarray) -> np.ndarray:
        """Codes int32[n] of architectures uint8[n, L]; unknown architectures get new codes."""
        codes = np.empty(len(contents), dtype=np.int32)
        for row, content in enumerate(contents):
            code = self._codes.setdefault(content.tobytes(), len(self._contents))
            if code == len(self._contents):
                self._contents.append(content.copy())
            codes[row] = code
        return codes

    def contents(self, codes: np.ndarray) -> np.ndarray:
        """Architectures uint8[n, L] of codes int[n], a number for each of the L `variables`."""
        known = [self._contents[self.check_code(int(code))] for code in codes]
        return np.array(known, dtype=np.uint8).reshape(len(known), len(self.radices))

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Not available: no array can hold this space, which has a `decode` of its own."""
        raise TypeError(f"{self.name} is too large for an array over its raw codes")

    def decode_raw(self, genotypes: np.ndarray) -> np.ndarray:
        """Codes int64[n]; `INVALID` where there is none."""
        return self.decode(genotypes).astype(np.int64)


@lru_cache(maxsize=64)
def _weights(base: int | tuple[int, ...], positions: int) -> tuple[np.ndarray, np.ndarray]:
    """Bases int64[p] and place values int64[p] of p digits, most significant first."""
    bases = np.broadcast_to(np.asarray(base, dtype=np.int64), (positions,))
    weights = np.append(np.cumprod(bases[:0:-1])[::-1], 1)
    weights.flags.writeable = False
    return bases, weights


def mixed_radix(digits: np.ndarray, base: int | tuple[int, ...]) -> np.ndarray:
    """Integers int64[n] of digits int[n, p] in [0, base), most significant first.

    `base` is one for all positions, or one for each.
    """
    _, weights = _weights(base, digits.shape[1])
    return digits.astype(np.int64) @ weights


def digits_of(number: np.ndarray, base: int | tuple[int, ...], positions: int) -> np.ndarray:
    """Digits int64[n, positions] of integers int[n], most significant first; see `mixed_radix`."""
    bases, weights = _weights(base, positions)
    return (np.asarray(number, dtype=np.int64)[:, None] // weights) % bases


def one_digit_away(number: int, base: int | tuple[int, ...], positions: int) -> np.ndarray:
    """Integers int32[k], ascending, that differ from `number` in exactly one digit."""
    bases, weights = _weights(base, positions)
    numbers: set[int] = set()
    for radix, weight in zip(bases.tolist(), weights.tolist(), strict=True):
        zero = number - number // weight % radix * weight
        numbers.update(range(zero, zero + radix * weight, weight))
    return np.array(sorted(numbers - {number}), dtype=np.int32)

"""Genotypes to codes, compiled: `ArgmaxReading`, `ThresholdReading` and MobileNetV3's layers.

The first two give a raw code; a table gives its code. There are too many combinations of layers for
a table: they are numbered on first sight, 0, 1, 2, ..., as by `LargeSpace.number`.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

from typing import NamedTuple

import numpy as np

from ednag.search.compiled.cache import inlined, kernel
from ednag.search.compiled.vectors import LANES, lane, load_at, repeat, store_at, where_less

#: Kinds of reading; BY_PYTHON leaves it to the space's own `decode`.
BY_ARGMAX, BY_THRESHOLD, BY_LAYERS, BY_PYTHON = range(4)


class Layers(NamedTuple):
    """The symbols of an architecture; see `MobileNetV3`.

    Attributes:
        first, last: The symbols of the first and the last position.
        lowest: The smallest symbol of the layers between them.
        none: The symbol of an omitted layer.
        stage: Layers of a stage.
        fewest: The number of them that must not be omitted.
    """

    first: int
    last: int
    lowest: int
    none: int
    stage: int
    fewest: int


class CompiledReading(NamedTuple):
    """A space's reading: how a genotype gives a code.

    Attributes:
        kind: BY_ARGMAX, BY_THRESHOLD, BY_LAYERS or BY_PYTHON.
        starts: int64[digits], first entry of each digit in the flattened genotype.
        radices: int64[digits].
        options: Entries of a digit of which the largest counts.
        threshold: Smallest value of a set bit.
        layers: The meaning of the digits; only BY_LAYERS reads it.
    """

    kind: int
    starts: np.ndarray
    radices: np.ndarray
    options: int
    threshold: np.float32
    layers: Layers


class Numbering(NamedTuple):
    """The numbered architectures, and a hash table to find their codes by their layers.

    Attributes:
        known: int64[1], how many there are.
        layers: uint8[codes + 1, layers], of each code; the row after the last is a draft.
        omitted: float32[codes], how many layers each omits.
        places: int32[a power of two, at least 2 codes], the hash table of codes, -1 where empty.
        digits: int32[digits, 8], working space: the symbols of eight individuals.
    """

    known: np.ndarray
    layers: np.ndarray
    omitted: np.ndarray
    places: np.ndarray
    digits: np.ndarray


def new_numbering(codes: int, layers: int) -> Numbering:
    """Room for a number of codes of a number of layers each; no codes yet."""
    return Numbering(
        known=np.zeros(1, np.int64),
        layers=np.zeros((codes + 1, layers), np.uint8),
        omitted=np.zeros(codes, np.float32),
        places=np.full(1 << (2 * codes).bit_length(), -1, np.int32),
        digits=np.zeros((1 + layers + 1, LANES), np.int32),
    )


@kernel
def decode(columns, start, end, reading, code_of_raw, numbering, codes):
    """Codes of individuals start .. end - 1; BY_PYTHON, nothing: the run waits for the codes.

    Args:
        columns: float32[L, >= end padded], an individual a column.
        reading: CompiledReading.
        code_of_raw: int32[raw codes]; not used BY_LAYERS.
        numbering: Numbering; used only BY_LAYERS.
        codes: int32[>= end], to be filled.
    """
    if reading.kind == BY_PYTHON:
        return
    for first in range(start, end, LANES):
        count = min(LANES, end - first)
        if reading.kind == BY_LAYERS:
            for number in range(len(reading.starts)):
                digit = _digit(columns, first, reading, number)
                store_at(numbering.digits, number, 0, digit)
            for position in range(count):
                codes[first + position] = _code_of_layers(position, reading.layers, numbering)
        else:
            raw = _raw_codes(columns, first, reading)
            for position in range(count):
                codes[first + position] = code_of_raw[lane(raw, position)]


@kernel
def _digit(columns, first, reading, number):
    """Positions of the largest entries, modulo the radix, of eight individuals."""
    start, radix = reading.starts[number], reading.radices[number]
    best = load_at(columns, start, first)
    digit = repeat(np.int32(0))
    for option in range(1, reading.options):
        value = load_at(columns, start + option, first)
        digit = where_less(best, value, repeat(np.int32(option % radix)), digit)
        best = where_less(best, value, value, best)
    return digit


@inlined
def _raw_codes(columns, first, reading):
    """Raw codes of eight individuals: bits above a threshold, or the digits of `_digit`."""
    raw = repeat(np.int32(0))
    for number in range(len(reading.starts)):
        if reading.kind == BY_THRESHOLD:
            value = load_at(columns, reading.starts[number], first)
            digit = where_less(value, reading.threshold, repeat(np.int32(0)), repeat(np.int32(1)))
        else:
            digit = _digit(columns, first, reading, number)
        raw = raw * reading.radices[number] + digit
    return raw


@kernel
def _code_of_layers(position, layers, numbering):
    """The code of one of eight individuals by its symbols, -1 if it is no architecture."""
    digits, draft = numbering.digits, numbering.known[0]
    last = len(digits) - 1
    if digits[0, position] != layers.first or digits[last, position] != layers.last:
        return np.int32(-1)
    omitted = 0
    for start in range(1, last, layers.stage):
        present = 0
        for number in range(start, start + layers.stage):
            symbol = digits[number, position]
            if symbol < layers.lowest:
                return np.int32(-1)
            present += symbol != layers.none
            numbering.layers[draft, number - 1] = symbol - layers.lowest
        if present < layers.fewest:
            return np.int32(-1)
        omitted += layers.stage - present
    place = _place(draft, numbering)
    code = numbering.places[place]
    if code < 0:
        code = np.int32(draft)
        numbering.places[place] = code
        numbering.omitted[code] = omitted
        numbering.known[0] += 1
    return code


@kernel
def _place(row, numbering):
    """The place of a row's layers in the hash table; if they are not there, a free place.

    The hash is FNV-1a (Fowler, Noll and Vo).
    """
    layers, last = numbering.layers, np.uint64(len(numbering.places) - 1)
    mixed = np.uint64(0xCBF29CE484222325)
    for number in range(layers.shape[1]):
        mixed = (mixed ^ np.uint64(layers[row, number])) * np.uint64(0x100000001B3)
    place = (mixed ^ (mixed >> np.uint64(32))) & last
    while numbering.places[place] >= 0:
        code = numbering.places[place]
        number = 0
        while number < layers.shape[1] and layers[code, number] == layers[row, number]:
            number += 1
        if number == layers.shape[1]:
            break
        place = (place + np.uint64(1)) & last
    return place


@kernel
def number_again(numbering):
    """Make the hash table of the codes that `known` and `layers` hold."""
    for place in range(len(numbering.places)):
        numbering.places[place] = -1
    for code in range(numbering.known[0]):
        numbering.places[_place(code, numbering)] = code

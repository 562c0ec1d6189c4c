"""The random numbers of torch's CPU generator and of Python's `random`.

Both are the Mersenne twister mt19937 (Matsumoto and Nishimura, 1998). torch.rand uses the last 24
bits of a word. torch.randn of 16 numbers or more makes normal numbers from uniform ones by
Box-Muller in blocks of 16. Logarithm, sine and cosine are those of the Cephes library with fused
multiplications and additions. Numbers after the last whole block are drawn again together with the
numbers before them, as a block of 16. All 2^24 values of each were compared with those of torch.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import random
from typing import NamedTuple

import numpy as np

from ednag.search.compiled.cache import inlined, kernel
from ednag.search.compiled.vectors import (
    LANES,
    bits_of,
    fma,
    from_bits,
    load,
    sqrt,
    store,
    to_floats,
    to_ints,
    where_less,
    where_zero,
)

_WORDS = 624
_SHIFT = 397
_LAST_BIT = np.uint32(0x7FFFFFFF)
_FIRST_BIT = np.uint32(0x80000000)
_TWIST = np.uint32(0x9908B0DF)
_BLOCK = 16


class Stream(NamedTuple):
    """A generator.

    Attributes:
        state: uint32[624].
        words: uint32[624 + 8], the words that the state yields, and padding.
        used: int64[1], how many words have been drawn.
    """

    state: np.ndarray
    words: np.ndarray
    used: np.ndarray


def new_stream() -> Stream:
    """A generator without a seed."""
    return Stream(
        state=np.zeros(_WORDS, np.uint32),
        words=np.zeros(_WORDS + LANES, np.uint32),
        used=np.full(1, _WORDS, np.int64),
    )


def python_stream(generator: random.Random) -> Stream:
    """A generator that continues `generator`."""
    _, words, _ = generator.getstate()
    stream = new_stream()
    stream.state[:] = words[:-1]
    stream.words[:_WORDS] = _tempered.py_func(stream.state)
    stream.used[:] = words[-1]
    return stream


@kernel
def seed_stream(stream, seed):
    """Start as torch.manual_seed does, which uses the last 32 bits of the seed."""
    word = np.uint32(seed & 0xFFFFFFFF)
    for position in range(_WORDS):
        stream.state[position] = word
        word = np.uint32(np.uint32(1812433253) * (word ^ (word >> np.uint32(30))) + position + 1)
    stream.used[0] = _WORDS


@inlined
def _twisted(upper, lower, other):
    """A new word of the state from two neighbours and a third."""
    mixed = (upper & _FIRST_BIT) | (lower & _LAST_BIT)
    odd = np.uint32(0) - (lower & np.uint32(1))
    return other ^ (mixed >> np.uint32(1)) ^ (odd & _TWIST)


@inlined
def _tempered(word):
    """The word from a word of the state; outside compiled code, also of arrays."""
    word = word ^ (word >> np.uint32(11))
    word = word ^ ((word << np.uint32(7)) & np.uint32(0x9D2C5680))
    word = word ^ ((word << np.uint32(15)) & np.uint32(0xEFC60000))
    return word ^ (word >> np.uint32(18))


@kernel
def _refill(stream):
    """The next 624 words."""
    state = stream.state
    for position in range(_WORDS - _SHIFT):
        state[position] = _twisted(state[position], state[position + 1], state[position + _SHIFT])
    for position in range(_WORDS - _SHIFT, _WORDS - 1):
        other = state[position + _SHIFT - _WORDS]
        state[position] = _twisted(state[position], state[position + 1], other)
    state[_WORDS - 1] = _twisted(state[_WORDS - 1], state[0], state[_SHIFT - 1])
    for position in range(_WORDS):
        stream.words[position] = _tempered(state[position])
    stream.used[0] = 0


@inlined
def next_word(stream):
    """The next word, uint32."""
    if stream.used[0] == _WORDS:
        _refill(stream)
    word = stream.words[stream.used[0]]
    stream.used[0] += 1
    return word


@inlined
def next_uniform(stream):
    """torch.rand(1): float32 in [0, 1)."""
    return np.float32(next_word(stream) & np.uint32(0xFFFFFF)) * np.float32(2.0**-24)


@kernel
def next_below(stream, bound):
    """random.randrange(bound), for a bound below 2^32."""
    bits = 0
    while (bound >> bits) > 0:
        bits += 1
    while True:
        number = np.int64(next_word(stream)) >> (32 - bits)
        if number < bound:
            return number


@kernel
def permute(stream, order, count):
    """torch.randperm(count), into int64 order[:count]; count is below 2^32."""
    for position in range(count):
        order[position] = position
    for position in range(count - 1):
        other = position + np.int64(next_word(stream)) % (count - position)
        order[position], order[other] = order[other], order[position]


@kernel
def _fill_uniform(stream, values, start, end):
    """torch.rand into values[start:end]; overwrites up to seven numbers after them."""
    while start < end:
        if stream.used[0] == _WORDS:
            _refill(stream)
        used = stream.used[0]
        count = min(end - start, _WORDS - used)
        for position in range(0, count, LANES):
            words = load(stream.words, used + position)
            store(values, start + position, to_floats(words & 0xFFFFFF) * 2.0**-24)
        stream.used[0] += count
        start += count


@inlined
def _logarithm(x):
    """ln x of Floats in (0, 1]."""
    bits = bits_of(x)
    exponent = to_floats((bits >> 23) - 127) + 1.0
    fraction = from_bits((bits & 0x007FFFFF) | 0x3F000000)
    small = where_less(fraction, np.float32(0.707106781186547524), 1.0, 0.0)
    rest = (fraction - 1.0) + fraction * small
    exponent = exponent - small
    square = rest * rest
    series = fma(rest, 7.0376836292e-2, -1.1514610310e-1)
    series = fma(series, rest, 1.1676998740e-1)
    series = fma(series, rest, -1.2420140846e-1)
    series = fma(series, rest, 1.4249322787e-1)
    series = fma(series, rest, -1.6668057665e-1)
    series = fma(series, rest, 2.0000714765e-1)
    series = fma(series, rest, -2.4999993993e-1)
    series = fma(series, rest, 3.3333331174e-1)
    series = fma(series * rest, square, exponent * -2.12194440e-4)
    series = fma(-square, 0.5, series)
    return fma(exponent, 0.693359375, rest + series)


@inlined
def _sine_and_cosine(angle):
    """sin and cos of Floats in [0, 2 pi]."""
    octant = (to_ints(angle * 1.27323954473516) + 1) & ~1
    turn = to_floats(octant)
    rest = fma(turn, -0.78515625, angle)
    rest = fma(turn, -2.4187564849853515625e-4, rest)
    rest = fma(turn, -3.77489497744594108e-8, rest)
    square = rest * rest
    even = fma(square, 2.443315711809948e-005, -1.388731625493765e-003)
    even = fma(even, square, 4.166664568298827e-002)
    even = fma(even * square, square, -(square * 0.5)) + 1.0
    odd = fma(square, -1.9515295891e-4, 8.3321608736e-3)
    odd = fma(odd, square, -1.6666654611e-1)
    odd = fma(odd * square, rest, rest)
    crossed = octant & 2
    sine = bits_of(where_zero(crossed, odd, even)) ^ ((octant & 4) << 29)
    cosine = bits_of(where_zero(crossed, even, odd)) ^ ((((octant - 2) ^ -1) & 4) << 29)
    return from_bits(sine), from_bits(cosine)


@inlined
def _box_muller(values, start):
    """Turn 16 uniform numbers of `values` into normal ones."""
    uniform = load(values, start)
    radius = sqrt(_logarithm(1.0 - uniform) * -2.0)
    angle = load(values, start + LANES) * np.float32(2 * np.pi)
    sine, cosine = _sine_and_cosine(angle)
    store(values, start, radius * cosine)
    store(values, start + LANES, radius * sine)


@kernel
def fill_normal(stream, values, count):
    """torch.randn(count) into float32 `values`; count is at least 16."""
    _fill_uniform(stream, values, np.int64(0), count)
    for start in range(0, count - _BLOCK + 1, _BLOCK):
        _box_muller(values, start)
    if count % _BLOCK != 0:
        _fill_uniform(stream, values, count - _BLOCK, count)
        _box_muller(values, count - _BLOCK)

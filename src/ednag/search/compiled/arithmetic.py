"""Exponentials, powers and sums that round as torch's CPU kernels do, bit for bit.

Selection amplifies last bits: two engines make the same evaluations only if every number agrees.
torch 2.14 (wheels with MKL, one thread) computes as follows. This was found by comparing bits over
all inputs that a search can produce.

- `exp`: MKL's vector library: a table of 128 powers of two, each in two parts, and a polynomial of
  degree 2; nothing is fused.
- `pow`: whole blocks of 16 (AVX2) or 32 (AVX-512) elements of a call in Sleef's pairs of float32
  (Sleef_powf8_u10, fused); the elements left over one by one in float64, rounded at the end.
  Exponents 2 and 3 are products; 0.5 is the square root of MKL, which does not round correctly.
- sums over a contiguous axis or over rows, and norms: 8 lanes and partial sums in a fixed order;
  the left-over elements of a norm are fused, except a first group of four.

The series of `power` are those of Sleef 3 (Naoki Shibata and contributors, Boost licence).
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import math

import numpy as np

from ednag.search.compiled.cache import inlined, kernel
from ednag.search.compiled.vectors import (
    LANES,
    all_equal,
    bits_of,
    fma,
    from_bits,
    gather,
    lane,
    load,
    load_at,
    narrow,
    nearest,
    repeat,
    sqrt,
    stay_apart,
    store,
    to_floats,
    to_ints,
    where_less,
    widen,
    with_lane,
)
from ednag.search.square_root import INVERSE_ROOTS

# --- exponential ------------------------------------------------------------------------------

_PARTS = 128
_POWERS = 2.0 ** (np.arange(_PARTS, dtype=np.float64) / _PARTS)
#: 2^(j / 128) as the sum of two float32: the nearest, and the rest.
_POWERS_HIGH = _POWERS.astype(np.float32)
_POWERS_LOW = (_POWERS - _POWERS_HIGH).astype(np.float32)
#: ln 2 / 128 in two parts, of which the first has few enough bits for exact products.
_STEP_HIGH = np.float32(float.fromhex("0x1.63p-8"))
_STEP_LOW = np.float32(math.log(2) / _PARTS - float(_STEP_HIGH))
_STEPS_PER_UNIT = np.float32(_PARTS / math.log(2))
#: Smallest absolute value whose exponential torch rounds from float64.
_FAR = 87.336


@inlined
def scale(value, exponent):
    """Floats value * 2^exponent (Ints), in two steps so that neither factor overflows."""
    half = exponent >> 1
    return value * from_bits((half + 127) << 23) * from_bits((exponent - half + 127) << 23)


@inlined
def exp(x):
    """e^x of Floats from -104 to 87; where it is below 2^-126, last bits differ from torch's."""
    steps = nearest(x * _STEPS_PER_UNIT)
    rest = x - steps * _STEP_HIGH
    rest = rest - steps * _STEP_LOW
    gain = rest * rest * 0.5 + rest
    whole = to_ints(steps)
    part = whole & (_PARTS - 1)
    high = gather(_POWERS_HIGH, part)
    value = high + (high * gain + gather(_POWERS_LOW, part))
    return scale(value, whole >> 7)


@kernel
def exp_anywhere(values, count):
    """e^x of any float32 values[:count], in place; a multiple of 8 is computed."""
    for start in range(0, count, LANES):
        powers = load(values, start)
        store(values, start, exp(powers))
        for position in range(LANES):
            x = lane(powers, position)
            if not abs(x) < _FAR:
                values[start + position] = np.float32(math.exp(np.float64(x)))


#: 1/sqrt as MKL's sqrt estimates it, by the last bit of the exponent and the mantissa.
_INVERSE_ROOTS = INVERSE_ROOTS.ravel()
#: Relative error that float64 approximations below may have.
_DOUBT = 1e-12
#: Largest exponent for which they have no more.
_LARGEST_EXPONENT = 64

# --- power ------------------------------------------------------------------------------------
# A number is a pair of float32, whose sum it is; the second is far smaller. The order of the
# operations is that of Sleef; another order rounds differently.


@inlined
def _sum(x, y):
    """x + y, as a pair, exactly."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


@inlined
def _sum_of_ordered_pairs(x, x_low, y, y_low):
    """Sum of two pairs, of which the first is the larger."""
    total = x + y
    return total, (((x - total) + y) + x_low) + y_low


@inlined
def _product(x, x_low, y):
    """Product of a pair and Floats."""
    high = x * y
    return high, fma(x_low, y, fma(x, y, -high))


@inlined
def _product_of_pairs(x, x_low, y, y_low):
    high = x * y
    return high, fma(x, y_low, fma(x_low, y, fma(x, y, -high)))


@inlined
def _square(x, x_low):
    high = x * x
    return high, fma(x + x, x_low, fma(x, x, -high))


@inlined
def _quotient(x, x_low, y, y_low):
    inverse = 1.0 / y
    high = x * inverse
    rest = fma(inverse, x, -high)
    error = fma(-y_low, inverse, fma(-y, inverse, 1.0))
    return high, fma(high, error, fma(x_low, inverse, rest))


@inlined
def _logarithm(x):
    """ln x of Floats, as a pair: x = m 2^e with m from 0.75 to 1.5."""
    exponent = ((bits_of(x * np.float32(1 / 0.75)) >> 23) & 255) - 127
    mantissa = from_bits(bits_of(x) - (exponent << 23))
    above, above_low = _sum(repeat(np.float32(-1.0)), mantissa)
    below, below_low = _sum(repeat(np.float32(1.0)), mantissa)
    ratio, ratio_low = _quotient(above, above_low, below, below_low)
    square, square_low = _square(ratio, ratio_low)
    series = fma(square, 0.240320354700088500976562, 0.285112679004669189453125)
    series = fma(series, square, 0.400007992982864379882812)
    factor, factor_low = _product(square, square_low, series)
    factor, error = _sum(factor, repeat(np.float32(0.66666662693023681640625)))
    factor_low = error + (factor_low + 3.69183861259614332084311e-09)
    cube, cube_low = _product_of_pairs(square, square_low, ratio, ratio_low)
    cube, cube_low = _product_of_pairs(cube, cube_low, factor, factor_low)
    ln_2 = repeat(np.float32(0.69314718246459960938))
    ln_2_low = repeat(np.float32(-1.904654323148236017e-09))
    total, low = _product(ln_2, ln_2_low, to_floats(exponent))
    total, low = _sum_of_ordered_pairs(total, low, ratio * 2.0, ratio_low * 2.0)
    return _sum_of_ordered_pairs(total, low, cube, cube_low)


@inlined
def _exponential(x, x_low):
    """e to the power of a pair, as Floats."""
    count = nearest((x + x_low) * np.float32(1 / math.log(2)))
    rest, error = _sum(x, count * -0.693145751953125)
    rest_low = error + x_low
    rest, error = _sum(rest, count * -1.428606765330187045e-06)
    rest_low = error + rest_low
    total = rest + rest_low
    rest_low = (rest - total) + rest_low
    series = fma(total, 0.00136324646882712841033936, 0.00836596917361021041870117)
    series = fma(series, total, 0.0416710823774337768554688)
    series = fma(series, total, 0.166665524244308471679688)
    series = fma(series, total, 0.499999850988388061523438)
    square, square_low = _square(total, rest_low)
    gain, gain_low = _product(square, square_low, series)
    gain, gain_low = _sum_of_ordered_pairs(total, rest_low, gain, gain_low)
    value = gain + 1.0
    value = scale(value + (((1.0 - value) + gain) + gain_low), to_ints(count))
    return where_less(x, -104.0, 0.0, value)


@kernel
def power(base, exponent):
    """base^exponent of Floats from 0 to 1 and a positive float32, as in whole blocks of 16.

    Last bits differ from torch's where the base, not 0, or the result is below 2^-126.
    """
    logarithm, low = _logarithm(base)
    logarithm, low = _product(logarithm, low, repeat(exponent))
    return where_less(0.0, base, _exponential(logarithm, low), 0.0)


@kernel
def root_by_library(x):
    """MKL's sqrt of Floats, 0 or at least 2^-126, which is torch's x ** 0.5.

    Compiled `ednag.search.square_root`.
    """
    bits = bits_of(x)
    exponent = (bits >> 23) - 127
    place = ((exponent & 1) << 12) | ((bits >> 11) & 4095)
    guess = scale(gather(_INVERSE_ROOTS, place), repeat(np.int32(0)) - (exponent >> 1))
    root, slope = x * guess, guess * 0.5
    error = 0.5 - root * slope
    root, slope = root + root * error, slope + slope * error
    return where_less(0.0, x, root + (x - root * root) * slope, x)


@kernel
def raise_left_over(base, exponent):
    """base^exponent of Floats and an integer, as of elements left over from whole blocks of 16.

    torch computes them by pow in float64, rounded to float32. Products in float64 have an error
    below 1e-14; where that could change the rounded number, pow itself is computed.
    """
    wide = widen(base)
    value = wide
    for _ in range(exponent - 1):
        value = value * wide
    low, high = narrow(value * (1 - _DOUBT)), narrow(value * (1 + _DOUBT))
    if exponent <= _LARGEST_EXPONENT and all_equal(low, high):
        return low
    return _power_in_float64(base, np.float64(exponent))


@kernel
def root_of_left_over(base, exponent):
    """base^(1 / exponent) of Floats, as of elements left over; see `raise_left_over`.

    A step of Newton's method in float64, from the root in float32, has an error below 1e-12.
    """
    root = widen(power(base, np.float32(1 / exponent)))
    raised = root
    for _ in range(exponent - 1):
        raised = raised * root
    value = root + root * (widen(base) / raised - 1.0) / np.float64(exponent)
    low, high = narrow(value * (1 - _DOUBT)), narrow(value * (1 + _DOUBT))
    if exponent <= _LARGEST_EXPONENT and all_equal(low, high):
        return low
    return _power_in_float64(base, 1 / exponent)


@kernel
def _power_in_float64(base, exponent):
    """base^exponent of Floats and a float64, each by the C library."""
    result = base
    for position in range(LANES):
        value = np.float64(lane(base, position)) ** exponent
        result = with_lane(result, position, np.float32(value))
    return result


# --- sums -------------------------------------------------------------------------------------
# torch sums n numbers along an axis in a tree of partial sums. These functions make eight sums at a
# time: every summand is Floats.


_CHUNK = 16
# Not plain numbers: numba compiles a function again for each plain number in a call.
_ZERO, _ONE, _EIGHT = np.int64(0), np.int64(1), np.int64(LANES)
_WEIGHTED, _PLAIN = np.bool_(True), np.bool_(False)


@inlined
def _term(matrix, column, weights, weight, weighted, position):
    """Summand `position`: its row's entries in eight columns, from `column`.

    If `weighted`, times the row's number weights[position, weight].
    """
    value = load_at(matrix, position, column)
    if weighted:
        value = value * weights[position, weight]
    return value


@kernel
def _long_cascade(matrix, column, weights, weight, weighted, start, stride, count):
    """Sum of the terms start, start + stride, ...: 16 at a time, 16 of those sums at a time, ...

    Args:
        count: Number of terms; up to 2^19, where torch changes over to larger chunks.
    """
    stay_apart()
    first = repeat(np.float32(0.0))
    second, third, fourth = first, first, first
    chunks = count // _CHUNK
    for chunk in range(1, chunks + 1):
        for _ in range(_CHUNK):
            first = first + _term(matrix, column, weights, weight, weighted, start)
            start += stride
        second, first = second + first, repeat(np.float32(0.0))
        if chunk % _CHUNK == 0:
            third, second = third + second, repeat(np.float32(0.0))
            if chunk % _CHUNK**2 == 0:
                fourth, third = fourth + third, repeat(np.float32(0.0))
    for _ in range(count - chunks * _CHUNK):
        first = first + _term(matrix, column, weights, weight, weighted, start)
        start += stride
    return ((first + second) + third) + fourth


@kernel
def _long_four_way_sum(matrix, column, weights, weight, weighted, start, stride, count):
    """Sum of the terms start, start + stride, ...: every fourth together, the rest to the first."""
    stay_apart()
    quarter = count // 4
    total = repeat(np.float32(0.0))
    for offset in range(4):
        partial = _long_cascade(
            matrix, column, weights, weight, weighted, start + offset * stride, 4 * stride, quarter
        )
        if offset == 0:
            for position in range(4 * quarter, count):
                partial = partial + _term(
                    matrix, column, weights, weight, weighted, start + position * stride
                )
        total = total + partial
    return total


@inlined
def _four_way_sum(matrix, column, weights, weight, weighted, start, stride, count):
    """`_long_four_way_sum`, simplified for a usual number of terms."""
    quarter = count // 4
    if quarter >= _CHUNK:
        return _long_four_way_sum(matrix, column, weights, weight, weighted, start, stride, count)
    first = repeat(np.float32(0.0))
    second, third, fourth = first, first, first
    for _ in range(quarter):
        first = first + _term(matrix, column, weights, weight, weighted, start)
        second = second + _term(matrix, column, weights, weight, weighted, start + stride)
        third = third + _term(matrix, column, weights, weight, weighted, start + 2 * stride)
        fourth = fourth + _term(matrix, column, weights, weight, weighted, start + 3 * stride)
        start += 4 * stride
    for _ in range(count - 4 * quarter):
        first = first + _term(matrix, column, weights, weight, weighted, start)
        start += stride
    return ((first + second) + third) + fourth


@kernel
def contiguous_sum(matrix, column, count):
    """Sums of the first `count` entries of eight columns, as torch sums a contiguous axis."""
    lanes = _EIGHT if count >= LANES else _ONE
    vectors = count // lanes
    total = repeat(np.float32(0.0))
    for position in range(vectors * lanes, count):
        total = total + _term(matrix, column, matrix, _ZERO, _PLAIN, position)
    for offset in range(lanes):
        total = total + _four_way_sum(matrix, column, matrix, _ZERO, _PLAIN, offset, lanes, vectors)
    return total


@kernel
def _long_sums_of_block(matrix, column, weights, weight, count):
    """`_long_cascade` of four times eight columns, interleaved so that the sums run in parallel."""
    stay_apart()
    zero = repeat(np.float32(0.0))
    zeros = (zero, zero, zero, zero)
    second, third, fourth = zeros, zeros, zeros
    for chunk in range(1, count // _CHUNK + 1):
        row = (chunk - 1) * _CHUNK
        first = _sums_of_block(matrix, column, weights, weight, row, row + _CHUNK)
        second = _add(second, first)
        if chunk % _CHUNK == 0:
            third, second = _add(third, second), zeros
            if chunk % _CHUNK**2 == 0:
                fourth, third = _add(fourth, third), zeros
    first = _sums_of_block(matrix, column, weights, weight, count // _CHUNK * _CHUNK, count)
    return _add(_add(_add(first, second), third), fourth)


@inlined
def _sums_of_block(matrix, column, weights, weight, start, end):
    """Sums of four times eight columns of rows start .. end - 1, one after another."""
    zero = repeat(np.float32(0.0))
    a, b, c, d = zero, zero, zero, zero
    for row in range(start, end):
        factor = weights[row, weight]
        a = a + load_at(matrix, row, column) * factor
        b = b + load_at(matrix, row, column + LANES) * factor
        c = c + load_at(matrix, row, column + 2 * LANES) * factor
        d = d + load_at(matrix, row, column + 3 * LANES) * factor
    return a, b, c, d


@inlined
def _add(x, y):
    """Sums of four Floats each."""
    return x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]


@inlined
def weighted_sums_of_block(matrix, column, weights, weight, count):
    """Sums of 32 columns of the first `count` rows, as torch sums over rows.

    Args:
        matrix, column: The rows, and the first column of a whole block of 32.
        weights, weight: Row j counts weights[j, weight].
        count: Number of rows.

    Returns:
        Four Floats.
    """
    if count >= 2 * _CHUNK:
        return _long_sums_of_block(matrix, column, weights, weight, count)
    # The same for fewer rows: the first 16, if there are 16, and the rest.
    whole = np.int64(_CHUNK) if count >= _CHUNK else _ZERO
    first = _sums_of_block(matrix, column, weights, weight, _ZERO, whole)
    return _add(_sums_of_block(matrix, column, weights, weight, whole, count), first)


@inlined
def weighted_sum(matrix, column, weights, weight, count):
    """Sums of eight columns that are in no whole block of 32; see `weighted_sums_of_block`."""
    return _four_way_sum(matrix, column, weights, weight, _WEIGHTED, _ZERO, _ONE, count)


@kernel
def distances(points, row, others, column, length):
    """Euclidean distances of two points to sixteen others, as torch's norm of the difference.

    Args:
        points: float32[>= row + 2, >= length], a point a row.
        row: The first of the two.
        others: float32[length, >= column + 16], a point a column.
        column: The first of the sixteen.
        length: Number of coordinates.

    Returns:
        Four Floats: of the first point to the first eight and the next, then of the second.
    """
    zero = repeat(np.float32(0.0))
    whole = length // LANES * LANES
    a, b, c, d = zero, zero, zero, zero
    for offset in range(min(whole, LANES)):
        e, f, g, h = zero, zero, zero, zero
        for coordinate in range(offset, whole, LANES):
            e = e + _squared_gap(points, row, others, column, coordinate)
            f = f + _squared_gap(points, row, others, column + LANES, coordinate)
            g = g + _squared_gap(points, row + 1, others, column, coordinate)
            h = h + _squared_gap(points, row + 1, others, column + LANES, coordinate)
        a, b, c, d = a + e, b + f, c + g, d + h
    return (
        _with_left_over(a, points, row, others, column, whole, length),
        _with_left_over(b, points, row, others, column + LANES, whole, length),
        _with_left_over(c, points, row + 1, others, column, whole, length),
        _with_left_over(d, points, row + 1, others, column + LANES, whole, length),
    )


@inlined
def _with_left_over(total, points, row, others, column, whole, length):
    """Distances by the squared gaps' total in whole vectors of coordinates, and the others."""
    unfused = whole + (length - whole) // 4 * 4
    for coordinate in range(whole, unfused):
        total = total + _squared_gap(points, row, others, column, coordinate)
    for coordinate in range(unfused, length):
        gap = load_at(others, coordinate, column) - points[row, coordinate]
        total = fma(gap, gap, total)
    return sqrt(total)


@inlined
def _squared_gap(points, row, others, column, coordinate):
    gap = load_at(others, coordinate, column) - points[row, coordinate]
    return gap * gap


# --- sums of numpy -----------------------------------------------------------------------------


@kernel
def pairwise_sum(values, count, waiting, sums):
    """Sum in float64 of values[:count], in numpy's order: halves, their halves, down to 128.

    One stack holds pending halves, another their sums; two sums of the same depth become one.

    Args:
        waiting: int64[STACK, 3], working space.
        sums: float64[STACK, 2], working space.
    """
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, count, 0
    parts = 1
    summed = 0
    while parts > 0:
        parts -= 1
        start, length, depth = waiting[parts, 0], waiting[parts, 1], waiting[parts, 2]
        if length > 128:
            half = length // 2 // 8 * 8
            waiting[parts, 0], waiting[parts, 1] = start + half, length - half
            waiting[parts + 1, 0], waiting[parts + 1, 1] = start, half
            waiting[parts, 2], waiting[parts + 1, 2] = depth + 1, depth + 1
            parts += 2
            continue
        total = _unrolled_sum(values, start, length)
        while summed > 0 and sums[summed - 1, 1] == depth:
            total = sums[summed - 1, 0] + total
            summed, depth = summed - 1, depth - 1
        sums[summed, 0], sums[summed, 1] = total, depth
        summed += 1
    return sums[0, 0]


@kernel
def _unrolled_sum(values, start, count):
    """Sum in float64 of up to 128 numbers, every eighth together."""
    whole = start + count // LANES * LANES
    sums = widen(repeat(np.float32(0.0)))
    for position in range(start, whole, LANES):
        sums = sums + widen(load(values, position))
    total = ((lane(sums, 0) + lane(sums, 1)) + (lane(sums, 2) + lane(sums, 3))) + (
        (lane(sums, 4) + lane(sums, 5)) + (lane(sums, 6) + lane(sums, 7))
    )
    for position in range(whole, start + count):
        total += np.float64(values[position])
    return total

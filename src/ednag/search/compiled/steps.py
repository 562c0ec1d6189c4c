"""The denoising steps of the readable engine, compiled.

Each function computes what a function of `denoising`, `mapping`, `mutation` or `selection` computes
and rounds in the same way. `state` describes the pool and the working space that they share.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import numpy as np

from ednag.search.compiled import arithmetic
from ednag.search.compiled.cache import inlined, kernel
from ednag.search.compiled.random import next_uniform
from ednag.search.compiled.vectors import (
    LANES,
    lane,
    load,
    load_at,
    repeat,
    store,
    store_at,
    where_less,
)

#: The reference adds it to divisors and weights.
_TINY = np.float32(1e-9)
#: Where e^x + _TINY is _TINY; e^x of far smaller x is slow, because it is below 2^-126.
_UNLIKELY = np.float32(-40.0)
#: Columns that torch sums together.
_COLUMNS = 32

#: Positions of the coefficients of a step; see `schedule.step_coefficients`.
ROOT_ALPHA, TWO_VARIANCES, ROOT_REST, ROOT_FOLLOWING, DIRECTION, SIGMA = range(6)
#: How a run ends; the texts are those of `selection`.
COMPLETED, ALL_EQUALLY_DIVERSE, ALL_WEIGH_THE_SAME, NOT_A_NUMBER = range(4)
REASONS = (
    "",
    "all individuals of the pool are equally diverse",
    "all individuals of the pool weigh the same in the roulette",
    "the roulette's weights are not numbers",
)
#: The mappings by number.
MAPPINGS = ("identity", "power", "energy", "exponential", "rescale")
_POWER, _ENERGY, _EXPONENTIAL, _RESCALE = 1, 2, 3, 4
#: The proposals by number.
PROPOSALS = ("denoising", "noise", "parents")
DENOISING, NOISE = 0, 1

#: Not a plain 0: numba compiles a function again for each plain number in a call.
_FIRST = np.int64(0)


# --- small helpers ----------------------------------------------------------------------------


@kernel
def pad(rows, start, end, length):
    """Fill the padding of rows start .. end - 1."""
    for row in range(start, end):
        for c in range(length, rows.shape[1]):
            rows[row, c] = rows[row, 0]


@kernel
def unpack(numbers, rows, start, end, length):
    """Rows start .. end - 1 from numbers[:(end - start) length], and their padding."""
    for row in range(start, end):
        for c in range(length):
            rows[row, c] = numbers[(row - start) * length + c]
    pad(rows, start, end, length)


@kernel
def extremes(values, count):
    """Minimum and maximum of float32 values[:count]."""
    low, high = values[0], values[0]
    for position in range(1, count):
        low, high = min(low, values[position]), max(high, values[position])
    return low, high


# --- fitness to density (mapping) -------------------------------------------------------------


@kernel
def map_fitness(work, count, settings):
    """Density of the parents from their fitness, larger for fitter ones; see `mapping`."""
    fitness, density = work.fitness, work.density
    mapping, temperature = settings.mapping, settings.temperature
    low, high = extremes(fitness, count)
    hottest = high / temperature
    cooled = temperature * max(high, _TINY)
    for start in range(0, count, LANES):
        value = load(fitness, start)
        if mapping == _POWER:
            value = value * value / temperature
        elif mapping == _ENERGY:
            value = value / temperature - hottest + 5.0
        elif mapping == _EXPONENTIAL:
            value = value / cooled
        elif mapping == _RESCALE:
            value = repeat(np.float32(1.0)) if low == high else (value - low) / (high - low)
        store(density, start, value)
    if mapping in (_ENERGY, _EXPONENTIAL):
        arithmetic.exp_anywhere(density, count)


# --- denoising --------------------------------------------------------------------------------


@kernel
def weigh(pool, work, count, length, coefficients):
    """Set the weights of all parents for the origin of each, and the sums of the weights."""
    rows, scaled, weight = pool.rows, work.scaled, work.weight
    root_alpha, two_variances = coefficients[ROOT_ALPHA], coefficients[TWO_VARIANCES]
    width = rows.shape[1]
    share = np.float32(1 / count + 1e-9)
    for j in range(count):
        for c in range(0, width, LANES):
            store_at(scaled, j, c, load_at(rows, j, c) * root_alpha)
    for j in range(0, count, 2):
        fill_distances(scaled, j, pool.columns, count, length, weight)
    for j in range(count):
        for i in range(0, count, LANES):
            gap = load_at(weight, j, i)
            store_at(weight, j, i, -(gap * gap) / two_variances)
    # In a second pass, so that no exponential waits for its distance.
    for j in range(count):
        pull = work.density[j] + _TINY
        for i in range(0, count, LANES):
            logarithm = load_at(weight, j, i)
            likelihood = arithmetic.exp(where_less(logarithm, _UNLIKELY, _UNLIKELY, logarithm))
            store_at(weight, j, i, (likelihood + _TINY) * pull / share)
    for i in range(0, count, LANES):
        store(work.total, i, arithmetic.contiguous_sum(weight, i, count) + _TINY)


@kernel
def step_to_origin(rows, work, count, length, coefficients):
    """Offspring: each parent moved towards its origin, fresh noise added (a DDIM step)."""
    weight = work.weight
    whole = length // _COLUMNS * _COLUMNS
    for i in range(count):
        for c in range(0, whole, _COLUMNS):
            first, second, third, fourth = arithmetic.weighted_sums_of_block(
                rows, c, weight, i, count
            )
            _denoise(rows, work, count, length, i, c, first, coefficients)
            _denoise(rows, work, count, length, i, c + LANES, second, coefficients)
            _denoise(rows, work, count, length, i, c + 2 * LANES, third, coefficients)
            _denoise(rows, work, count, length, i, c + 3 * LANES, fourth, coefficients)
        for c in range(whole, rows.shape[1], LANES):
            left_over = arithmetic.weighted_sum(rows, c, weight, i, count)
            _denoise(rows, work, count, length, i, c, left_over, coefficients)
    pad(rows, count, 2 * count, length)


@inlined
def _denoise(rows, work, count, length, i, c, pulled, coefficients):
    """Eight numbers of the offspring of parent i, from c; `pulled` is their weighted sum."""
    origin = pulled / work.total[i]
    noise = (load_at(rows, i, c) - origin * coefficients[ROOT_ALPHA]) / coefficients[ROOT_REST]
    moved = origin * coefficients[ROOT_FOLLOWING] + noise * coefficients[DIRECTION]
    store_at(rows, count + i, c, moved + load(work.fresh, i * length + c) * coefficients[SIGMA])


@kernel
def repeat_parents(rows, count):
    """Offspring: the parents themselves."""
    for i in range(count):
        for c in range(0, rows.shape[1], LANES):
            store_at(rows, count + i, c, load_at(rows, i, c))


@kernel
def normalise(rows, start, end, lower):
    """Stretch rows start .. end - 1 to [lower, 1] each; whether any may have changed."""
    span = np.float32(1.0) - lower
    changed = False
    for row in range(start, end):
        low, high = _extremes(rows, row)
        for c in range(0, rows.shape[1], LANES):
            store_at(rows, row, c, (load_at(rows, row, c) - low) * span / (high - low) + lower)
        # A row that spans [0, 1] stays as it is; one that spans [-1, 1] is rounded.
        changed = changed or lower != 0 or low != 0 or high != 1
    return changed


@inlined
def _extremes(rows, row):
    """Minimum and maximum of one row."""
    low_lanes = load_at(rows, row, 0)
    high_lanes = low_lanes
    for c in range(LANES, rows.shape[1], LANES):
        value = load_at(rows, row, c)
        low_lanes = where_less(value, low_lanes, value, low_lanes)
        high_lanes = where_less(high_lanes, value, value, high_lanes)
    low, high = lane(low_lanes, 0), lane(high_lanes, 0)
    for position in range(1, LANES):
        low = min(low, lane(low_lanes, position))
        high = max(high, lane(high_lanes, position))
    return low, high


# --- mutation ---------------------------------------------------------------------------------


@kernel
def mutate(rows, start, end, settings, exponent, stream, spread):
    """Polynomial mutation of some of the rows start .. end - 1, one scalar each.

    Args:
        exponent: Of the mutation in this step.
        spread: float32[L padded], working space.
    """
    length, block = settings.length, settings.power_block
    for row in range(start, end):
        if next_uniform(stream) <= settings.mutate_rate:
            _move(rows, row, length, next_uniform(stream), exponent, block, spread)
    # The padding was computed as left over from whole blocks, the first number was not.
    pad(rows, start, end, length)


@kernel
def _move(rows, row, length, scalar, exponent, block, spread):
    """Move one individual within [-1, 1]: down for a scalar up to a half, else up.

    torch's power computes `block` elements together, and those after the last whole block one by
    one. The powers of each of the two passes do not wait for each other.
    """
    one, two = np.float32(1.0), np.float32(2.0)
    down = scalar <= np.float32(0.5)
    least = two * scalar if down else two * (one - scalar)
    rest = one - two * scalar if down else two * scalar - one
    whole = length // block * block
    for c in range(0, rows.shape[1], LANES):
        value = load_at(rows, row, c)
        room = 1.0 - ((value + 1.0) if down else (1.0 - value)) / 2.0
        store(spread, c, _raise(room, exponent, c >= whole) * rest + least)
    for c in range(0, rows.shape[1], LANES):
        ratio = _root(load(spread, c), exponent, c >= whole)
        move = (ratio - 1.0) if down else (1.0 - ratio)
        store_at(rows, row, c, load_at(rows, row, c) + move * 2.0)


@inlined
def _raise(base, exponent, left_over):
    """base^exponent of Floats as torch computes it for an integer exponent.

    Args:
        left_over: Whether the elements are left over from whole blocks.
    """
    if exponent == 2:
        return base * base
    if exponent == 3:
        return base * base * base
    if left_over:
        return arithmetic.raise_left_over(base, exponent)
    return arithmetic.power(base, np.float32(exponent))


@inlined
def _root(base, exponent, left_over):
    """base^(1 / exponent) of Floats; see `_raise`."""
    if exponent == 2:
        return arithmetic.root_by_library(base)
    if left_over:
        return arithmetic.root_of_left_over(base, exponent)
    return arithmetic.power(base, np.float32(1 / exponent))


# --- the pool ---------------------------------------------------------------------------------


@kernel
def fill_columns(rows, start, end, length, columns):
    """Copy rows start .. end - 1 to the columns."""
    for row in range(start, end):
        for c in range(length):
            columns[c, row] = rows[row, c]


@kernel
def fill_distances(points, row, others, count, length, distance):
    """Distances of a point and the next to `count` others, into the matrix `distance`.

    Args:
        points, row, others, length: See `arithmetic.distances`.
    """
    for column in range(0, count, 2 * LANES):
        a, b, c, d = arithmetic.distances(points, row, others, column, length)
        store_at(distance, row, column, a)
        store_at(distance, row, column + LANES, b)
        store_at(distance, row + 1, column, c)
        store_at(distance, row + 1, column + LANES, d)


@kernel
def measure(pool, start, end, length):
    """Distances of individuals start .. end - 1 to each other and to all before them."""
    distance = pool.distance
    for i in range(start, end, 2):
        fill_distances(pool.rows, i, pool.columns, min(i + 2, end), length, distance)
    for i in range(start, end):
        for j in range(i):
            distance[j, i] = distance[i, j]


# --- selection --------------------------------------------------------------------------------


@kernel
def set_diversity(distance, count, diverse):
    """Summed distance of each to all others, stretched to [0, 1]; False if all are equal."""
    for i in range(0, count, LANES):
        store(diverse, i, arithmetic.contiguous_sum(distance, i, count))
    low, high = extremes(diverse, count)
    if low == high:
        return False
    for i in range(0, count, LANES):
        store(diverse, i, (load(diverse, i) - low) / (high - low))
    return True


@kernel
def take_first(order, start, count, chosen):
    """The first positions of an order, into chosen[start : start + count]."""
    for place in range(count):
        chosen[start + place] = order[place]


@kernel
def take_elites(fitness, count, order, elites, chosen):
    """The fittest, without one as fit as the one taken before it; filled up from the top.

    Args:
        fitness, count: Of the pool.
        order: int64[count], positions by falling fitness.
        elites: How many to take.
        chosen: int64[elites], to be filled.
    """
    taken = 0
    for place in range(count):
        if taken == elites:
            break
        position = order[place]
        if taken == 0 or fitness[position] != fitness[chosen[taken - 1]]:
            chosen[taken] = position
            taken += 1
    take_first(order, taken, elites - taken, chosen)


@kernel
def take_diverse(fitness, count, order, start, end, chosen):
    """The most diverse of at least a tenth of the best fitness; filled up from the top.

    Args:
        order: int64[count], positions by falling diversity.
        start, end: The places in `chosen` to be filled; the rest as in `take_elites`.
    """
    _, best = extremes(fitness, count)
    fit_enough = np.float32(0.1) * best
    for place in range(count):
        if start == end:
            break
        if fitness[order[place]] >= fit_enough:
            chosen[start] = order[place]
            start += 1
    take_first(order, start, end - start, chosen)


@kernel
def set_thresholds(fitness, diverse, count, threshold):
    """Cumulative shares of the roulette, summed in float64, each rounded to float32.

    Args:
        threshold: float32[count + 8, 1], to be filled. In a matrix of one column, "eight columns"
            are eight arrays, each shifted by one; only the sum of the first is used.

    Returns:
        COMPLETED, or the reason why there is no roulette.
    """
    low, high = np.float32(np.inf), np.float32(-np.inf)
    for i in range(0, count, LANES):
        store_at(threshold, i, 0, load(fitness, i) * (load(diverse, i) + 1.0))
    for position in range(count):
        low, high = min(low, threshold[position, 0]), max(high, threshold[position, 0])
    if low == high:
        return ALL_WEIGH_THE_SAME
    for i in range(0, count, LANES):
        share = (load_at(threshold, i, 0) - low) / (high - low)
        store_at(threshold, i, 0, share * 0.9 + 0.1)
    total = lane(arithmetic.contiguous_sum(threshold, _FIRST, count), 0)
    if not np.isfinite(total):
        return NOT_A_NUMBER
    reached = 0.0
    for position in range(count):
        reached += np.float64(threshold[position, 0] / total)
        threshold[position, 0] = np.float32(reached)
    return COMPLETED


@kernel
def spin(threshold, count, stream, blocked, chosen, start, population):
    """Fill chosen[start:population] by roulette: none twice, none that is blocked.

    A draw takes the first position not yet taken whose threshold is at least the draw; a draw above
    all of them is repeated.
    """
    taken = start
    while taken < population:
        draw = next_uniform(stream)
        position, end = 0, count
        while position < end:
            middle = (position + end) // 2
            if threshold[middle, 0] < draw:
                position = middle + 1
            else:
                end = middle
        while position < count and blocked[position]:
            position += 1
        if position < count:
            blocked[position] = True
            chosen[taken] = position
            taken += 1


@kernel
def take_over(pool, chosen, count, following):
    """Copy the chosen individuals of a pool to be the parents of the following one."""
    for place in range(count):
        position = chosen[place]
        following.codes[place] = pool.codes[position]
        for c in range(0, pool.rows.shape[1], LANES):
            store_at(following.rows, place, c, load_at(pool.rows, position, c))
        for other in range(count):
            following.distance[place, other] = pool.distance[position, chosen[other]]

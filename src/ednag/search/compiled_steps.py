"""The denoising steps of the readable engine, compiled.

Each function here stands beside one of `denoising`, `mapping`, `mutation` or `selection` and rounds
as it does. A pool holds the parents first, then their offspring, twice: a row per individual, in
which vectors run over the genotype, and a column per individual, in which vectors run over eight
individuals. Rows are padded to whole vectors; the padding repeats a row's first number, so that it
stays in the range of the others.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

from typing import NamedTuple

import numpy as np

from ednag.search.compiled_arithmetic import (
    contiguous_sum,
    distances,
    exp,
    exp_anywhere,
    power,
    raise_left_over,
    root_of_left_over,
    sum_over_rows,
)
from ednag.search.compiled_cache import kernel
from ednag.search.compiled_random import next_uniform
from ednag.search.compiled_sorting import argsort_descending
from ednag.search.compiled_vectors import (
    LANES,
    lane,
    load,
    load_at,
    repeat,
    sqrt,
    store,
    store_at,
    where_less,
)

#: What the reference adds where it divides.
_TINY = np.float32(1e-9)
#: Elements of a call that torch computes together; what is left over it computes one by one.
_BLOCK = 16
#: Columns that torch sums together.
_COLUMNS = 32

#: Ends of `select`; the texts are those of `selection`.
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


class Pool(NamedTuple):
    """Parents and offspring, 2 M individuals of L numbers.

    Attributes:
        rows: float32[2 M, L padded].
        columns: float32[L, 2 M + 8].
        distance: float32[2 M + 8, 2 M + 8], between individuals.
        codes: int32[2 M].
    """

    rows: np.ndarray
    columns: np.ndarray
    distance: np.ndarray
    codes: np.ndarray


class Work(NamedTuple):
    """Working space for pools of 2 M individuals.

    Attributes:
        scaled: float32[M, L padded], parents times sqrt(alpha).
        weight: float32[M, M + 8]; how much individual j (row) counts for the origin of i (column).
        total: float32[M + 8], sums of the weights.
        density: float32[M + 8], the mapped fitness.
        fresh: float32[M L + 16], normal numbers.
        metric, fitness: float32[2 M + 8], of the pool's individuals.
        diverse: float32[2 M + 8], their diversity.
        threshold: float32[2 M + 8], of the roulette.
        spread: float32[L padded], for one individual's mutation.
        pairs, order: uint64 and int64[2 M], for sorting.
        chosen: int64[M].
        blocked: bool[2 M].
    """

    scaled: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    density: np.ndarray
    fresh: np.ndarray
    metric: np.ndarray
    fitness: np.ndarray
    diverse: np.ndarray
    threshold: np.ndarray
    spread: np.ndarray
    pairs: np.ndarray
    order: np.ndarray
    chosen: np.ndarray
    blocked: np.ndarray


class Reading(NamedTuple):
    """How a genotype gives a raw code; see `ArgmaxReading` and `ThresholdReading`.

    Attributes:
        by_threshold: Which of the two.
        starts: int64[digits], where each digit's entries start in the flattened genotype.
        radices: int64[digits].
        options: Entries of a digit of which the largest counts.
        threshold: Smallest value of a set bit.
    """

    by_threshold: bool
    starts: np.ndarray
    radices: np.ndarray
    options: int
    threshold: np.float32


def new_pool(capacity: int, length: int) -> Pool:
    """A pool for `capacity` parents and as many offspring of `length` numbers."""
    count = 2 * capacity
    return Pool(
        np.zeros((count, _padded(length)), np.float32),
        np.zeros((length, count + LANES), np.float32),
        np.zeros((count + LANES, count + LANES), np.float32),
        np.zeros(count, np.int32),
    )


def new_work(capacity: int, length: int) -> Work:
    """Working space for pools of `new_pool`."""
    count = 2 * capacity
    return Work(
        scaled=np.zeros((capacity, _padded(length)), np.float32),
        weight=np.zeros((capacity, capacity + LANES), np.float32),
        total=np.zeros(capacity + LANES, np.float32),
        density=np.zeros(capacity + LANES, np.float32),
        fresh=np.zeros(capacity * length + _BLOCK, np.float32),
        metric=np.zeros(count + LANES, np.float32),
        fitness=np.zeros(count + LANES, np.float32),
        diverse=np.zeros(count + LANES, np.float32),
        threshold=np.zeros(count + LANES, np.float32),
        spread=np.zeros(_padded(length), np.float32),
        pairs=np.zeros(count, np.uint64),
        order=np.zeros(count, np.int64),
        chosen=np.zeros(capacity, np.int64),
        blocked=np.zeros(count, np.bool_),
    )


def _padded(length: int) -> int:
    """Smallest multiple of 8 that is not below `length`."""
    return -(-length // LANES) * LANES


# --- small helpers ----------------------------------------------------------------------------


@kernel
def pad(rows, start, end, length):
    """Fill the padding of rows start .. end - 1."""
    for row in range(start, end):
        for c in range(length, rows.shape[1]):
            rows[row, c] = rows[row, 0]


@kernel
def smallest(values, count):
    """Minimum of float32 values[:count]."""
    result = values[0]
    for position in range(1, count):
        result = min(result, values[position])
    return result


@kernel
def largest(values, count):
    """Maximum of float32 values[:count]."""
    result = values[0]
    for position in range(1, count):
        result = max(result, values[position])
    return result


# --- fitness to density (mapping) -------------------------------------------------------------


@kernel
def map_fitness(fitness, count, mapping, temperature, density):
    """Density float32[count], larger for fitter individuals; see `mapping`."""
    low, high = smallest(fitness, count), largest(fitness, count)
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
        exp_anywhere(density[: -(-count // LANES) * LANES])


# --- denoising --------------------------------------------------------------------------------


@kernel
def weigh(pool, work, count, length, root_alpha, two_variances):
    """How much each parent counts for the origin of each other, and the sums of that."""
    width = pool.rows.shape[1]
    share = np.float32(1 / count + 1e-9)
    for j in range(count):
        for c in range(0, width, LANES):
            store_at(work.scaled, j, c, load_at(pool.rows, j, c) * root_alpha)
        pull = work.density[j] + _TINY
        for i in range(0, count, LANES):
            gap = distances(work.scaled, j, pool.columns, i, length)
            likelihood = exp(-(gap * gap) / two_variances)
            store_at(work.weight, j, i, (likelihood + _TINY) * pull / share)
    for i in range(0, count, LANES):
        total = contiguous_sum((work.weight, i), count)
        store(work.total, i, total + _TINY)


@kernel
def step_to_origin(pool, work, count, length, coefficients):
    """Offspring: each parent moved towards its origin, fresh noise added (a DDIM step)."""
    root_alpha, root_rest, root_previous, direction, sigma = coefficients
    whole = length // _COLUMNS * _COLUMNS
    for i in range(count):
        for c in range(0, pool.rows.shape[1], LANES):
            pulled = sum_over_rows((pool.rows, c, work.weight, i), count, c < whole)
            origin = pulled / work.total[i]
            noise = (load_at(pool.rows, i, c) - origin * root_alpha) / root_rest
            fresh = load(work.fresh, i * length + c)
            moved = origin * root_previous + noise * direction + fresh * sigma
            store_at(pool.rows, count + i, c, moved)
    pad(pool.rows, count, 2 * count, length)


@kernel
def normalise(rows, start, end, lower):
    """Rows start .. end - 1, each stretched to [lower, 1]; whether that can have changed any."""
    span = np.float32(1.0) - lower
    changed = False
    for row in range(start, end):
        low, high = _extremes(rows, row)
        for c in range(0, rows.shape[1], LANES):
            store_at(rows, row, c, (load_at(rows, row, c) - low) * span / (high - low) + lower)
        # A row that spans [0, 1] stays as it is; one that spans [-1, 1] is rounded.
        changed = changed or lower != 0 or low != 0 or high != 1
    return changed


@kernel
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
def mutate(rows, start, count, length, rate, exponent, stream, spread):
    """Polynomial mutation of some of the rows start .. start + count - 1, one scalar each.

    Args:
        spread: float32[L padded], working space.
    """
    for row in range(start, start + count):
        if next_uniform(stream) <= rate:
            _move(rows, row, length, next_uniform(stream), exponent, spread)


@kernel
def _move(rows, row, length, scalar, exponent, spread):
    """One individual moved within [-1, 1]: down for a scalar up to a half, else up.

    In two passes: the powers of one pass do not wait for each other, and the processor overlaps
    them.
    """
    one, two = np.float32(1.0), np.float32(2.0)
    down = scalar <= np.float32(0.5)
    least = two * scalar if down else two * (one - scalar)
    rest = one - two * scalar if down else two * scalar - one
    whole = length // _BLOCK * _BLOCK
    for c in range(0, rows.shape[1], LANES):
        here = load_at(rows, row, c)
        room = 1.0 - ((here + 1.0) if down else (1.0 - here)) / 2.0
        store(spread, c, _raise(room, exponent, c >= whole) * rest + least)
    for c in range(0, rows.shape[1], LANES):
        ratio = _root(load(spread, c), exponent, c >= whole)
        move = (ratio - 1.0) if down else (1.0 - ratio)
        store_at(rows, row, c, load_at(rows, row, c) + move * 2.0)


@kernel
def _raise(base, exponent, left_over):
    """base^exponent of Floats as torch computes it for an integer exponent.

    Args:
        left_over: Whether the elements are left over from whole blocks of 16.
    """
    if exponent == 2:
        return base * base
    if exponent == 3:
        return base * base * base
    if left_over:
        return raise_left_over(base, exponent)
    return power(base, np.float32(exponent))


@kernel
def _root(base, exponent, left_over):
    """base^(1 / exponent) of Floats; see `_raise`."""
    if exponent == 2:
        return sqrt(base)
    if left_over:
        return root_of_left_over(base, exponent)
    return power(base, np.float32(1 / exponent))


# --- the pool ---------------------------------------------------------------------------------


@kernel
def fill_columns(pool, start, end, length):
    """Copy rows start .. end - 1 to the columns."""
    for row in range(start, end):
        for c in range(length):
            pool.columns[c, row] = pool.rows[row, c]


@kernel
def decode(pool, start, end, reading, code_of_raw):
    """Codes of individuals start .. end - 1."""
    for first in range(start, end, LANES):
        if reading.by_threshold:
            raw = _bits_set(pool.columns, first, reading)
        else:
            raw = _digits(pool.columns, first, reading)
        for position in range(min(LANES, end - first)):
            pool.codes[first + position] = code_of_raw[lane(raw, position)]


@kernel
def _digits(columns, first, reading):
    """Raw codes of eight individuals: positions of the largest entries as digits."""
    raw = repeat(np.int32(0))
    for number in range(len(reading.starts)):
        start, radix = reading.starts[number], reading.radices[number]
        best = load_at(columns, start, first)
        digit = repeat(np.int32(0))
        for option in range(1, reading.options):
            value = load_at(columns, start + option, first)
            digit = where_less(best, value, repeat(np.int32(option % radix)), digit)
            best = where_less(best, value, value, best)
        raw = raw * radix + digit
    return raw


@kernel
def _bits_set(columns, first, reading):
    """Raw codes of eight individuals: entries at or above the threshold as bits."""
    raw = repeat(np.int32(0))
    for number in range(len(reading.starts)):
        value = load_at(columns, reading.starts[number], first)
        bit = where_less(value, reading.threshold, repeat(np.int32(0)), repeat(np.int32(1)))
        raw = (raw << 1) | bit
    return raw


@kernel
def measure(pool, start, end, length):
    """Distances of individuals start .. end - 1 to each other and to all before them."""
    for i in range(start, end):
        for j in range(0, i + 1, LANES):
            store_at(pool.distance, i, j, distances(pool.rows, i, pool.columns, j, length))
        for j in range(i):
            pool.distance[j, i] = pool.distance[i, j]


# --- selection --------------------------------------------------------------------------------


@kernel
def select(pool, work, parents, population, elites, diverse, stream):
    """Choose the next population into work.chosen; how it ended, and how many were chosen."""
    count = 2 * parents
    if not _diversity(pool, work, count):
        return ALL_EQUALLY_DIVERSE, 0
    work.blocked[:count] = False
    argsort_descending(work.fitness, count, work.pairs, work.order)
    _take_elites(work, count, elites)
    argsort_descending(work.diverse, count, work.pairs, work.order)
    _take_diverse(work, count, elites, diverse)
    state = _set_thresholds(work, count)
    if state != COMPLETED:
        return state, 0
    chosen = elites + diverse
    for place in range(chosen):
        work.blocked[work.chosen[place]] = True
    while chosen < population:
        position = _spin(work, count, next_uniform(stream))
        if position < count:
            work.chosen[chosen] = position
            work.blocked[position] = True
            chosen += 1
    return COMPLETED, chosen


@kernel
def _diversity(pool, work, count):
    """Summed distance of each to all others, stretched to [0, 1]; False if all are equal."""
    for i in range(0, count, LANES):
        store(work.diverse, i, contiguous_sum((pool.distance, i), count))
    low, high = smallest(work.diverse, count), largest(work.diverse, count)
    if low == high:
        return False
    for i in range(0, count, LANES):
        store(work.diverse, i, (load(work.diverse, i) - low) / (high - low))
    return True


@kernel
def _take_elites(work, count, wanted):
    """The fittest, skipping one as fit as the one taken last; filled up from the top."""
    taken = 0
    for place in range(count):
        if taken == wanted:
            break
        position = work.order[place]
        last = work.chosen[taken - 1]
        if taken == 0 or work.fitness[position] != work.fitness[last]:
            work.chosen[taken] = position
            taken += 1
    for place in range(wanted - taken):
        work.chosen[taken + place] = work.order[place]


@kernel
def _take_diverse(work, count, start, wanted):
    """The most diverse of at least a tenth of the best fitness; filled up from the top."""
    fit_enough = np.float32(0.1) * largest(work.fitness, count)
    taken = 0
    for place in range(count):
        if taken == wanted:
            break
        position = work.order[place]
        if work.fitness[position] >= fit_enough:
            work.chosen[start + taken] = position
            taken += 1
    for place in range(wanted - taken):
        work.chosen[start + taken + place] = work.order[place]


@kernel
def _set_thresholds(work, count):
    """Cumulative shares of the roulette, summed in float64, each rounded to float32."""
    threshold = work.threshold
    for i in range(0, count, LANES):
        store(threshold, i, load(work.fitness, i) * (load(work.diverse, i) + 1.0))
    low, high = smallest(threshold, count), largest(threshold, count)
    if low == high:
        return ALL_WEIGH_THE_SAME
    for i in range(0, count, LANES):
        store(threshold, i, (load(threshold, i) - low) * 0.9 / (high - low) + 0.1)
    total = lane(contiguous_sum(threshold, count), 0)
    if not np.isfinite(total):
        return NOT_A_NUMBER
    reached = 0.0
    for position in range(count):
        reached += np.float64(threshold[position] / total)
        threshold[position] = np.float32(reached)
    return COMPLETED


@kernel
def _spin(work, count, draw):
    """The first position not yet taken whose threshold is at least the draw; `count` if none."""
    position, end = 0, count
    while position < end:
        middle = (position + end) // 2
        if work.threshold[middle] < draw:
            position = middle + 1
        else:
            end = middle
    while position < count and work.blocked[position]:
        position += 1
    return position


@kernel
def take_over(pool, following, work, count, length):
    """Copy the chosen individuals of a pool to be the parents of the following one."""
    for place in range(count):
        position = work.chosen[place]
        following.codes[place] = pool.codes[position]
        for c in range(0, pool.rows.shape[1], LANES):
            store_at(following.rows, place, c, load_at(pool.rows, position, c))
        for other in range(count):
            following.distance[place, other] = pool.distance[position, work.chosen[other]]
    fill_columns(following, 0, count, length)

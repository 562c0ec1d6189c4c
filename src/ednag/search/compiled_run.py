"""A whole run of the search, compiled: evaluations, denoising steps, trace and outcome.

The same steps in the same order as `engine.Search`; the functions of `compiled_steps` do the
arithmetic.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

from typing import NamedTuple

import numpy as np

from ednag.search.compiled_cache import entry, kernel
from ednag.search.compiled_random import fill_normal, next_below, seed_stream
from ednag.search.compiled_sorting import STACK, argsort_descending
from ednag.search.compiled_steps import (
    ALL_EQUALLY_DIVERSE,
    COMPLETED,
    decode,
    fill_columns,
    map_fitness,
    measure,
    mutate,
    normalise,
    pad,
    padded,
    set_diversity,
    set_thresholds,
    spin,
    step_to_origin,
    take_diverse,
    take_elites,
    take_over,
    weigh,
)
from ednag.search.compiled_vectors import LANES


class Pool(NamedTuple):
    """Parents and offspring; see `compiled_steps`."""

    rows: np.ndarray
    columns: np.ndarray
    distance: np.ndarray
    codes: np.ndarray


class Work(NamedTuple):
    """Working space for a pool of 2 M individuals of L numbers.

    Attributes:
        scaled: float32[M, L padded], parents times sqrt(alpha).
        weight: float32[M, M + 8], weights for the origin estimate.
        total: float32[M + 8], their sums.
        density: float32[M + 8], the mapped fitness.
        fresh: float32[M L + 16], normal numbers.
        spread: float32[L padded], for one individual's mutation.
        metric, fitness: float32[2 M + 8], of the pool.
        diverse: float32[2 M + 8], its diversity.
        threshold: float32[2 M + 8, 1], of the roulette.
        pairs, order: uint64[2 M + 8] and int64[2 M], for sorting.
        stack, sums: int64[STACK, 3] and float64[STACK, 2], what waits in sorting and summing.
        chosen: int64[M], positions of the next parents.
        blocked: bool[2 M], those the roulette must not take.
    """

    scaled: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    density: np.ndarray
    fresh: np.ndarray
    spread: np.ndarray
    metric: np.ndarray
    fitness: np.ndarray
    diverse: np.ndarray
    threshold: np.ndarray
    pairs: np.ndarray
    order: np.ndarray
    stack: np.ndarray
    sums: np.ndarray
    chosen: np.ndarray
    blocked: np.ndarray


class Settings(NamedTuple):
    """Hyper-parameters and the space's profile, resolved.

    Attributes:
        population: Individuals.
        length: Numbers of a genotype.
        mapping: Position in `compiled_steps.MAPPINGS`.
        temperature, mutate_rate: As in the hyper-parameters.
        first_exponent, exponent: Exponent of the mutation in the first step and after it.
        elites, diverse: Individuals taken by fitness and by diversity.
        lower, normalise_selected, evaluate_final: As in the profile.
        higher_is_better: Direction of the metric.
        draws: Whether every evaluation draws one of several trainings.
    """

    population: int
    length: int
    mapping: int
    temperature: np.float32
    mutate_rate: np.float32
    first_exponent: int
    exponent: int
    elites: int
    diverse: int
    lower: np.float32
    normalise_selected: bool
    evaluate_final: bool
    higher_is_better: bool
    draws: bool


class Tables(NamedTuple):
    """The benchmark as dense arrays; the last entry of metric and fitness is that of code -1.

    Attributes:
        code_of_raw: int32[raw codes].
        metric, fitness: float32[trainings, size + 1].
    """

    code_of_raw: np.ndarray
    metric: np.ndarray
    fitness: np.ndarray


class Evaluations(NamedTuple):
    """What a run evaluated.

    Attributes:
        seen: bool[size].
        counts: int64[3]: all, invalid and distinct evaluations so far.
        codes, lookups: int32[size]: distinct codes in order of first evaluation, and how many
            evaluations came before each.
        trainings: int8[size]: which training the first evaluation drew.
        marks: int64[size], working space for counting distinct codes.
    """

    seen: np.ndarray
    counts: np.ndarray
    codes: np.ndarray
    lookups: np.ndarray
    trainings: np.ndarray
    marks: np.ndarray


ALL, INVALID, DISTINCT = range(3)
#: Columns of a trace.
TRACE_MEAN, TRACE_BEST, TRACE_VALID, TRACE_UNIQUE = range(4)


def new_pool(capacity: int, length: int) -> Pool:
    """A pool of `capacity` parents and as many offspring of `length` numbers."""
    count = 2 * capacity
    return Pool(
        np.zeros((count, padded(length)), np.float32),
        np.zeros((length, count + LANES), np.float32),
        np.zeros((count + LANES, count + LANES), np.float32),
        np.zeros(count, np.int32),
    )


def new_work(capacity: int, length: int) -> Work:
    """Working space for such a pool."""
    count = 2 * capacity
    return Work(
        scaled=np.zeros((capacity, padded(length)), np.float32),
        weight=np.zeros((capacity, capacity + LANES), np.float32),
        total=np.zeros(capacity + LANES, np.float32),
        density=np.zeros(capacity + LANES, np.float32),
        fresh=np.zeros(capacity * length + 2 * LANES, np.float32),
        spread=np.zeros(padded(length), np.float32),
        metric=np.zeros(count + LANES, np.float32),
        fitness=np.zeros(count + LANES, np.float32),
        diverse=np.zeros(count + LANES, np.float32),
        threshold=np.zeros((count + LANES, 1), np.float32),
        pairs=np.zeros(count + LANES, np.uint64),
        order=np.zeros(count, np.int64),
        stack=np.zeros((STACK, 3), np.int64),
        sums=np.zeros((STACK, 2)),
        chosen=np.zeros(capacity, np.int64),
        blocked=np.zeros(count, np.bool_),
    )


def new_evaluations(size: int) -> Evaluations:
    """Nothing evaluated yet, in a space of `size` architectures."""
    return Evaluations(
        seen=np.zeros(size, np.bool_),
        counts=np.zeros(3, np.int64),
        codes=np.zeros(size, np.int32),
        lookups=np.zeros(size, np.int32),
        trainings=np.zeros(size, np.int8),
        marks=np.full(size, -1, np.int64),
    )


@kernel
def _evaluate(codes, count, tables, evaluations, draws, trainings, metric, fitness):
    """Metric and fitness of the first individuals of a pool, counted.

    Args:
        draws: Whether each valid evaluation draws a training, from the stream `trainings`.
        metric, fitness: To be filled.
    """
    counts = evaluations.counts
    for position in range(count):
        code = codes[position]
        training = 0
        if code < 0:
            counts[INVALID] += 1
            code = tables.metric.shape[1] - 1
        else:
            if draws:
                training = next_below(trainings, len(tables.metric))
            if not evaluations.seen[code]:
                evaluations.seen[code] = True
                evaluations.codes[counts[DISTINCT]] = code
                evaluations.lookups[counts[DISTINCT]] = counts[ALL] + position
                evaluations.trainings[counts[DISTINCT]] = training
                counts[DISTINCT] += 1
        metric[position] = tables.metric[training, code]
        fitness[position] = tables.fitness[training, code]
    counts[ALL] += count


@kernel
def _best(codes, metric, count, higher_is_better, outcome, outcome_metric):
    """The better of an outcome (-1: none) and the best valid individual; its code and metric."""
    best, best_metric = np.int32(-1), np.float32(0.0)
    for position in range(count):
        here = metric[position]
        better = here > best_metric if higher_is_better else here < best_metric
        if codes[position] >= 0 and (best < 0 or better):
            best, best_metric = codes[position], here
    if best < 0:
        return outcome, outcome_metric
    improved = best_metric > outcome_metric if higher_is_better else best_metric < outcome_metric
    if outcome < 0 or improved:
        return best, best_metric
    return outcome, outcome_metric


@kernel
def _trace_step(codes, metric, count, higher_is_better, marks, step, trace, counted, stack, sums):
    """Enter what the population looks like at the start of a step; see `engine.StepTrace`.

    Args:
        marks: int64[size], the last step in which each code was met.
        trace: float64[steps, 4].
        counted: float32[count], working space.
        stack, sums: int64[STACK, 3] and float64[STACK, 2], working space.
    """
    valid, unique, invalid_count = 0, 0, True
    best = metric[0]
    for position in range(count):
        best = max(best, metric[position]) if higher_is_better else min(best, metric[position])
        if codes[position] >= 0:
            valid += 1
            if marks[codes[position]] != step:
                marks[codes[position]] = step
                unique += 1
        elif metric[position] != 0:
            invalid_count = False
    summands = np.int64(0)
    for position in range(count):
        if invalid_count or codes[position] >= 0:
            counted[summands] = metric[position]
            summands += 1
    trace[step, TRACE_MEAN] = _pairwise_sum(counted, summands, stack, sums) / summands
    trace[step, TRACE_BEST] = best
    trace[step, TRACE_VALID] = valid / count
    trace[step, TRACE_UNIQUE] = unique / valid if valid > 0 else 0.0


@kernel
def _pairwise_sum(values, count, waiting, sums):
    """Sum in float64 of values[:count], in numpy's order: halves, their halves, down to 128.

    The halves wait on one stack, their sums on another; two sums of the same depth become one.

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
    total = 0.0
    whole = start + count // 8 * 8
    if whole > start:
        a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for position in range(start, whole, 8):
            a += np.float64(values[position])
            b += np.float64(values[position + 1])
            c += np.float64(values[position + 2])
            d += np.float64(values[position + 3])
            e += np.float64(values[position + 4])
            f += np.float64(values[position + 5])
            g += np.float64(values[position + 6])
            h += np.float64(values[position + 7])
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for position in range(whole, start + count):
        total += np.float64(values[position])
    return total


@kernel
def _note(rows, count, length, history, noted):
    """Append the first rows of a pool to the history, if one is kept; its new length."""
    if len(history) == 0:
        return noted
    for row in range(count):
        for c in range(length):
            history[noted + row, c] = rows[row, c]
    return noted + count


@kernel
def _select(distance, fitness, diverse, count, settings, stream, work):
    """Choose the next parents into work.chosen; how that ended, and how many they are."""
    chosen = work.chosen
    if not set_diversity(distance, count, diverse):
        return ALL_EQUALLY_DIVERSE, settings.population
    elites, others = settings.elites, settings.diverse
    argsort_descending(fitness, count, work.pairs, work.order, work.stack)
    take_elites(fitness, count, work.order, elites, chosen)
    argsort_descending(diverse, count, work.pairs, work.order, work.stack)
    take_diverse(fitness, count, work.order, elites, others, chosen)
    status = set_thresholds(fitness, diverse, count, work.threshold)
    if status == COMPLETED:
        for position in range(count):
            work.blocked[position] = False
        for place in range(elites + others):
            work.blocked[chosen[place]] = True
        spin(
            work.threshold,
            count,
            stream,
            work.blocked,
            chosen,
            elites + others,
            settings.population,
        )
    return status, max(elites + others, settings.population)


@entry
def run(
    seed,
    settings,
    schedule,
    reading,
    tables,
    pool,
    following,
    work,
    evaluations,
    stream,
    trainings,
    trace,
    final,
    history,
):
    """One run.

    Args:
        seed: uint64.
        settings: Settings.
        schedule: float32[steps, 6]; see `compiled_schedule.step_coefficients`.
        reading, tables: How to decode and evaluate.
        pool, following, work, evaluations, stream: Working space, any content.
        trainings: Stream of the drawn trainings; not used unless `settings.draws`.
        trace: float64[steps, 4] to be filled.
        final: int32[M], to be filled with the codes of the final population.
        history: float32[all evaluations, L] to be filled, or of length 0.

    Returns:
        How it ended (`compiled_steps.REASONS`), steps made, individuals of the final population,
        code and metric of the outcome.
    """
    rows, columns, distance, codes = pool
    new_rows, new_columns, new_distance, new_codes = following
    metric, fitness, diverse = work.metric, work.fitness, work.diverse
    length, lower, upwards = settings.length, settings.lower, settings.higher_is_better
    draws = settings.draws
    # Not a plain 0, for which numba would compile functions once more.
    none = np.int64(0)
    for code in range(len(evaluations.seen)):
        evaluations.seen[code] = False
        evaluations.marks[code] = -1
    for kind in range(len(evaluations.counts)):
        evaluations.counts[kind] = 0

    seed_stream(stream, seed)
    count = settings.population
    fill_normal(stream, work.fresh, count * length)
    for row in range(count):
        for c in range(length):
            rows[row, c] = work.fresh[row * length + c]
    pad(rows, none, count, length)
    known = False
    measured = noted = none
    status = COMPLETED
    steps = len(schedule)
    outcome, outcome_metric = np.int32(-1), np.float32(0.0)
    for step in range(steps):
        fill_columns(rows, none, count, length, columns)
        if not known:
            decode(columns, none, count, reading, tables.code_of_raw, codes)
            measured = none
        _evaluate(codes, count, tables, evaluations, draws, trainings, metric, fitness)
        noted = _note(rows, count, length, history, noted)
        _trace_step(
            codes,
            metric,
            count,
            upwards,
            evaluations.marks,
            step,
            trace,
            diverse,
            work.stack,
            work.sums,
        )
        outcome, outcome_metric = _best(
            codes, metric, count, upwards, np.int32(-1), np.float32(0.0)
        )

        root_alpha, two_variances, root_rest, root_previous, direction, sigma = (
            schedule[step, 0],
            schedule[step, 1],
            schedule[step, 2],
            schedule[step, 3],
            schedule[step, 4],
            schedule[step, 5],
        )
        map_fitness(fitness, count, settings.mapping, settings.temperature, work.density)
        weigh(
            rows,
            columns,
            work.density,
            count,
            length,
            root_alpha,
            two_variances,
            work.scaled,
            work.weight,
            work.total,
        )
        fill_normal(stream, work.fresh, count * length)
        coefficients = (root_alpha, root_rest, root_previous, direction, sigma)
        step_to_origin(rows, work.weight, work.total, work.fresh, count, length, coefficients)
        end = 2 * count
        normalise(rows, count, end, lower)
        exponent = settings.first_exponent if step == 0 else settings.exponent
        mutate(rows, count, end, length, settings.mutate_rate, exponent, stream, work.spread)
        normalise(rows, count, end, lower)

        fill_columns(rows, count, end, length, columns)
        decode(columns, count, end, reading, tables.code_of_raw, codes)
        measure(rows, columns, measured, end, length, distance)
        _evaluate(codes, end, tables, evaluations, draws, trainings, metric, fitness)
        noted = _note(rows, end, length, history, noted)
        status, chosen = _select(distance, fitness, diverse, end, settings, stream, work)
        if status != COMPLETED:
            steps = step + 1
            break
        take_over(rows, distance, codes, work.chosen, chosen, new_rows, new_distance, new_codes)
        rows, new_rows = new_rows, rows
        columns, new_columns = new_columns, columns
        distance, new_distance = new_distance, distance
        codes, new_codes = new_codes, codes
        count = measured = chosen
        known = not (settings.normalise_selected and normalise(rows, none, count, lower))
    if status == COMPLETED and not known:
        fill_columns(rows, none, count, length, columns)
        decode(columns, none, count, reading, tables.code_of_raw, codes)
    if status == COMPLETED and settings.evaluate_final:
        _evaluate(codes, count, tables, evaluations, draws, trainings, metric, fitness)
        _note(rows, count, length, history, noted)
        outcome, outcome_metric = _best(codes, metric, count, upwards, outcome, outcome_metric)
    for position in range(count):
        final[position] = codes[position]
    return status, steps, count, outcome, outcome_metric

"""A whole run of the search, compiled: evaluations, denoising steps, trace and outcome.

The same steps in the same order as `engine.Search`; the functions of `compiled_steps` do the
arithmetic.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

from typing import NamedTuple

import numpy as np

from ednag.search.compiled_cache import entry, kernel
from ednag.search.compiled_random import (
    fill_normal,
    next_below,
    seed_stream,
)
from ednag.search.compiled_steps import (
    COMPLETED,
    decode,
    fill_columns,
    map_fitness,
    measure,
    mutate,
    normalise,
    pad,
    select,
    step_to_origin,
    take_over,
    weigh,
)


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
def _evaluate(pool, work, count, tables, evaluations, draws, trainings):
    """Metric and fitness of the first individuals of a pool, counted.

    Args:
        draws: Whether each valid evaluation draws a training, from the stream `trainings`.
    """
    counts = evaluations.counts
    for position in range(count):
        code = pool.codes[position]
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
        work.metric[position] = tables.metric[training, code]
        work.fitness[position] = tables.fitness[training, code]
    counts[ALL] += count


@kernel
def _best(pool, work, count, higher_is_better, outcome, outcome_metric):
    """The better of an outcome (-1: none) and the best valid individual; its code and metric."""
    best, best_metric = np.int32(-1), np.float32(0.0)
    for position in range(count):
        metric = work.metric[position]
        better = metric > best_metric if higher_is_better else metric < best_metric
        if pool.codes[position] >= 0 and (best < 0 or better):
            best, best_metric = pool.codes[position], metric
    if best < 0:
        return outcome, outcome_metric
    improved = best_metric > outcome_metric if higher_is_better else best_metric < outcome_metric
    if outcome < 0 or improved:
        return best, best_metric
    return outcome, outcome_metric


@kernel
def _trace_step(pool, work, count, higher_is_better, evaluations, trace, step):
    """Enter what the population looks like at the start of a step; see `engine.StepTrace`."""
    valid, unique = 0, 0
    invalid_count = True
    best = work.metric[0]
    for position in range(count):
        metric, code = work.metric[position], pool.codes[position]
        best = max(best, metric) if higher_is_better else min(best, metric)
        if code >= 0:
            valid += 1
            if evaluations.marks[code] != step:
                evaluations.marks[code] = step
                unique += 1
        elif metric != 0:
            invalid_count = False
    # threshold is free until the selection.
    counted = 0
    for position in range(count):
        if invalid_count or pool.codes[position] >= 0:
            work.threshold[counted] = work.metric[position]
            counted += 1
    mean = _pairwise_sum(work.threshold, counted) / counted if counted > 0 else np.nan
    trace[step, TRACE_MEAN] = mean
    trace[step, TRACE_BEST] = best
    trace[step, TRACE_VALID] = valid / count
    trace[step, TRACE_UNIQUE] = unique / valid if valid > 0 else 0.0


@kernel
def _pairwise_sum(values, count):
    """Sum in float64 of values[:count], in numpy's order: halves, their halves, down to 128.

    The halves wait on one stack, their sums on another; two sums of the same depth become one.
    """
    waiting = np.empty((64, 3), np.int64)
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, count, 0
    parts = 1
    sums, depths = np.empty(64), np.empty(64, np.int64)
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
        while summed > 0 and depths[summed - 1] == depth:
            total = sums[summed - 1] + total
            summed, depth = summed - 1, depth - 1
        sums[summed], depths[summed] = total, depth
        summed += 1
    return sums[0]


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
def _note(pool, count, length, history, noted):
    """Append the first rows of a pool to the history, if one is kept; its new length."""
    if len(history) == 0:
        return noted
    for row in range(count):
        for c in range(length):
            history[noted + row, c] = pool.rows[row, c]
    return noted + count


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
        schedule: float32[steps, 6]; see `compiled.step_coefficients`.
        reading, tables: How to decode and evaluate.
        pool, following, work, evaluations, stream: Working space, any content.
        trainings: Stream of the drawn trainings; not used unless `settings.draws`.
        trace: float64[steps, 4] to be filled.
        final: int32[capacity], to be filled with the codes of the final population.
        history: float32[all evaluations, length] to be filled, or of length 0.

    Returns:
        How it ended (`compiled_steps.REASONS`), steps made, individuals of the final population,
        code and metric of the outcome.
    """
    length, lower = settings.length, settings.lower
    evaluations.seen[:] = False
    evaluations.marks[:] = -1
    evaluations.counts[:] = 0
    seed_stream(stream, seed)
    count = settings.population
    fill_normal(stream, work.fresh, count * length)
    for row in range(count):
        for c in range(length):
            pool.rows[row, c] = work.fresh[row * length + c]
    pad(pool.rows, 0, count, length)
    fill_columns(pool, 0, count, length)
    decode(pool, 0, count, reading, tables.code_of_raw)
    measured = 0
    noted = 0
    outcome, outcome_metric = np.int32(-1), np.float32(0.0)
    for step in range(len(schedule)):
        _evaluate(pool, work, count, tables, evaluations, settings.draws, trainings)
        noted = _note(pool, count, length, history, noted)
        _trace_step(pool, work, count, settings.higher_is_better, evaluations, trace, step)
        outcome, outcome_metric = _best(
            pool, work, count, settings.higher_is_better, np.int32(-1), np.float32(0.0)
        )

        map_fitness(work.fitness, count, settings.mapping, settings.temperature, work.density)
        row = schedule[step]
        weigh(pool, work, count, length, row[0], row[1])
        fill_normal(stream, work.fresh, count * length)
        step_to_origin(pool, work, count, length, (row[0], row[2], row[3], row[4], row[5]))
        normalise(pool.rows, count, 2 * count, lower)
        exponent = settings.first_exponent if step == 0 else settings.exponent
        rate = settings.mutate_rate
        mutate(pool.rows, count, count, length, rate, exponent, stream, work.spread)
        normalise(pool.rows, count, 2 * count, lower)

        fill_columns(pool, count, 2 * count, length)
        decode(pool, count, 2 * count, reading, tables.code_of_raw)
        measure(pool, measured, 2 * count, length)
        _evaluate(pool, work, 2 * count, tables, evaluations, settings.draws, trainings)
        noted = _note(pool, 2 * count, length, history, noted)
        status, chosen = select(
            pool, work, count, settings.population, settings.elites, settings.diverse, stream
        )
        if status != COMPLETED:
            final[:count] = pool.codes[:count]
            return status, step + 1, count, outcome, outcome_metric
        take_over(pool, following, work, chosen, length)
        pool, following = following, pool
        count = measured = chosen
        if settings.normalise_selected and normalise(pool.rows, 0, count, lower):
            fill_columns(pool, 0, count, length)
            decode(pool, 0, count, reading, tables.code_of_raw)
            measured = 0
    if settings.evaluate_final:
        _evaluate(pool, work, count, tables, evaluations, settings.draws, trainings)
        _note(pool, count, length, history, noted)
        outcome, outcome_metric = _best(
            pool, work, count, settings.higher_is_better, outcome, outcome_metric
        )
    final[:count] = pool.codes[:count]
    return COMPLETED, len(schedule), count, outcome, outcome_metric

"""A run of the search, compiled: from one evaluation to the next, until it ends or waits.

The same steps in the same order as `engine.Search`; the functions of `compiled_steps` do the
arithmetic. A table answers every evaluation at once. Values that only Python can give, a
predictor's, the run waits for: it keeps where it stands in `Progress`, and goes on when called
again.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import numpy as np

from ednag.search.compiled_cache import entry, kernel
from ednag.search.compiled_decoding import decode, number_again
from ednag.search.compiled_random import fill_normal, next_below, permute, seed_stream
from ednag.search.compiled_sorting import argsort_descending
from ednag.search.compiled_state import (
    ALL,
    DISTINCT,
    INVALID,
    MEASURED,
    NEXT,
    NOTHING_MORE,
    NOTHING_YET,
    OUTCOME,
    PARENTS,
    READY,
    STATUS,
    STEP,
    THE_FINAL,
    THE_PARENTS,
    THE_POOL,
)
from ednag.search.compiled_steps import (
    ALL_EQUALLY_DIVERSE,
    COMPLETED,
    DENOISING,
    NOISE,
    fill_columns,
    map_fitness,
    measure,
    mutate,
    normalise,
    repeat_parents,
    set_diversity,
    set_thresholds,
    spin,
    step_to_origin,
    take_diverse,
    take_elites,
    take_first,
    take_over,
    unpack,
    weigh,
)
from ednag.search.compiled_trace import best_of, trace_step

# Not plain numbers: numba compiles a function again for a plain number that it is given.
_FIRST, _NO_CODE = np.int64(0), np.int32(-1)
_NO_METRIC = np.float32(0.0)


@entry
def run(
    seed,
    given,
    settings,
    schedule,
    reading,
    tables,
    one_pool,
    other_pool,
    work,
    evaluations,
    numbering,
    stream,
    trainings,
    trace,
    progress,
):
    """Start a run or go on with it, until it ends or waits for values.

    Args:
        seed: uint64.
        given: float32[k, L], well-formed individuals to be mixed into the first population.
        settings: Settings.
        schedule: float32[steps, 6]; see `compiled_schedule.step_coefficients`.
        reading, tables: How to decode and evaluate. Before a run goes on, the tables must have the
            values of what it waits for.
        one_pool, other_pool: Working space; the parents stand in the first one after an even
            number of steps.
        work, evaluations, stream: Working space.
        numbering: Codes handed out before the run, of layers.
        trainings: Stream of the drawn trainings; not used unless `settings.draws`.
        trace: float64[steps, 4] to be filled.
        progress: Progress; a new one starts a run.
    """
    at = progress.at
    if at[NEXT] == NOTHING_YET:
        _start(seed, given, one_pool, settings, evaluations, numbering, stream, work, at)
        _prepare_parents(one_pool, len(schedule), settings, reading, tables, numbering, at)
    while at[NEXT] != NOTHING_MORE:
        even = at[STEP] % 2 == 0
        pool = one_pool if even else other_pool
        following = other_pool if even else one_pool
        count = 2 * at[PARENTS] if at[NEXT] == THE_POOL else at[PARENTS]
        if at[READY] == 0 and _must_wait(pool.codes, count, settings, evaluations.seen):
            return
        at[READY] = 0
        _evaluate(pool.codes, count, tables, evaluations, settings.draws, trainings, work)
        if at[NEXT] == THE_POOL:
            _select(pool, following, settings, numbering, stream, work, at)
            if at[STATUS] == COMPLETED:
                _prepare_parents(following, len(schedule), settings, reading, tables, numbering, at)
            continue
        _record(pool.codes, settings, evaluations, trace, work, progress)
        if at[NEXT] == THE_FINAL:
            at[NEXT] = NOTHING_MORE
            continue
        _propose(pool, schedule, settings, stream, work, at)
        if settings.selects:
            _prepare_pool(pool, settings, reading, tables, numbering, at)
        else:
            _take_offspring(pool, following, work, at)
            _prepare_parents(following, len(schedule), settings, reading, tables, numbering, at)


@kernel
def _start(seed, given, pool, settings, evaluations, numbering, stream, work, at):
    """Nothing evaluated; the first population, noise and some well-formed individuals."""
    for code in range(len(evaluations.seen)):
        evaluations.seen[code] = False
        evaluations.marks[code] = -1
    for kind in range(len(evaluations.counts)):
        evaluations.counts[kind] = 0
    number_again(numbering)
    seed_stream(stream, seed)
    count, length = settings.population, settings.length
    at[PARENTS], at[OUTCOME] = count, -1
    fill_normal(stream, work.fresh, count * length)
    if settings.mixes:
        permute(stream, work.order, count)
        for number in range(len(given)):
            start = work.order[number] * length
            for c in range(length):
                work.fresh[start + c] = given[number, c]
    unpack(work.fresh, pool.rows, _FIRST, count, length)


@kernel
def _prepare_parents(pool, steps, settings, reading, tables, numbering, at):
    """Make a population ready to be evaluated as parents, or as the final population."""
    count = at[PARENTS]
    fill_columns(pool.rows, _FIRST, count, settings.length, pool.columns)
    if at[MEASURED] == 0:
        decode(pool.columns, _FIRST, count, reading, tables.code_of_raw, numbering, pool.codes)
    if at[STEP] < steps:
        at[NEXT] = THE_PARENTS
    else:
        at[NEXT] = THE_FINAL if settings.evaluate_final else NOTHING_MORE


@kernel
def _prepare_pool(pool, settings, reading, tables, numbering, at):
    """Make the parents and their offspring ready to be evaluated together."""
    rows, columns, length = pool.rows, pool.columns, settings.length
    count, end = at[PARENTS], 2 * at[PARENTS]
    fill_columns(rows, count, end, length, columns)
    decode(columns, count, end, reading, tables.code_of_raw, numbering, pool.codes)
    measure(rows, columns, at[MEASURED], end, length, pool.distance)
    at[NEXT] = THE_POOL


@kernel
def _must_wait(codes, count, settings, seen):
    """Whether Python has to see the first individuals of a pool before they are evaluated."""
    if settings.waits_for_new:
        for position in range(count):
            if codes[position] >= 0 and not seen[codes[position]]:
                return True
    return settings.waits_always


@kernel
def _evaluate(codes, count, tables, evaluations, draws, trainings, work):
    """Metric and fitness of the first individuals of a pool, counted.

    Args:
        draws: Whether each valid evaluation draws a training, from the stream `trainings`.
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
        work.metric[position] = tables.metric[training, code]
        work.fitness[position] = tables.fitness[training, code]
    counts[ALL] += count


@kernel
def _record(codes, settings, evaluations, trace, work, progress):
    """Trace a population and take its best as the outcome; the final one's only if it is better."""
    at, upwards = progress.at, settings.higher_is_better
    outcome, outcome_metric = _NO_CODE, _NO_METRIC
    if at[NEXT] == THE_FINAL:
        outcome, outcome_metric = np.int32(at[OUTCOME]), progress.outcome_metric[0]
    else:
        trace_step(
            codes,
            work.metric,
            at[PARENTS],
            upwards,
            evaluations.marks,
            at[STEP],
            trace,
            work.diverse,
            work.stack,
            work.sums,
        )
    at[OUTCOME], progress.outcome_metric[0] = best_of(
        codes, work.metric, at[PARENTS], upwards, outcome, outcome_metric
    )


@kernel
def _propose(pool, schedule, settings, stream, work, at):
    """Offspring: denoised parents, or what an ablation puts in their place, mutated."""
    rows, columns, length, lower = pool.rows, pool.columns, settings.length, settings.lower
    step, count, end = at[STEP], at[PARENTS], 2 * at[PARENTS]
    if settings.proposal == DENOISING:
        root_alpha, two_variances, root_rest, root_previous, direction, sigma = (
            schedule[step, 0],
            schedule[step, 1],
            schedule[step, 2],
            schedule[step, 3],
            schedule[step, 4],
            schedule[step, 5],
        )
        map_fitness(work.fitness, count, settings.mapping, settings.temperature, work.density)
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
    elif settings.proposal == NOISE:
        fill_normal(stream, work.fresh, count * length)
        unpack(work.fresh, rows, count, end, length)
    else:
        repeat_parents(rows, count)
    normalise(rows, count, end, lower)
    exponent = settings.first_exponent if step == 0 else settings.exponent
    mutate(
        rows,
        count,
        end,
        length,
        settings.mutate_rate,
        exponent,
        settings.power_block,
        stream,
        work.spread,
    )
    normalise(rows, count, end, lower)


@kernel
def _select(pool, following, settings, numbering, stream, work, at):
    """The next population out of parents and offspring; nothing more if there is no roulette."""
    at[STATUS], chosen = _choose(
        pool.codes, pool.distance, 2 * at[PARENTS], settings, numbering.omitted, stream, work
    )
    if at[STATUS] != COMPLETED:
        at[NEXT] = NOTHING_MORE
        return
    take_over(pool, work.chosen, chosen, following)
    at[STEP] += 1
    at[PARENTS] = at[MEASURED] = chosen
    if settings.normalise_selected and normalise(following.rows, _FIRST, chosen, settings.lower):
        at[MEASURED] = 0


@kernel
def _choose(codes, distance, count, settings, omitted, stream, work):
    """Choose the next parents into work.chosen; how that ended, and how many they are."""
    fitness, diverse, order, chosen = work.fitness, work.diverse, work.order, work.chosen
    if not set_diversity(distance, count, diverse):
        return ALL_EQUALLY_DIVERSE, _FIRST
    argsort_descending(fitness, count, work.pairs, order, work.stack)
    take_elites(fitness, count, order, settings.elites, chosen)
    taken = settings.elites
    argsort_descending(diverse, count, work.pairs, order, work.stack)
    take_diverse(fitness, count, order, taken, settings.diverse, chosen)
    taken += settings.diverse
    if settings.small > 0:
        for position in range(count):
            code = codes[position]
            work.omitted[position] = omitted[code] if code >= 0 else np.float32(0.0)
        argsort_descending(work.omitted, count, work.pairs, order, work.stack)
        take_first(order, taken, settings.small, chosen)
        taken += settings.small
    status = set_thresholds(fitness, diverse, count, work.threshold)
    if status == COMPLETED:
        for position in range(count):
            work.blocked[position] = False
        for place in range(taken):
            work.blocked[chosen[place]] = True
        spin(work.threshold, count, stream, work.blocked, chosen, taken, settings.population)
    return status, max(taken, settings.population)


@kernel
def _take_offspring(pool, following, work, at):
    """The offspring are the next population."""
    count = at[PARENTS]
    for place in range(count):
        work.chosen[place] = count + place
    take_over(pool, work.chosen, count, following)
    at[STEP] += 1
    at[MEASURED] = 0

"""A run of the search, compiled: from one evaluation to the next, until it ends or waits.

The run makes the steps of `engine.Search` in the same order; the functions of `steps` do the
arithmetic. It looks values up in a table. For the values of a predictor it waits: it keeps its
position in `RunState`, returns, and goes on when it is called again.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import numpy as np

from ednag.search.compiled import state, steps
from ednag.search.compiled.arithmetic import pairwise_sum
from ednag.search.compiled.cache import entry, kernel
from ednag.search.compiled.decoding import decode, number_again
from ednag.search.compiled.random import fill_normal, next_below, permute, seed_stream
from ednag.search.compiled.sorting import argsort_descending

# Not plain numbers: numba compiles a function again for each plain number in a call.
_FIRST, _NO_CODE = np.int64(0), np.int32(-1)
_NO_METRIC = np.float32(0.0)
#: Columns of a trace.
MEAN, BEST, VALID, UNIQUE = range(4)


@entry
def run(
    seed,
    well_formed,
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
        well_formed: float32[k, L], individuals to be mixed into the first population.
        settings: Settings.
        schedule: float32[steps, 6]; see `schedule.step_coefficients`.
        reading, tables: How to decode and evaluate. Before a run goes on, the tables must have the
            values that it waits for.
        one_pool, other_pool: Working space; the first one holds the parents after an even number
            of steps.
        work, evaluations, stream: Working space.
        numbering: The numbered architectures; with those from before the run.
        trainings: Stream of the drawn trainings; used only if `settings.draws`.
        trace: float64[steps, 4] to be filled.
        progress: RunState; a new one starts a run.
    """
    at = progress.at
    if at[state.NEXT] == state.NOTHING_YET:
        _start(seed, well_formed, one_pool, settings, numbering, stream, work, at)
        _prepare_parents(one_pool, len(schedule), settings, reading, tables, numbering, at)
    while at[state.NEXT] != state.NOTHING_MORE:
        even = at[state.STEP] % 2 == 0
        pool = one_pool if even else other_pool
        following = other_pool if even else one_pool
        count = 2 * at[state.PARENTS] if at[state.NEXT] == state.THE_POOL else at[state.PARENTS]
        if at[state.READY] == 0 and _must_wait(pool.codes, count, settings, evaluations.seen):
            return
        at[state.READY] = 0
        _evaluate(pool.codes, count, tables, evaluations, settings.draws, trainings, work)
        if at[state.NEXT] == state.THE_POOL:
            _select(pool, following, settings, numbering, stream, work, at)
            if at[state.STATUS] == steps.COMPLETED:
                _prepare_parents(following, len(schedule), settings, reading, tables, numbering, at)
            continue
        _record(pool.codes, settings, evaluations, trace, work, progress)
        if at[state.NEXT] == state.THE_FINAL:
            at[state.NEXT] = state.NOTHING_MORE
            continue
        _propose(pool, schedule, settings, stream, work, at)
        if settings.selects:
            _prepare_pool(pool, settings, reading, tables, numbering, at)
        else:
            _take_offspring(pool, following, work, at)
            _prepare_parents(following, len(schedule), settings, reading, tables, numbering, at)


@kernel
def _start(seed, well_formed, pool, settings, numbering, stream, work, at):
    """The first population: noise and some well-formed individuals."""
    number_again(numbering)
    seed_stream(stream, seed)
    count, length = settings.population, settings.length
    at[state.PARENTS], at[state.OUTCOME] = count, -1
    fill_normal(stream, work.fresh, count * length)
    if settings.mixes:
        permute(stream, work.order, count)
        for number in range(len(well_formed)):
            start = work.order[number] * length
            for c in range(length):
                work.fresh[start + c] = well_formed[number, c]
    steps.unpack(work.fresh, pool.rows, _FIRST, count, length)


@kernel
def _prepare_parents(pool, last_step, settings, reading, tables, numbering, at):
    """Make a population ready to be evaluated as parents, or as the final population."""
    count = at[state.PARENTS]
    steps.fill_columns(pool.rows, _FIRST, count, settings.length, pool.columns)
    if at[state.MEASURED] == 0:
        decode(pool.columns, _FIRST, count, reading, tables.code_of_raw, numbering, pool.codes)
    if at[state.STEP] < last_step:
        at[state.NEXT] = state.THE_PARENTS
    else:
        at[state.NEXT] = state.THE_FINAL if settings.evaluate_final else state.NOTHING_MORE


@kernel
def _prepare_pool(pool, settings, reading, tables, numbering, at):
    """Make the parents and their offspring ready to be evaluated together."""
    rows, columns, length = pool.rows, pool.columns, settings.length
    count, end = at[state.PARENTS], 2 * at[state.PARENTS]
    steps.fill_columns(rows, count, end, length, columns)
    decode(columns, count, end, reading, tables.code_of_raw, numbering, pool.codes)
    steps.measure(pool, at[state.MEASURED], end, length)
    at[state.NEXT] = state.THE_POOL


@kernel
def _must_wait(codes, count, settings, seen):
    """Whether Python must see the first individuals of a pool before they are evaluated."""
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
            counts[state.INVALID] += 1
            code = tables.metric.shape[1] - 1
        else:
            if draws:
                training = next_below(trainings, len(tables.metric))
            if not evaluations.seen[code]:
                evaluations.seen[code] = True
                evaluations.codes[counts[state.DISTINCT]] = code
                evaluations.lookups[counts[state.DISTINCT]] = counts[state.ALL] + position
                evaluations.trainings[counts[state.DISTINCT]] = training
                counts[state.DISTINCT] += 1
        work.metric[position] = tables.metric[training, code]
        work.fitness[position] = tables.fitness[training, code]
    counts[state.ALL] += count


@kernel
def _record(codes, settings, evaluations, trace, work, progress):
    """Trace a population; its best is the outcome, in the final population only if better."""
    at, upwards = progress.at, settings.higher_is_better
    outcome, outcome_metric = _NO_CODE, _NO_METRIC
    if at[state.NEXT] == state.THE_FINAL:
        outcome, outcome_metric = np.int32(at[state.OUTCOME]), progress.outcome_metric[0]
    else:
        step, count = at[state.STEP], at[state.PARENTS]
        _trace_step(codes, work, count, upwards, evaluations.marks, step, trace)
    at[state.OUTCOME], progress.outcome_metric[0] = _best_of(
        codes, work.metric, at[state.PARENTS], upwards, outcome, outcome_metric
    )


@kernel
def _best_of(codes, metric, count, higher_is_better, outcome, outcome_metric):
    """The better of an outcome (-1: none) and the best valid individual; its code and metric."""
    best, best_metric = np.int32(-1), np.float32(0.0)
    for position in range(count):
        value = metric[position]
        better = value > best_metric if higher_is_better else value < best_metric
        if codes[position] >= 0 and (best < 0 or better):
            best, best_metric = codes[position], value
    if best < 0:
        return outcome, outcome_metric
    improved = best_metric > outcome_metric if higher_is_better else best_metric < outcome_metric
    if outcome < 0 or improved:
        return best, best_metric
    return outcome, outcome_metric


@kernel
def _trace_step(codes, work, count, higher_is_better, marks, step, trace):
    """Enter the population at the start of a step into the trace; see `StepTrace`.

    Args:
        work: Holds the metric; `diverse`, `stack` and `sums` are overwritten.
        marks: int64[size], the last step in which each code was met.
        trace: float64[steps, 4].
    """
    metric, counted = work.metric, work.diverse
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
    trace[step, MEAN] = pairwise_sum(counted, summands, work.stack, work.sums) / summands
    trace[step, BEST] = best
    trace[step, VALID] = valid / count
    trace[step, UNIQUE] = unique / valid if valid > 0 else 0.0


@kernel
def _propose(pool, schedule, settings, stream, work, at):
    """Offspring: denoised parents, or those of an ablation, mutated."""
    rows, length, lower = pool.rows, settings.length, settings.lower
    step, count, end = at[state.STEP], at[state.PARENTS], 2 * at[state.PARENTS]
    if settings.proposal == steps.DENOISING:
        coefficients = (
            schedule[step, 0],
            schedule[step, 1],
            schedule[step, 2],
            schedule[step, 3],
            schedule[step, 4],
            schedule[step, 5],
        )
        steps.map_fitness(work, count, settings)
        steps.weigh(pool, work, count, length, coefficients)
        fill_normal(stream, work.fresh, count * length)
        steps.step_to_origin(rows, work, count, length, coefficients)
    elif settings.proposal == steps.NOISE:
        fill_normal(stream, work.fresh, count * length)
        steps.unpack(work.fresh, rows, count, end, length)
    else:
        steps.repeat_parents(rows, count)
    steps.normalise(rows, count, end, lower)
    exponent = settings.first_exponent if step == 0 else settings.exponent
    steps.mutate(rows, count, end, settings, exponent, stream, work.spread)
    steps.normalise(rows, count, end, lower)


@kernel
def _select(pool, following, settings, numbering, stream, work, at):
    """Select the next population from parents and offspring; end the run without a roulette."""
    at[state.STATUS], chosen = _choose(
        pool.codes, pool.distance, 2 * at[state.PARENTS], settings, numbering.omitted, stream, work
    )
    if at[state.STATUS] != steps.COMPLETED:
        at[state.NEXT] = state.NOTHING_MORE
        return
    steps.take_over(pool, work.chosen, chosen, following)
    at[state.STEP] += 1
    at[state.PARENTS] = at[state.MEASURED] = chosen
    if settings.normalise_selected and steps.normalise(
        following.rows, _FIRST, chosen, settings.lower
    ):
        at[state.MEASURED] = 0


@kernel
def _choose(codes, distance, count, settings, omitted, stream, work):
    """Choose the next parents into work.chosen; the status, and how many they are."""
    fitness, diverse, order, chosen = work.fitness, work.diverse, work.order, work.chosen
    if not steps.set_diversity(distance, count, diverse):
        return steps.ALL_EQUALLY_DIVERSE, _FIRST
    argsort_descending(fitness, count, work.pairs, order, work.stack)
    steps.take_elites(fitness, count, order, settings.elites, chosen)
    taken = settings.elites
    argsort_descending(diverse, count, work.pairs, order, work.stack)
    end = taken + settings.diverse
    steps.take_diverse(fitness, count, order, taken, end, chosen)
    taken = end
    if settings.small > 0:
        for position in range(count):
            code = codes[position]
            work.omitted[position] = omitted[code] if code >= 0 else np.float32(0.0)
        argsort_descending(work.omitted, count, work.pairs, order, work.stack)
        steps.take_first(order, taken, settings.small, chosen)
        taken += settings.small
    status = steps.set_thresholds(fitness, diverse, count, work.threshold)
    if status == steps.COMPLETED:
        for position in range(count):
            work.blocked[position] = False
        for place in range(taken):
            work.blocked[chosen[place]] = True
        steps.spin(work.threshold, count, stream, work.blocked, chosen, taken, settings.population)
    return status, max(taken, settings.population)


@kernel
def _take_offspring(pool, following, work, at):
    """Make the offspring the next population."""
    count = at[state.PARENTS]
    for place in range(count):
        work.chosen[place] = count + place
    steps.take_over(pool, work.chosen, count, following)
    at[state.STEP] += 1
    at[state.MEASURED] = 0

"""The trace of a run and its outcome, compiled; see `engine.StepTrace` and `engine.consider`."""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import numpy as np

from ednag.search.compiled_cache import kernel

#: Columns of a trace.
MEAN, BEST, VALID, UNIQUE = range(4)


@kernel
def best_of(codes, metric, count, higher_is_better, outcome, outcome_metric):
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
def trace_step(codes, metric, count, higher_is_better, marks, step, trace, counted, stack, sums):
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
    trace[step, MEAN] = _pairwise_sum(counted, summands, stack, sums) / summands
    trace[step, BEST] = best
    trace[step, VALID] = valid / count
    trace[step, UNIQUE] = unique / valid if valid > 0 else 0.0


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

"""Intervals for few runs; also defined where SciPy's functions are not.

Tables and figures need thousands of intervals over equally many seeds, so the resamples of a
bootstrap are drawn once per number of values. Importing scipy.stats takes longer than drawing most
figures, so it is imported where it is used, and Wilson's interval is computed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from ednag.study.configuration import Statistics

#: Counts of resamples in memory at once: 128 MB. Ten thousand resamples of 1,600 values fit.
_MOST_COUNTS = 2**24
#: Resamples of a probability of improvement: each costs a sort of all pairs.
_MOST_PAIRED_RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """An estimate between two bounds."""

    estimate: float
    low: float
    high: float

    def columns(self, name: str) -> dict[str, float]:
        """Columns of a table: `name`, `name_low` and `name_high`."""
        return {name: self.estimate, f"{name}_low": self.low, f"{name}_high": self.high}


def finite(values: pd.Series) -> np.ndarray:
    """float64[n]: the values that are not NaN."""
    return values.dropna().to_numpy(dtype=np.float64)


def standard_deviation(values: np.ndarray) -> float:
    """Of a sample float[n]; NaN for fewer than 2."""
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def bootstrap_mean(values: np.ndarray, statistics: Statistics) -> Interval:
    """Mean of float[n] with its percentile bootstrap interval; no bounds for fewer than 2."""
    if len(values) == 0:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, np.nan, np.nan)
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean)
    blocks = _blocks((len(values),), statistics.resamples, statistics.seed)
    sums = [counts @ values for (counts,) in blocks]
    low, high = middle_share(np.concatenate(sums) / len(values), statistics.confidence)
    return Interval(mean, low, high)


def _blocks(sizes: tuple[int, ...], resamples: int, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    """The rows of `_resamples` in order, in blocks of at most `_MOST_COUNTS` counts."""
    rows = max(1, _MOST_COUNTS // max(sizes))
    if rows >= resamples:
        yield _resamples(sizes, resamples, seed)
        return
    generators = []
    for position in range(len(sizes)):
        # One generator draws all samples in turn: skip the draws of the samples before.
        generator = np.random.Generator(np.random.PCG64(seed))
        for size in sizes[:position]:
            for begin in range(0, resamples, rows):
                generator.integers(size, size=(min(rows, resamples - begin), size))
        generators.append(generator)
    for begin in range(0, resamples, rows):
        count = min(rows, resamples - begin)
        yield tuple(
            _counts(generator, count, size)
            for generator, size in zip(generators, sizes, strict=True)
        )


@lru_cache(maxsize=8)
def _resamples(sizes: tuple[int, ...], resamples: int, seed: int) -> tuple[np.ndarray, ...]:
    """How often each value is drawn, float64[resamples, n], for samples of these sizes.

    The draws are those of `scipy.stats.bootstrap` with the generator PCG64(seed).
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    return tuple(_counts(generator, resamples, size) for size in sizes)


def _counts(generator: np.random.Generator, rows: int, size: int) -> np.ndarray:
    """How often each of `size` values is drawn in `rows` samples, float64[rows, size]."""
    drawn = generator.integers(size, size=(rows, size))
    places = drawn + size * np.arange(rows)[:, None]
    counts = np.bincount(places.ravel(), minlength=rows * size)
    return counts.reshape(rows, size).astype(np.float64)


def middle_share(values: np.ndarray, share: float) -> tuple[float, float]:
    """The bounds of the middle `share` of the values float[n]."""
    tail = (1 - share) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def wilson_share(successes: int, trials: int, confidence: float) -> Interval:
    """A share of trials with Wilson's interval; NaN for no trial."""
    if trials == 0:
        return Interval(np.nan, np.nan, np.nan)
    from scipy.special import ndtri

    square = float(ndtri(0.5 + confidence / 2)) ** 2
    middle = successes + square / 2
    reach = np.sqrt(square * (successes * (trials - successes) / trials + square / 4))
    low = (middle - reach) / (trials + square) if successes else 0.0
    high = (middle + reach) / (trials + square) if successes < trials else 1.0
    return Interval(successes / trials, float(low), float(high))


def interquartile_mean(values: np.ndarray) -> float:
    """Mean of the middle half of float[n]; NaN for no value."""
    cut = len(values) // 4
    return float(np.sort(values)[cut : len(values) - cut].mean()) if len(values) else float("nan")


def probability_of_improvement(
    ours: np.ndarray, theirs: np.ndarray, statistics: Statistics
) -> Interval:
    """Chance that a run of ours beats one of theirs, ties counted half, with a bootstrap interval.

    Args:
        ours, theirs: float[n] and float[m], higher is better.
    """
    if not len(ours) or not len(theirs):
        return Interval(np.nan, np.nan, np.nan)
    pairs = len(ours) * len(theirs)
    order = np.argsort(theirs, kind="stable")
    worse = np.searchsorted(theirs[order], ours, side="left")
    no_better = np.searchsorted(theirs[order], ours, side="right")
    resamples = min(statistics.resamples, _MOST_PAIRED_RESAMPLES)
    # Sums of whole and half numbers are exact in any order.
    wins = [
        _wins(of_ours, of_theirs.T[order], worse, no_better)
        for of_ours, of_theirs in _blocks((len(ours), len(theirs)), resamples, statistics.seed)
    ]
    low, high = middle_share(np.concatenate(wins) / pairs, statistics.confidence)
    return Interval(float((worse + no_better).sum()) / 2 / pairs, low, high)


def _wins(
    of_ours: np.ndarray, of_theirs: np.ndarray, worse: np.ndarray, no_better: np.ndarray
) -> np.ndarray:
    """Pairs that ours win in each resample, ties counted half, float64[resamples].

    Args:
        of_ours, of_theirs: How often each is drawn, float64[resamples, n] and [m, resamples],
            theirs by rising value.
        worse, no_better: How many of theirs are below each of ours, or not above, int64[n].
    """
    below = np.zeros((len(of_theirs) + 1, len(of_ours)))
    np.cumsum(of_theirs, axis=0, out=below[1:])
    return np.einsum("ri,ir->r", of_ours, below[worse] + below[no_better]) / 2


def paired_p_value(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Two-sided Wilcoxon signed-rank test over paired seeds; 1 when all pairs are equal."""
    difference = np.round(ours - theirs, 9)
    if not np.any(difference):
        return 1.0
    from scipy import stats

    return float(stats.wilcoxon(difference, zero_method="zsplit").pvalue)


def holm(p_values: np.ndarray) -> np.ndarray:
    """P-values float[k] corrected for k comparisons (Holm, 1979), in the given order."""
    order = np.argsort(p_values, kind="stable")
    count = len(p_values)
    corrected = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    result = np.empty(count)
    result[order] = np.minimum(corrected, 1.0)
    return result


def mean_ranks(scores: np.ndarray) -> np.ndarray:
    """Mean rank float[methods] over datasets of scores float[datasets, methods]; 1 is best."""
    from scipy import stats

    return np.asarray(stats.rankdata(-scores, axis=1).mean(axis=0))


def critical_difference(methods: int, datasets: int, confidence: float) -> float:
    """Nemenyi's critical difference of mean ranks (Demsar, JMLR 2006)."""
    from scipy import stats

    quantile = stats.studentized_range.ppf(confidence, methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * datasets)))

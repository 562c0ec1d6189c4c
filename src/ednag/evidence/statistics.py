"""Intervals for few runs; also defined where SciPy's functions are not.

Importing scipy.stats takes longer than drawing most figures, so it is imported where it is used,
and Wilson's interval is computed here.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ednag.study.statistics import Statistics

#: Counts of resamples in memory at once: 128 MB. Ten thousand resamples of 1,600 values fit.
_MOST_COUNTS = 2**24
#: Resamples of a probability of improvement: each costs a sort of all pairs.
_MOST_PAIRED_RESAMPLES = 2000


class Interval(NamedTuple):
    """An estimate between two bounds; without bounds for a single value."""

    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan

    def percent(self) -> "Interval":
        """A share in %."""
        return Interval(*(100 * bound for bound in self))

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
    if len(values) < 2:
        return Interval(float(values[0])) if len(values) else Interval()
    mean = float(np.mean(values))
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean)
    generator = np.random.Generator(np.random.PCG64(statistics.seed))
    rows = max(1, _MOST_COUNTS // len(values))
    sums = [
        _counts(generator, min(rows, statistics.resamples - begin), len(values)) @ values
        for begin in range(0, statistics.resamples, rows)
    ]
    return Interval(mean, *middle_share(np.concatenate(sums) / len(values), statistics.confidence))


def _counts(generator: np.random.Generator, rows: int, size: int) -> np.ndarray:
    """How often each of `size` values is drawn in `rows` resamples, float64[rows, size].

    The draws are those of `scipy.stats.bootstrap` with the same generator.
    """
    places = generator.integers(size, size=(rows, size)) + size * np.arange(rows)[:, None]
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
        return Interval()
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
        return Interval()
    pairs = len(ours) * len(theirs)
    order = np.argsort(theirs, kind="stable")
    worse, no_better = (np.searchsorted(theirs[order], ours, side) for side in ("left", "right"))
    generator = np.random.Generator(np.random.PCG64(statistics.seed))
    resamples = min(statistics.resamples, _MOST_PAIRED_RESAMPLES)
    of_ours, of_theirs = (_counts(generator, resamples, len(each)) for each in (ours, theirs))
    # How many of the lowest 0, 1, ... of theirs a resample draws.
    below = np.pad(of_theirs.T[order].cumsum(axis=0), ((1, 0), (0, 0)))
    wins = np.einsum("ri,ir->r", of_ours, below[worse] + below[no_better]) / 2
    estimate = float((worse + no_better).sum()) / 2 / pairs
    return Interval(estimate, *middle_share(wins / pairs, statistics.confidence))


def mean_difference(ours: np.ndarray, theirs: np.ndarray, statistics: Statistics) -> Interval:
    """Mean of float[n] minus that of float[m], not paired, with Welch's t interval.

    No bounds for fewer than 2 of either; bounds without width if neither varies.
    """
    if not len(ours) or not len(theirs):
        return Interval()
    gap = float(ours.mean() - theirs.mean())
    if min(len(ours), len(theirs)) < 2:
        return Interval(gap)
    if np.ptp(ours) == 0 and np.ptp(theirs) == 0:
        return Interval(gap, gap, gap)
    from scipy import stats

    bounds = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(
        statistics.confidence
    )
    return Interval(gap, float(bounds.low), float(bounds.high))


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

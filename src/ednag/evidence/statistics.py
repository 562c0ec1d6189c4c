"""Intervals for few runs, with the cases that SciPy's functions leave undefined filled in.

Tables and figures ask for thousands of intervals over equally many seeds, so the resamples of a
bootstrap are drawn once per number of values. Importing scipy.stats takes longer than most figures:
the two formulae that every figure needs stand here, held to SciPy's by tests, and it is imported
where it is used.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate between two bounds."""

    estimate: float
    low: float
    high: float


def bootstrap_mean(values: np.ndarray, confidence: float, resamples: int, seed: int) -> Interval:
    """Mean of float[n] with its percentile bootstrap interval; no bounds for fewer than 2."""
    if len(values) == 0:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, np.nan, np.nan)
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean)
    (counts,) = _resamples((len(values),), resamples, seed)
    low, high = _percentiles(counts @ values / len(values), confidence)
    return Interval(mean, low, high)


@lru_cache(maxsize=16)
def _resamples(sizes: tuple[int, ...], resamples: int, seed: int) -> tuple[np.ndarray, ...]:
    """How often each value is drawn, float64[resamples, n], for samples of these sizes.

    The draws are those of `scipy.stats.bootstrap` with the generator PCG64(seed).
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    found = []
    for size in sizes:
        drawn = generator.integers(size, size=(resamples, size))
        places = drawn + size * np.arange(resamples)[:, None]
        counts = np.bincount(places.ravel(), minlength=resamples * size)
        found.append(counts.reshape(resamples, size).astype(np.float64))
    return tuple(found)


def _percentiles(means: np.ndarray, confidence: float) -> tuple[float, float]:
    """The bounds between which the middle `confidence` of float[resamples] lies."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
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
    ours: np.ndarray, theirs: np.ndarray, confidence: float, resamples: int, seed: int
) -> Interval:
    """Chance that a run of ours beats one of theirs, ties counted half, with a bootstrap interval.

    Args:
        ours, theirs: float[n] and float[m], higher is better.
    """
    if not len(ours) or not len(theirs):
        return Interval(np.nan, np.nan, np.nan)
    wins = np.sign(ours[:, None] - theirs[None]) / 2 + 0.5
    of_ours, of_theirs = _resamples((len(ours), len(theirs)), resamples, seed)
    shares = ((of_ours @ wins) * of_theirs).sum(axis=1) / wins.size
    low, high = _percentiles(shares, confidence)
    return Interval(float(wins.mean()), low, high)


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

"""Intervals for few runs, from SciPy, with the cases its functions leave undefined filled in."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


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
    result = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        method="percentile",
        rng=np.random.Generator(np.random.PCG64(seed)),
    )
    return Interval(
        mean, float(result.confidence_interval.low), float(result.confidence_interval.high)
    )


def wilson_share(successes: int, trials: int, confidence: float) -> Interval:
    """A share of trials with Wilson's interval; NaN for no trial."""
    if trials == 0:
        return Interval(np.nan, np.nan, np.nan)
    result = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(successes / trials, float(result.low), float(result.high))


def interquartile_mean(values: np.ndarray) -> float:
    """Mean of the middle half of float[n]; NaN for no value."""
    return float(stats.trim_mean(values, 0.25)) if len(values) else float("nan")


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
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = generator.integers(len(ours), size=(resamples, len(ours)))
    columns = generator.integers(len(theirs), size=(resamples, len(theirs)))
    counts_rows = _multiplicities(rows, len(ours))
    counts_columns = _multiplicities(columns, len(theirs))
    shares = ((counts_rows @ wins) * counts_columns).sum(axis=1) / wins.size
    tail = (1 - confidence) / 2
    low, high = np.quantile(shares, [tail, 1 - tail])
    return Interval(float(wins.mean()), float(low), float(high))


def _multiplicities(drawn: np.ndarray, size: int) -> np.ndarray:
    """How often each of `size` positions is drawn, float64[resamples, size]."""
    counts = np.zeros((len(drawn), size))
    np.add.at(counts, (np.arange(len(drawn))[:, None], drawn), 1.0)
    return counts


def paired_p_value(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Two-sided Wilcoxon signed-rank test over paired seeds; 1 when all pairs are equal."""
    difference = np.round(ours - theirs, 9)
    if not np.any(difference):
        return 1.0
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
    return np.asarray(stats.rankdata(-scores, axis=1).mean(axis=0))


def critical_difference(methods: int, datasets: int, confidence: float) -> float:
    """Nemenyi's critical difference of mean ranks (Demsar, JMLR 2006)."""
    quantile = stats.studentized_range.ppf(confidence, methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * datasets)))

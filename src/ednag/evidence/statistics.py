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
    """Mean of float[n] with its percentile bootstrap interval; NaN bounds for fewer than 2 values."""
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

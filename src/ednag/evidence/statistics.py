"""Intervals and tests for few runs, also defined where SciPy's functions are not.

Each is stated with a worked example in docs/statistics.md; `benchmarks/intervals.py` measures
how often the intervals hold the true value. Importing scipy.stats takes longer than drawing most
figures, so it is imported where it is used; scipy.special is quick.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

#: No interval of fewer values: tables print the values instead.
FEWEST_VALUES = 5
#: Differences below this are the last bits of sums: values that close are ties.
_DECIMALS = 9


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


def mean_interval(values: np.ndarray, confidence: float) -> Interval:
    """Mean of float[n] with Student's interval; no bounds for fewer than FEWEST_VALUES.

    Equal values have an interval of no width.
    """
    if not len(values):
        return Interval()
    mean = float(np.mean(values))
    if len(values) < FEWEST_VALUES:
        return Interval(mean)
    return _student(mean, _variance_of_mean(values), len(values) - 1, confidence)


def stratified_mean(strata: Sequence[np.ndarray], confidence: float) -> Interval:
    """Mean of the means of strata float[n], with Student's interval over what is in them.

    The variance is that of a mean of independent means, with the degrees of freedom of Welch and
    Satterthwaite: what a bootstrap that resamples each stratum estimates by draws. No bounds if a
    stratum has fewer than FEWEST_VALUES.
    """
    mean = float(np.mean([each.mean() for each in strata]))
    if min(map(len, strata)) < FEWEST_VALUES:
        return Interval(mean)
    variances = np.array([_variance_of_mean(each) for each in strata]) / len(strata) ** 2
    parts = variances**2 / np.array([len(each) - 1 for each in strata])
    freedom = variances.sum() ** 2 / parts.sum() if parts.sum() else np.inf
    return _student(mean, float(variances.sum()), float(freedom), confidence)


def _variance_of_mean(values: np.ndarray) -> float:
    """Of float[n], n at least 2; exactly 0 for equal values."""
    return float(values.var(ddof=1)) / len(values) if np.ptp(values) else 0.0


def _student(estimate: float, variance: float, freedom: float, confidence: float) -> Interval:
    """An estimate with Student's interval, given the variance of the estimate."""
    if variance == 0:
        return Interval(estimate, estimate, estimate)
    from scipy.special import stdtrit

    reach = float(stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(variance))
    return Interval(estimate, estimate - reach, estimate + reach)


def mean_columns(name: str, values: np.ndarray, confidence: float) -> dict[str, float | str]:
    """Columns of a mean and its interval, and `{name}_values`: the values where they are few."""
    few = values.tolist() if len(values) < FEWEST_VALUES else []
    columns = mean_interval(values, confidence).columns(name)
    return {**columns, f"{name}_values": " ".join(f"{value:.3f}" for value in few)}


def middle_share(values: np.ndarray, share: float) -> tuple[float, float]:
    """The bounds of the middle `share` of the values float[n]."""
    tail = (1 - share) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def exact_share(successes: int, trials: int, confidence: float) -> Interval:
    """A share of trials with the exact interval of Clopper and Pearson (1934); NaN for no trial."""
    if trials == 0:
        return Interval()
    from scipy.special import betaincinv

    tail, failures = (1 - confidence) / 2, trials - successes
    low = betaincinv(successes, failures + 1, tail) if successes else 0.0
    high = betaincinv(successes + 1, failures, 1 - tail) if failures else 1.0
    return Interval(successes / trials, float(low), float(high))


def expected_running_time(
    spent: np.ndarray, has_reached: np.ndarray, confidence: float
) -> Interval:
    """What a method spends until it reaches a target, if it is run again and again until it does.

    All that the runs spent, failures included, by the number of runs that reached the target
    (Hansen et al., COCO, 2016). The interval is Student's on the logarithm of this ratio; no bounds
    for fewer than FEWEST_VALUES runs. If none has reached it, the estimate is infinite, and
    the lower bound is what the exact upper bound of their share gives.

    Args:
        spent: float[n], until the target, or by the whole run if it failed.
        has_reached: bool[n].
    """
    count, reached = len(spent), int(np.count_nonzero(has_reached))
    if not count:
        return Interval()
    if not reached:
        highest = exact_share(0, count, confidence).high
        return Interval(np.inf, float(spent.mean()) / highest, np.inf)
    expected = float(spent.sum()) / reached
    if count < FEWEST_VALUES:
        return Interval(expected)
    # The error of the ratio, by linearisation (delta method).
    share = reached / count
    variance = _variance_of_mean((spent - expected * has_reached) / (expected * share))
    logarithm = _student(float(np.log(expected)), variance, count - 1, confidence)
    return Interval(expected, *(float(np.exp(bound)) for bound in logarithm[1:]))


def interquartile_mean(values: np.ndarray) -> float:
    """Mean of the middle half of float[n]; NaN for no value."""
    cut = len(values) // 4
    return float(np.sort(values)[cut : len(values) - cut].mean()) if len(values) else float("nan")


def difference_of_means(ours: np.ndarray, theirs: np.ndarray, confidence: float) -> Interval:
    """Mean of float[n] minus mean of float[m], with Welch's interval; see `mean_interval`.

    The values are not paired: runs of two methods with the same seed have nothing in common.
    """
    if not len(ours) or not len(theirs):
        return Interval()
    difference = float(np.mean(ours) - np.mean(theirs))
    if min(len(ours), len(theirs)) < FEWEST_VALUES:
        return Interval(difference)
    return _student(difference, *_welch(ours, theirs), confidence)


def _welch(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Variance of a difference of means, and its degrees of freedom (Welch and Satterthwaite)."""
    parts = np.array([_variance_of_mean(each) for each in (ours, theirs)])
    shares = parts**2 / np.array([len(ours) - 1, len(theirs) - 1])
    freedom = parts.sum() ** 2 / shares.sum() if shares.sum() else np.inf
    return float(parts.sum()), float(freedom)


def difference_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """P-value of Welch's two-sided test that two means are equal.

    0 or 1 where nothing varies. NaN for fewer than FEWEST_VALUES of either.
    """
    if min(len(ours), len(theirs)) < FEWEST_VALUES:
        return np.nan
    distance = abs(float(np.mean(ours) - np.mean(theirs)))
    variance, freedom = _welch(ours, theirs)
    if variance == 0:
        return float(distance == 0)
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -distance / np.sqrt(variance)))


def equivalence_p(ours: np.ndarray, theirs: np.ndarray, region: float) -> float:
    """P-value of two one-sided Welch tests that the means differ by less than `region`.

    Schuirmann (1987). NaN for fewer than FEWEST_VALUES of either.
    """
    if min(len(ours), len(theirs)) < FEWEST_VALUES:
        return np.nan
    inside = region - abs(float(np.mean(ours) - np.mean(theirs)))
    variance, freedom = _welch(ours, theirs)
    if variance == 0:
        return float(inside < 0)
    from scipy.special import stdtr

    return float(stdtr(freedom, -inside / np.sqrt(variance)))


def probability_of_improvement(ours: np.ndarray, theirs: np.ndarray, confidence: float) -> Interval:
    """Chance that a run of ours beats one of theirs, ties counted half (Vargha and Delaney's A).

    The interval is that of Brunner and Munzel (2000) on the scale of logits. Where every pair has
    the same winner it is the exact one of as many won pairs as are disjoint. No bounds for fewer
    than FEWEST_VALUES of either.

    Args:
        ours, theirs: float[n] and float[m], higher is better; -inf is worse than every value.
    """
    if not len(ours) or not len(theirs):
        return Interval()
    won, lost = _beaten(ours, theirs), 1 - _beaten(theirs, ours)
    share, disjoint = float(won.mean()), min(len(ours), len(theirs))
    if disjoint < FEWEST_VALUES:
        return Interval(share)
    if share in (0, 1):
        return exact_share(round(share * disjoint), disjoint, confidence)
    variance, freedom = _welch(won, lost)
    scale = share * (1 - share)
    logit = _student(np.log(share / (1 - share)), variance / scale**2, freedom, confidence)
    low, high = (float(1 / (1 + np.exp(-bound))) for bound in logit[1:])
    return Interval(share, low, high)


def _beaten(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Share of theirs float[m] that each of ours float[n] beats, ties half: float64[n]."""
    mine, other = np.round(ours, _DECIMALS), np.sort(np.round(theirs, _DECIMALS))
    places = [np.searchsorted(other, mine, side) for side in ("left", "right")]
    return np.asarray(sum(places) / (2 * len(theirs)))


def mann_whitney_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Two-sided test of Mann and Whitney (1947), corrected for ties; 1 if all values are equal.

    Exact for few values without ties. NaN for fewer than FEWEST_VALUES of either.
    """
    if min(len(ours), len(theirs)) < FEWEST_VALUES:
        return np.nan
    one, other = np.round(ours, _DECIMALS), np.round(theirs, _DECIMALS)
    if len(np.unique(np.concatenate([one, other]))) == 1:
        return 1.0
    from scipy import stats

    return float(stats.mannwhitneyu(one, other).pvalue)


def holm(p_values: np.ndarray) -> np.ndarray:
    """P-values float[k] corrected for k comparisons (Holm, 1979), in the given order.

    NaN, where there was no test, stays NaN and counts for none.
    """
    order = np.argsort(p_values, kind="stable")[: np.count_nonzero(~np.isnan(p_values))]
    count = len(order)
    corrected = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    result = np.full(len(p_values), np.nan)
    result[order] = np.minimum(corrected, 1.0)
    return result


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """P-values float[k] corrected for the share of false discoveries (1995), in the given order.

    NaN, where there was no test, stays NaN and counts for none.
    """
    from scipy.stats import false_discovery_control

    tested = ~np.isnan(p_values)
    result = np.full(len(p_values), np.nan)
    result[tested] = false_discovery_control(p_values[tested]) if tested.any() else []
    return result


def mean_ranks(scores: np.ndarray) -> np.ndarray:
    """Mean rank float[methods] over datasets of scores float[datasets, methods]; 1 is best."""
    from scipy import stats

    return np.asarray(stats.rankdata(-scores, axis=1).mean(axis=0))


def ranks_by_space(scores: np.ndarray, spaces: Sequence[str]) -> np.ndarray:
    """Mean rank float[methods], each space counted once: the mean of its datasets' ranks first.

    `scores` are as of `mean_ranks`; `spaces` has the search space of each dataset.
    """
    named = np.array(spaces)
    return np.mean([mean_ranks(scores[named == each]) for each in dict.fromkeys(spaces)], axis=0)


def critical_difference(methods: int, datasets: int, confidence: float) -> float:
    """Nemenyi's critical difference of mean ranks (Demsar, JMLR 2006)."""
    from scipy import stats

    quantile = stats.studentized_range.ppf(confidence, methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * datasets)))

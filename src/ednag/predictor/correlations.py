"""Correlation coefficients of predicted and measured values, with bootstrap intervals."""

import warnings

import numpy as np
import pandas as pd
from scipy import stats

_FUNCTIONS = {
    "pearson": stats.pearsonr,
    "spearman": stats.spearmanr,
    "kendall": stats.kendalltau,
}
COEFFICIENTS = tuple(_FUNCTIONS)
#: Names of the rows on all groups: of the pooled values, and of the mean over groups.
OVERALL, MEAN_OF_GROUPS = "overall", "mean of groups"
#: Share of the bootstrap distribution within an interval.
CONFIDENCE = 0.95
#: Columns of one block of pairs; bounds memory.
_PAIRS = 512
#: A coefficient needs at least so many pairs.
FEWEST = 3


def coefficients(predicted: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    """Pearson's r, Spearman's rho and Kendall's tau-b of float64[n] each.

    NaN where there are fewer than FEWEST pairs or all values of one are equal.
    """
    if len(predicted) < FEWEST or not np.ptp(predicted) or not np.ptp(measured):
        return dict.fromkeys(COEFFICIENTS, float("nan"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        return {
            name: float(function(predicted, measured).statistic)
            for name, function in _FUNCTIONS.items()
        }


def correlations(
    predicted: np.ndarray,
    measured: np.ndarray,
    groups: np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Coefficients overall, in each group, and their mean over the groups.

    Intervals are percentiles of the bootstrap over rows (over rows within each group for the mean).
    A group with fewer than FEWEST rows or with constant values has no coefficient and is not part
    of the mean.

    Args:
        predicted, measured: float64[n].
        groups: [n] names or numbers of the groups.
        resamples: Number of bootstrap samples.

    Returns:
        Columns group (string), rows, coefficient, value, low, high; three rows for OVERALL, three
        for MEAN_OF_GROUPS, three for each group in ascending order.
    """
    drawn = _resampled(predicted, measured, resamples, [seed, 0])
    rows = _rows(OVERALL, len(predicted), *drawn, confidence)
    of_groups, means, draws = [], [], []
    for number, group in enumerate(np.unique(groups), start=1):
        members = groups == group
        value, resampled = _resampled(
            predicted[members], measured[members], resamples, [seed, number]
        )
        of_groups += _rows(str(group), int(members.sum()), value, resampled, confidence)
        if not np.isnan(value).any():
            means.append(value)
            draws.append(resampled)
    if means:
        mean, means_drawn = np.mean(means, axis=0), _mean_without_nan(np.array(draws))
    else:
        mean, means_drawn = np.full(3, np.nan), np.full((resamples, 3), np.nan)
    rows += [*_rows(MEAN_OF_GROUPS, len(groups), mean, means_drawn, confidence), *of_groups]
    return pd.DataFrame(rows, columns=["group", "rows", "coefficient", "value", "low", "high"])


def _resampled(
    predicted: np.ndarray, measured: np.ndarray, resamples: int, seed: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients float64[3], and coefficients float64[resamples, 3]."""
    value = np.array(list(coefficients(predicted, measured).values()))
    if np.isnan(value).any():
        return value, np.full((resamples, 3), np.nan)
    count = len(predicted)
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    ranks = (stats.rankdata(each[drawn], axis=1) for each in (predicted, measured))
    by_row = (
        _pearson_by_row(predicted[drawn], measured[drawn]),
        _pearson_by_row(*ranks),
        _kendall_by_row(predicted, measured, drawn),
    )
    return value, np.stack(by_row, axis=1)


def _pearson_by_row(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of float64[b, n] and float64[b, n]; NaN where a row is constant."""
    flat = (np.ptp(one, axis=1) == 0) | (np.ptp(other, axis=1) == 0)
    one, other = (each - each.mean(axis=1, keepdims=True) for each in (one, other))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (one * other).sum(axis=1) / np.sqrt(
            np.square(one).sum(axis=1) * np.square(other).sum(axis=1)
        )
    return np.where(flat, np.nan, ratio)


def _kendall_by_row(one: np.ndarray, other: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Kendall's tau-b float64[b] of values float64[n] at rows int[b, n].

    A pair of values is weighted by its draws, so that pairs are compared once for all draws. SciPy
    compares them again for each draw.
    """
    count = len(one)
    times = np.stack([np.bincount(each, minlength=count) for each in drawn]).astype(np.float64)
    agreeing, of_one, of_other = np.zeros((3, len(drawn)))
    for start in range(0, count, _PAIRS):
        block = slice(start, start + _PAIRS)
        first = np.sign(one[:, None] - one[block])
        second = np.sign(other[:, None] - other[block])
        for total, pairs in (
            (agreeing, first * second),
            (of_one, np.abs(first)),
            (of_other, np.abs(second)),
        ):
            total += ((times @ pairs) * times[:, block]).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return agreeing / np.sqrt(of_one * of_other)


def _mean_without_nan(draws: np.ndarray) -> np.ndarray:
    """Means float64[resamples, 3] over the groups of float64[groups, resamples, 3], without NaN."""
    counted = ~np.isnan(draws)
    with np.errstate(invalid="ignore"):
        return np.where(counted, draws, 0).sum(axis=0) / counted.sum(axis=0)


def _rows(
    group: str, count: int, value: np.ndarray, drawn: np.ndarray, confidence: float
) -> list[tuple]:
    """One row of the table for each coefficient."""
    rows = []
    for place, name in enumerate(COEFFICIENTS):
        defined = drawn[:, place][~np.isnan(drawn[:, place])]
        ends = [(1 - confidence) / 2, (1 + confidence) / 2]
        low, high = np.quantile(defined, ends) if len(defined) else (np.nan, np.nan)
        rows.append((group, count, name, float(value[place]), float(low), float(high)))
    return rows

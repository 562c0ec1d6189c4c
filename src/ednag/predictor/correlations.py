"""Correlation coefficients of scores with measured values, within tasks, with their resamples."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# scipy.stats takes a second to import, and pages that only read coefficients need none of it.

#: Name of a coefficient -> its function in scipy.stats.
_FUNCTIONS = {"pearson": "pearsonr", "spearman": "spearmanr", "kendall": "kendalltau"}
COEFFICIENTS = tuple(_FUNCTIONS)
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
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        return {
            name: float(getattr(stats, function)(predicted, measured).statistic)
            for name, function in _FUNCTIONS.items()
        }


@dataclass(frozen=True)
class Correlations:
    """Coefficients of one score with what was measured, in the order of COEFFICIENTS.

    Attributes:
        by_task: float64[tasks, 3]; NaN where undefined.
        drawn: float64[resamples, tasks, 3], the same of resampled architectures.
        tasks: int64[resamples, tasks], the tasks of each resample.
    """

    by_task: np.ndarray
    drawn: np.ndarray
    tasks: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean over tasks float64[3]."""
        return _mean_without_nan(self.by_task)

    @property
    def means_drawn(self) -> np.ndarray:
        """The same of resampled tasks and architectures, float64[resamples, 3]."""
        return _mean_without_nan(np.take_along_axis(self.drawn, self.tasks[:, :, None], axis=1))


def correlations(
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], resamples: int, seed: int
) -> dict[str, Correlations]:
    """Coefficients of several scores, within each task, and their bootstrap resamples.

    The same architectures stand in every task, so a resample draws architectures once for all tasks
    and scores, and tasks: differences between scores can be taken resample by resample.

    Args:
        pairs: Name of a score -> scores and measured values, float64[tasks, architectures] each.
        resamples: Number of bootstrap resamples.
    """
    (tasks, count), *others = {np.shape(each) for pair in pairs.values() for each in pair}
    assert not others
    generator = np.random.default_rng(seed)
    drawn = generator.integers(count, size=(resamples, count)) if count else np.empty((0, 0), int)
    chosen = generator.integers(tasks, size=(resamples, tasks))
    found = {}
    for name, (scores, measured) in pairs.items():
        of_tasks = [
            _resampled(*values, drawn, resamples) for values in zip(scores, measured, strict=True)
        ]
        by_task, by_draw = (np.stack(each) for each in zip(*of_tasks, strict=True))
        found[name] = Correlations(by_task, by_draw.swapaxes(0, 1), chosen)
    return found


def _resampled(
    one: np.ndarray, other: np.ndarray, drawn: np.ndarray, resamples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients float64[3], and of the rows int64[resamples, n] float64[resamples, 3]."""
    from scipy.stats import rankdata

    value = np.array(list(coefficients(one, other).values()))
    if np.isnan(value).any():
        return value, np.full((resamples, 3), np.nan)
    ranks = (rankdata(each[drawn], axis=1) for each in (one, other))
    by_row = (
        _pearson_by_row(one[drawn], other[drawn]),
        _pearson_by_row(*ranks),
        _kendall_by_row(one, other, drawn),
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


def _mean_without_nan(values: np.ndarray) -> np.ndarray:
    """Means float64[..., 3] over tasks of float64[..., tasks, 3], without NaN."""
    counted = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(counted, values, 0).sum(axis=-2) / counted.sum(axis=-2)

"""Kendall's tau-b, Spearman's rho, and the number that NAR's code reports as Kendall's tau."""

import numpy as np
from scipy.stats import kendalltau, spearmanr

#: Rows of pairs at a time.
_ROWS = 512


def kendall_tau_b(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Kendall's tau-b of two float[n], in [-1, 1]; NaN where one is constant or n < 2."""
    if len(predicted) < 2:
        return float("nan")
    return float(kendalltau(predicted, measured, variant="b").statistic)


def spearman(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Spearman's rank correlation of two float[n], in [-1, 1]; NaN where one is constant or n < 2.

    Equal values have their mean rank.
    """
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return float("nan")
    return float(spearmanr(predicted, measured).statistic)


def kendall_tau_ties_concordant(predicted: np.ndarray, measured: np.ndarray) -> float:
    """The share of concordant minus that of discordant pairs, where ties count as concordant.

    The reference calls it Kendall's tau. It is too high where there are ties, and 1 for a constant
    prediction. NaN if n < 2. Both are float[n].
    """
    n = len(predicted)
    if n < 2:
        return float("nan")
    discordant = 0
    for start in range(0, n, _ROWS):
        rows = slice(start, start + _ROWS)
        of_predicted = np.sign(predicted[rows, None] - predicted[None, :])
        of_measured = np.sign(measured[rows, None] - measured[None, :])
        discordant += int((of_predicted * of_measured < 0).sum())
    # Every pair is counted twice.
    return 1 - 2 * (discordant / 2) / (n * (n - 1) / 2)

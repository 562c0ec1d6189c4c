"""Ridge regression on the operations of cells, the same on every CPU.

A cell is described by the operation at each place (an edge, or an entry of the adjacency) and, with
pairs, by the two operations at each pair of places. What is learnt are normal scores of accuracies:
only the order of predictions is judged, and a few failed trainings at chance level would bend a fit
to the accuracies themselves.

LAPACK's last bits depend on the CPU. So the equations are of whole numbers, and their solution is
rounded to whole numbers by residuals that are exact; whatever follows adds whole numbers.
"""

from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np

#: Operations at a place of a cell are numbered 0 to 5.
_OPERATIONS = 6
#: The penalty on squared weights, scikit-learn's default.
_PENALTY = 1
#: Steps of a normal score of one: 2^30. No sum reaches 2^53, up to which float64 is exact.
_UNIT = 2**30
#: Residuals are below a step after two corrections.
_CORRECTIONS = 5


def normal_scores(accuracies: np.ndarray) -> np.ndarray:
    """Standard normal quantiles float64[n] of the mid-ranks of float[n], to six decimals."""
    _, inverse, counts = np.unique(accuracies, return_inverse=True, return_counts=True)
    shares = (np.cumsum(counts) - counts / 2) / len(accuracies)
    # Rounded, because logarithms differ in their last bits from one C library to another.
    return np.array([round(NormalDist().inv_cdf(share), 6) for share in shares.tolist()])[inverse]


def features_of(operations: np.ndarray, *, pairs: bool, options: int = _OPERATIONS) -> np.ndarray:
    """Numbers int64[n, places (+ pairs of places)] of what each cell has.

    Args:
        operations: int[n, places], 0 to `options` - 1 each.
        pairs: Whether pairs of places count as well.
    """
    columns = list(np.asarray(operations, dtype=np.int64).T)
    ones = [options * place + column for place, column in enumerate(columns)]
    start = options * len(columns)
    twos = [
        start + number * options**2 + options * first + second
        for number, (first, second) in enumerate(combinations(columns, 2))
        if pairs
    ]
    return np.stack(ones + twos, axis=1)


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge: whole numbers float64 by number of feature, 0 for those it never saw."""

    weights: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Scores float64[n] of features int64[n, k]; they rise with accuracy."""
        known = np.append(self.weights, 0.0)
        scores = np.zeros(len(features))
        for column in features.T:
            scores += known.take(column, mode="clip")
        return scores


def fit_ridge(features: np.ndarray, accuracies: np.ndarray) -> Ridge:
    """Fit normal scores of accuracies float[n] on features int64[n, k], n at least 1."""
    seen, numbers = np.unique(features, return_inverse=True)
    numbers = numbers.reshape(features.shape)
    has = np.zeros((len(features), len(seen)))
    np.put_along_axis(has, numbers, 1.0, axis=1)
    # The dual system, as large as the sample: how many features two cells share, and the penalty.
    system = has @ has.T + _PENALTY * np.eye(len(has))
    dual = _solve(system, np.rint(normal_scores(accuracies) * _UNIT))
    weights = np.zeros(seen[-1] + 1)
    weights[seen] = dual @ has
    return Ridge(weights)


def _solve(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution of a positive definite system of whole numbers, rounded to whole numbers."""
    solution = np.zeros(len(right))
    for _ in range(_CORRECTIONS):
        correction = np.rint(np.linalg.solve(system, right - system @ solution))
        if not correction.any():
            break
        solution += correction
    return solution

"""Ridge regression on the operations of cells, the same on every CPU.

A cell is described by the operation at each place (an edge, or an entry of the adjacency) and, with
pairs, by the two operations at each pair of places. What is learnt are normal scores of accuracies:
only the order of predictions is judged, and a few failed trainings at chance level would bend a fit
to the accuracies themselves.

LAPACK's last bits depend on the CPU. So the equations are of whole numbers, and their solution is
rounded to whole numbers by residuals that are exact; whatever follows adds whole numbers.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from statistics import NormalDist

import numpy as np

#: Operations at a place of a cell are numbered 0 to 5.
_OPERATIONS = 6
#: Most different cells of a block of places in a `Listing`.
_LARGEST_BLOCK = 8192
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
    return np.array([_quantile(share) for share in shares.tolist()])[inverse]


@lru_cache(maxsize=2**16)
def _quantile(share: float) -> float:
    """Rounded, because logarithms differ in their last bits from one C library to another."""
    return round(NormalDist().inv_cdf(share), 6)


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


class Listing:
    """Many cells with their pairs, listed once so that each prediction takes a fifth of the time.

    Places are in groups, and each column of features belongs to one block of two groups. A block
    has few different cells, so that their sums are added up once and then looked up.
    """

    def __init__(self, operations: np.ndarray, options: int) -> None:
        """`operations` int[n, places], 0 to `options` - 1 each, as in `features_of`."""
        places = range(operations.shape[1])
        size = max(1, int(math.log(_LARGEST_BLOCK, options) / 2))
        groups = [set(places[start : start + size]) for start in places[::size]]
        left = [{place} for place in places] + [set(pair) for pair in combinations(places, 2)]
        self._blocks = []
        for one, other in combinations(groups, 2) if len(groups) > 1 else [(groups[0], set())]:
            columns = [number for number, used in enumerate(left) if used and used <= one | other]
            within = sorted(one | other)
            cells = np.zeros((options ** len(within), len(places)), dtype=np.int64)
            cells[:, within] = list(product(range(options), repeat=len(within)))
            features = features_of(cells, pairs=True, options=options)[:, columns]
            weights = options ** np.arange(len(within))[::-1]
            self._blocks.append((np.asfortranarray(features), operations[:, within] @ weights))
            for number in columns:
                left[number] = set()

    def predict(self, ridge: Ridge) -> np.ndarray:
        """Scores float64[n] of the cells by a ridge that was fitted with pairs."""
        first, *others = (ridge.predict(cells)[numbers] for cells, numbers in self._blocks)
        return sum(others, start=first)


def fit_ridge(features: np.ndarray, accuracies: np.ndarray, places: int = 0) -> Ridge:
    """Fit normal scores of accuracies float[n] on features int64[n, k], n at least 1.

    `places`: how many of the columns are places, where the others are all pairs of them. Shared
    pairs follow from shared places, which takes a tenth of the time to count.
    """
    has = _indicators(features[:, :places] if places else features)
    similar = with_pairs(has, has) if places else (has @ has.T).astype(np.float64)
    dual = solve_dual(similar, normal_scores(accuracies))
    return Ridge(np.bincount(features.ravel(), np.repeat(dual, features.shape[1])))


def _indicators(features: np.ndarray) -> np.ndarray:
    """Which features int64[n, k] each cell has, float32[n, F], 0 or 1."""
    has = np.zeros((len(features), features.max() + 1), dtype=np.float32)
    np.put_along_axis(has, features, 1, axis=1)
    return has


def with_pairs(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many features, and pairs of them, cells share: float64[n, m].

    Args:
        ones, others: float32[n, F] and float32[m, F], 1 where a cell has a feature, else 0.
    """
    both = ones @ others.T
    both *= both + 1  # float32 is exact up to 2^24, and so for 4,095 features
    both /= 2
    return both.astype(np.float64)


def solve_dual(similar: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The weights of the cells of a sample, whole numbers float64[n].

    Args:
        similar: float64[n, n], whole numbers: how many features two cells share.
        scores: float64[n], normal scores.

    Returns:
        In steps of 2^-30. Their sum over what a cell shares with each, `similar @ weights`, is the
        prediction: exact while below 2^53.
    """
    system = similar.copy()
    system.flat[:: len(system) + 1] += _PENALTY
    return _solve(system, np.rint(scores * _UNIT))


def _solve(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution of a positive definite system of whole numbers, rounded to whole numbers."""
    from scipy.linalg import cho_factor, cho_solve  # here: it takes 0.2 s to import

    factor = cho_factor(system, check_finite=False)
    solution = np.zeros(len(right))
    for _ in range(_CORRECTIONS):
        residual = right - system @ solution
        correction = np.rint(cho_solve(factor, residual, check_finite=False))
        if not correction.any():
            break
        solution += correction
    return solution

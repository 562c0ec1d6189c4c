"""Baselines of the ranker: regressors, and two scores without training."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.ranker.ridge import features_of, fit_ridge, normal_scores


@dataclass(frozen=True)
class Described:
    """The input of a baseline for n architectures.

    Attributes:
        patches: float32[n, patches, side, side], the ranker's encodings.
        flops, parameters: float64[n], of whole networks.
    """

    patches: np.ndarray
    flops: np.ndarray
    parameters: np.ndarray


#: From the input to scores float64[n] that rise with accuracy.
Predict = Callable[[Described], np.ndarray]


#: Baselines on the operations of cells, and whether pairs of them count as well.
_RIDGES = {"ridge_operations": False, "ridge_pairs": True}
_REGRESSORS = {
    "random_forest": partial(RandomForestRegressor, n_estimators=100, n_jobs=1),
    "gradient_boosting": GradientBoostingRegressor,
}
_NEIGHBOURS = "nearest_neighbours"
#: Baselines that learn nothing: their score is a number of the whole network.
UNTRAINED = ("flops", "parameters")
BASELINES = (*_RIDGES, *_REGRESSORS, _NEIGHBOURS, *UNTRAINED)


def fit_baseline(name: str, training: Described, accuracies: np.ndarray, seed: int) -> Predict:
    """Fit a baseline.

    Ridges (`ednag.ranker.ridge`) see the operation at each place of the first patch, and pairs of
    them. The others are scikit-learn's with default settings: `nearest_neighbours` by the number of
    places with another operation, `random_forest` and `gradient_boosting` on the entries of the
    encodings that vary within the sample, without duplicates. All learn the normal scores of the
    accuracies. `flops` and `parameters` need no training: the score is the number itself.

    Args:
        name: One of BASELINES.
        accuracies: float64[n], validation accuracies of the training architectures.
        seed: Seed of the regressors, 0 to 2^32 - 1.

    Raises:
        EdnagError: There is no such baseline.
    """
    if name not in BASELINES:
        raise EdnagError(f"ranker: no baseline {name!r}{suggestion(name, BASELINES)}")
    if name in UNTRAINED:
        return lambda inputs: np.asarray(getattr(inputs, name), dtype=np.float64)
    if name in _RIDGES:
        pairs = _RIDGES[name]
        ridge = fit_ridge(features_of(_operations(training), pairs=pairs), accuracies)
        return lambda inputs: ridge.predict(features_of(_operations(inputs), pairs=pairs))
    scores = normal_scores(accuracies)
    if name == _NEIGHBOURS:
        nearest = KNeighborsRegressor(min(5, len(scores)), metric="hamming")
        nearest.fit(_operations(training), scores)
        return lambda inputs: np.asarray(nearest.predict(_operations(inputs)), dtype=np.float64)
    columns = _different_columns(_flattened(training))
    regressor = _REGRESSORS[name](random_state=seed).fit(_flattened(training)[:, columns], scores)
    return lambda inputs: np.asarray(
        regressor.predict(_flattened(inputs)[:, columns]), dtype=np.float64
    )


def _operations(inputs: Described) -> np.ndarray:
    """The operation at each place int64[n, places]: entries above the first patch's diagonal."""
    above = np.triu_indices(inputs.patches.shape[-1], 1)
    return inputs.patches[:, 0][:, *above].astype(np.int64)


def _flattened(inputs: Described) -> np.ndarray:
    return inputs.patches.reshape(len(inputs.patches), -1)


def _different_columns(values: np.ndarray) -> np.ndarray:
    """Columns of float[n, k] that are not constant, the first of equal ones; column 0 at least."""
    varying = np.flatnonzero((values != values[:1]).any(axis=0))
    _, first = np.unique(values[:, varying], axis=1, return_index=True)
    chosen = varying[np.sort(first)]
    return chosen if len(chosen) else np.zeros(1, dtype=np.int64)

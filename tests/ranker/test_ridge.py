"""Ridge regression on operations: the right weights, and the same bits with other kernels."""

import hashlib
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.linear_model import Ridge as ReferenceRidge

from ednag.ranker.ridge import Listing, features_of, fit_ridge, normal_scores
from tests.machines import said_with_kernels

GENERATOR = np.random.default_rng(0)
OPERATIONS = GENERATOR.integers(0, 5, size=(400, 6))
ACCURACIES = GENERATOR.normal(size=400) + (OPERATIONS[:, 0] == 3) * (OPERATIONS[:, 5] == 1)


def digest(operations: np.ndarray, accuracies: np.ndarray) -> str:
    features = features_of(operations, pairs=True)
    scores = fit_ridge(features[:300], accuracies[:300]).predict(features)
    return hashlib.sha256(scores.tobytes()).hexdigest()


def test_normal_scores_are_quantiles_of_mid_ranks() -> None:
    quantile = NormalDist().inv_cdf
    # The two equal ones share ranks 2 and 3 of 4.
    expected = [quantile(4 / 8), quantile(1 / 8), quantile(4 / 8), quantile(7 / 8)]
    np.testing.assert_allclose(normal_scores(np.array([5.0, -1.0, 5.0, 90.0])), expected, atol=1e-6)


@pytest.mark.parametrize(("pairs", "count"), [(False, 6), (True, 21)])
def test_features_say_which_operation_is_where(pairs: bool, count: int) -> None:
    features = features_of(OPERATIONS, pairs=pairs)
    assert features.shape == (400, count)
    # Two cells share a feature where they agree at a place, or at both places of a pair.
    agree = (OPERATIONS[0] == OPERATIONS).sum(axis=1)
    shared = (features[0] == features).sum(axis=1)
    np.testing.assert_array_equal(shared, agree * (agree + 1) // 2 if pairs else agree)
    assert all(set(a).isdisjoint(b) for a, b in zip(features.T[:-1], features.T[1:], strict=True))


@pytest.mark.parametrize("size", [5, 50, 350])
@pytest.mark.parametrize("pairs", [False, True])
def test_scores_are_those_of_the_same_ridge_in_scikit_learn(size: int, pairs: bool) -> None:
    features = features_of(OPERATIONS, pairs=pairs)
    has = np.zeros((400, features.max() + 1))
    np.put_along_axis(has, features, 1.0, axis=1)
    reference = ReferenceRidge(alpha=1.0, fit_intercept=False)
    reference.fit(has[:size], normal_scores(ACCURACIES[:size]))
    # Ours are in steps of 2^-30.
    ours = fit_ridge(features[:size], ACCURACIES[:size]).predict(features) / 2**30
    np.testing.assert_allclose(ours, reference.predict(has), atol=1e-6)


@pytest.mark.parametrize(
    ("places", "options"), [(1, 3), (2, 5), (6, 5), (7, 2), (9, 2), (5, 9), (3, 99)]
)
def test_a_listing_predicts_what_its_cells_are_predicted(places: int, options: int) -> None:
    generator = np.random.default_rng(places)
    cells = generator.integers(options, size=(300, places))
    features = features_of(cells, pairs=True, options=options)
    ridge = fit_ridge(features[:80], generator.normal(size=80), places)
    plain = fit_ridge(features[:80], generator.normal(size=80))
    for fitted in (ridge, plain):
        predicted = Listing(cells, options).predict(fitted)
        np.testing.assert_array_equal(predicted, fitted.predict(features))


@pytest.mark.parametrize("size", [1, 2, 300])
def test_shared_pairs_follow_from_shared_places(size: int) -> None:
    features = features_of(OPERATIONS, pairs=True)[:size]
    fitted = [fit_ridge(features, ACCURACIES[:size], places).weights for places in (0, 6)]
    np.testing.assert_array_equal(*fitted)


def test_whole_numbers_have_no_last_bits() -> None:
    features = features_of(OPERATIONS, pairs=True)
    scores = fit_ridge(features[:300], ACCURACIES[:300]).predict(features)
    np.testing.assert_array_equal(scores, np.rint(scores))
    assert abs(scores).max() < 2**53


@pytest.mark.parametrize("kernels", [("Nehalem", True), ("Haswell", False, 2)])
def test_scores_are_the_same_bits_with_other_kernels(kernels: tuple[str, bool, int]) -> None:
    code = (
        "from tests.ranker.test_ridge import ACCURACIES, OPERATIONS, digest; "
        "print(digest(OPERATIONS, ACCURACIES))"
    )
    assert said_with_kernels(code, *kernels) == digest(OPERATIONS, ACCURACIES)

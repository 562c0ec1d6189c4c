"""Baselines on the ranker's encodings."""

import numpy as np
import pytest

from ednag.cells.nasbench201 import counts, shape_of
from ednag.errors import EdnagError
from ednag.ranker.baselines import BASELINES, Described, fit_baseline
from ednag.ranker.encoding import encode_nasbench201
from ednag.ranker.tau import kendall_tau_b

CODES = np.random.default_rng(0).permutation(15625)[:500]
COUNTS = counts(shape_of("cifar10"), CODES)
PATCHES = encode_nasbench201("cifar10")[CODES]
#: Known from the encodings, but not from FLOPs or parameters alone.
ACCURACIES = np.log(COUNTS.flops) + (PATCHES[:, 0, 0, 3] == 1)


def some(rows: slice) -> Described:
    return Described(PATCHES[rows], COUNTS.flops[rows], COUNTS.parameters[rows])


TRAINING, UNSEEN = some(slice(300)), some(slice(300, None))


def tau(name: str, seed: int = 1) -> float:
    predict = fit_baseline(name, TRAINING, ACCURACIES[:300], seed)
    return kendall_tau_b(predict(UNSEEN), ACCURACIES[300:])


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_rank_unseen_architectures_and_repeat(name: str) -> None:
    first, second = (fit_baseline(name, TRAINING, ACCURACIES[:300], 1)(UNSEEN) for _ in "ab")
    np.testing.assert_array_equal(first, second)
    # No neighbour tells FLOPs exactly.
    assert kendall_tau_b(first, ACCURACIES[300:]) > (0.4 if name == "nearest_neighbours" else 0.5)


def test_numbers_are_themselves() -> None:
    for name, numbers in (("flops", COUNTS.flops), ("parameters", COUNTS.parameters)):
        scores = fit_baseline(name, TRAINING, ACCURACIES[:300], 0)(UNSEEN)
        np.testing.assert_array_equal(scores, numbers[300:])


def test_regressors_see_more_than_the_numbers() -> None:
    assert min(tau("gradient_boosting"), tau("random_forest")) > max(tau("flops"), 0.8)


def test_pairs_of_operations_tell_what_single_ones_do_not() -> None:
    generator = np.random.default_rng(2)
    operations = PATCHES[:, 0][:, *np.triu_indices(4, 1)]
    # Whether two edges have the same operation.
    accuracies = (operations[:, 0] == operations[:, 3]) + 0.01 * generator.normal(size=500)
    of_pairs, of_single = (
        kendall_tau_b(fit_baseline(name, TRAINING, accuracies[:300], 0)(UNSEEN), equal)
        for name in ("ridge_pairs", "ridge_operations")
        for equal in [accuracies[300:] > 0.5]
    )
    assert of_pairs > 0.4 > 0.2 > of_single


def test_constant_encodings_can_be_fitted() -> None:
    patches = np.ones((10, 3, 2, 2), dtype=np.float32)
    given = Described(patches, np.ones(10), np.ones(10))
    for name in BASELINES:
        assert fit_baseline(name, given, np.arange(10.0), 0)(given).shape == (10,)


def test_a_baseline_that_does_not_exist_is_refused() -> None:
    with pytest.raises(EdnagError, match="did you mean 'random_forest'"):
        fit_baseline("forest", TRAINING, ACCURACIES[:300], 0)

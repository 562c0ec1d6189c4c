"""Which images stand for a class."""

from collections.abc import Sequence

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.predictor.coreset import (
    coreset,
    gathered,
    projected,
    random_images,
    stability,
)

from .conftest import random_model


def clusters(centres: int, each: int, seed: int) -> np.ndarray:
    """Features float32[centres * each, 512], close around far centres, shuffled."""
    generator = np.random.default_rng(seed)
    middle = generator.normal(size=(centres, 1, 512)) * 10
    images = (middle + generator.normal(size=(centres, each, 512))).reshape(-1, 512)
    return generator.permutation(images).astype(np.float32)


FEATURES = [clusters(4, 12, 0), clusters(4, 9, 1), clusters(1, 30, 2)]


def test_one_image_of_each_cluster_the_nearest_to_its_mean() -> None:
    chosen = coreset(FEATURES[:2], 4)
    assert chosen.shape == (2, 4)
    for features, indices in zip(FEATURES, chosen, strict=False):
        of_cluster = np.linalg.norm(features[:, None] - features[indices], axis=2).argmin(axis=1)
        for cluster, index in enumerate(indices):
            members = np.flatnonzero(of_cluster == cluster)
            mean = features[members].mean(axis=0)
            nearest = np.linalg.norm(features[members] - mean, axis=1).argmin()
            assert members[nearest] == index


def test_images_differ_and_do_not_change() -> None:
    chosen = coreset(FEATURES, 8)
    assert (np.diff(chosen, axis=1) > 0).all()
    np.testing.assert_array_equal(coreset(FEATURES, 8), chosen)
    # A class does not depend on the others.
    np.testing.assert_array_equal(coreset(FEATURES[2:], 8), chosen[2:])


def test_equal_images() -> None:
    same = np.ones((6, 512), dtype=np.float32)
    assert coreset([same], 3).tolist() == [[0, 1, 2]]
    assert coreset([same], 6).tolist() == [[0, 1, 2, 3, 4, 5]]


def test_random_images() -> None:
    generator = np.random.default_rng(0)
    first, second = (random_images(FEATURES, 5, generator) for _ in range(2))
    assert (np.diff(first, axis=1) > 0).all()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(random_images(FEATURES, 5, np.random.default_rng(0)), first)
    images = gathered(FEATURES, first)
    assert images.shape == (3, 5, 512)
    np.testing.assert_array_equal(images[1, 2], FEATURES[1][first[1, 2]])


def test_too_few_images() -> None:
    with pytest.raises(EdnagError, match="coreset: class 2 has 30 images, 31 are asked for"):
        coreset(FEATURES, 31)
    with pytest.raises(EdnagError, match="random images: class 2 has 30 images"):
        random_images(FEATURES, 31, np.random.default_rng(0))


def test_predictions_with_a_coreset_are_constant() -> None:
    from ednag.predictor.configuration import NASBENCH201
    from ednag.predictor.inference import QuickPredictor
    from ednag.predictor.model import encode_dataset
    from ednag.predictor.node_types import node_types_of

    from .conftest import parameters_of

    configuration = NASBENCH201.sized(16, 8)
    model = random_model(configuration)
    quick = QuickPredictor(parameters_of(model), configuration)
    types = node_types_of("nasbench201", np.arange(0, 15625, 1000))

    def predict(images: np.ndarray) -> np.ndarray:
        return quick(encode_dataset(model, images), types)

    found = stability(predict, FEATURES, count=4, repetitions=6)
    assert found["random"].shape == found["coreset"].shape == (6, len(types))
    assert (np.ptp(found["coreset"], axis=0) == 0).all()
    assert (found["random"].std(axis=0) > 1e-6).all()
    again = stability(predict, FEATURES, count=4, repetitions=6)
    np.testing.assert_array_equal(again["random"], found["random"])


@pytest.mark.parametrize("features", [FEATURES[0], -FEATURES[0]])
def test_projection(features: Sequence[np.ndarray]) -> None:
    found = projected(features, 3)
    assert found.shape == (48, 3)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    assert (np.diff(found.var(axis=0)) < 0).all()
    covariance = np.cov(found.T)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-2)
    np.testing.assert_array_equal(projected(features, 3), found)

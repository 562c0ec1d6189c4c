"""Images that represent a class: those nearest to its cluster centres, or random ones.

Indices come as int64[classes, count], ascending in each class. Source: meta-predictor
specification, coreset.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ednag.predictor.features import enough_images

#: Images of each class, as published.
IMAGES = 20
#: Starts of k-means; the result with the least inertia is used.
STARTS = 10
#: Decimals that projections are rounded to.
_DECIMALS = 6


def coreset(features: Sequence[np.ndarray], count: int = IMAGES, seed: int = 0) -> np.ndarray:
    """Indices int64[classes, count] of the images nearest to the `count` centroids of k-means.

    No image is taken twice: if the nearest image of a centroid is taken, the next nearest is used.
    Of equally near images the first is used. A function of features and seed.

    Args:
        features: float32[n, 512] of each class.

    Raises:
        EdnagError: A class has fewer images.
    """
    # The order of sums in k-means depends on the number of threads.
    with threadpool_limits(1):
        chosen = [
            _nearest(each.astype(np.float64), count, seed)
            for each in enough_images(features, count, "coreset")
        ]
    return np.array(chosen, dtype=np.int64).reshape(len(chosen), count)


def _nearest(features: np.ndarray, count: int, seed: int) -> list[int]:
    """Indices of `count` images of one class, ascending."""
    # Imported here, as training draws at random and does not need scikit-learn.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    if len(features) == count:
        return list(range(count))
    with warnings.catch_warnings():
        # Centroids coincide where fewer distinct images than clusters exist; handled below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        clusters = KMeans(count, n_init=STARTS, random_state=seed).fit(features)
    taken: list[int] = []
    for distances in cdist(clusters.cluster_centers_, features):
        distances[taken] = np.inf
        taken.append(int(distances.argmin()))
    return sorted(taken)


def random_images(
    features: Sequence[np.ndarray], count: int, generator: np.random.Generator
) -> np.ndarray:
    """Indices int64[classes, count] of different images drawn uniformly from each class.

    Raises:
        EdnagError: A class has fewer images.
    """
    drawn = [
        np.sort(generator.choice(len(each), size=count, replace=False))
        for each in enough_images(features, count, "random images")
    ]
    return np.array(drawn, dtype=np.int64).reshape(len(drawn), count)


def gathered(features: Sequence[np.ndarray], indices: np.ndarray) -> np.ndarray:
    """Features float32[classes, count, 512] of the chosen images int64[classes, count]."""
    return np.stack([each[chosen] for each, chosen in zip(features, indices, strict=True)])


def stability(
    predict: Callable[[np.ndarray], np.ndarray],
    features: Sequence[np.ndarray],
    count: int = IMAGES,
    repetitions: int = 100,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Repeated predictions of n architectures with random images and with a coreset.

    Args:
        predict: From images float32[classes, count, 512] to predictions float64[n].
        features: float32[n, 512] of each class.
        count: Images of each class.
        repetitions: Number of predictions with either.

    Returns:
        float64[repetitions, n] by name: `random`, with new images for each repetition; `coreset`.
    """
    generator = np.random.default_rng(seed)
    drawn = [random_images(features, count, generator) for _ in range(repetitions)]
    images = gathered(features, coreset(features, count, seed))
    return {
        "random": np.stack([predict(gathered(features, indices)) for indices in drawn]),
        "coreset": np.stack([predict(images) for _ in range(repetitions)]),
    }


def projected(features: np.ndarray, components: int = 2) -> np.ndarray:
    """Features float32[n, 512] projected to principal components, float64[n, components].

    The sign of a component is chosen so that its entry of largest size is positive.
    """
    from sklearn.decomposition import PCA

    with threadpool_limits(1):
        analysis = PCA(components, svd_solver="full").fit(features.astype(np.float64))
        coordinates = analysis.transform(features.astype(np.float64))
    axes = analysis.components_
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return (coordinates * np.sign(largest)).round(_DECIMALS) + 0.0

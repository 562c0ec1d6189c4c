"""Labelled images in memory, and their split into training, validation and test."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torchvision.transforms.v2 import functional as transforms

from ednag.errors import EdnagError
from ednag.naming import suggestion

#: Images resized at once; bounds memory.
_RESIZED_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Labelled images.

    Attributes:
        images: uint8[n, C, H, W], 0 to 255, all of one size.
        labels: int64[n], 0 to the number of classes - 1.
        class_names: Names of the classes, in the order of the labels.
        source: Name of the images for records; not a path.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            kind = f"{self.images.dtype}{list(self.images.shape)}"
            raise EdnagError(f"{self.source}: images are {kind}, not uint8[n, C, H, W]")
        if self.labels.shape != (len(self.images),) or self.labels.dtype != np.int64:
            kind = f"{self.labels.dtype}{list(self.labels.shape)}"
            raise EdnagError(f"{self.source}: labels are {kind}, not int64[{len(self.images)}]")
        outside = (self.labels < 0) | (self.labels >= len(self.class_names))
        if outside.any():
            at = int(outside.argmax())
            raise EdnagError(
                f"{self.source}: label {self.labels[at]} of image {at} is none of the "
                f"{len(self.class_names)} classes; the label file belongs to other images"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def digest(self) -> str:
        """SHA-256 of images, labels and class names, in hexadecimal."""
        digest = hashlib.sha256()
        digest.update(repr((self.images.shape, self.class_names)).encode())
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels.astype("<i8")).data)
        return digest.hexdigest()

    def subset(self, indices: np.ndarray) -> Self:
        """The images at `indices` int[k], in that order, with all classes."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def select_classes(self, names: Sequence[str], per_class: int | None = None) -> Self:
        """The images of some classes, numbered in the order of `names`.

        Args:
            names: Names of distinct classes.
            per_class: Number of first images of each class to keep; all if None.

        Raises:
            EdnagError: A name is unknown or repeated, or a class has fewer images.
        """
        if len(set(names)) != len(names) or not names:
            raise EdnagError(f"{self.source}: classes {list(names)}: name each once, at least one")
        chosen = []
        for name in names:
            if name not in self.class_names:
                close = suggestion(name, self.class_names)
                raise EdnagError(f"{self.source}: no class {name!r}{close}")
            of_class = np.flatnonzero(self.labels == self.class_names.index(name))
            if per_class is not None and len(of_class) < per_class:
                raise EdnagError(
                    f"{self.source}: class {name!r} has {len(of_class)} images, "
                    f"asked for {per_class}"
                )
            chosen.append(of_class[:per_class])
        rows = np.sort(np.concatenate(chosen))
        number = {self.class_names.index(name): place for place, name in enumerate(names)}
        labels = np.array([number[label] for label in self.labels[rows]], dtype=np.int64)
        return replace(self, images=self.images[rows], labels=labels, class_names=tuple(names))

    def resized(self, size: int) -> Self:
        """The images resized to `size` x `size` pixels: bilinear, with antialiasing."""
        if self.images.shape[2:] == (size, size):
            return self
        resized = np.empty((len(self), self.images.shape[1], size, size), dtype=np.uint8)
        for begin in range(0, len(self), _RESIZED_AT_ONCE):
            part = torch.from_numpy(self.images[begin : begin + _RESIZED_AT_ONCE])
            changed = transforms.resize(part, [size, size], antialias=True)
            resized[begin : begin + _RESIZED_AT_ONCE] = changed.numpy()
        return replace(self, images=resized)


@dataclass(frozen=True, eq=False)
class ImageSplit:
    """One dataset in three parts, of which validation may be empty.

    Attributes:
        digest: SHA-256 of the digests of the three parts, in hexadecimal.
    """

    train: ImageDataset
    validation: ImageDataset
    test: ImageDataset
    digest: str

    @classmethod
    def of(cls, train: ImageDataset, validation: ImageDataset, test: ImageDataset) -> Self:
        """Three parts with their digest; EdnagError if their classes or sizes differ."""
        for part in (validation, test):
            if part.class_names != train.class_names:
                raise EdnagError(f"{part.source}: classes are not those of {train.source}")
            if part.images.shape[1:] != train.images.shape[1:]:
                raise EdnagError(
                    f"{part.source}: images of {list(part.images.shape[1:])} beside "
                    f"{list(train.images.shape[1:])} of {train.source}; use resized() on both"
                )
        for name, part in (("training", train), ("test", test)):
            if not len(part):
                raise EdnagError(f"{part.source}: no {name} images; give that part a share")
        digests = " ".join(part.digest for part in (train, validation, test))
        return cls(train, validation, test, hashlib.sha256(digests.encode()).hexdigest())


def split(dataset: ImageDataset, fractions: tuple[float, float, float], seed: int) -> ImageSplit:
    """Split a dataset into training, validation and test, each class by the same shares.

    Args:
        fractions: Shares of training, validation and test with sum 1. Each class has at least one
            image in every part whose share is not 0.
        seed: The split is a function of seed, labels and fractions.

    Raises:
        EdnagError: The fractions are invalid, or a class has too few images.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise EdnagError(f"{dataset.source}: split by {fractions}; give shares that add up to 1")
    parts: list[list[np.ndarray]] = [[], [], []]
    for label, name in enumerate(dataset.class_names):
        of_class = np.flatnonzero(dataset.labels == label)
        sizes = _sizes(len(of_class), fractions, f"{dataset.source}: class {name!r}")
        order = np.random.default_rng([seed, label]).permutation(of_class)
        for part, piece in zip(parts, np.split(order, np.cumsum(sizes)[:-1]), strict=True):
            part.append(piece)
    train, validation, test = (dataset.subset(np.sort(np.concatenate(part))) for part in parts)
    return ImageSplit.of(train, validation, test)


def split_official(
    train: ImageDataset, test: ImageDataset, validation_fraction: float, seed: int
) -> ImageSplit:
    """Keep a published test part; take validation images from the published training part.

    Args:
        validation_fraction: Share of `train`, in [0, 1), for validation.
    """
    if validation_fraction == 0:
        return ImageSplit.of(train, train.subset(np.arange(0)), test)
    shares = (1 - validation_fraction, 0.0, validation_fraction)
    cut = split(train, shares, seed)
    return ImageSplit.of(cut.train, cut.test, test)


def _sizes(images: int, fractions: tuple[float, float, float], where: str) -> np.ndarray:
    """Images of a class for each part by largest remainders; no part is empty by rounding."""
    has_share = np.array(fractions) > 0
    if images < has_share.sum():
        count = f"{images} image" + "s" * (images != 1)
        raise EdnagError(
            f"{where} has {count} for {has_share.sum()} parts; add images or leave the class out "
            "(select_classes)"
        )
    exact = np.array(fractions) * images
    sizes = np.floor(exact + 1e-9).astype(np.int64)
    for part in np.argsort(sizes - exact, kind="stable")[: images - sizes.sum()]:
        sizes[part] += 1
    for part in np.flatnonzero(has_share & (sizes == 0)):
        sizes[sizes.argmax()] -= 1
        sizes[part] += 1
    return sizes

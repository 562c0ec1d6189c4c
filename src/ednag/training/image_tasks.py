"""Image datasets on which chosen architectures are trained: files, classes, networks, recipe.

Source: meta-predictor specification, evaluation by training.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from torch import nn

from ednag.cells import mobilenetv3, nasbench201
from ednag.cells.nasbench201 import NetworkShape
from ednag.errors import EdnagError
from ednag.spaces.nasbench201 import NASBench201
from ednag.training.image_files import read_aircraft, read_cifar, read_pets
from ednag.training.images import ImageDataset, ImageSplit, split_official
from ednag.training.networks import nasbench201_network
from ednag.training.once_for_all import build_supernet, subnetwork
from ednag.training.places import IMAGE_SOURCES
from ednag.training.recipe import MOBILENETV3_PAPER, NASBENCH201_PAPER, Recipe

#: Test accuracies in % at which the reference stops training in MobileNetV3.
PAPER_TARGETS: Mapping[str, float] = MappingProxyType(
    {"cifar10": 97.52, "cifar100": 86.07, "aircraft": 82.28, "pets": 95.34}
)
#: Share of the published training images that chooses epochs and architectures.
VALIDATION_SHARE = 0.1
_SPLIT_SEED = 0

Parts = tuple[ImageDataset, ImageDataset]


@dataclass(frozen=True)
class ImageTask:
    """A dataset with the networks of a space and their recipe.

    Attributes:
        space: Search space of the networks.
        dataset: Name of its predicted benchmark in that space.
        sources: Ids of all registered files of a training, those of the images first.
        read: From their paths in that order to the published training and test parts.
        classes, size: Classes, and side of the images in pixels.
        training_images: Number of images of the published training part.
        recipe: Recipe of the paper.
        target: Test accuracy in % at which the reference stops; None for never.
    """

    space: str
    dataset: str
    sources: tuple[str, ...]
    read: Callable[[Sequence[Path]], Parts]
    classes: int
    size: int
    training_images: int
    recipe: Recipe
    target: float | None

    def split(self, paths: Mapping[str, Path], images: int | None = None) -> ImageSplit:
        """Training, validation and test images.

        Args:
            paths: Source id -> verified file.
            images: Number of first images of each class to keep in each part; all if None.
        """
        parts = self.read([paths[name] for name in self.sources])
        train, test = (_first_of_each_class(part, images) for part in parts)
        return split_official(train, test, VALIDATION_SHARE, _SPLIT_SEED)

    def images_used(self, per_class: int | None) -> int:
        """Number of training images with the first `per_class` of each class; all if None."""
        if per_class is None:
            return self.training_images
        return min(self.training_images, per_class * self.classes)

    def flops(self, keys: Sequence[str]) -> np.ndarray:
        """Multiply-adds int64[n] of networks for one image."""
        if self.space == "nasbench201":
            space = NASBench201()
            codes = np.array([space.code(key) for key in keys], dtype=np.int64)
            return nasbench201.counts(self._shape, codes).flops
        return mobilenetv3.counts(keys, self.classes, self.size)[0]

    @property
    def _shape(self) -> NetworkShape:
        return NetworkShape(classes=self.classes, size=self.size)

    def build(self, key: str, recipe: Recipe, supernet: Path | None = None) -> nn.Module:
        """The network of a key, with random weights from torch's generator.

        Args:
            supernet: Weights of the supernet; not used in NAS-Bench-201.
        """
        if self.space == "nasbench201":
            return nasbench201_network(key, self._shape)
        return subnetwork(
            _supernet(supernet),
            key,
            self.classes,
            dropout=recipe.dropout,
            drop_connect=recipe.drop_connect,
        )


#: One supernet is enough, as subnetworks are copies.
_supernet = cache(build_supernet)


def _first_of_each_class(part: ImageDataset, images: int | None) -> ImageDataset:
    """The first images of each class; the whole part if None."""
    if images is None:
        return part
    kept = [np.flatnonzero(part.labels == label)[:images] for label in range(len(part.class_names))]
    return part.subset(np.sort(np.concatenate(kept)))


#: Space -> side of its images, recipe, and the class level of Aircraft with its number of classes.
_SPACES = {
    "nasbench201": (32, NASBENCH201_PAPER, "manufacturer", 30),
    "mobilenetv3": (224, MOBILENETV3_PAPER, "variant", 100),
}


def _task(space: str, dataset: str, sources: tuple[str, ...]) -> ImageTask:
    size, recipe, level, makers_or_variants = _SPACES[space]
    name = dataset.removesuffix("-predicted")

    def read(paths: Sequence[Path]) -> Parts:
        if name == "aircraft":
            return read_aircraft(paths[0], level, size)  # type: ignore[arg-type]
        if name == "pets":
            return read_pets(paths[0], paths[1], size)
        train, test = read_cifar(paths[0], name)  # type: ignore[arg-type]
        return train.resized(size), test.resized(size)

    classes, images = {
        "cifar10": (10, 50_000),
        "cifar100": (100, 50_000),
        "aircraft": (makers_or_variants, 6_667),
        # 85 % of 7,390; the exact number is in the authors' file.
        "pets": (37, 6_282),
    }[name]
    target = PAPER_TARGETS[name] if space == "mobilenetv3" else None
    return ImageTask(space, dataset, sources, read, classes, size, images, recipe, target)


#: (space, dataset) -> task.
IMAGE_TASKS: Mapping[tuple[str, str], ImageTask] = {
    place: _task(*place, sources) for place, sources in IMAGE_SOURCES.items()
}


def image_task(space: str, dataset: str) -> ImageTask:
    """The task of a predicted benchmark; raises EdnagError if there is none."""
    if (space, dataset) not in IMAGE_TASKS:
        names = ", ".join("/".join(place) for place in IMAGE_TASKS)
        raise EdnagError(f"{space}/{dataset}: no images to train networks on; there are {names}")
    return IMAGE_TASKS[space, dataset]

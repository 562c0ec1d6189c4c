"""Batches of augmented training images, and evaluation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ednag.training.augmentation import augmented, blanked, cutout_corners, generator, normalised
from ednag.training.images import ImageDataset
from ednag.training.recipe import Recipe

#: Streams of random numbers of a run, the first part of the place of a generator.
_ORDER, _AUGMENTATION, _STATIC = range(3)
#: Images stay on the accelerator if they need less than this share of its free memory.
_RESIDENT_SHARE = 0.5


@dataclass(frozen=True)
class PlacedImages:
    """Images and labels in memory.

    Attributes:
        images: uint8[n, C, H, W], on `device` if they fit, else in pinned memory.
        labels: int64[n], on `device`.
        device: Device of the batches.
    """

    images: Tensor
    labels: Tensor
    device: torch.device

    @classmethod
    def of(cls, dataset: ImageDataset, device: torch.device) -> "PlacedImages":
        """Place the images of a dataset."""
        images = torch.from_numpy(dataset.images)
        labels = torch.from_numpy(dataset.labels).to(device)
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            fits = images.nbytes < _RESIDENT_SHARE * free
            images = images.to(device) if fits else images.pin_memory()
        return cls(images, labels, device)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Images uint8[k, C, H, W] and labels int64[k] of rows int64[k] (on the CPU)."""
        images = self.images[rows.to(self.images.device)]
        if images.device != self.device:
            images = images.pin_memory().to(self.device, non_blocking=True)
        return images, self.labels[rows.to(self.device)]


class TrainingImages:
    """The training images of a run; a batch is a function of seed, epoch and step."""

    def __init__(
        self, dataset: ImageDataset, recipe: Recipe, seed: int, device: torch.device
    ) -> None:
        """Place the images; augment them once if the recipe says static."""
        self.placed = PlacedImages.of(dataset, device)
        self._recipe, self._seed = recipe, seed
        self._corners: Tensor | None = None
        if recipe.augmentation == "static":
            draws = generator(seed, _STATIC)
            changed = augmented(self.placed.images, recipe, draws)
            self.placed = PlacedImages(changed, self.placed.labels, device)
            self._corners = cutout_corners(changed, recipe, draws)

    def order(self, epoch: int) -> list[Tensor]:
        """Rows int64[k] of each batch of an epoch (from 0); a single row joins the batch before."""
        count, batch = len(self.placed.labels), self._recipe.batch
        rows = torch.randperm(count, generator=generator(self._seed, _ORDER, epoch))
        batches = list(rows.split(batch))
        if len(batches) > 1 and len(batches[-1]) == 1:
            batches[-2:] = [torch.cat(batches[-2:])]
        return batches

    def batch(self, epoch: int, step: int, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised images float[k, C, H, W] and labels int64[k] of one batch."""
        images, labels = self.placed.take(rows)
        draws = generator(self._seed, _AUGMENTATION, epoch, step)
        if self._recipe.augmentation != "static":
            images = augmented(images, self._recipe, draws)
        floats = normalised(images, self._recipe)
        if self._recipe.cutout:
            corners = (
                cutout_corners(images, self._recipe, draws)
                if self._corners is None
                else self._corners[rows]
            )
            floats = blanked(floats, corners, self._recipe)
        return floats, labels


@dataclass(frozen=True)
class Evaluation:
    """Loss and accuracy of networks on a part.

    Attributes:
        loss: Mean cross-entropy over images, float64[...] of the leading dimensions of the logits.
        accuracy: Share of correct images in %, likewise.
        accuracy_of_batches: Mean over batches of the share of correct images in %, likewise.
    """

    loss: Tensor
    accuracy: Tensor
    accuracy_of_batches: Tensor


def evaluate(
    logits_of: Callable[[Tensor], Tensor], placed: PlacedImages, recipe: Recipe, batch: int
) -> Evaluation:
    """Evaluate on all images, without augmentation.

    Args:
        logits_of: Normalised images float[k, C, H, W] to logits float[..., k, classes].
        placed: The images; at least one.
        recipe: Its normalisation is used.
        batch: Images of a batch.
    """
    losses, corrects, shares = [], [], []
    with torch.inference_mode():
        for images, labels in _in_order(placed, recipe, batch):
            logits = logits_of(images)
            losses.append(cross_entropies(logits, labels).double().sum(-1))
            correct = (logits.argmax(-1) == labels).sum(-1).double()
            corrects.append(correct)
            shares.append(correct / len(labels))
    count = len(placed.labels)
    return Evaluation(
        loss=torch.stack(losses).sum(0).cpu() / count,
        accuracy=100 * torch.stack(corrects).sum(0).cpu() / count,
        accuracy_of_batches=100 * torch.stack(shares).mean(0).cpu(),
    )


def _in_order(placed: PlacedImages, recipe: Recipe, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    for rows in torch.arange(len(placed.labels)).split(batch):
        images, labels = placed.take(rows)
        yield normalised(images, recipe), labels


def cross_entropies(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropies float[..., k] of logits float[..., k, classes] and labels int64[k]."""
    labels = labels.expand(logits.shape[:-1])
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    flat = functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="none")
    return flat.view(labels.shape)

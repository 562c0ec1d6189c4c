"""Batches of augmented training images, and evaluation."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ednag.training.augmentation import augmented, blanked, cutout_corners, generator, normalised
from ednag.training.history import EpochRecord
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
            if self._corners is None:
                corners = cutout_corners(images, self._recipe, draws)
            else:
                corners = self._corners[rows]
            floats = blanked(floats, corners, self._recipe)
        return floats, labels


@dataclass(frozen=True)
class Evaluation:
    """Loss and accuracy of networks on a part, float64[...] of the logits' leading dimensions.

    Attributes:
        loss: Mean cross-entropy over images.
        accuracy: Share of correct images in %.
        accuracy_of_batches: Mean over batches of the share of correct images in %.
    """

    loss: Tensor
    accuracy: Tensor
    accuracy_of_batches: Tensor


def epoch_record(
    epoch: int,
    sums: Tensor,
    images: int,
    validation: Evaluation | None,
    test: Evaluation | None,
    network: int | tuple[()] = (),
) -> EpochRecord:
    """The record of `epoch` (from 0) of one network.

    Args:
        sums: float64[2], loss and number of correct images summed over the training images.
        images: Number of training images.
        validation, test: Evaluations after the epoch; None where nothing was evaluated.
        network: Index into the evaluations.
    """
    loss, correct = sums.tolist()

    def value(part: Evaluation | None, name: str) -> float | None:
        return None if part is None else getattr(part, name)[network].item()

    return EpochRecord(
        epoch=epoch + 1,
        train_loss=loss / images,
        train_accuracy=100 * correct / images,
        validation_loss=value(validation, "loss"),
        validation_accuracy=value(validation, "accuracy"),
        test_loss=value(test, "loss"),
        test_accuracy=value(test, "accuracy"),
        test_accuracy_of_batches=value(test, "accuracy_of_batches"),
    )


def evaluate(
    logits_of: Callable[[Tensor], Tensor], placed: PlacedImages, recipe: Recipe, batch: int
) -> Evaluation:
    """Evaluate on all images (at least one), `batch` at a time, without augmentation.

    Args:
        logits_of: Normalised images float[k, C, H, W] to logits float[..., k, classes].
    """
    losses, corrects, shares = [], [], []
    with torch.inference_mode():
        for rows in torch.arange(len(placed.labels)).split(batch):
            images, labels = placed.take(rows)
            logits = logits_of(normalised(images, recipe))
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


def cross_entropies(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropies float[..., k] of logits float[..., k, classes] and labels int64[k]."""
    labels = labels.expand(logits.shape[:-1])
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    flat = functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="none")
    return flat.view(labels.shape)

"""Recipes of training: all settings except the network, the data and the seed."""

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.validation import place_of

#: Mean and standard deviation of ImageNet's colour channels, for pixels from 0 to 1.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

#: none: no augmentation; crop_flip: a random crop after padding and a random mirror image in every
#: epoch; static: the same once, before the first epoch, as in the reference.
Augmentation = Literal["none", "crop_flip", "static"]


class Recipe(BaseModel):
    """Stochastic gradient descent, its schedule, augmentation and regularisation.

    Attributes:
        epochs: Total number of epochs.
        warmup_epochs: First epochs, in which the learning rate rises linearly with every step.
        head_epochs: First epochs, in which only the classifier is trained; the other weights are
            fixed (batch statistics are updated). The schedule then restarts for the remaining
            epochs, in which all weights are trained.
        learning_rate: Largest learning rate; it falls to 0 by a half cosine after the warm-up.
        momentum: Momentum of stochastic gradient descent.
        nesterov: Whether momentum is Nesterov's.
        weight_decay: Weight decay of all parameters.
        batch: Images of a step; a single remaining image joins the batch before it, as batch
            statistics need two.
        accumulation: Pieces of a batch whose gradients are summed. The gradient is that of the
            batch, but batch normalisation sees the pieces, so results differ.
        mixed_precision: Type of torch's autocast; float16 scales the loss.
        channels_last: Whether images and weights have channels last in memory.
        augmentation: See `Augmentation`.
        padding: Pixels around an image before it is cropped; an eighth of its side if None.
        autoaugment: Whether AutoAugment's policy for CIFAR-10 is applied.
        cutout: Side in pixels of a blanked square; 0 for none.
        gradient_clip: Largest norm of the gradient; None for any.
        dropout: Share of features dropped before the classifier, if the network supports it.
        drop_connect: Share of residual branches dropped at the last block, likewise.
        evaluate_every: Evaluate after every so many epochs, and after the last.
        mean: Subtracted from pixels in [0, 1]; grey images use the mean of the three.
        std: Divisor of the pixels after that, likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(200, ge=1)
    warmup_epochs: int = Field(10, ge=0)
    head_epochs: int = Field(0, ge=0)
    learning_rate: float = Field(0.1, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = True
    weight_decay: float = Field(5e-4, ge=0)
    batch: int = Field(256, ge=2)
    accumulation: int = Field(1, ge=1)
    mixed_precision: Literal["off", "bfloat16", "float16"] = "off"
    channels_last: bool = False
    augmentation: Augmentation = "crop_flip"
    padding: int | None = Field(None, ge=0)
    autoaugment: bool = False
    cutout: int = Field(0, ge=0)
    gradient_clip: float | None = Field(None, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    drop_connect: float = Field(0.0, ge=0, lt=1)
    evaluate_every: int = Field(1, ge=1)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.head_epochs >= self.epochs:
            raise ValueError(f"head_epochs {self.head_epochs}: give fewer than epochs")
        if self.warmup_epochs >= self.epochs - self.head_epochs:
            raise ValueError(f"warmup_epochs {self.warmup_epochs}: give fewer than remain to cool")
        if self.head_epochs and self.warmup_epochs >= self.head_epochs:
            raise ValueError(f"warmup_epochs {self.warmup_epochs}: give fewer than head_epochs")
        if self.accumulation * 2 > self.batch:
            raise ValueError(f"accumulation {self.accumulation}: pieces need two images or more")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs momentum; set one or unset the other")
        return self

    def phase(self, epoch: int) -> tuple[int, int]:
        """First epoch and number of epochs of the phase of `epoch` (from 0)."""
        if epoch < self.head_epochs:
            return 0, self.head_epochs
        return self.head_epochs, self.epochs - self.head_epochs

    def evaluates(self, epoch: int) -> bool:
        """Whether networks are evaluated after `epoch` (from 0)."""
        return (epoch + 1) % self.evaluate_every == 0 or epoch + 1 == self.epochs

    def rate(self, epoch: int, step: int, steps: int) -> float:
        """Learning rate of `step` (from 0) of `steps` in `epoch` (from 0).

        Warm-up reaches `learning_rate` at its last step; the half cosine starts there and reaches 0
        one step after the last.
        """
        begin, length = self.phase(epoch)
        done, warm = (epoch - begin) * steps + step, self.warmup_epochs * steps
        if done < warm:
            return self.learning_rate * (done + 1) / warm
        share = (done - warm) / (length * steps - warm)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def changed_recipe(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with changed values; raises EdnagError for the first invalid name or value."""
    for name in changes:
        if name not in Recipe.model_fields:
            raise EdnagError(f"recipe: unknown key {name!r}{suggestion(name, Recipe.model_fields)}")
    try:
        return Recipe.model_validate({**recipe.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        raise EdnagError(
            f"{place_of(first['loc'], 'recipe')}: {first['msg'].removeprefix('Value error, ')}"
        ) from None


def scaled_recipe(recipe: Recipe, scale: float) -> Recipe:
    """A recipe with a share in (0, 1] of its epochs; warm-up, head and rest keep at least one."""
    if scale == 1:
        return recipe

    def shorter(epochs: int) -> int:
        return max(1, round(epochs * scale)) if epochs else 0

    warmup, head = shorter(recipe.warmup_epochs), shorter(recipe.head_epochs)
    epochs = max(shorter(recipe.epochs), warmup + head + 1)
    return recipe.model_copy(
        update={"epochs": epochs, "warmup_epochs": warmup, "head_epochs": head}
    )


#: The paper's recipe for NAS-Bench-201 cells (specification, Evaluation by training).
NASBENCH201_PAPER = Recipe(augmentation="static")
#: The paper's recipe for subnetworks of once-for-all: 20 epochs of the classifier, then 180 of all.
MOBILENETV3_PAPER = Recipe(
    epochs=200,
    head_epochs=20,
    warmup_epochs=0,
    learning_rate=0.01,
    nesterov=False,
    weight_decay=4e-5,
    batch=96,
    augmentation="static",
    autoaugment=True,
    cutout=16,
    gradient_clip=5.0,
    dropout=0.4,
    drop_connect=0.4,
)
#: For a few hundred small images on a CPU.
SMALL = Recipe(epochs=10, warmup_epochs=1, batch=64, augmentation="none")

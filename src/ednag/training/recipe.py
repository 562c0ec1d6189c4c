"""How a network is trained: everything but the network, the data and the seed."""

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ednag.errors import EdnagError
from ednag.naming import suggestion

#: Mean and standard deviation of ImageNet's colour channels, for pixels from 0 to 1.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

#: What the training images go through.
#:   none: nothing; crop_flip: a random crop after padding and a random mirror image, drawn anew in
#:   every epoch; static: the same drawn once, before the first epoch, as the reference does.
Augmentation = Literal["none", "crop_flip", "static"]


class Recipe(BaseModel):
    """Stochastic gradient descent, its schedule, and what images and network go through.

    Attributes:
        epochs: Passes over the training images, in all.
        warmup_epochs: First epochs, in which the learning rate rises linearly with every step.
        head_epochs: First epochs, in which only the classifier learns; everything else keeps its
            weights (its batch statistics still follow the images). The schedule then begins anew
            for the epochs that remain, in which everything learns.
        learning_rate: Largest learning rate; it falls to 0 by a half cosine after the warm-up.
        momentum: Of stochastic gradient descent.
        nesterov: Whether momentum is Nesterov's.
        weight_decay: On every parameter.
        batch: Images for each step; one image left over joins the batch before it, since no
            batch statistics are made of one.
        accumulation: Pieces a batch is cut into, whose gradients are added up. The gradient is the
            batch's, but batch normalisation sees the pieces: results are those of another recipe.
        mixed_precision: Type of torch's autocast; float16 scales the loss.
        channels_last: Whether images and weights lie in memory with channels last.
        augmentation: See `Augmentation`.
        padding: Pixels around an image before it is cropped; an eighth of its side if None.
        autoaugment: Whether images go through AutoAugment's policy for CIFAR-10.
        cutout: Side in pixels of a square that is blanked; 0 for none.
        gradient_clip: Largest norm of the gradient; None for any.
        dropout: Share of features dropped before the classifier; the network must offer it.
        drop_connect: Share of residual branches dropped, at the last block; the network must offer
            it.
        evaluate_every: Evaluate after every so many epochs, and after the last.
        mean: Subtracted from pixels from 0 to 1; grey images take the mean of the three.
        std: What they are divided by then, likewise.
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
        """Refuse values that contradict each other."""
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
        """First epoch and number of epochs of the phase that `epoch` (from 0) belongs to."""
        if epoch < self.head_epochs:
            return 0, self.head_epochs
        return self.head_epochs, self.epochs - self.head_epochs

    def evaluates(self, epoch: int) -> bool:
        """Whether networks are evaluated after `epoch` (from 0)."""
        return (epoch + 1) % self.evaluate_every == 0 or epoch + 1 == self.epochs

    def rate(self, epoch: int, step: int, steps: int) -> float:
        """Learning rate of one step: of `step` (from 0) of `steps` in `epoch` (from 0).

        Warm-up reaches `learning_rate` at its last step; the half cosine begins there and reaches
        0 one step after the last.
        """
        begin, length = self.phase(epoch)
        done, warm = (epoch - begin) * steps + step, self.warmup_epochs * steps
        if done < warm:
            return self.learning_rate * (done + 1) / warm
        share = (done - warm) / (length * steps - warm)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def changed_recipe(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with other values.

    Raises:
        EdnagError: A name or a value is wrong; the first is named.
    """
    for name in changes:
        if name not in Recipe.model_fields:
            raise EdnagError(f"recipe: unknown key {name!r}{suggestion(name, Recipe.model_fields)}")
    try:
        return Recipe.model_validate({**recipe.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["recipe", *map(str, first["loc"])])
        raise EdnagError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def scaled_recipe(recipe: Recipe, scale: float) -> Recipe:
    """A recipe with a share of its epochs, at least one of warm-up, head and the rest each.

    Args:
        scale: In (0, 1].
    """
    if scale == 1:
        return recipe

    def shorter(epochs: int) -> int:
        return max(1, round(epochs * scale)) if epochs else 0

    warmup, head = shorter(recipe.warmup_epochs), shorter(recipe.head_epochs)
    epochs = max(shorter(recipe.epochs), warmup + head + 1)
    return recipe.model_copy(
        update={"epochs": epochs, "warmup_epochs": warmup, "head_epochs": head}
    )


#: NAS-Bench-201 cells as the paper trains them (specification, Evaluation by training).
NASBENCH201_PAPER = Recipe(augmentation="static")
#: Subnetworks of once-for-all as the paper trains them: 20 epochs, then 180 of everything.
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
#: A few hundred small images on a CPU.
SMALL = Recipe(epochs=10, warmup_epochs=1, batch=64, augmentation="none")

"""Images into the features that the dataset encoder reads: 512 numbers each, by a ResNet-18.

With the published ImageNet weights where their file is at hand. Without it, with the weights that a
fixed seed draws, scaled: a documented substitute that needs no download. Random convolutions still
tell images apart by their edges and textures, but such features are others than the published ones,
and a predictor trained on the one cannot read the other.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from ednag.errors import EdnagError
from ednag.predictor.configuration import FEATURES
from ednag.training.checkpoints import load_checkpoint
from ednag.training.images import ImageDataset

#: Registered id of the published weights.
WEIGHTS = "resnet18-imagenet"
#: Side to which images are resized: ImageNet's for the published weights; small for the substitute,
#: whose random features gain nothing from pixels that interpolation made.
SIZE, SUBSTITUTE_SIZE = 224, 32
#: Mean and standard deviation of ImageNet's channels, of values in [0, 1].
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SUBSTITUTE_SEED = 0
_BATCH = 64
#: Decimals that features are rounded to: sums differ from machine to machine beyond them.
_DECIMALS = 4


def extractor(weights: Path | None) -> nn.Module:
    """A ResNet-18 without its classifier, in evaluation mode.

    Args:
        weights: The published weights; None for the substitute's.

    Raises:
        EdnagError: The file holds something else.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SUBSTITUTE_SEED)
        network = resnet18(weights=None)
    if weights is not None:
        try:
            network.load_state_dict(load_checkpoint(weights))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise EdnagError(
                f"{WEIGHTS}: not the weights of a ResNet-18 ({reason}); fetch the file again"
            ) from None
    network.fc = nn.Identity()
    return network.eval()


def features_of(images: ImageDataset, weights: Path | None) -> list[np.ndarray]:
    """Features float32[n, 512] of the images of each class, in the order of the labels.

    Args:
        images: One or three channels; grey images are given to all three.
        weights: As of `extractor`. Without them, features are divided by the root of their mean
            square, which random weights leave arbitrary.

    Raises:
        EdnagError: The images have another number of channels, or a class has none.
    """
    if images.images.shape[1] not in (1, 3):
        raise EdnagError(f"{images.source}: {images.images.shape[1]} channels; give 1 or 3")
    counts = np.bincount(images.labels, minlength=len(images.class_names))
    if not counts.all():
        name = images.class_names[int(counts.argmin())]
        raise EdnagError(f"{images.source}: no image of class {name!r}; add some or drop the class")
    network = extractor(weights)
    size = SUBSTITUTE_SIZE if weights is None else SIZE
    with torch.no_grad():
        found = np.concatenate(
            [
                network(_prepared(images.images[begin : begin + _BATCH], size)).numpy()
                for begin in range(0, len(images), _BATCH)
            ]
        )
    assert found.shape[1] == FEATURES
    if weights is None:
        found = found / np.sqrt(np.mean(np.square(found, dtype=np.float64)))
    found = found.round(_DECIMALS).astype(np.float32)
    return [found[images.labels == label] for label in range(len(images.class_names))]


def _prepared(images: np.ndarray, size: int) -> Tensor:
    """Images uint8[n, C, H, W] as ResNet-18 takes them: float32[n, 3, size, size], normalised."""
    scaled = torch.from_numpy(images).to(torch.float32) / 255
    resized = nn.functional.interpolate(
        scaled, (size, size), mode="bilinear", antialias=True, align_corners=False
    )
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (resized.expand(-1, 3, -1, -1) - mean) / std

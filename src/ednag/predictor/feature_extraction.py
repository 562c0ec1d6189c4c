"""Features of images for the dataset encoder: 512 numbers each, by a ResNet-18.

The network has the published ImageNet weights if their file is available, otherwise random weights
of a fixed seed, a substitute that needs no download. A predictor trained on one kind of features
cannot read the other.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from ednag.errors import EdnagError, one_line
from ednag.predictor.configuration import FEATURES
from ednag.training.checkpoints import load_checkpoint
from ednag.training.images import ImageDataset

#: Registered id of the published weights.
WEIGHTS = "resnet18-imagenet"
#: Side of the resized images: ImageNet's for the published weights, smaller for the substitute,
#: which gains nothing from interpolated pixels.
SIZE, SUBSTITUTE_SIZE = 224, 32
#: Mean and standard deviation of ImageNet's channels, of values in [0, 1].
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SUBSTITUTE_SEED = 0
_BATCH = 64
#: Decimals of features; further decimals depend on the machine.
_DECIMALS = 4


def extractor(weights: Path | None) -> nn.Module:
    """A ResNet-18 without its classifier, in evaluation mode.

    Args:
        weights: File of the published weights; None for the substitute.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SUBSTITUTE_SEED)
        network = resnet18(weights=None)
    if weights is not None:
        try:
            network.load_state_dict(load_checkpoint(weights))
        except RuntimeError as error:
            reason = one_line(error)
            raise EdnagError(
                f"{WEIGHTS}: not the weights of a ResNet-18 ({reason}); fetch the file again"
            ) from None
    network.fc = nn.Identity()
    return network.eval()


def features_of(images: ImageDataset, weights: Path | None) -> list[np.ndarray]:
    """Features float32[n, 512] of the images of each class, in the order of the labels.

    Args:
        images: With one or three channels; one channel is repeated three times.
        weights: See `extractor`. Features of the substitute are divided by their root mean square.

    Raises:
        EdnagError: The images have another number of channels, or a class has no image.
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
        batches = (images.images[at : at + _BATCH] for at in range(0, len(images), _BATCH))
        features = np.concatenate([network(_prepared(each, size)).numpy() for each in batches])
    assert features.shape[1] == FEATURES
    if weights is None:
        features = features / np.sqrt(np.mean(np.square(features, dtype=np.float64)))
    features = features.round(_DECIMALS).astype(np.float32)
    return [features[images.labels == label] for label in range(len(images.class_names))]


def _prepared(images: np.ndarray, size: int) -> Tensor:
    """Normalised images float32[n, 3, size, size] of images uint8[n, C, H, W]."""
    scaled = torch.from_numpy(images).to(torch.float32) / 255
    resized = nn.functional.interpolate(
        scaled, (size, size), mode="bilinear", antialias=True, align_corners=False
    )
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (resized.expand(-1, 3, -1, -1) - mean) / std

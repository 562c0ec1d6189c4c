"""Files of image features by class in the published form: {class: [Tensor(n, 512)]}.

Source: meta-predictor specification (`imgnet32bylabel.pt`).
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ednag.confined import try_confined
from ednag.errors import EdnagError, one_line
from ednag.predictor.configuration import FEATURES
from ednag.training.checkpoints import save_checkpoint

#: Features float32[n, 512] of the n images of each class, by class number, ascending.
Features = dict[int, np.ndarray]


def read_features(path: Path) -> Features:
    """The features in a file; no code in it is run.

    The value of a class is a tensor, or a list of tensors, which are concatenated.

    Raises:
        EdnagError: The file has other content; the message has the first wrong class.
    """
    advice = "fetch or extract it again"
    return try_confined(lambda: _read_features(path), [path], advice)


def _read_features(path: Path) -> Features:
    try:
        # Memory-mapped where the format allows it, as the published file is large.
        content = torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except FileNotFoundError:
        raise EdnagError(f"{path}: there is no such file; give a feature file") from None
    except Exception as error:
        reason = one_line(error)
        raise EdnagError(
            f"{path}: not a feature file ({reason}); fetch or extract it again"
        ) from None
    if not isinstance(content, dict) or not content:
        raise EdnagError(
            f"{path}: a {type(content).__name__} and not features by class; "
            "give a file of {class number: [tensor]}"
        )
    features = {}
    for number, value in content.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise EdnagError(f"{path}: {number!r} is not a class number; number the classes from 0")
        features[number] = _class_features(value, f"{path}: class {number}")
    return {number: features[number] for number in sorted(features)}


def _class_features(value: Any, place: str) -> np.ndarray:
    """Features float32[n, 512] of one class."""
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, Tensor) and part.ndim == 2 for part in parts):
        raise EdnagError(f"{place}: not a tensor of images x {FEATURES}; extract the file again")
    wrong = next((part for part in parts if part.shape[1] != FEATURES), None)
    if wrong is not None:
        raise EdnagError(
            f"{place}: features are {wrong.shape[1]} numbers long, not {FEATURES}; "
            "extract them with a ResNet-18"
        )
    joined = parts[0] if len(parts) == 1 else torch.cat(parts)
    features = joined.to(torch.float32).numpy()
    if not np.isfinite(features).all():
        raise EdnagError(f"{place}: NaN or infinity among the features; extract them again")
    return features


def write_features(features: Mapping[int, np.ndarray], path: Path) -> None:
    """Write features float32[n, 512] by class number; equal features give equal bytes."""
    save_checkpoint(
        path,
        # Copied, so that the storage of other classes is not written.
        {number: [torch.tensor(features[number])] for number in sorted(features)},  # type: ignore[misc]
    )


def of_classes(
    features: Mapping[int, np.ndarray], classes: Sequence[int], images: int, place: str
) -> list[np.ndarray]:
    """Features float32[n, 512] of each of some classes.

    Args:
        images: Images that each class must have.
        place: What needs the classes, for error messages.

    Raises:
        EdnagError: A class is missing or has fewer images.
    """
    for number in classes:
        if number not in features:
            raise EdnagError(
                f"{place}: the features hold no class {number}; extract features of all classes"
            )
    return enough_images([features[number] for number in classes], images, place, classes)


def enough_images(
    features: Sequence[np.ndarray], images: int, place: str, names: Sequence[object] = ()
) -> list[np.ndarray]:
    """The features; raises EdnagError for a class with fewer than `images` images.

    Args:
        names: Names of the classes for the message; by default their positions from 0.
    """
    for name, each in zip(names or range(len(features)), features, strict=True):
        if len(each) < images:
            raise EdnagError(
                f"{place}: class {name} has {len(each)} images, {images} are asked for; "
                "ask for fewer images of each class"
            )
    return list(features)

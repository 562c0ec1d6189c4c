"""Image datasets: readers, choices of classes, splits, and what is said when files are wrong."""

import gzip
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from ednag.errors import EdnagError
from ednag.training.image_files import (
    read_aircraft,
    read_cifar,
    read_digits,
    read_folder,
    read_mnist_5000,
    read_pets,
)
from ednag.training.images import ImageDataset, split, split_official
from tests.training.data import digits_file, mnist_file, random_dataset


def test_digits_are_what_scikit_learn_loads() -> None:
    from sklearn.datasets import load_digits

    dataset = read_digits(digits_file())
    theirs = load_digits()
    assert dataset.images.shape == (1797, 1, 8, 8)
    assert (dataset.labels == theirs.target).all()
    assert (np.rint(theirs.images * 255 / 16) == dataset.images[:, 0]).all()


def test_mnist_has_500_of_each_digit() -> None:
    dataset = read_mnist_5000(mnist_file())
    assert dataset.images.shape == (5000, 1, 28, 28)
    assert (np.bincount(dataset.labels) == 500).all()
    assert dataset.images.max() == 255
    small = dataset.subset(np.arange(300)).resized(8)
    assert small.images.shape == (300, 1, 8, 8)


@pytest.mark.parametrize("text", ["", "a,b\n", "1,2,3\n", ",".join(["17"] * 64) + ",3\n"])
def test_a_wrong_table_is_one_clear_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(EdnagError, match=r"digits\.csv\.gz: "):
        read_digits(path)


def test_selected_classes_are_numbered_as_named() -> None:
    dataset = random_dataset(60, classes=4)
    chosen = dataset.select_classes(["c3", "c1"], per_class=5)
    assert np.bincount(chosen.labels).tolist() == [5, 5]
    first = np.flatnonzero(dataset.labels == 3)[:5]
    assert (chosen.images[chosen.labels == 0] == dataset.images[first]).all()
    with pytest.raises(EdnagError, match=r"no class 'c9'.*c0, c1"):
        dataset.select_classes(["c9"])
    with pytest.raises(EdnagError, match="class 'c1' has 15 images, asked for 99"):
        dataset.select_classes(["c1"], per_class=99)


def test_a_split_is_stratified_complete_and_a_function_of_its_seed() -> None:
    dataset = random_dataset(100, classes=4)
    first, again, other = (split(dataset, (0.6, 0.2, 0.2), seed) for seed in (1, 1, 2))
    for part, share in ((first.train, 15), (first.validation, 5), (first.test, 5)):
        assert (np.bincount(part.labels) == share).all()
    everything = np.concatenate([first.train.images, first.validation.images, first.test.images])
    assert len(np.unique(everything.reshape(100, -1), axis=0)) == 100
    assert first.digest == again.digest != other.digest
    assert (first.test.images == again.test.images).all()


def test_no_part_is_emptied_by_rounding() -> None:
    dataset = random_dataset(6, classes=2)
    parts = split(dataset, (0.9, 0.05, 0.05), seed=0)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [2, 2, 2]


def test_a_class_with_one_image_is_one_clear_line() -> None:
    dataset = random_dataset(7, classes=3)
    with pytest.raises(EdnagError, match="class 'c1' has 2 images for 3 parts; add images"):
        split(dataset, (0.5, 0.25, 0.25), seed=0)
    lonely = ImageDataset(dataset.images[:1], np.zeros(1, np.int64), ("only",), "lonely")
    with pytest.raises(EdnagError, match="class 'only' has 1 image for 2 parts"):
        split(lonely, (0.5, 0.0, 0.5), seed=0)
    with pytest.raises(EdnagError, match="give shares that add up to 1"):
        split(dataset, (0.5, 0.5, 0.5), seed=0)


def test_an_official_test_part_is_kept() -> None:
    train, test = random_dataset(40, classes=4), random_dataset(20, classes=4, seed=1)
    parts = split_official(train, test, 0.25, seed=0)  # 2.5 of 10 is 2: ties go to training
    assert (len(parts.train), len(parts.validation)) == (32, 8)
    assert (parts.test.images == test.images).all()
    assert len(split_official(train, test, 0.0, seed=0).validation) == 0
    with pytest.raises(EdnagError, match="classes are not those"):
        split_official(train, random_dataset(20, classes=5), 0.25, seed=0)


def test_wrong_labels_are_one_clear_line() -> None:
    images = np.zeros((2, 1, 4, 4), np.uint8)
    with pytest.raises(EdnagError, match="label 7 of image 1 is none of the 2 classes"):
        ImageDataset(images, np.array([0, 7]), ("a", "b"), "made")
    with pytest.raises(EdnagError, match=r"labels are int64\[3\], not int64\[2\]"):
        ImageDataset(images, np.array([0, 1, 1]), ("a", "b"), "made")


def picture(path: Path, colour: int, size: tuple[int, int] = (12, 9)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (colour, colour, colour)).save(path)


def test_a_folder_of_images(tmp_path: Path) -> None:
    for name, colour in (("cat/1.png", 10), ("cat/2.jpg", 20), ("ant/1.png", 30)):
        picture(tmp_path / name, colour)
    (tmp_path / "cat" / "notes.txt").write_text("no image", encoding="utf-8")
    dataset = read_folder(tmp_path, size=8)
    assert dataset.class_names == ("ant", "cat")
    assert dataset.images.shape == (3, 3, 8, 8)
    assert dataset.images[:, 0, 0, 0].tolist() == [30, 10, 20]


def test_wrong_folders_are_one_clear_line_each(tmp_path: Path) -> None:
    with pytest.raises(EdnagError, match="no subfolders; put the images"):
        read_folder(tmp_path, size=8)
    (tmp_path / "cat").mkdir()
    with pytest.raises(EdnagError, match="cat: no images in this class"):
        read_folder(tmp_path, size=8)
    picture(tmp_path / "cat" / "whole.png", 1)
    whole = (tmp_path / "cat" / "whole.png").read_bytes()
    (tmp_path / "cat" / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EdnagError, match=r"^cat/half\.png: cannot be read as an image"):
        read_folder(tmp_path, size=8)
    (tmp_path / "cat" / "half.png").write_bytes(b"not at all")
    with pytest.raises(EdnagError, match=r"^cat/half\.png: cannot be read as an image"):
        read_folder(tmp_path, size=8)


@pytest.fixture
def aircraft(tmp_path: Path) -> Path:
    data = tmp_path / "fgvc-aircraft-2013b" / "data"
    for name, colour in (("01", 50), ("02", 60), ("03", 70)):
        picture(data / "images" / f"{name}.jpg", colour, (40, 30))
    texts = {
        "manufacturers.txt": "Boeing\nde Havilland\n",
        "variants.txt": "707-320\n727-200\nDH-82\n",
        "images_manufacturer_trainval.txt": "01 Boeing\n02 de Havilland\n",
        "images_manufacturer_test.txt": "03 Boeing\n",
        "images_variant_trainval.txt": "01 707-320\n02 DH-82\n",
        "images_variant_test.txt": "03 727-200\n",
    }
    for name, text in texts.items():
        (data / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_aircraft_by_manufacturer_and_by_variant(aircraft: Path) -> None:
    train, test = read_aircraft(aircraft, "manufacturer", size=16)
    assert train.class_names == ("Boeing", "de Havilland")
    assert train.labels.tolist() == [0, 1]
    assert test.images.shape == (1, 3, 16, 16)
    train, test = read_aircraft(aircraft, "variant", size=16)
    assert (train.labels.tolist(), test.labels.tolist()) == ([0, 2], [1])


def test_wrong_aircraft_files_are_one_clear_line_each(aircraft: Path) -> None:
    data = aircraft / "fgvc-aircraft-2013b" / "data"
    labels = data / "images_manufacturer_test.txt"
    labels.write_text("03 Bowing\n", encoding="utf-8")
    with pytest.raises(EdnagError, match="a label file names 'Bowing', which is no class"):
        read_aircraft(aircraft, "manufacturer", size=16)
    labels.unlink()
    with pytest.raises(EdnagError, match=r"images_manufacturer_test\.txt is missing"):
        read_aircraft(aircraft, "manufacturer", size=16)
    (data / "images" / "01.jpg").write_bytes(b"torn")
    with pytest.raises(EdnagError, match=r"data/images/01\.jpg: cannot be read as an image"):
        read_aircraft(aircraft, "variant", size=16)
    with pytest.raises(EdnagError, match="Dataset not found"):
        read_aircraft(data, "variant", size=16)
    (aircraft / "archive.tar.gz").write_bytes(b"torn")
    with pytest.raises(EdnagError, match="cannot be unpacked"):
        read_aircraft(aircraft / "archive.tar.gz", "variant", size=16)


def test_cifar_through_torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of CIFAR's layout, made up; torchvision is told their checksums."""
    place = tmp_path / "cifar-10-batches-py"
    place.mkdir()
    generator = np.random.default_rng(0)
    written = {}
    for name in ("data_batch_1", "test_batch"):
        data = generator.integers(256, size=(4, 3072), dtype=np.uint8)
        written[name] = data
        (place / name).write_bytes(pickle.dumps({"data": data, "labels": [0, 1, 1, 0]}))
    (place / "batches.meta").write_bytes(pickle.dumps({"label_names": ["cat", "dog"]}))

    def checksum(name: str) -> str:
        return hashlib.md5((place / name).read_bytes()).hexdigest()

    reader = datasets.CIFAR10
    monkeypatch.setattr(reader, "train_list", [["data_batch_1", checksum("data_batch_1")]])
    monkeypatch.setattr(reader, "test_list", [["test_batch", checksum("test_batch")]])
    monkeypatch.setattr(reader, "meta", {**reader.meta, "md5": checksum("batches.meta")})
    train, test = read_cifar(tmp_path, "cifar10")
    assert train.class_names == ("cat", "dog")
    assert (train.images == written["data_batch_1"].reshape(4, 3, 32, 32)).all()
    assert (test.images == written["test_batch"].reshape(4, 3, 32, 32)).all()
    (place / "test_batch").write_bytes(b"torn")
    with pytest.raises(EdnagError, match="Dataset not found or corrupted; fetch"):
        read_cifar(tmp_path, "cifar10")


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("layout", ["pairs", "two tensors", "mapping", "pillow", "floats"])
def test_pets_in_every_layout(tmp_path: Path, layout: str, first: int) -> None:
    images = torch.arange(37, dtype=torch.uint8)[:, None, None, None].expand(37, 3, 10, 10) * 5
    labels = torch.arange(37) + first
    content = {
        "pairs": [(image, int(label)) for image, label in zip(images, labels, strict=True)],
        "two tensors": (images.clone(), labels),
        "mapping": {"images": images.clone(), "labels": labels},
        "pillow": [
            (Image.fromarray(image.permute(1, 2, 0).numpy().copy()), int(label))
            for image, label in zip(images, labels, strict=True)
        ],
        "floats": (images / 255, labels),
    }[layout]
    torch.save(content, tmp_path / "train85.pth")
    train, test = read_pets(tmp_path / "train85.pth", tmp_path / "train85.pth", size=8)
    assert train.images.shape == (37, 3, 8, 8)
    assert train.images[:, 1, 3, 3].tolist() == [5 * label for label in range(37)]
    assert train.labels.tolist() == list(range(37))
    assert test.class_names == train.class_names


def test_wrong_pets_files_are_one_clear_line_each(tmp_path: Path) -> None:
    path = tmp_path / "train85.pth"
    path.write_bytes(b"torn")
    with pytest.raises(EdnagError, match=r"train85\.pth: not a file of tensors"):
        read_pets(path, path, size=8)
    torch.save([Path("x")], path)
    with pytest.raises(EdnagError, match=r"not a file of tensors .it asks for pathlib"):
        read_pets(path, path, size=8)
    torch.save((torch.zeros(3, 3, 8, 8, dtype=torch.uint8), torch.zeros(2)), path)
    with pytest.raises(EdnagError, match=r"neither \(image, label\) pairs nor images with as many"):
        read_pets(path, path, size=8)
    torch.save((torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.tensor([0, 55])), path)
    with pytest.raises(EdnagError, match="label 55 of image 1 is none of the 37 classes"):
        read_pets(path, path, size=8)
    torch.save((torch.full((2, 3, 8, 8), -2.0), torch.tensor([0, 5])), path)
    with pytest.raises(EdnagError, match="undo its normalisation"):
        read_pets(path, path, size=8)

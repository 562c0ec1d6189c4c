"""NumPy arrays in files of torch: a data type whose flags make numbers the addresses of objects."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.predictor.database import read_published
from ednag.training.image_files import read_pets


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def data_type(name: str, state: bytes) -> bytes:
    """numpy.dtype(name, False, True) with a state."""
    made = named("numpy", "dtype") + b"(" + text(name) + b"\x89\x88tR"
    return made + b"(" + number(3) + text("<") + state + b"tb"


def array(kind: bytes, content: bytes, count: int) -> bytes:
    """An array with this data type and content."""
    made = named("numpy._core.multiarray", "_reconstruct") + b"(" + named("numpy", "ndarray")
    made += b"(" + number(0) + b"t" + text("b") + b"tR"
    return made + b"(" + number(1) + b"(" + number(count) + b"t" + kind + b"\x89" + content + b"tb"


def encoded(data: bytes) -> bytes:
    return named("_codecs", "encode") + b"(" + text(data.decode("latin1")) + text("latin1") + b"tR"


def state(flags: int) -> bytes:
    return b"NNN" + number(-1) + number(-1) + number(flags)


NUMBERS = encoded(struct.pack("<4d", 1, 2, 3, 4))
HOSTILE: dict[str, bytes] = {
    "flags of objects": array(data_type("f8", state(1)), NUMBERS, 4),
    "all flags": array(data_type("f8", state(127)), NUMBERS, 4),
    "another size": array(data_type("f8", b"NNN" + number(1 << 20) + number(8) + number(0)),
                          NUMBERS, 4),
    "objects": array(data_type("O8", state(0)), b"](" + NUMBERS * 4 + b"e", 4),
    "a structure": array(data_type("V8", b"N" + text("a") + b"}" + number(8) + number(1)
                                   + number(0)), NUMBERS, 4),
    "more numbers than bytes": array(data_type("f8", state(0)), NUMBERS, 1 << 30),
    "a negative length": array(data_type("f8", state(0)), NUMBERS, -4),
    "a text as data type": array(text("f8"), NUMBERS, 4),
    "a list as content": array(data_type("f8", state(0)), b"]", 4),
}  # fmt: skip


def write(path: Path, pickle: bytes) -> Path:
    """A file of torch.save with another pickle."""
    made, changed = io.BytesIO(), io.BytesIO()
    torch.save([1], made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle if name.endswith("data.pkl") else old.read(name))
    path.write_bytes(changed.getvalue())
    return path


READERS: dict[str, Callable[[Path], object]] = {
    "pets": lambda path: read_pets(path, path, 8),
    "database": lambda path: read_published(path, path, path),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", HOSTILE)
def test_states_that_corrupt_memory_are_refused(case: str, reader: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.pth", b"\x80\x02](" + HOSTILE[case] + b"e.")
    with pytest.raises(EdnagError, match=r"not a file of tensors|not loaded") as caught:
        READERS[reader](path)
    assert "\n" not in str(caught.value)


def test_plain_arrays_are_read(tmp_path: Path) -> None:
    images = np.arange(2 * 3 * 8 * 8, dtype=np.uint8).reshape(2, 3, 8, 8)
    torch.save((images, np.array([0, 1])), tmp_path / "a.pth")
    read = read_pets(tmp_path / "a.pth", tmp_path / "a.pth", 8)[0]
    assert (read.images == images).all() and read.labels.tolist() == [0, 1]

"""`.pth` files: numbers come through, code does not run, broken files say where they break."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.tables.torch_files import load_pth

FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def save(content: Any, path: Path, zipped: bool) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@FORMATS
def test_numbers_strings_and_containers_come_through(tmp_path: Path, zipped: bool) -> None:
    content = {
        "numbers": [1, 2.5, np.float64(0.1), np.float32(0.5), np.int64(7), None, True],
        ("a", 1): {3, 4},
        "array": np.arange(6.0).reshape(2, 3),
    }
    found = load_pth(save(content, tmp_path / "a.pth", zipped), "source")
    np.testing.assert_array_equal(found.pop("array"), content.pop("array"))
    assert found == content
    assert found["numbers"][2] == 0.1


class _Command:
    def __reduce__(self) -> tuple:
        return (os.system, ("echo a pickle ran code",))


@FORMATS
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (_Command(), r"posix\.system"),
        ([_Command(), torch.ones(2)], r"posix\.system"),
        ({"weight": torch.ones(2)}, r"torch\._utils\._rebuild_tensor_v2"),
        (torch.nn.Linear(2, 2), r"torch\.nn\.modules\.linear\.Linear"),
        ({"path": Path("x")}, "pathlib"),
    ],
    ids=["command", "before a tensor", "tensor", "module", "path"],
)
def test_a_foreign_type_is_refused_by_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], zipped: bool, content: Any, name: str
) -> None:
    with pytest.raises(EdnagError, match=f"source: .*asks for {name}"):
        load_pth(save(content, tmp_path / "a.pth", zipped), "source")
    assert "ran code" not in capfd.readouterr().out


@FORMATS
def test_a_truncated_file_is_refused(tmp_path: Path, zipped: bool) -> None:
    path = save({"a": list(range(1000))}, tmp_path / "a.pth", zipped)
    whole = path.read_bytes()
    for cut in (0, 3, 16, 20, 100, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        if not zipped and cut == len(whole) - 30:
            continue  # only the empty list of tensors is cut off
        with pytest.raises(EdnagError, match="source: "):
            load_pth(path, "source")


@pytest.mark.parametrize(
    "content", [b"", b"<html>quota exceeded</html>", b"PK\x03\x04", b"\x80\x02."]
)
def test_what_torch_did_not_write_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(EdnagError, match=r"was not written by torch\.save"):
        load_pth(path, "source")


def test_a_foreign_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    np.savez(path.with_suffix(".npz"), a=np.ones(2))
    path.with_suffix(".npz").rename(path)
    with pytest.raises(EdnagError, match=r"0 files data\.pkl"):
        load_pth(path, "source")

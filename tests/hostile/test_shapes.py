"""The check of a file without a checksum says yes or no, whatever the bytes are."""

import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from ednag.sources.shape import KINDS, misshapen


def packed() -> list[bytes]:
    """A zip, a tar, and both compressed by gzip."""
    streams = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(streams[0], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"content" * 100)
    with tarfile.open(fileobj=streams[1], mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a"))
    plain = [stream.getvalue() for stream in streams]
    return plain + [gzip.compress(each) for each in plain]


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"torch"}))
def test_changed_bytes_have_the_shape_or_not(kind: str, tmp_path: Path) -> None:
    draw, path = random.Random(kind), tmp_path / "file"
    for content in packed() * 40:
        changed = bytearray(content)
        for _ in range(draw.choice([1, 3, 9])):
            changed[draw.randrange(min(len(changed), 600))] = draw.randrange(256)
        path.write_bytes(changed)
        fault = misshapen(path, kind, 1)
        assert fault is None or "\n" not in fault


def torch_archive(path: Path, data: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    """A file as torch.save writes it, with `data` as its pickle."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("a/data.pkl", data)
        archive.writestr("a/version", "3\n")
    return path


def test_a_file_of_torch_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    # torch admits bytearray: a few bytes ask for 6 GB.
    greedy = b"\x80\x02c__builtin__\nbytearray\n\x8a\x05" + (6 << 30).to_bytes(5, "little")
    path = torch_archive(tmp_path / "greedy.pt", greedy + b"\x85R.")
    fault = misshapen(path, "torch", 1)
    assert fault is not None
    assert "MB of memory" in fault


def test_a_file_of_torch_has_no_compressed_entry(tmp_path: Path) -> None:
    path = torch_archive(tmp_path / "a.pt", b"\x80\x02}.", zipfile.ZIP_DEFLATED)
    assert misshapen(path, "torch", 1) == (
        "holds a/data.pkl in compressed form, which torch.save does not write"
    )

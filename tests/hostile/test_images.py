"""Files among images that are no images, or are made to exhaust memory."""

import os
import socket
import struct
import zlib
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ednag.errors import EdnagError
from ednag.training.image_files import read_digits, read_folder


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG of one colour, of any size, in a few bytes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    content = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + content + chunk(b"IEND", b"")


def picture(path: Path) -> Path:
    """An image that can be read."""
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(path)
    return path


def bytes_of(content: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(content), None)[1]


def cut(path: Path) -> None:
    jpeg = picture(path.with_name("whole.jpg")).read_bytes()
    path.with_name("whole.jpg").unlink()
    path.write_bytes(jpeg[: len(jpeg) // 2])


def make_socket(path: Path) -> None:
    # The name of a socket has at most 107 bytes.
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def make_link(path: Path) -> None:
    outside = path.parents[2] / "outside.png"
    path.symlink_to(picture(outside))


LARGE = b"a\0\0" + zlib.compress(bytes(100_000_000))
HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "100 million pixels": (bytes_of(png(10_000, 10_000)), "exceeds limit"),
    "4 billion pixels": (bytes_of(png(65_000, 65_000)), "exceeds limit"),
    "2^62 pixels": (bytes_of(png(2**31 - 1, 2**31 - 1)), "exceeds limit"),
    "no pixels": (bytes_of(png(0, 0)), "cannot be read"),
    "a text of 100 MB": (
        bytes_of(png(8, 8, chunk(b"zTXt", LARGE))), "cannot be read",
    ),
    "a profile of 100 MB": (
        bytes_of(png(8, 8, chunk(b"iCCP", LARGE))), "cannot be read",
    ),
    "cut off": (cut, "cannot be read"),
    "nothing": (bytes_of(b""), "cannot identify"),
    "text": (bytes_of(b"no image\n"), "cannot identify"),
    "PostScript": (bytes_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "identify"),
    "a pipe": (os.mkfifo, "no regular file"),
    "a socket": (make_socket, "no regular file"),
    "a folder": (Path.mkdir, "no regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "no regular file"),
    "a link out of the folder": (make_link, "a link to a file outside the folder"),
    "a link to nothing": (lambda path: path.symlink_to("nothing.png"), "no regular file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_image_is_named(case: str, tmp_path: Path) -> None:
    make, words = HOSTILE[case]
    folder = tmp_path / "images" / "class"
    folder.mkdir(parents=True)
    picture(folder / "a.png")
    make(folder / "b.png")
    with pytest.raises(EdnagError, match=words) as caught:
        read_folder(tmp_path / "images", 8)
    message = str(caught.value)
    assert message.startswith("class/b.png: cannot be read as an image (")
    assert "\n" not in message and len(message) < 400


def test_links_within_the_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "class"
    folder.mkdir(parents=True)
    picture(folder / "a.png")
    (folder / "b.png").symlink_to("a.png")
    (tmp_path / "link").symlink_to("images")
    assert len(read_folder(tmp_path / "link", 8)) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"1,2\n", b"\xff\xfe1\0", b"9" * 5_000_000, b"1e999," * 64 + b"1\n", b'"' * 100],
)
def test_rows_of_pixels(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "digits.csv").write_bytes(content)
    with pytest.raises(EdnagError) as caught:
        read_digits(tmp_path / "digits.csv")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600

"""Archives made to fill memory or disk, or to leave their folder: one line, nothing left behind."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.search.replay import read_trace
from ednag.sources.archives import extract
from ednag.sources.shape import misshapen
from ednag.training.image_files import read_cifar

PACKERS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lambda content: lzma.compress(content, preset=0),
}


def tar_of(*entries: tuple[tarfile.TarInfo, bytes], **options: object) -> bytes:
    """A tar file with these entries."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", **options) as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def entry(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """The header of a member."""
    made = tarfile.TarInfo(name)
    made.size, made.type = size, kind
    return made


def large_member() -> bytes:
    return tar_of((entry("zeros", 100 << 20), bytes(100 << 20)))


def large_header(kind: bytes, size: int = 20 << 20) -> bytes:
    """A header of 20 MB before a member: a name, or fields of PAX."""
    return entry("x", size, kind).tobuf() + bytes(size) + tar_of((entry("a"), b""))


def many_folders() -> bytes:
    return entry("folder", 0, tarfile.DIRTYPE).tobuf() * 40_000


def many_headers() -> bytes:
    """Headers of PAX within each other."""
    return (
        tar_of((entry("a"), b""), format=tarfile.PAX_FORMAT, pax_headers={"a": "b"}) * 3
        + (entry("x", 512, tarfile.XGLTYPE).tobuf() + b"11 a=bbbbb\n".ljust(512, b"\0")) * 5_000
    )


TARS: dict[str, Callable[[], bytes]] = {
    "a member of 100 MB": large_member,
    "a long name": lambda: large_header(tarfile.GNUTYPE_LONGNAME),
    "a long link": lambda: large_header(tarfile.GNUTYPE_LONGLINK),
    "fields of PAX": lambda: large_header(tarfile.XHDTYPE),
    "fields for all": lambda: large_header(tarfile.XGLTYPE),
    "40,000 folders": many_folders,
}


def refused(archive: Path, tmp_path: Path, *, words: str = "") -> str:
    """The message of `extract`, which leaves nothing."""
    with pytest.raises(EdnagError, match=words) as caught:
        extract(archive, tmp_path / "work" / "out")
    assert not list((tmp_path / "work").iterdir())
    message = str(caught.value)
    assert archive.name in message and "\n" not in message and len(message) < 500
    assert message.isprintable()
    return message


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("case", TARS)
def test_small_files_that_grow_are_stopped(case: str, packer: str, tmp_path: Path) -> None:
    archive = tmp_path / "bomb.tar"
    archive.write_bytes(PACKERS[packer](TARS[case]()))
    assert archive.stat().st_size < 400_000
    refused(archive, tmp_path, words=r"would grow|a header of")
    assert misshapen(archive, "tar", 1) in (None, "is no tar archive")


def test_a_dataset_is_unpacked_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "cifar.tar.gz").write_bytes(gzip.compress(large_header(tarfile.XHDTYPE)))
    with pytest.raises(EdnagError, match=r"a header of 20,971,520 bytes"):
        read_cifar(tmp_path / "cifar.tar.gz", "cifar10")


def test_a_trace_that_grows_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "trace.json.gz").write_bytes(gzip.compress(b" " * (65 << 20), 1))
    with pytest.raises(EdnagError, match="more than 67,108,864 bytes"):
        read_trace(tmp_path / "trace.json.gz")


def sparse(tmp_path: Path) -> bytes:
    header = bytearray(entry("sparse", 512, tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"00000000000\0" + b"00000001000\0"  # one block of content at 0
    header[483:495] = b"07777777777\0"  # the size with all holes
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(512 + 1024)


def surrogates(tmp_path: Path) -> bytes:
    made = bytearray(tar_of((entry("name"), b"")))
    made[:4] = b"n\xff\xfee"
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made[:512])
    return bytes(made)


def zip_bytes(change: Callable[[bytearray, int, int], None], method: int = 8) -> bytes:
    """A zip with one member, changed by (bytes, place of its header, place of its listing)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("member", b"content" * 1000)
    raw = bytearray(packed.getvalue())
    change(raw, raw.find(b"PK\x03\x04"), raw.find(b"PK\x01\x02"))
    return bytes(raw)


def set_method(number: int) -> bytes:
    def change(raw: bytearray, header: int, listing: int) -> None:
        struct.pack_into("<H", raw, header + 8, number)
        struct.pack_into("<H", raw, listing + 10, number)

    return zip_bytes(change)


def set_flags(flags: int) -> bytes:
    def change(raw: bytearray, header: int, listing: int) -> None:
        struct.pack_into("<H", raw, header + 6, flags)
        struct.pack_into("<H", raw, listing + 8, flags)

    return zip_bytes(change)


def set_size(size: int) -> bytes:
    return zip_bytes(lambda raw, header, listing: struct.pack_into("<I", raw, listing + 24, size))


def overlapping() -> bytes:
    """A thousand members that are the same bytes of the file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(9 << 20))
        first = archive.getinfo("zeros")
        for at in range(1000):
            copy = zipfile.ZipInfo(f"zeros{at}")
            for name in ("compress_type", "compress_size", "file_size", "CRC", "header_offset"):
                setattr(copy, name, getattr(first, name))
            archive.filelist.append(copy)
    return packed.getvalue()


def zip_of(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")
    return packed.getvalue()


def grown_gzip(tmp_path: Path) -> bytes:
    return gzip.compress(b"not a tar" * 10_000_000)


DAMAGED: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "tar: sparse": (sparse, "sparse"),
    "tar: bytes that are no UTF-8 in a name": (surrogates, "a name that is no text"),
    "tar: a device": (
        lambda path: tar_of((entry("d", 0, tarfile.CHRTYPE), b"")), "a device or pipe",
    ),
    "tar: file and folder of one name": (
        lambda path: tar_of((entry("a"), b""), (entry("a/b"), b"")), "cannot be unpacked",
    ),
    "tar: a name of 300 bytes": (
        lambda path: tar_of((entry("a" * 300), b""), format=tarfile.GNU_FORMAT), "cannot be",
    ),
    "tar: an escape sequence in a name": (
        lambda path: tar_of((entry("\x1b[2J"), b"")), "a name that is no text",
    ),
    "gzip: 90 MB that are no tar": (grown_gzip, "cannot be unpacked"),
    "zip: method 99": (lambda path: set_method(99), "compressed in another way"),
    "zip: encrypted": (lambda path: set_flags(1), "encrypted"),
    "zip: strongly encrypted": (lambda path: set_flags(0x41), "encrypted"),
    "zip: patched": (lambda path: set_flags(0x20), "encrypted or"),
    "zip: larger than it says": (lambda path: set_size(10), "cannot be unpacked|larger"),
    "zip: 4 GB by its listing": (lambda path: set_size(0xFFFFFFF0), "would grow"),
    "zip: overlapping members": (lambda path: overlapping(), "cannot be unpacked|would grow"),
    "zip: the same name twice": (lambda path: zip_of("a", "./a"), "twice"),
    "zip: ..": (lambda path: zip_of("../a"), "outside its folder"),
    "zip: an absolute name": (lambda path: zip_of("/tmp/a"), "outside its folder"),
    "zip: a new line in a name": (lambda path: zip_of("a\nb"), "a name that is no text"),
    "zip: broken content": (
        lambda path: zip_bytes(lambda raw, header, listing: raw.__setitem__(40, raw[40] ^ 0xFF)),
        "cannot be unpacked",
    ),
    "zlib": (lambda path: zlib.compress(bytes(9_999)), "cannot be unpacked"),
    "headers in headers": (lambda path: many_headers()[5 * 10_240 :], "cannot be unpacked"),
    "nothing": (lambda path: b"", "cannot be unpacked"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_archives_end_in_one_line(case: str, tmp_path: Path) -> None:
    make, words = DAMAGED[case]
    archive = tmp_path / "archive"
    archive.write_bytes(make(tmp_path))
    refused(archive, tmp_path, words=words)

"""Unpacking of tar and zip files that are not trusted.

Each member is checked before it is written. Only plain files and folders are created, so no member
can leave the folder. What an archive may write, and what its headers may hold, is bounded.
"""

import bz2
import errno
import gzip
import hashlib
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ednag.errors import EdnagError, shown

#: An archive is refused if it grows beyond both this factor and this many bytes. The registered
#: archives grow by less than 2.
LARGEST_GROWTH = 20
ALWAYS_ALLOWED = 64 << 20
#: Bytes of the disk that a member takes besides its content.
_MEMBER = 4096
#: Bytes read at a time; so the largest header of a tar file.
_BLOCK = 1 << 20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
#: Flags of encrypted and patched members (APPNOTE.TXT, section 4.4.4).
_UNREADABLE = 0x1 | 0x20 | 0x40
#: First bytes of a compressed file -> the function that opens it.
_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}


class UnsafeArchiveError(EdnagError):
    """A member of an archive leaves its folder, is no plain file, or is too large."""


#: Name, declared size in bytes and content of a member of an archive; None for a folder.
_Member = tuple[str, int, IO[bytes] | None]


def unpack(archive: Path, folder: Path) -> dict[str, str]:
    """Unpack `archive` into the empty `folder`; path in the folder -> sha256 of each file.

    After an error the caller removes the folder.

    Raises UnsafeArchiveError if a path leads outside, a member is a link, a device, sparse,
    encrypted or named twice, or the archive grows too much; EdnagError if it is damaged.
    """
    try:
        return _unpack(archive, folder)
    except EdnagError:
        raise
    except Exception as error:  # tarfile and zipfile do not document what they raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise EdnagError(
            f"{archive} cannot be unpacked ({shown(str(error))}); fetch it again"
        ) from error


def _unpack(archive: Path, folder: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    seen: set[str] = set()
    room = max(ALWAYS_ALLOWED, LARGEST_GROWTH * archive.stat().st_size)
    room = min(room, shutil.disk_usage(folder).free)
    members = _zip_members if zipfile.is_zipfile(archive) else _tar_members
    for path, size, content in members(archive):
        name = _safe_path(archive, path)
        if name in seen and content is not None:
            raise _refused(archive, name, "twice")
        seen.add(name)
        room -= size + _MEMBER
        if room < 0:
            raise UnsafeArchiveError(
                f"{archive.name} would grow to more than {LARGEST_GROWTH} times its size, or fill "
                "the disk; not unpacked"
            )
        target = folder / name
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            sums[name] = _written(content, target, size)
    return sums


def _safe_path(archive: Path, name: str) -> str:
    """The path of a member below the folder; raises UnsafeArchiveError if it leads outside."""
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if outside or "\\" in name or not name:
        raise _refused(archive, name, "outside its folder")
    if not name.isprintable():  # control characters, and bytes that are no UTF-8
        raise _refused(archive, name, "a name that is no text")
    return path.as_posix()


def _written(content: IO[bytes], target: Path, size: int) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    left = size
    with content, target.open("xb") as stream:
        while block := content.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise ValueError(f"'{target.name}' is larger than it says")
            sha256.update(block)
            stream.write(block)
    return sha256.hexdigest()


def _refused(archive: Path, name: str, why: str) -> UnsafeArchiveError:
    return UnsafeArchiveError(f"{archive.name} holds {shown(name)}, {why}; not unpacked")


def _not_plain(archive: Path, name: str, is_link: bool) -> UnsafeArchiveError:
    return _refused(archive, name, "a link" if is_link else "a device or pipe")


class _Bounded:
    """A stream of which tarfile reads no header of more than `_BLOCK` bytes."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.tell, self.seek = stream.tell, stream.seek
        self._stream, self._name = stream, name

    def read(self, size: int) -> bytes:
        """The next bytes; raises UnsafeArchiveError for more than `_BLOCK`."""
        if not 0 <= size <= _BLOCK:
            raise UnsafeArchiveError(f"{self._name} has a header of {size:,} bytes; not unpacked")
        return self._stream.read(size)


@contextmanager
def open_tar(archive: Path) -> Iterator[tarfile.TarFile]:
    """The tar file `archive`, also compressed, whose headers are bounded."""
    with archive.open("rb") as stream:
        head = stream.read(6)
    opener = next((each for start, each in _OPENERS.items() if head.startswith(start)), open)
    with opener(archive, "rb") as stream:
        bounded: Any = _Bounded(stream, archive.name)
        with tarfile.open(fileobj=bounded, mode="r:") as tar:
            yield tar


def _tar_members(archive: Path) -> Iterator[_Member]:
    with open_tar(archive) as tar:
        for entry in tar:
            if entry.isdir():
                yield entry.name, 0, None
            elif entry.issparse():
                raise _refused(archive, entry.name, "a sparse file")
            elif entry.isreg():
                yield entry.name, entry.size, tar.extractfile(entry)
            else:
                raise _not_plain(archive, entry.name, entry.issym() or entry.islnk())


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _not_plain(archive, entry.filename, kind == stat.S_IFLNK)
            if entry.flag_bits & _UNREADABLE or entry.compress_type not in _COMPRESSIONS:
                raise _refused(archive, entry.filename, "encrypted or compressed in another way")
            if entry.is_dir():
                yield entry.filename, 0, None
            else:
                yield entry.filename, entry.file_size, zipped.open(entry)

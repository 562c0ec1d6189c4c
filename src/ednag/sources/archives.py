"""Unpacking tar and zip files that may be hostile.

Every member is judged before a byte of it is written, and only plain files and folders are ever
created, so nothing can lead outside. What was unpacked is listed, and a later call checks the list.
"""

import hashlib
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.places import beside
from ednag.sources.verification import BLOCK, checksum_line, digest

#: An archive may grow this many times, and to this many bytes in any case, before it is refused.
LARGEST_GROWTH = 200
ALWAYS_ALLOWED = 1 << 30

_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError)


class UnsafeArchiveError(EdnagError):
    """An archive holds something that could reach outside its folder, or fill the disk."""


@dataclass(frozen=True)
class _Member:
    """One entry of an archive: `size` in bytes as declared; `content` is None for a folder."""

    name: str
    size: int
    content: IO[bytes] | None


def extract(archive: Path, folder: Path) -> dict[str, str]:
    """Unpack `archive` into `folder`; path inside it to sha256 of each file.

    Where `folder` already holds exactly that, nothing is written. The list stands beside it as
    `<folder>.sha256` (inside the folder, `sha256sum -c` accepts it).

    Raises UnsafeArchiveError for a path that leads outside, a link, a device, a name given twice,
    an encrypted member or a bomb; EdnagError for a damaged archive or a folder that holds other
    things. In each case nothing of it is left.
    """
    listing = folder.with_name(f"{folder.name}.sha256")
    heading = f"# {digest(archive).sha256}\n"
    if (intact := _intact(folder, listing, heading)) is not None:
        return intact
    if folder.exists() and not listing.is_file() and any(folder.iterdir()):
        raise EdnagError(f"{folder} holds files that are not from {archive.name}; remove it first")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as fresh:
        fresh.mkdir()
        try:
            sums = _unpack(archive, fresh)
        except _DAMAGE as error:
            raise EdnagError(f"{archive} cannot be unpacked ({error}); fetch it again") from error
        lines = "".join(checksum_line(sums[name], name) for name in sorted(sums))
        write_text(listing, heading + lines)
        if folder.exists():
            folder.rename(fresh.with_name("replaced"))
        fresh.rename(folder)
    return sums


def _intact(folder: Path, listing: Path, heading: str) -> dict[str, str] | None:
    """Path to sha256 if `folder` holds what `listing` says of this archive, and nothing else."""
    if not (folder.is_dir() and listing.is_file()):
        return None
    text = listing.read_text(encoding="utf-8")
    if not text.startswith(heading):
        return None
    sums = {
        path.relative_to(folder).as_posix(): digest(path).sha256
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    lines = "".join(checksum_line(sums[name], name) for name in sorted(sums))
    return sums if heading + lines == text else None


def _unpack(archive: Path, folder: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    seen: set[str] = set()
    room = max(ALWAYS_ALLOWED, LARGEST_GROWTH * archive.stat().st_size)
    room = min(room, shutil.disk_usage(folder).free)
    for member in _members(archive):
        name = _judged(archive, member.name)
        if name in seen and member.content is not None:
            raise UnsafeArchiveError(f"{archive.name} holds '{name}' twice; not unpacked")
        seen.add(name)
        room -= member.size
        if room < 0:
            raise UnsafeArchiveError(f"{archive.name} would fill the disk; not unpacked")
        target = folder / name
        if member.content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            sums[name] = _written(member.content, target, member.size)
    return sums


def _judged(archive: Path, name: str) -> str:
    """The path of a member below the folder. Raises UnsafeArchiveError if it could be elsewhere."""
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if outside or "\\" in name or "\0" in name or not name:
        raise UnsafeArchiveError(f"{archive.name} holds '{name}', outside its folder; not unpacked")
    return path.as_posix()


def _written(content: IO[bytes], target: Path, size: int) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    left = size
    with content, target.open("xb") as stream:
        while block := content.read(min(BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise UnsafeArchiveError(f"'{target.name}' is larger than it says; not unpacked")
            sha256.update(block)
            stream.write(block)
    return sha256.hexdigest()


def _members(archive: Path) -> Iterator[_Member]:
    if zipfile.is_zipfile(archive):
        return _zip_members(archive)
    return _tar_members(archive)


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive) as tar:
        for entry in tar:
            if entry.isdir():
                yield _Member(entry.name, 0, None)
            elif entry.isreg():
                yield _Member(entry.name, entry.size, tar.extractfile(entry))
            else:
                kind = "a link" if entry.issym() or entry.islnk() else "a device or pipe"
                raise UnsafeArchiveError(
                    f"{archive.name} holds {kind}, '{entry.name}'; not unpacked"
                )


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                what = "a link" if kind == stat.S_IFLNK else "a device or pipe"
                raise UnsafeArchiveError(
                    f"{archive.name} holds {what}, '{entry.filename}'; not unpacked"
                )
            if entry.flag_bits & 1:
                raise UnsafeArchiveError(f"{archive.name} is encrypted; not unpacked")
            if entry.is_dir():
                yield _Member(entry.filename, 0, None)
            else:
                yield _Member(entry.filename, entry.file_size, zipped.open(entry))

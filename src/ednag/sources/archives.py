"""Unpacking of tar and zip files that are not trusted.

Each member is checked before it is written. Only plain files and folders are created, so no member
can leave the folder. A list of the unpacked files lets a later call check them.
"""

import hashlib
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.places import beside
from ednag.sources.verification import BLOCK, checksum_line, digest

#: An archive is refused if it grows beyond both this factor and this many bytes.
LARGEST_GROWTH = 200
ALWAYS_ALLOWED = 1 << 30

_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError)


class UnsafeArchiveError(EdnagError):
    """A member of an archive leaves its folder, is no plain file, or fills the disk."""


#: Name, declared size in bytes and content of a member of an archive; None for a folder.
_Member = tuple[str, int, IO[bytes] | None]


def extract(archive: Path, folder: Path) -> dict[str, str]:
    """Unpack `archive` into `folder`; path in the folder -> sha256 of each file.

    Writes nothing if `folder` already holds exactly these files. Their list is beside the folder,
    as `<folder>.sha256`; `sha256sum -c` accepts it inside the folder. After an error nothing of the
    archive is left.

    Raises UnsafeArchiveError if a path leads outside, a member is a link, a device, encrypted or
    named twice, or the archive is too large; EdnagError if it is damaged, or the folder holds other
    files.
    """
    listing = folder.with_name(f"{folder.name}.sha256")
    heading = f"# {digest(archive).sha256}\n"
    if (sums := _intact(folder, listing, heading)) is not None:
        return sums
    if folder.exists() and not listing.is_file() and any(folder.iterdir()):
        raise EdnagError(f"{folder} holds files that are not from {archive.name}; remove it first")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as fresh:
        fresh.mkdir()
        try:
            sums = _unpack(archive, fresh)
        except _DAMAGE as error:
            raise EdnagError(f"{archive} cannot be unpacked ({error}); fetch it again") from error
        write_text(listing, heading + _listed(sums))
        if folder.exists():
            folder.rename(fresh.with_name("replaced"))
        fresh.rename(folder)
    return sums


def _intact(folder: Path, listing: Path, heading: str) -> dict[str, str] | None:
    """Path -> sha256 if `folder` holds exactly the files in `listing`, which has this heading."""
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
    return sums if heading + _listed(sums) == text else None


def _listed(sums: dict[str, str]) -> str:
    return "".join(checksum_line(sums[name], name) for name in sorted(sums))


def _unpack(archive: Path, folder: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    seen: set[str] = set()
    room = max(ALWAYS_ALLOWED, LARGEST_GROWTH * archive.stat().st_size)
    room = min(room, shutil.disk_usage(folder).free)
    members = _zip_members if zipfile.is_zipfile(archive) else _tar_members
    for path, size, content in members(archive):
        name = _safe_path(archive, path)
        if name in seen and content is not None:
            raise UnsafeArchiveError(f"{archive.name} holds '{name}' twice; not unpacked")
        seen.add(name)
        room -= size
        if room < 0:
            raise UnsafeArchiveError(f"{archive.name} would fill the disk; not unpacked")
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


def _not_plain(archive: Path, name: str, is_link: bool) -> UnsafeArchiveError:
    kind = "a link" if is_link else "a device or pipe"
    return UnsafeArchiveError(f"{archive.name} holds {kind}, '{name}'; not unpacked")


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive) as tar:
        for entry in tar:
            if entry.isdir():
                yield entry.name, 0, None
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
            if entry.flag_bits & 1:
                raise UnsafeArchiveError(f"{archive.name} is encrypted; not unpacked")
            if entry.is_dir():
                yield entry.filename, 0, None
            else:
                yield entry.filename, entry.file_size, zipped.open(entry)

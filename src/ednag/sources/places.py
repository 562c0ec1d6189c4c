"""Places on this machine that may hold a file: the cache, mirrors, installed packages."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import home_folder, user_path
from ednag.sources.registry import Source
from ednag.sources.verification import BLOCK, WrongContentError

#: ioctl request of Linux that lets two files share their blocks until one is written (linux/fs.h).
_FICLONE = 0x40049409
#: The cache of a user without a home folder: it is empty, and nothing can be written there.
_NO_CACHE = Path(os.devnull, "no-home-folder")


def cache_folder(cache: Path | None = None) -> Path:
    """The folder that keeps downloads: `cache`, else `$EDNAG_CACHE`, else the user's cache."""
    if cache is not None:
        return user_path(cache)
    if named := os.environ.get("EDNAG_CACHE"):
        return user_path(named)
    folder = home_folder("XDG_CACHE_HOME", ".cache")
    return folder / "ednag" if folder else _NO_CACHE


def cached_path(source: Source, cache: Path | None = None) -> Path:
    """Where the cache keeps `source`, and where it may be placed by hand."""
    return cache_folder(cache) / source.id / source.file


def mirror_folders(mirrors: Sequence[Path] | None = None) -> tuple[Path, ...]:
    """`mirrors`, or the folders that `$EDNAG_MIRROR` lists, separated as in `$PATH`."""
    if mirrors is not None:
        return tuple(map(user_path, mirrors))
    listed = os.environ.get("EDNAG_MIRROR", "").split(os.pathsep)
    return tuple(user_path(folder) for folder in listed if folder)


def folder_fault(folder: Path) -> str | None:
    """The system's reason why a folder cannot be searched; None if it can."""
    try:
        (folder / "..").stat()  # fails unless `folder` is a folder that may be entered
    except OSError as error:
        return error.strerror
    return None


def is_file(path: Path) -> bool:
    """Whether a file is there; False also if a folder on its path cannot be entered."""
    try:
        return path.is_file()
    except OSError:
        return False


def in_mirrors(source: Source, mirrors: Iterable[Path]) -> Iterator[Path]:
    """Files in `mirrors` with the name of `source`, alone or in a folder named after its id."""
    for mirror in mirrors:
        for candidate in (mirror / source.file, mirror / source.id / source.file):
            if is_file(candidate):
                yield candidate


def in_package(address: str) -> Path:
    """The file that `package:<distribution>/<path inside site-packages>` names.

    The distribution is found by its metadata and never imported. Raises EdnagError where it is not
    installed or holds no such file.
    """
    name, _, inside = address.removeprefix("package:").partition("/")
    try:
        located = importlib.metadata.distribution(name).locate_file(inside)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        raise EdnagError(f"package {name} is not installed; pip install {name}") from None
    path = Path(str(located))
    if not path.is_file():
        raise EdnagError(f"package {name} is installed without {inside}; pip install --upgrade")
    return path


def place(path: Path, destination: Path, *, share: bool, sha256: str) -> None:
    """Put the bytes at `path` under `destination` in one step: nobody sees half a file.

    With `share` the two names may stand for one file (a hard link); otherwise, and across file
    systems, the bytes are cloned or copied. Raises WrongContentError if the copy has not `sha256`.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with beside(destination) as temporary:
        if not (share and _linked(path, temporary)) and _copied(path, temporary) != sha256:
            raise WrongContentError(f"{path} changed while it was copied; run again")
        temporary.replace(destination)
    sync_folder(destination.parent)


@contextlib.contextmanager
def beside(destination: Path) -> Iterator[Path]:
    """A free name in the folder of `destination`, gone afterwards whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
    try:
        yield folder / destination.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _linked(path: Path, link: Path) -> bool:
    try:
        link.hardlink_to(path.resolve())
    except OSError:  # another file system, or one without links
        return False
    return True


def _copied(path: Path, copy: Path) -> str:
    """Copy the file, sharing blocks where the file system can; the sha256 of the copy."""
    with path.open("rb") as read, copy.open("xb") as write:
        with contextlib.suppress(OSError):
            fcntl.ioctl(write.fileno(), _FICLONE, read.fileno())
        cloned = os.fstat(write.fileno()).st_size > 0
        sha256 = hashlib.sha256()
        while block := read.read(BLOCK):
            sha256.update(block)
            if not cloned:
                write.write(block)
        write.flush()
        os.fsync(write.fileno())
    return sha256.hexdigest()


def sync_file(path: Path) -> None:
    """Have the bytes of the file at `path` on the disk, not only in memory."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power failure, where the system allows it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

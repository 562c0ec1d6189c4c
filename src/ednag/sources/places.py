"""Places on this machine that may hold a file: the cache, mirrors, installed packages."""

import contextlib
import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import home_folder, user_path
from ednag.sources.registry import Source
from ednag.sources.verification import WrongContentError, digest

#: The cache of a user without a home folder: empty and not writable.
_NO_CACHE = Path(os.devnull, "no-home-folder")


def cache_folder(cache: Path | None = None) -> Path:
    """The folder that keeps downloads: `cache`, else `$EDNAG_CACHE`, else the user's cache."""
    if cache is not None:
        return user_path(cache)
    if path := os.environ.get("EDNAG_CACHE"):
        return user_path(path)
    folder = home_folder("XDG_CACHE_HOME", ".cache")
    return folder / "ednag" if folder else _NO_CACHE


def cached_path(source: Source, cache: Path | None = None) -> Path:
    """The path of `source` in the cache; a user may put the file there."""
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
    """Files in `mirrors` with the name of `source`, alone or in a folder named after its id.

    A file of the user's own is looked for beside its registry first.
    """
    for mirror in (*filter(None, [source.folder]), *mirrors):
        for candidate in (mirror / source.file, mirror / source.id / source.file):
            if is_file(candidate):
                yield candidate


def in_package(address: str) -> Path:
    """The file that `package:<distribution>/<path inside site-packages>` names.

    Does not import the package. Raises EdnagError if it is not installed, or the list of its files
    (RECORD) does not have this path.
    """
    name, _, inside = address.removeprefix("package:").partition("/")
    try:
        files = importlib.metadata.distribution(name).files or ()
    except (importlib.metadata.PackageNotFoundError, ValueError):
        raise EdnagError(f"package {name} is not installed; pip install {name}") from None
    for file in files:
        if str(file) == inside and ".." not in file.parts:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    raise EdnagError(
        f"package {name} is installed without {inside}; pip install --upgrade {name}, or correct "
        "the address"
    )


def place(path: Path, destination: Path, *, share: bool, sha256: str) -> None:
    """Put the bytes at `path` at `destination`, whole or not at all.

    With `share` it may be a hard link; otherwise, and across file systems, the bytes are copied.
    Raises WrongContentError if the copy does not have this `sha256`.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with beside(destination) as temporary:
        if share:
            with contextlib.suppress(OSError):  # another file system, or one without links
                temporary.hardlink_to(path.resolve())
        if not temporary.exists():
            shutil.copyfile(path, temporary)
            sync_file(temporary)
            if digest(temporary).sha256 != sha256:
                raise WrongContentError(f"{path} changed while it was copied; run again")
        temporary.replace(destination)
    sync_folder(destination.parent)


@contextlib.contextmanager
def beside(destination: Path) -> Iterator[Path]:
    """A temporary path in the folder of `destination`, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
    try:
        yield folder / destination.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync_file(path: Path) -> None:
    """Flush the file at `path` to the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a rename in `folder` to the disk, where the system allows it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

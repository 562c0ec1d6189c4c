"""Files and folders: paths from users, locks, and files that are written whole or not at all."""

import errno
import gzip
import os
import stat
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.confined import read_confined, try_confined
from ednag.errors import EdnagError, one_line

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Functions that are called with each path that was written, for the run record.
ON_WRITTEN: list[Callable[[Path], object]] = []
#: Errors of flock on file systems without locks: some of NFS, Lustre and FUSE.
WITHOUT_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
#: Bytes in a gzipped recording; the largest one known has less than 1 MB.
_LARGEST_GZIP = 64 << 20


def user_path(named: str | Path, base: Path | None = None) -> Path:
    """The absolute path of a file or folder from a user, who may write `~`.

    A relative path is in `base`; None for the current folder.
    """
    try:
        return (base or Path.cwd()) / Path(named).expanduser()
    except RuntimeError:
        raise EdnagError(f"{named}: there is no home folder here; write the whole path") from None


def home() -> Path | None:
    """The user's home folder; None if there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def home_folder(variable: str, name: str) -> Path | None:
    """The folder in a variable of the XDG specification, else `name` in the home folder if any."""
    if path := os.environ.get(variable):
        return user_path(path)
    folder = home()
    return folder / name if folder else None


def hold(guard: Path, timeout: float = -1) -> AbstractContextManager[object]:
    """Lock the file `guard` until the returned context or the process ends.

    On a file system without locks, the file `{guard}.held` is the lock as long as it exists. It
    holds the id of its process; after a crash the next process on the same machine removes it.
    `timeout` is in seconds, without limit if negative.

    Raises:
        filelock.Timeout: Another process holds it.
        OSError: The file cannot be opened.
    """
    from filelock import FileLock, SoftFileLock

    try:
        return FileLock(guard, fallback_to_soft=False).acquire(timeout=timeout)
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
    return SoftFileLock(guard.with_name(f"{guard.name}.held")).acquire(timeout=timeout)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; rename it to `path` after the block.

    The bytes are flushed to the disk before the rename: after a crash `path` is absent, unchanged
    or whole. If the block raises, the temporary file is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield beside
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        beside.replace(path)
        report_written(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def read_bytes(path: Path, most: int) -> bytes:
    """The bytes of a file; raises EdnagError if it has more than `most` or is no regular file."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe has no end, or never begins
        raise EdnagError(f"{path} is a folder, pipe or device; name a file")
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise EdnagError(f"{path} has more than {most:,} bytes, too many for its kind; replace it")
    return content


def read_gzip(path: Path, what: str) -> bytes:
    """The bytes of a gzipped file; raises EdnagError if it is none or has more than 64 MiB."""
    try:
        with gzip.open(path) as stream:
            content = stream.read(_LARGEST_GZIP + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise EdnagError(f"{path}: not {what} ({error})") from None
    if len(content) > _LARGEST_GZIP:
        raise EdnagError(f"{path}: not {what} (more than {_LARGEST_GZIP:,} bytes)")
    return content


def read_text(path: Path, most: int) -> str:
    """The UTF-8 text of a file, line ends as `\\n`; raises EdnagError as `read_bytes`."""
    content = read_bytes(path, most)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EdnagError(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def report_written(path: Path) -> None:
    """Tell the run record of a file that was written."""
    for report in ON_WRITTEN:
        report(path)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends to `path`, whole or not at all."""
    with replacing(path) as beside:
        beside.write_bytes(text.encode("utf-8"))


#: The next step for a file of results that cannot be read, which may be another one of the user's.
AGAIN = "name one that is; if the workflow made this one, delete it and run again"


def read_parquet(
    path: Path, what: str, advice: str = AGAIN, without: Collection[str] = ()
) -> "pa.Table":
    """The columns of a Parquet file but those in `without`, read in a process with limits.

    Raises EdnagError, which says that the file is not `what`, if it is damaged or no Parquet file,
    or else if it is too large when decompressed.
    """
    import pyarrow.parquet as pq

    def read() -> "pa.Table":
        with _refusing(path, what, advice):
            file = pq.ParquetFile(path, memory_map=True)
            names = [name for name in file.schema_arrow.names if name not in without]
            return file.read(names, use_threads=False)

    return read_confined(read, [path], advice)


def read_rows(
    *paths: Path,
    columns: Sequence[str] | None = None,
    what: str = "a file of this workflow",
    advice: str = AGAIN,
) -> "pd.DataFrame":
    """The rows of Parquet or CSV files, one file after the other, in all or some columns.

    A file without rows adds no columns either, unless all files are without.

    Raises EdnagError as `read_parquet` does, and if a column is missing.
    """
    import pandas as pd

    names = None if columns is None else list(columns)

    def read() -> "pd.DataFrame":
        frames = []
        for path in paths:
            with _refusing(path, what, advice):
                if path.suffix == ".csv":
                    frames.append(pd.read_csv(path, usecols=names))
                else:
                    frames.append(pd.read_parquet(path, columns=names))
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled or frames, ignore_index=True)

    return try_confined(read, paths, advice)


@contextmanager
def _refusing(path: Path, what: str, advice: str) -> Iterator[None]:
    """Raise EdnagError for errors of Arrow or pandas, which says that the file is not `what`."""
    import pyarrow as pa

    try:
        yield
    except MemoryError:
        raise
    except FileNotFoundError:
        raise EdnagError(f"there is no file {path}; check its name, or make it first") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = one_line(error)
        raise EdnagError(f"{path}: not {what} ({reason}); {advice}") from None


def write_parquet(frame: "pd.DataFrame", path: Path) -> None:
    """Write a frame without its index to `path`, whole or not at all."""
    with replacing(path) as beside:
        frame.to_parquet(beside, index=False)

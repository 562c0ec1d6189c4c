"""The shape of a file, which is checked if the file has no whole checksum.

A kind has certain first and last bytes; an archive has files; torch loads its own files, as
tensors.
"""

import codecs
import gzip
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ednag.confined import check_confined
from ednag.errors import EdnagError
from ednag.unpacking import open_tar

#: Bytes of the largest error message of a server, and of the beginning of a file that is read.
_LARGEST_ANSWER = _SAMPLE = 64 << 10
#: Keys in error messages of servers.
_ERROR_KEYS = {"error", "errors", "message", "detail", "error_description"}
#: Files written before torch 1.6 that have more bytes are not loaded: memory for them is several
#: times their size.
_LARGEST_LOADED = 1 << 28
#: First bytes of a file written before torch 1.6: the pickle of torch's magic number.
_LEGACY_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_SAMPLE)


def _torch(path: Path) -> str | None:
    """Why torch does not load the file as tensors; NumPy arrays are allowed."""
    is_zip = zipfile.is_zipfile(path)
    if not is_zip and not _head(path).startswith(_LEGACY_TORCH):
        return "was not written by torch.save, or its end is missing"
    if not is_zip and path.stat().st_size > _LARGEST_LOADED:
        return None
    if is_zip and (packed := _compressed(path)):
        return f"holds {packed} in compressed form, which torch.save does not write"
    try:
        check_confined(lambda: _load(path, is_zip), [path], "fetch it again")
    except EdnagError as error:
        return f"is not loaded by torch: {error}"
    return None


def _compressed(path: Path) -> str:
    """The first compressed entry of a zip archive; "" if there is none, or no list of entries."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except Exception:  # torch says what is wrong
        return ""
    return next((e.filename for e in entries if e.compress_type != zipfile.ZIP_STORED), "")


def _load(path: Path, is_zip: bool) -> None:
    """Load a file as torch does; raises EdnagError if it refuses, but for NumPy arrays."""
    import torch

    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except MemoryError:
        raise
    except Exception as error:  # torch does not document what it raises
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if refused and refused[1].startswith("numpy."):
            return
        why = f"it asks for {refused[1]}" if refused else " ".join(str(error).split())[:100]
        raise EdnagError(why) from None


def _zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return None if archive.namelist() else "is a zip archive without files"
    except Exception:  # zipfile does not document what it raises
        return "is no zip archive, or its end is missing"


def _gzip(path: Path) -> str | None:
    try:
        with gzip.open(path) as stream:
            stream.read(_SAMPLE)
    except Exception:  # nor does gzip
        return "is not compressed by gzip, or ends in its first bytes"
    return None


def _tar(path: Path) -> str | None:
    try:
        with open_tar(path) as archive:
            return None if archive.next() else "is a tar archive without files"
    except Exception:  # tarfile does not document what it raises
        return "is no tar archive"


def _json(path: Path) -> str | None:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return "is not JSON, or its end is missing"
    return None


def _text(path: Path) -> str | None:
    head = _head(path)
    try:
        # Only a sample may end inside a character.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < _SAMPLE)
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    return "is not text: it holds zero bytes" if b"\0" in head else None


def _csv(path: Path) -> str | None:
    first = _head(path).split(b"\n", 1)[0]
    separated = any(separator in first for separator in (b",", b";", b"\t"))
    return _text(path) or (None if separated else "is not CSV: its first line has one column")


def _framed(what: str, head: bytes, tail: bytes = b"") -> Callable[[Path], str | None]:
    """The check of a kind with fixed first and last bytes."""

    def check(path: Path) -> str | None:
        with path.open("rb") as stream:
            ends = [stream.read(len(head))]
            stream.seek(max(0, path.stat().st_size - len(tail)))
            ends.append(stream.read())
        return None if ends == [head, tail] else f"is no {what} file, or its end is missing"

    return check


#: Kind -> the check of a file: what is wrong, or None. Of `binary` only the size is checked.
KINDS: Mapping[str, Callable[[Path], str | None]] = {
    "torch": _torch,
    "zip": _zip,
    "gzip": _gzip,
    "tar": _tar,
    "json": _json,
    "csv": _csv,
    "text": _text,
    "pickle": _framed("pickle", b"\x80", b"."),
    "parquet": _framed("Parquet", b"PAR1", b"PAR1"),
    "hdf5": _framed("HDF5", b"\x89HDF\r\n\x1a\n"),
    "binary": lambda path: None,
}
#: Suffix of a file's name -> its kind by default.
_BY_SUFFIX = {
    **dict.fromkeys((".pt", ".pth"), "torch"),
    **dict.fromkeys((".zip", ".npz"), "zip"),
    **dict.fromkeys((".gz", ".tgz"), "gzip"),
    ".tar": "tar",
    ".json": "json",
    ".csv": "csv",
    ".txt": "text",
    **dict.fromkeys((".pkl", ".pickle"), "pickle"),
    ".parquet": "parquet",
    **dict.fromkeys((".h5", ".hdf5"), "hdf5"),
}


def kind_of(file: str) -> str | None:
    """The kind of a file by its suffix; None if the suffix is not known."""
    return _BY_SUFFIX.get(Path(file).suffix.lower())


def misshapen(path: Path, kind: str | None, least_size: int) -> str | None:
    """What is wrong with the shape of a file of one of KINDS and `least_size` bytes; None if right.

    The shape is not checked if `kind` is None.
    """
    size = path.stat().st_size
    if size == 0:
        return "is empty"
    if size <= _LARGEST_ANSWER:
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict) and _ERROR_KEYS.intersection(content):
            return f"is an error answered by a server: {json.dumps(content)[:100]}"
    if size < least_size:
        return f"has {size:,} bytes, at least {least_size:,} are expected"
    return KINDS[kind](path) if kind else None

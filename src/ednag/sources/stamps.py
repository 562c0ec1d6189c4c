"""Stamps: what was verified last, so that a listing can say so without hashing gigabytes.

A stamp saves no verification before use; it only answers `ednag sources list`.
"""

import contextlib
import json
from pathlib import Path

from ednag.files import write_text
from ednag.sources.registry import Source


def _stamp_path(source: Source, cache: Path) -> Path:
    return cache / source.id / ".verified"


def write_stamp(source: Source, cache: Path, path: Path, sha256: str) -> None:
    """Remember in `cache` that the file at `path` was verified as `source` and has `sha256`.

    A cache that cannot be written (shared, read-only) remembers nothing.
    """
    with contextlib.suppress(OSError):
        state = path.stat()
        content = {"mtime_ns": state.st_mtime_ns, "sha256": sha256, "size": state.st_size}
        stamp = _stamp_path(source, cache)
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != json.dumps(content):
            write_text(stamp, json.dumps(content))


def stamped_sha256(source: Source, cache: Path, path: Path) -> str | None:
    """The sha256 that the file at `path` had when last verified, None if it changed since."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        content = json.loads(_stamp_path(source, cache).read_text(encoding="utf-8"))
        state = path.stat()
        if (content["mtime_ns"], content["size"]) == (state.st_mtime_ns, state.st_size):
            return str(content["sha256"])
    return None

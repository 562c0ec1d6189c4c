"""Stamps: the last verification of each source, for `ednag sources list`, which hashes nothing.

A stamp replaces no verification before use.
"""

import contextlib
import json
from pathlib import Path

from ednag.files import write_text
from ednag.sources.registry import Source
from ednag.text_files import parse_json


def _stamp_path(source: Source, cache: Path) -> Path:
    return cache / source.id / ".verified"


def write_stamp(source: Source, cache: Path, path: Path, sha256: str) -> None:
    """Record in `cache`, if it is writable, that `path` was verified as `source`."""
    with contextlib.suppress(OSError):
        state = path.stat()
        content = {"mtime_ns": state.st_mtime_ns, "sha256": sha256, "size": state.st_size}
        stamp = _stamp_path(source, cache)
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != json.dumps(content):
            write_text(stamp, json.dumps(content))


def stamped_sha256(source: Source, cache: Path, path: Path) -> str | None:
    """The sha256 of `path` at its last verification; None if the file has changed since."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        content = parse_json(_stamp_path(source, cache).read_bytes())
        state = path.stat()
        if (content["mtime_ns"], content["size"]) == (state.st_mtime_ns, state.st_size):
            return str(content["sha256"])
    return None

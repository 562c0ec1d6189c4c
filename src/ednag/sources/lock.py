"""Trust on first use: the sha256 of files without a published one, in a file that users commit.

The lock file holds no time and no place: the same files give the same lock file.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from ednag.errors import EdnagError
from ednag.files import hold, user_path, write_text
from ednag.sources.registry import Bytes, Sha256, Source, first_fault, read_mapping, registry_path
from ednag.sources.verification import Digests, Expected

LOCK_NAME = "sources.lock"
_HEADING = """\
# sha256 and size (bytes) of files whose publisher gives no sha256, as they were when first used.
# Written by `ednag sources`; commit it: from then on other bytes are refused.
"""


class _Entry(BaseModel, frozen=True, extra="forbid"):
    size: Bytes
    sha256: Sha256


def lock_path(registry: Path | None = None) -> Path:
    """The lock file: `$EDNAG_LOCK`, else `sources.lock` beside `registry`.

    For the registry inside an installed package it is in the current folder.
    """
    if path := os.environ.get("EDNAG_LOCK"):
        return user_path(path)
    beside = (registry or registry_path()).resolve()
    inside_package = beside.parent == Path(__file__).resolve().parent
    return Path(LOCK_NAME) if inside_package else beside.with_name(LOCK_NAME)


def load_lock(path: Path) -> dict[str, Expected]:
    """Id -> size and sha256; empty without a lock file. Raises EdnagError if it is unreadable."""
    try:
        path.stat()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise EdnagError(
            f"{path} cannot be read ({error.strerror}); name another file with EDNAG_LOCK"
        ) from error
    entries = {}
    for id, fields in read_mapping(path).items():
        try:
            entry = _Entry.model_validate(fields)
        except ValidationError as error:
            raise EdnagError(
                f"{path}: entry '{id}': {first_fault(error)}; restore the file from version control"
            ) from error
        entries[str(id)] = Expected(entry.size, entry.sha256, path)
    return entries


def lock_in(
    path: Path, source: Source, measured: Digests, cache: Path, replace: bool = False
) -> bool:
    """Record `measured` for `source` in the lock file; True if the lock file changed.

    A source with a published sha256 needs no entry. Raises EdnagError if the lock file holds
    another sha256, unless `replace`.
    """
    if source.sha256:
        return False
    # The guard is in the cache, which all processes that can write at once share.
    guard = cache / f".guard-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()}"
    guard.parent.mkdir(parents=True, exist_ok=True)
    with hold(guard):
        entries = load_lock(path)
        new = Expected(measured.size, measured.sha256)
        locked = entries.get(source.id)
        if locked == new:
            return False
        if locked is not None and not replace:
            raise EdnagError(
                f"{source.id} has sha256 {new.sha256}, not {locked.sha256} {locked.refusal(source)}"
            )
        write_text(path, dump_lock({**entries, source.id: new}))
    return True


def dump_lock(entries: Mapping[str, Expected]) -> str:
    """The text of a lock file, sorted by id."""
    listed = {id: {"size": e.size, "sha256": e.sha256} for id, e in sorted(entries.items())}
    return _HEADING + (yaml.safe_dump(listed, sort_keys=False) if listed else "")


def known_sha256(source: Source, path: Path | None = None) -> str | None:
    """The published sha256 of `source`, else the locked one; None before its first use."""
    locked = load_lock(path or lock_path()).get(source.id)
    return source.sha256 or (locked.sha256 if locked else None)

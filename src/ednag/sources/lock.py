"""Trust on first use: the sha256 of files whose publisher gives none, in a file users commit.

The lock file holds no time and no place, so that two people who fetched the same bytes hold the
same lock file.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from ednag.errors import EdnagError
from ednag.files import hold, user_path, write_text
from ednag.sources.places import cache_folder
from ednag.sources.registry import Bytes, Sha256, Source, read_mapping, registry_path
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
    """The lock file in force: `$EDNAG_LOCK`, else `sources.lock` beside `registry`.

    A registry inside an installed package has no folder of the user's: then the current one.
    """
    if named := os.environ.get("EDNAG_LOCK"):
        return user_path(named)
    beside = (registry or registry_path()).resolve()
    inside_package = beside.parent == Path(__file__).resolve().parent
    return Path(LOCK_NAME) if inside_package else beside.with_name(LOCK_NAME)


def load_lock(path: Path) -> dict[str, Expected]:
    """Id to size and sha256; empty where there is no lock file. Raises EdnagError if unreadable."""
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
            fault = error.errors(include_url=False)[0]["msg"]
            raise EdnagError(
                f"{path}: entry '{id}': {fault}; restore the file from version control"
            ) from error
        entries[str(id)] = Expected(entry.size, entry.sha256, path)
    return entries


def lock_in(
    path: Path,
    source: Source,
    measured: Digests,
    *,
    cache: Path | None = None,
    replace: bool = False,
) -> bool:
    """Record `measured` as what `source` must be from now on; True if the lock file changed.

    A source with a published sha256 needs no entry. Raises EdnagError where the lock file already
    holds something else, unless `replace` says to accept the change.
    """
    if source.sha256:
        return False
    # The guard lives in the cache, which all who might write at once share, not in the clone.
    guard = (
        cache_folder(cache) / f".guard-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()}"
    )
    guard.parent.mkdir(parents=True, exist_ok=True)
    with hold(guard):
        entries = load_lock(path)
        found = Expected(measured.size, measured.sha256)
        known = entries.get(source.id)
        if known == found:
            return False
        if known is not None and not replace:
            raise EdnagError(
                f"{source.id} has sha256 {found.sha256}, not {known.sha256} {known.refusal(source)}"
            )
        write_text(path, dump_lock({**entries, source.id: found}))
    return True


def dump_lock(entries: Mapping[str, Expected]) -> str:
    """The lock file's text: sorted by id, the same for the same content."""
    listed = {
        id: {"size": entries[id].size, "sha256": entries[id].sha256} for id in sorted(entries)
    }
    return _HEADING + (yaml.safe_dump(listed, sort_keys=False) if listed else "")


def known_sha256(source: Source, path: Path | None = None) -> str | None:
    """The sha256 that `source` must have: published, else locked; None before its first use.

    `path` is the lock file (default: `lock_path()`).
    """
    if source.sha256:
        return source.sha256
    locked = load_lock(path or lock_path()).get(source.id)
    return locked.sha256 if locked else None

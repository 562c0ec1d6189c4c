"""Which files of the registry are on this machine, and whether their content is right."""

import dataclasses
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ednag.errors import EdnagError
from ednag.sources.lock import load_lock, lock_in
from ednag.sources.obtain import Surroundings, find
from ednag.sources.places import cached_path, in_mirrors, in_package, is_file
from ednag.sources.registry import Source
from ednag.sources.stamps import stamped_sha256, write_stamp
from ednag.sources.verification import (
    Digests,
    Expected,
    WrongContentError,
    checksum_line,
    expected_size,
    verify,
)


class State(StrEnum):
    """State of a source on this machine."""

    #: here, and unchanged since its last verification
    VERIFIED = "verified"
    #: a file of its name and size is here; it is verified before use
    PRESENT = "present"
    #: not here; it can be fetched
    MISSING = "missing"
    #: not here and not published
    UNOBTAINABLE = "unobtainable"


class Holding(NamedTuple):
    """State of a source; `place` is cache, mirror or package, `path` the file there."""

    source: Source
    state: State
    place: str | None = None
    path: Path | None = None


class Check(NamedTuple):
    """A hashed file: its checksums, or what is wrong with it."""

    source: Source
    path: Path
    measured: Digests | None
    fault: str | None = None


def take_stock(
    registry: Mapping[str, Source], around: Surroundings, verified: Collection[str] = ()
) -> list[Holding]:
    """The state of each source, in the registry's order.

    Hashes nothing but the files of the ids in `verified` that have changed since their last
    verification: of those, no file with other bytes counts as here.
    """
    locked = load_lock(around.lock)
    return [
        _holding(source, around, locked.get(source.id), source.id in verified)
        for source in registry.values()
    ]


def _holding(
    source: Source, around: Surroundings, locked: Expected | None, must_verify: bool
) -> Holding:
    size = expected_size(source, locked)
    for place, path in _places(source, around):
        if size is not None and path.stat().st_size != size:
            continue
        sha256 = stamped_sha256(source, around.cache, path)
        expected = source.sha256 or (locked.sha256 if locked else sha256)
        verified = sha256 is not None and sha256 == expected
        if must_verify and not verified:
            try:
                measured = verify(path, source, locked)
            except (OSError, WrongContentError):
                continue
            write_stamp(source, around.cache, path, measured.sha256)
            verified = True
        return Holding(source, State.VERIFIED if verified else State.PRESENT, place, path)
    unpublished = source.status == "unpublished"
    return Holding(source, State.UNOBTAINABLE if unpublished else State.MISSING)


def _places(source: Source, around: Surroundings) -> Iterable[tuple[str, Path]]:
    """(place, path) of each file that may be `source`, in the order of `obtain`."""
    cached = cached_path(source, around.cache)
    if is_file(cached):
        yield "cache", cached
    for path in in_mirrors(source, around.mirrors):
        yield "mirror", path
    for address in source.addresses:
        if address.startswith("package:"):
            try:
                yield "package", in_package(address)
            except EdnagError:
                continue


def check_all(
    registry: Mapping[str, Source], around: Surroundings, delivered: Path | None = None
) -> list[Check]:
    """Hash every file on this machine, on all cores; one `Check` each, in the registry's order.

    Searches the cache, the mirrors, the packages and `<id>/<file>` in the folder `delivered`.
    """
    locked = load_lock(around.lock)
    jobs = []
    for source in registry.values():
        paths = [path for _, path in _places(source, around)]
        if delivered is not None and (delivered / source.id / source.file).is_file():
            paths.append(delivered / source.id / source.file)
        jobs += [(source, path) for path in dict.fromkeys(paths)]

    def check(job: tuple[Source, Path]) -> Check:
        source, path = job
        try:
            measured = verify(path, source, locked.get(source.id))
        except WrongContentError as error:
            return Check(source, path, None, str(error))
        except OSError as error:
            return Check(source, path, None, f"{path} cannot be read: {error.strerror}")
        return Check(source, path, measured)

    # Hashing releases the GIL.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        checks = list(pool.map(check, jobs))
    for each in reversed(checks):  # the stamp of the first right file of each source stays
        if each.measured is not None:
            write_stamp(each.source, around.cache, each.path, each.measured.sha256)
    return checks


def checksum_file(checks: Iterable[Check], folder: Path) -> str:
    """A SHA256SUMS of the right files; paths are relative to `folder`."""
    lines = {
        os.path.relpath(each.path.resolve(), folder.resolve()): each.measured.sha256
        for each in checks
        if each.measured is not None
    }
    return "".join(checksum_line(lines[name], name) for name in sorted(lines))


def lock_present(
    registry: Mapping[str, Source], around: Surroundings, *, accept: bool = False
) -> dict[str, str]:
    """Record in the lock file every source here without a published sha256; id -> sha256.

    With `accept`, files that differ from the lock file replace its entries, and a source that is
    not here is fetched. Raises EdnagError if, without `accept`, a file differs from the lock file,
    or, with it, a source has a published sha256.
    """
    recorded = {}
    locked = load_lock(around.lock)
    for source in registry.values():
        paths = [path for _, path in _places(source, around)]
        if accept:
            if source.sha256:
                raise EdnagError(
                    f"{source.id} has a published sha256, which decides; if it is wrong, correct "
                    "the entry in sources.yaml"
                )
            measured = _accepted(source, around, paths, locked.get(source.id))
        elif source.sha256 or not paths:
            continue
        else:
            measured = verify(paths[0], source, locked.get(source.id))
        lock_in(around.lock, source, measured, around.cache, replace=accept)
        recorded[source.id] = measured.sha256
    return recorded


def _accepted(
    source: Source, around: Surroundings, paths: Iterable[Path], locked: Expected | None
) -> Digests:
    """Checksums of the first file that differs from `locked`, else of the first file.

    Fetches the file if it is not here. Raises EdnagError if no file has the right shape.
    """
    right, faults = [], []
    for path in paths:
        try:
            right.append(verify(path, source))
        except WrongContentError as error:
            faults.append(str(error))
    if faults and not right:
        raise EdnagError(f"{source.id} not accepted: {'; '.join(faults)}")
    if not right:
        with tempfile.TemporaryDirectory() as folder:
            # An empty lock file refuses nothing; the caller records the bytes.
            empty = dataclasses.replace(around, lock=Path(folder, around.lock.name))
            return find(source, empty)[1]
    differing = (each for each in right if locked is None or each.sha256 != locked.sha256)
    return next(differing, right[0])

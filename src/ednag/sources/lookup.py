"""Verified files of several sources: given by the user, or obtained."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ednag.errors import EdnagError
from ednag.sources.lock import load_lock, lock_path
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import find_source, load_registry
from ednag.sources.verification import verify


def locate(needed: Iterable[str], given: Mapping[str, Path] | None = None) -> dict[str, Path]:
    """Source id -> verified path: as given, or obtained; raises EdnagError if there is none."""
    registry, trusted = load_registry(), load_lock(lock_path())
    paths = dict(given or {})
    for id, path in paths.items():
        verify(path, find_source(registry, id), trusted.get(id))
    for id in needed:
        if id not in paths:
            paths[id] = obtain(find_source(registry, id))
    return paths


def locate_offline(needed: Iterable[str]) -> tuple[dict[str, Path], list[str]]:
    """(source id -> verified path, ids of sources that are not on this machine)."""
    paths, missing, registry = {}, [], load_registry()
    around = Surroundings.of_user(offline=True)
    for id in needed:
        try:
            paths[id] = obtain(find_source(registry, id), around)
        except EdnagError:
            missing.append(id)
    return paths, missing

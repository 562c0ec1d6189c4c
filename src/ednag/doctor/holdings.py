"""Files in mirrors and in the cache. Nothing is hashed: `ednag sources verify` does that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ednag.sources.lock import load_lock
from ednag.sources.places import folder_fault, in_mirrors, is_file
from ednag.sources.registry import Source
from ednag.sources.verification import expected_size


@dataclass
class Mirror:
    """A folder of EDNAG_MIRROR, and the ids of registered files that it holds."""

    folder: Path
    exists: bool  # and can be searched
    right: list[str] = field(default_factory=list)  # of the expected size
    wrong: dict[str, int] = field(default_factory=dict)  # id -> bytes, of another size
    unknown: list[str] = field(default_factory=list)  # whose expected size is not known


def look_at_mirrors(
    mirrors: Sequence[Path], registry: Mapping[str, Source], lock: Path
) -> list[Mirror]:
    """The registered files in each folder; `lock` has the sizes that are trusted on first use."""
    locked = load_lock(lock)
    sizes = {id: expected_size(source, locked.get(id)) for id, source in registry.items()}
    return [_look_at(folder, registry, sizes) for folder in mirrors]


def _look_at(
    folder: Path, registry: Mapping[str, Source], sizes: Mapping[str, int | None]
) -> Mirror:
    mirror = Mirror(folder, exists=not folder_fault(folder))
    for id, source in registry.items() if mirror.exists else ():
        present = [path.stat().st_size for path in in_mirrors(source, [folder])]
        if present and sizes[id] is None:
            mirror.unknown.append(id)
        elif sizes[id] in present:
            mirror.right.append(id)
        elif present:
            mirror.wrong[id] = present[0]
    return mirror


def folder_size(folder: Path) -> tuple[int, int]:
    """Number of files below a folder and their bytes; (0, 0) if there is no such folder."""
    sizes = [
        path.stat().st_size for path in folder.rglob("*") if is_file(path) and not path.is_symlink()
    ]
    return len(sizes), sum(sizes)

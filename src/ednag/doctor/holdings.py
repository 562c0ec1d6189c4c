"""What mirrors and the cache hold. Nothing is hashed: `ednag sources verify` does that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ednag.sources.lock import load_lock
from ednag.sources.places import folder_fault, in_mirrors, is_file
from ednag.sources.registry import Source
from ednag.sources.verification import expected_size


@dataclass(frozen=True)
class Mirror:
    """A folder of EDNAG_MIRROR.

    Attributes:
        folder: Which.
        exists: Whether it is there and can be searched.
        right: Ids of registered files that it holds with the size they must have.
        wrong: Id -> bytes of a file with the right name and another size than it must have.
        unknown: Ids of files that it holds and whose size nobody says.
    """

    folder: Path
    exists: bool
    right: tuple[str, ...] = ()
    wrong: Mapping[str, int] | None = None
    unknown: tuple[str, ...] = ()


def look_at_mirrors(
    mirrors: Sequence[Path], registry: Mapping[str, Source], lock: Path
) -> tuple[Mirror, ...]:
    """What each folder holds of the registry; `lock` is the file of sizes trusted on first use."""
    locked = load_lock(lock)
    sizes = {id: expected_size(source, locked.get(id)) for id, source in registry.items()}
    return tuple(_look_at(folder, registry, sizes) for folder in mirrors)


def _look_at(
    folder: Path, registry: Mapping[str, Source], sizes: Mapping[str, int | None]
) -> Mirror:
    if folder_fault(folder):
        return Mirror(folder, exists=False, wrong={})
    right, unknown = [], []
    wrong: dict[str, int] = {}
    for id, source in registry.items():
        found = [path.stat().st_size for path in in_mirrors(source, [folder])]
        if not found:
            continue
        if sizes[id] is None:
            unknown.append(id)
        elif sizes[id] in found:
            right.append(id)
        else:
            wrong[id] = found[0]
    return Mirror(folder, True, tuple(right), wrong, tuple(unknown))


def folder_size(folder: Path) -> tuple[int, int]:
    """Number of files below a folder and their bytes; 0, 0 where there is no such folder."""
    sizes = [
        path.stat().st_size for path in folder.rglob("*") if is_file(path) and not path.is_symlink()
    ]
    return len(sizes), sum(sizes)

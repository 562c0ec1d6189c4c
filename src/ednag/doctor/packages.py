"""Installed packages beside those that envs/requirements.lock pins."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ednag.errors import EdnagError

#: The lock's place in a clone, and its name inside an installed package.
LOCK = Path("envs", "requirements.lock")


@dataclass(frozen=True)
class Difference:
    """A package that is not as pinned.

    Attributes:
        name: Of the package.
        pinned: The version in the lock.
        installed: The version that is here; None if the package is missing.
    """

    name: str
    pinned: str
    installed: str | None

    def __str__(self) -> str:
        """In words."""
        if self.installed is None:
            return f"{self.name} is not installed; {self.pinned} is pinned"
        return f"{self.name} {self.installed} is installed; {self.pinned} is pinned"


def lock_file() -> Path:
    """The lock in force: of the current folder, of the clone, or the one that the package brings.

    Raises EdnagError where there is none.
    """
    here = Path(__file__).resolve()
    for candidate in (LOCK, here.parents[3] / LOCK, here.with_name(LOCK.name)):
        if candidate.is_file():
            return candidate
    raise EdnagError(f"no {LOCK} in {Path.cwd()}; run in a clone of the project")


def pinned_versions(lock: Path) -> dict[str, str]:
    """Package -> version that the lock asks for on this machine.

    Raises EdnagError where a line is no pin, or where packages cannot be compared for want of
    `packaging`.
    """
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        raise EdnagError("the package packaging is not installed; run: make environment") from None
    found = {}
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            required = Requirement(line)
        except InvalidRequirement:
            raise EdnagError(f"{lock}:{number}: no pin: {line}; run: make lock") from None
        if required.marker is None or required.marker.evaluate():
            found[required.name] = str(required.specifier).removeprefix("==")
    return found


def differences(pinned: dict[str, str]) -> Sequence[Difference]:
    """Packages that are missing here, or here in another version than pinned, sorted by name.

    A build of a version, such as torch 2.14.1+cpu, is that version (PEP 440).
    """
    found = []
    for name in sorted(pinned):
        try:
            installed = version(name)
        except PackageNotFoundError:
            found.append(Difference(name, pinned[name], None))
            continue
        if installed.partition("+")[0] != pinned[name]:
            found.append(Difference(name, pinned[name], installed))
    return found

"""Installed packages compared with the versions of envs/requirements.lock."""

import importlib.metadata
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ednag.errors import EdnagError

#: Path of the lock in a clone; an installed package has it beside this module.
LOCK = Path("envs", "requirements.lock")
#: Packages that only torch with CUDA needs; `make environment CPU_WHEELS=...` leaves them out.
OF_CUDA = re.compile(r"(nvidia|cuda)-.*|triton")


@dataclass(frozen=True)
class PackageDifference:
    """A package that is not installed as pinned."""

    name: str
    pinned: str  # version in the lock
    installed: str | None  # version; None if the package is missing

    def __str__(self) -> str:
        """One sentence."""
        if self.installed is None:
            return f"{self.name} is not installed; {self.pinned} is pinned"
        return f"{self.name} {self.installed} is installed; {self.pinned} is pinned"


def lock_file() -> Path:
    """The lock of the current folder, else of the clone, else of the installed package.

    Raises EdnagError if there is none.
    """
    module = Path(__file__).resolve()
    for candidate in (LOCK, module.parents[3] / LOCK, module.with_name(LOCK.name)):
        if candidate.is_file():
            return candidate
    raise EdnagError(f"no {LOCK} in {Path.cwd()}; run in a clone of the project")


def pinned_versions(lock: Path) -> dict[str, str]:
    """Package -> version that the lock pins on this machine.

    Raises EdnagError if a line is not a pin, or if the package `packaging` is missing.
    """
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        raise EdnagError("the package packaging is not installed; run: make environment") from None
    versions = {}
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            pin = Requirement(line)
        except InvalidRequirement:
            raise EdnagError(f"{lock}:{number}: not a pin: {line}; run: make lock") from None
        if pin.marker is None or pin.marker.evaluate():
            versions[pin.name] = str(pin.specifier).removeprefix("==")
    return versions


def differences(pinned: dict[str, str]) -> list[PackageDifference]:
    """Packages that are missing or have another version than pinned, sorted by name.

    A build of a version, such as torch 2.14.1+cpu, is that version (PEP 440). Beside this one,
    packages of CUDA may be missing.
    """
    without_cuda = (_installed("torch") or "").endswith("+cpu")
    different = []
    for name in sorted(pinned):
        version = _installed(name)
        if version is None and without_cuda and OF_CUDA.fullmatch(name):
            continue
        if version is None or version.partition("+")[0] != pinned[name]:
            different.append(PackageDifference(name, pinned[name], version))
    return different


def _installed(name: str) -> str | None:
    """The installed version of a package; None if it is missing."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    return None

"""Copies of this working tree, as the clones of readers who follow a page."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT


def copy_of_the_tree(target: Path) -> None:
    """What git knows or would add, at `target`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def present_environment(target: Path) -> None:
    """A folder `.venv` that is the present environment, and newer than the lock."""
    target.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != ".installed":
            (target / entry.name).symlink_to(entry)
    (target / ".installed").touch()


def add_line(registry: Path, name: str, line: str) -> None:
    """Put a line last into a registry, a mapping at the top level of a module."""
    text = registry.read_text(encoding="utf-8")
    end = text.index("\n}\n", text.index(f"{name} = {{")) + 1
    registry.write_text(text[:end] + line + text[end:], encoding="utf-8")

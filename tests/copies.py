"""Copies of this working tree, in which tests edit, run and follow pages as a user would."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ednag import fork_server

ROOT = Path(__file__).resolve().parents[1]


def copy_of_the_tree(target: Path, without: tuple[str, ...] = ()) -> None:
    """What git knows or would add, at `target`, but for paths that begin with `without`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(without):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def present_environment(target: Path) -> None:
    """A folder `.venv` that is the present environment, and newer than the lock."""
    target.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != ".installed":
            (target / entry.name).symlink_to(entry)
    (target / ".installed").touch()


def with_variables(changes: Mapping[str, str]) -> dict[str, str]:
    """This environment with changes.

    Where the tests' fork server would refuse a workflow's jobs for them, the workflow starts one.
    """
    ours = all(name.startswith("EDNAG_") for name in changes)
    inherited = {n: v for n, v in os.environ.items() if ours or n != fork_server.VARIABLE}
    return {**inherited, **changes}


def add_line(registry: Path, name: str, line: str) -> None:
    """Put a line last into a registry, a mapping at the top level of a module."""
    text = registry.read_text(encoding="utf-8")
    end = text.index("\n}\n", text.index(f"{name} = {{")) + 1
    registry.write_text(text[:end] + line + text[end:], encoding="utf-8")


def shell(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run lines in one shell in a copy, with the copy's package; both streams are in stdout."""
    around = with_variables({"CORES": "2", "PYTHONPATH": str(folder / "src")})
    return subprocess.run(
        ["bash", "-e", "-x", "-c", script],
        cwd=folder,
        env=around,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

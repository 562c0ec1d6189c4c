"""Every command of the tutorial, in its order, in one shell.

Two things differ from what a reader does. The clone is a copy of this working tree, so that what is
being edited is tested, and not a published address. And `make environment` finds `.venv` made: a
folder of links to the present environment, so nothing is installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, blocks

CLONE = "git clone ADDRESS ednag\n"


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


@pytest.mark.slow
@pytest.mark.workflow
def test_the_tutorial_runs(tmp_path: Path) -> None:
    script = "\n".join(blocks(DOCS / "tutorial.md", "sh"))
    assert script.count(CLONE) == 1
    clone = tmp_path / "ednag"
    copy_of_the_tree(clone)
    present_environment(clone / ".venv")
    script = "set -e\nset -x\n" + script.replace(CLONE, "")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "CORES": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    table = (clone / "results/evidence/nasbench201-equal-budget.md").read_text(encoding="utf-8")
    assert "EDNAG" in table and "Local search" in table
    # The same study again, as the page says.
    again = ["snakemake", "--cores", "2", "--configfile", "my-study.yaml"]
    told = subprocess.run(
        again,
        cwd=clone,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Nothing to be done" in told.stdout + told.stderr

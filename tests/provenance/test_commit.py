"""Which commit a record names: that of the project's own repository, or none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.provenance.conftest import EVIDENCE, Tree, copy_project, record_of

ASK = "from ednag.provenance.recording import *; print(commit_of(project_folder()))"
UNKNOWN = "('', None)"


def git(folder: Path, *arguments: str) -> str:
    """A call of git that knows nothing but the folder's repository."""
    named = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    alone = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *named, *arguments], cwd=folder, env=alone, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def committed(folder: Path, message: str) -> str:
    """All of a folder in a repository of its own; the commit."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def commit_state_in(project: Path, package: Path | None = None, **environment: str) -> str:
    """What a process says that imports the package from a project (or from elsewhere)."""
    around = {name: value for name, value in os.environ.items() if name != "EDNAG_COMMIT"}
    around |= {"EDNAG_PROJECT": str(project), "PYTHONPATH": str((package or project) / "src")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**around, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, in no repository."""
    folder = tmp_path / "around" / "project"
    copy_project(folder)
    return folder


@pytest.fixture
def foreign(project: Path) -> Path:
    """A repository of other people around the project."""
    (project.parent / ".gitignore").write_text("project\n")
    committed(project.parent, "not ours")
    return project.parent


def test_the_commit_of_the_projects_own_repository(project: Path, foreign: Path) -> None:
    commit = committed(project, "ours")
    assert commit_state_in(project) == f"('{commit}', False)"
    linked = project.with_name("linked")
    linked.symlink_to(project)
    assert commit_state_in(linked, project) == f"('{commit}', False)"
    # A worktree has a file .git, and no folder.
    git(project, "worktree", "add", "--quiet", "--detach", str(project.with_name("worktree")))
    assert commit_state_in(project.with_name("worktree")) == f"('{commit}', False)"
    with (project / "Snakefile").open("a") as stream:
        stream.write("# An edit.\n")
    assert commit_state_in(project) == f"('{commit}', True)"


def test_a_repository_around_the_project_is_not_its_own(project: Path, foreign: Path) -> None:
    assert commit_state_in(project) == UNKNOWN


def test_a_repository_that_does_not_hold_the_project_is_not_its_own(project: Path) -> None:
    (project / "theirs.txt").write_text("theirs")
    git(project, "init", "--quiet")
    git(project, "add", "theirs.txt")
    git(project, "commit", "--quiet", "--message", "not ours")
    assert commit_state_in(project) == UNKNOWN
    # Not even when the project is about to be added: their commit does not hold it.
    git(project, "add", "--all")
    assert commit_state_in(project) == UNKNOWN


def test_a_package_from_elsewhere_is_not_what_the_commit_holds(project: Path) -> None:
    committed(project, "ours")
    other = project.with_name("other")
    copy_project(other)
    assert commit_state_in(project, package=other) == UNKNOWN


@pytest.mark.parametrize("is_committed", [False, True])
def test_variables_of_git_lead_to_no_other_repository(project: Path, is_committed: bool) -> None:
    foreign = project.with_name("foreign")
    foreign.mkdir()
    for name in ("Snakefile", "src/ednag/__init__.py"):
        (foreign / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project / name, foreign / name)
    committed(foreign, "not ours")
    expected = f"('{committed(project, 'ours')}', False)" if is_committed else UNKNOWN
    leading = {"GIT_DIR": str(foreign / ".git"), "GIT_INDEX_FILE": str(foreign / ".git" / "index")}
    assert commit_state_in(project, **leading) == expected
    assert commit_state_in(project, **leading, GIT_WORK_TREE=str(project)) == expected


def test_where_git_gives_no_answer_nothing_is_called_clean(project: Path, tmp_path: Path) -> None:
    committed(project, "ours")
    assert commit_state_in(project, PATH=str(tmp_path)) == UNKNOWN
    (project / ".git" / "index").write_bytes(b"no index")
    assert commit_state_in(project) == UNKNOWN
    (project / ".git" / "HEAD").write_bytes(b"\xff")
    assert commit_state_in(project) == UNKNOWN


def test_the_audit_says_that_no_commit_is_known(tree: Tree) -> None:
    name = f"{EVIDENCE}.csv"
    command = tree.record(name).command[1:]
    done = tree.call("--record", record_of(name), *command, EDNAG_COMMIT="")
    assert done.returncode == 0, done.stderr
    assert tree.record(name).commit == "not known"
    found = tree.audit()
    assert not found.faults
    (note,) = found.notes
    assert (note.kind, name in note.files) == ("no commit known", True)
    assert "the commit of the code" in note.explanation

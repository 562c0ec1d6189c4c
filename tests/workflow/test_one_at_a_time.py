"""Two workflows started in one folder, and folders whose file system has no locks."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machines import without_locks

from .conftest import Workflow

pytestmark = pytest.mark.workflow

REFUSAL = "not started: another workflow runs in this folder; wait for it to end, or stop it"


@contextmanager
def stopped_in_a_job(workflow: Workflow) -> Iterator[subprocess.Popen[str]]:
    """A workflow that was stopped (SIGSTOP) in its first job; it goes on when the block ends."""
    process = subprocess.Popen(
        workflow.command("--cores", "1", "tables"),
        env=workflow.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 600
        while not (workflow.folder / "logs/sources/analog-nasbench").exists():
            assert time.monotonic() < deadline, "no job started"
            assert process.poll() is None, process.stdout and process.stdout.read()
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGSTOP)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def files_of(folder: Path) -> dict[Path, bytes]:
    """Every file of the study, Snakemake's own log files aside."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".log" and path.name != "study.yaml"
    }


def test_a_second_workflow_is_refused_and_the_first_ends_as_if_alone(
    workflow: Workflow, tmp_path: Path
) -> None:
    with stopped_in_a_job(workflow) as first:
        before = files_of(workflow.folder)
        looked = workflow.run("--dry-run", "tables")
        assert looked.returncode == 0, looked.stdout
        for way in (["tables"], ["--touch", "tables"]):
            refused = workflow.run(*way)
            assert refused.returncode != 0, refused.stdout
            assert REFUSAL in refused.stdout.splitlines()
            assert "Traceback" not in refused.stdout
        assert files_of(workflow.folder) == before
    printed = first.communicate()[0]
    assert first.returncode == 0, printed

    alone = Workflow(tmp_path / "alone")
    alone.folder.mkdir()
    alone.configure()
    assert alone.run("tables").returncode == 0
    assert workflow.results() == alone.results()


def test_a_folder_without_locks_is_said_and_the_workflow_runs(
    workflow: Workflow, tmp_path: Path
) -> None:
    done = workflow.run("tables", environment=without_locks(tmp_path, errno.ENOLCK))
    assert done.returncode == 0, done.stdout
    said = [line for line in done.stdout.splitlines() if "a second workflow" in line]
    assert said == [
        f"this file system has no locks ({os.strerror(errno.ENOLCK)}): a second workflow in this "
        "folder would not be noticed; do not start one"
    ]
    assert list((workflow.folder / "results/tables").rglob("*.parquet"))


def test_a_lock_that_cannot_be_opened_is_named(workflow: Workflow) -> None:
    (workflow.folder / ".snakemake" / "running").mkdir(parents=True)
    refused = workflow.run("tables")
    assert refused.returncode != 0
    assert "not started: .snakemake/running cannot be locked: Is a directory" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (workflow.folder / "results").exists()

"""What a workflow starts beside its jobs: one process that forks for them, and no timers."""

import subprocess
import sys
from pathlib import Path

import pytest

from ednag.fork_server import VARIABLE
from ednag.provenance.records import read_record

from .conftest import Workflow

pytestmark = pytest.mark.workflow

#: Snakemake; it prints how many timers were started. Each is a thread for a second at least.
SNAKEMAKE = """
import atexit, sys, threading
started = []
class Timer(threading.Timer):
    def start(self):
        started.append(self)
        super().start()
threading.Timer = Timer
atexit.register(lambda: print(f"{len(started)} timers"))
from snakemake.cli import main
main(sys.argv[1:])
"""


def run(folder: Path, **variables: str) -> tuple[Workflow, str]:
    """The small study, run to its end, and what it printed."""
    folder.mkdir()
    workflow = Workflow(folder)
    workflow.configure()
    _, _, _, *arguments = workflow.command("--cores", "2")
    # The workflow is to have a server of its own.
    environment = {k: v for k, v in workflow.environment().items() if k != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", SNAKEMAKE, *arguments],
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return workflow, done.stdout


def test_jobs_run_in_forks_with_equal_results(tmp_path: Path) -> None:
    forked, printed = run(tmp_path / "forked")
    alone, _ = run(tmp_path / "alone", **{VARIABLE: "no"})
    assert "\n0 timers\n" in printed
    assert forked.results() == alone.results() | {
        # The digests of records, which hold times.
        path: content
        for path, content in forked.results().items()
        if path.startswith("results/audit.")
    }
    # The audit draws nothing: only the process that it was forked from has imported matplotlib. It
    # is one of the last jobs: the first ones may come before that process serves.
    audits = [run.folder / "results/provenance/audit.json.json" for run in (forked, alone)]
    assert ["matplotlib" in read_record(audit).packages for audit in audits] == [True, False]

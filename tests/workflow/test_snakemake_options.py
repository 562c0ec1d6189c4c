"""Options of Snakemake on the small study: stages, killed workflows, forced jobs, profiles."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


class Smoke(Workflow):
    """config/smoke.yaml in a folder of its own."""

    def command(self, *arguments: str) -> list[str]:
        command = super().command(*arguments)
        command[command.index("--configfile") + 1] = str(ROOT / "config" / "smoke.yaml")
        return command


def test_a_study_made_in_parts_and_after_a_kill_is_whole(tmp_path: Path) -> None:
    study = Smoke(tmp_path / "smoke")
    study.folder.mkdir()
    assert study.run("--until", "benchmark_table").returncode == 0
    made = {path.name for path in (study.folder / "results").iterdir()}
    assert "tables" in made and not made & {"runs", "summaries", "evidence"}
    kill_in_a_run(study)
    # The profile of the project sets --rerun-incomplete; here it is given by hand.
    done = study.run("--workflow-profile", "none", "--rerun-incomplete", "runs")
    assert done.returncode == 0, done.stdout[-3000:]
    whole = study.run()
    assert whole.returncode == 0, whole.stdout[-3000:]
    before, summary = study.results(), "results/summaries/nasbench201/cifar10-valid.parquet"
    forced = study.run("--forcerun", summary)
    assert forced.returncode == 0, forced.stdout[-3000:]
    assert "Forced execution" in forced.stdout
    assert study.results() == before
    assert "Nothing to be done" in study.run().stdout


def kill_in_a_run(workflow: Workflow) -> None:
    """Kill the workflow with all its jobs (SIGKILL) while one of them searches."""
    process = subprocess.Popen(
        workflow.command("--cores", "2", "runs"),
        env=workflow.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list((workflow.folder / "logs").glob("runs/**/*.log")):
        assert process.poll() is None, "no run was started"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

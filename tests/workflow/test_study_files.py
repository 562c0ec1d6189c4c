"""Study files that Snakemake would read as something else than they say."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, Workflow

pytestmark = pytest.mark.workflow


def test_a_key_given_twice_stops_the_workflow_with_its_lines(workflow: Workflow) -> None:
    study = workflow.folder / "study.yaml"
    study.write_text("seeds: 0-9\nbudget: 3\nbudget: 4\n")
    done = workflow.run("--dry-run")
    assert done.returncode == 1
    assert f"configuration: {study}:3: " in done.stdout
    assert "key 'budget' is given twice, first in line 2" in done.stdout
    assert "Traceback" not in done.stdout


def test_an_overlay_that_would_remove_nothing_stops_the_workflow(workflow: Workflow) -> None:
    workflow.configure(further_methods={"nasbench201": ["local-search-first"]})
    overlay = workflow.folder / "overlay.yaml"
    overlay.write_text("further_methods: {}\n")
    study = str(workflow.folder / "study.yaml")
    done = workflow.run("--dry-run", "--configfile", study, str(overlay))
    assert done.returncode == 1
    assert f"configuration: {overlay}: further_methods: {{}} removes nothing" in done.stdout


def test_the_default_study_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Snakefile", tmp_path)
    (tmp_path / "config.yaml").write_bytes("seeds: 0-9\n".encode("utf-16"))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"configuration: {tmp_path / 'config.yaml'} is not UTF-8 text" in done.stderr
    assert "Traceback" not in done.stderr

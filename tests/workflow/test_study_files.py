"""Study files that Snakemake would read as something else than they say."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ednag.provenance.setting import files_written

from ..copies import copy_of_the_tree
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
    workflow.configure(if_present={"nasbench101": ["cifar10"]})
    overlay = workflow.folder / "overlay.yaml"
    overlay.write_text("if_present: {}\n")
    study = str(workflow.folder / "study.yaml")
    done = workflow.run("--dry-run", "--configfile", study, str(overlay))
    assert done.returncode == 1
    assert f"configuration: {overlay}: if_present: {{}} removes nothing" in done.stdout


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


def test_a_table_read_from_an_official_file_asks_for_its_memory(
    workflow: Workflow, tmp_path: Path
) -> None:
    workflow.project = tmp_path / "project"
    copy_of_the_tree(workflow.project, without=("tests/", "docs/", "results/", "figures/"))
    rules = workflow.project / "rules" / "benchmarks.smk"
    # Without a message, Snakemake prints what a job asks for.
    rules.write_text(re.sub(r"    message:\n +.*\n", "", rules.read_text()))
    workflow.configure(
        benchmarks={"nasbench201": ["cifar10", "cifar10-analog"]},
        official_files={"nasbench201": {"cifar10": "nasbench201-v1_1"}},
    )
    folder = "results/tables/nasbench201"
    done = workflow.run(
        "--dry-run", f"{folder}/cifar10.parquet", f"{folder}/cifar10-analog.parquet"
    )
    assert done.returncode == 0, done.stdout
    asked = re.findall(rf"output: {folder}/([\w-]+)\.parquet.*?mem_mb=(\d+)", done.stdout, re.S)
    assert dict(asked) == {"cifar10": "31268", "cifar10-analog": "1500"}


def test_the_results_of_a_study_are_in_a_folder_of_its_name(
    workflow: Workflow, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("seeds: 0\n")

    # Without --directory, as most users call it.
    def called(
        *arguments: str, what: tuple[str, ...] = ("--dry-run", "tables")
    ) -> subprocess.CompletedProcess[str]:
        command = workflow.command("--cores", "1", *what, *arguments)
        place = command.index("--directory")
        return subprocess.run(
            [*command[:place], *command[place + 2 :]],
            cwd=tmp_path,
            env=workflow.environment({"PWD": str(tmp_path)}),
            capture_output=True,
            text=True,
            check=False,
        )

    study = workflow.folder / "study.yaml"
    done = called()
    assert done.returncode == 0, done.stderr
    assert "results/tables/nasbench201/cifar10-analog.parquet" in done.stdout + done.stderr
    done = called("--configfile", str(study), str(overlay))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "studies").iterdir()] == ["study"]
    assert not (workflow.folder / ".snakemake").exists()

    done = called(what=("results/study.json",))
    assert done.returncode == 0, done.stderr
    results = tmp_path / "studies" / "study"
    assert files_written(results) == (str(study.relative_to(tmp_path)),)
    with (results / "results" / "study.json").open("a") as file:
        file.write(" ")
    audited = workflow.ednag("audit", "results/study.json", "--root", str(results))
    step = "snakemake --cores 2 --configfile study/study.yaml --forcerun results/study.json"
    assert step in audited.stdout
    other = tmp_path / "other" / "study.yaml"
    other.parent.mkdir()
    other.write_text(study.read_text())
    done = called("--configfile", str(other))
    assert done.returncode != 0
    assert "studies/study holds the results of" in done.stderr

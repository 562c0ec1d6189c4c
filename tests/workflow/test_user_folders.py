"""Folders of the user's, named in the environment or the study, in a workflow run elsewhere."""

import os
import subprocess
from pathlib import Path

import pytest

from ednag.sources.registry import load_registry
from ednag.sources.stamps import write_stamp

from .conftest import ROOT, Workflow

pytestmark = pytest.mark.workflow

PRESENT = {
    "benchmarks": {"nasbench201": ["cifar10-analog"]},
    "if_present": {"nasbench201": ["cifar100"]},
}


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """The folder of the call, and in it a mirror with a file that passes for that of cifar100."""
    folder = tmp_path / "call"
    (folder / "mirror").mkdir(parents=True)
    source = load_registry(ROOT / "sources.yaml")["nasbench201-cifar100-csv"]
    assert source.size and source.sha256
    path = folder / "mirror" / source.file
    with path.open("wb") as stream:
        stream.truncate(source.size)
    write_stamp(source, folder / "cache", path, source.sha256)
    return folder


def planned(workflow: Workflow, call: Path, **environment: str) -> str:
    """What `snakemake --dry-run tables --directory ...` prints, called in `call`."""
    around = {
        "HOME": str(call),
        "PWD": str(call),
        "EDNAG_MIRROR": "",
        "EDNAG_CACHE": "cache",
        **environment,
    }
    done = subprocess.run(
        workflow.command("--dry-run", "tables"),
        cwd=call,
        env=workflow.environment(around),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("named", ["~/mirror", "mirror"])
@pytest.mark.parametrize("place", ["environment", "study"])
def test_a_mirror_is_relative_to_the_folder_of_the_call(
    workflow: Workflow, call: Path, named: str, place: str
) -> None:
    workflow.configure(**PRESENT, **({"mirrors": [named]} if place == "study" else {}))
    given = {"EDNAG_MIRROR": named} if place == "environment" else {}
    assert "results/tables/nasbench201/cifar100.parquet" in planned(workflow, call, **given)


def test_a_mirror_that_cannot_be_searched_is_named_and_passed_over(
    workflow: Workflow, call: Path
) -> None:
    (call / "loop").symlink_to("loop")
    workflow.configure(**PRESENT)
    said = planned(workflow, call, EDNAG_MIRROR=os.pathsep.join(("loop", "typo", "mirror")))
    assert "results/tables/nasbench201/cifar100.parquet" in said
    for name in ("loop", "typo"):
        assert said.count(f"mirror {call / name} cannot be searched (") == 1

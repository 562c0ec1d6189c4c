"""Compute nodes without a network: files are fetched before, where there is one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Mirror

from .conftest import TINY, Workflow

pytestmark = pytest.mark.workflow

#: A command in a namespace of its own, in which not even the loopback device is up.
WITHOUT_NETWORK = ("unshare", "--user", "--map-root-user", "--net")


def namespaces_work() -> bool:
    """Whether this system lets us make one."""
    if shutil.which("unshare") is None:
        return False
    made = subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True, check=False)
    return made.returncode == 0


needs_namespaces = pytest.mark.skipif(
    not namespaces_work(), reason="this system allows no network namespaces (unshare)"
)


def run_without_network(workflow: Workflow, *arguments: str, **extra: str) -> str:
    """What a run in the namespace prints; it must succeed."""
    done = subprocess.run(
        [*WITHOUT_NETWORK, *workflow.command("--cores", "2", *arguments)],
        env=workflow.environment(extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@needs_namespaces
def test_the_default_study_needs_no_network(workflow: Workflow, tmp_path: Path) -> None:
    workflow.configure(if_present={"nasbench201": ["cifar10", "cifar100"]})
    said = run_without_network(workflow, EDNAG_CACHE=str(tmp_path / "cache"), EDNAG_MIRROR="")
    (line,) = [each for each in said.splitlines() if "not here" in each]
    assert line.startswith(
        "left out, as their files are not here: nasbench201/cifar10, nasbench201/cifar100; "
        "to get them: make data STUDY="
    )
    audit = json.loads((workflow.folder / "results/audit.json").read_text())
    assert audit["sound"], audit["verdict"]
    records = list((workflow.folder / "results/provenance").rglob("*.json"))
    assert records
    assert not [r for r in records if json.loads(r.read_text())["connections"]]


@needs_namespaces
def test_what_was_fetched_on_the_login_node_serves_nodes_without_a_network(
    workflow: Workflow, tmp_path: Path, mirror: Mirror
) -> None:
    mirror("nasbench201-cifar100-csv")
    study = {**TINY, "benchmarks": {"nasbench201": ["cifar100"]}, "protocols": ["paper"]}
    alone = {"EDNAG_CACHE": str(tmp_path / "cache")}
    workflow.configure(**study)
    fetched = workflow.run("--until", "fetch", environment=alone)
    assert fetched.returncode == 0, fetched.stdout
    assert not (workflow.folder / "results/tables").exists()
    run_without_network(workflow, "tables", "runs", EDNAG_MIRROR="", **alone)

    # Another study finds the same file in the folder that both share.
    other = Workflow(tmp_path / "other")
    other.folder.mkdir()
    other.configure(**study)
    run_without_network(other, "tables", "runs", **alone)
    assert workflow.results() == other.results()

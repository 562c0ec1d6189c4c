"""`ednag evaluate` with the real workflow: only what one table or claim needs runs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ednag.evidence.claims import KINDS, read_claims
from tests.copies import ROOT, copy_of_the_tree
from tests.workflow.conftest import Workflow

#: Claims of each kind that are evaluated from a clean clone.
SOME = 10


@pytest.mark.workflow
def test_a_table_is_made_alone_and_its_chain_is_checked(workflow: Workflow) -> None:
    arguments = ("evaluate", "nasbench201-equal-budget", "--study", "study.yaml")
    told = workflow.ednag(*arguments, "--dry-run", "--json")
    assert told.returncode == 0, told.stdout
    cost = json.loads(told.stdout)["predicted"]
    assert cost["jobs"] > 3
    folder = workflow.folder / "studies" / "study"
    assert not (folder / "results").exists()

    made = workflow.ednag(*arguments)
    assert made.returncode == 0, made.stdout
    assert "chain: every file has the bytes that its record names" in made.stdout
    assert "| " in made.stdout
    assert f"of {cost['jobs']} steps (100%) done" in made.stdout
    assert not (folder / "figures").exists()

    again = workflow.ednag(*arguments)
    assert "to run: nothing" in again.stdout
    table = folder / "results/evidence/nasbench201-equal-budget.md"
    made_at = table.stat().st_mtime_ns
    table.write_bytes(table.read_bytes() + b"\n")
    os.utime(table, ns=(made_at, made_at))
    broken = workflow.ednag(*arguments)
    assert broken.returncode == 1
    assert "results/evidence/nasbench201-equal-budget.md" in broken.stdout.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.workflow
def test_ten_claims_of_each_kind_from_a_clean_clone(
    tmp_path: Path, mirror: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    # Predicted and actual times are printed: what a busy machine takes is no fault.
    for source in ("nasbench201-cifar10-csv", "nats-bench-csv", "nasbench201-cifar100-csv"):
        mirror(source)
    clone = tmp_path / "clone"
    copy_of_the_tree(clone)
    around = os.environ | {"PYTHONPATH": str(clone / "src")}

    def ednag(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *words]
        return subprocess.run(command, cwd=clone, env=around, capture_output=True, text=True)

    assert ednag("ednag.search.compiled").returncode == 0  # as `make environment` does
    listed = json.loads(ednag("ednag", "evaluate", "--list", "--json").stdout)["subjects"]
    able = {each["name"] for each in listed if each["cost"]}
    claims = read_claims(ROOT / "published" / "claims.yaml")
    for kind in KINDS:
        for claim in [each for each in claims if each.kind == kind and each.id in able][:SOME]:
            start = time.monotonic()
            told = ednag("ednag", "evaluate", claim.id, "--cores", "2", "--json")
            seconds = time.monotonic() - start
            assert told.returncode == 0, told.stderr
            answer = json.loads(told.stdout)
            assert answer["verdict"]["verdict"] != "needs data"
            assert all(chain["whole"] for chain in answer["chains"])
            cost = answer["predicted"]
            with capsys.disabled():
                told = f"{cost['jobs']} jobs, {cost['seconds']:.0f} s"
                print(f"{claim.id}: {told} predicted, {seconds:.0f} s taken")

"""Pages are audited like tables, and the next steps of the audit work."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Workflow

pytestmark = pytest.mark.workflow

CHAINS = "results/provenance/chains/nasbench201.html"
#: The call of the workflow in a next step names the study's file.
CALL = r"snakemake --cores 2 --directory \S+ --configfile \S*study\.yaml"


def edit(path: Path) -> None:
    """Another number in place of each accuracy."""
    text = path.read_text(encoding="utf-8")
    forged = re.sub(r"[89]\d\.\d\d", "99.99", text)
    assert forged != text
    path.write_text(forged, encoding="utf-8")


def delete(path: Path) -> None:
    path.unlink()


def inject(path: Path) -> None:
    path.write_text("<p>99.99</p>", encoding="utf-8")


#: Page -> what is done to it, and what the workflow is asked for to mend it; "" for a deletion.
ATTACKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "results/report/table-nasbench201.html": (edit, "results/report"),
    "results/report/index.html": (delete, "results/report"),
    "results/report/injected.html": (inject, "results/report"),
    "results/audit.md": (delete, "results/audit.md"),
    "results/findings.html": (inject, ""),
    CHAINS: (edit, CHAINS),
    "results/provenance/chains/injected.html": (inject, ""),
    "results/evidence/injected.csv": (inject, ""),
}


def test_pages_are_audited_like_tables(workflow: Workflow, tmp_path: Path) -> None:
    workflow.configure(seeds="0")
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    for targets in ([], ["results/report"]):
        audited = workflow.ednag("audit", *targets)
        assert audited.returncode == 0, audited.stdout
    assert workflow.ednag("lock").returncode == 0
    lock = (workflow.folder / "results.lock").read_text()
    assert "results/report/index.html" in lock and CHAINS in lock
    assert "environment.html" not in lock and "results/audit" not in lock

    kept = tmp_path / "kept"
    shutil.copytree(workflow.folder, kept)
    for page, (attack, mended) in ATTACKS.items():
        attack(workflow.folder / page)
        told = workflow.ednag("audit")
        assert told.returncode == 1, (page, told.stdout)
        last = told.stdout.splitlines()[-1]
        step = rf"{CALL} --forcerun {mended}" if mended else f"delete {page}"
        pattern = rf"ednag: audit failed: {re.escape(page)} \(.*; next: {step}"
        assert re.fullmatch(pattern, last), last
        if attack is not edit:
            shutil.rmtree(workflow.folder)
            shutil.copytree(kept, workflow.folder)

    # Both edited pages: the advised commands mend them.
    mended = workflow.run("--forcerun", "results/report", CHAINS)
    assert mended.returncode == 0, mended.stdout
    against = workflow.ednag("audit", "--against", "results.lock")
    assert against.returncode == 0, against.stdout


def test_an_incomplete_study_is_not_sound(workflow: Workflow) -> None:
    workflow.configure(seeds="0")
    assert workflow.run("--until", "table_own_end", "study").returncode == 0
    told = workflow.ednag("audit")
    assert told.returncode == 1
    assert re.match(r"incomplete: \d+ of \d+ targets missing: ", told.stdout)
    assert re.search(rf"next: {CALL}\n\Z", told.stdout), told.stdout


def test_another_study_is_left_over_and_in_no_way(workflow: Workflow) -> None:
    workflow.configure(seeds="0", methods=["random", "local-search-best"])
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    workflow.configure(seeds="0", methods=["random"])
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    left = "results/runs/nasbench201/cifar10-analog/paper/local-search-best/seeds-0-0.parquet"
    (workflow.folder / left).write_bytes(b"edited")
    told = workflow.ednag("audit")
    assert told.returncode == 0, told.stdout
    assert "left over: no part of the study" in told.stdout and left in told.stdout
    for command in (["lock"], ["audit", "--against", "results.lock"], ["crate", "crate"]):
        done = workflow.ednag(*command)
        assert done.returncode == 0, done.stdout
    assert "local-search-best" not in (workflow.folder / "results.lock").read_text()

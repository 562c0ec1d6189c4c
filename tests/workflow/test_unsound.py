"""What the workflow leaves where its audit finds faults, and where it need not find any."""

import json
import os
from pathlib import Path

import pytest

from .conftest import Workflow

pytestmark = pytest.mark.workflow

SUMMARY = "results/summaries/nasbench201/cifar10-analog.parquet"


def replaced(path: Path, content: bytes) -> bytes:
    """Put other bytes in a file and leave its time as it was; what it held."""
    before, state = path.read_bytes(), path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    return before


def test_an_audit_with_faults_leaves_its_pages_and_is_done_again(workflow: Workflow) -> None:
    workflow.configure(seeds="0")
    first = workflow.run()
    assert first.returncode == 0, first.stdout
    sound, results = workflow.results(), workflow.folder / "results"
    summary = replaced(workflow.folder / SUMMARY, b"no summary")
    (results / "audit.json").unlink()
    # However often it is called: neither "Nothing to be done" nor a success.
    for _ in range(2):
        unsound = workflow.run()
        assert unsound.returncode != 0
        assert f"audit failed: {SUMMARY} (summaries): changed; next: snakemake" in unsound.stdout
        assert not json.loads((results / "audit.json").read_text())["sound"]
        assert (results / "audit.md").read_text().startswith("1 fault in ")
        assert "Audit: unsound." in (results / "report" / "index.html").read_text()
    by_hand = workflow.ednag("audit")
    assert by_hand.returncode == 1
    assert "audit failed" in by_hand.stdout

    replaced(workflow.folder / SUMMARY, summary)
    mended = workflow.run()
    assert mended.returncode == 0, mended.stdout
    assert workflow.results() == sound
    assert "Audit: sound." in (results / "report" / "index.html").read_text()
    assert "Nothing to be done" in workflow.run().stdout


def test_packages_on_pythonpath_are_no_fault(workflow: Workflow, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    (folder / "foreign-1.0.dist-info").mkdir(parents=True)
    (folder / "foreign.py").touch()
    (folder / "foreign-1.0.dist-info" / "METADATA").write_text("Name: foreign\nVersion: 1.0\n")
    (folder / "foreign-1.0.dist-info" / "entry_points.txt").write_text("[x]\ny = foreign\n")
    workflow.configure(seeds="0")
    done = workflow.run(environment={"PYTHONPATH": str(folder)})
    assert done.returncode == 0, done.stdout
    audit = json.loads((workflow.folder / "results" / "audit.json").read_text())
    assert audit["sound"], audit["faults"]

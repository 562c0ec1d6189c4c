"""The study as an RO-Crate: complete, small, checkable, and valid where a validator is at hand."""

import hashlib
import json
import os
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from ednag.errors import EdnagError
from ednag.provenance.crate import named_by_content, tool_of, write_crate
from ednag.provenance.records import digest_of, seal_of
from ednag.provenance.results_lock import contents, read_lock
from tests.provenance.conftest import (
    EVIDENCE,
    FIGURE,
    PUBLISHED,
    ROOT,
    SOURCE,
    SUMMARY,
    TABLE,
    Tree,
)
from tests.provenance.test_tampering import flip


@pytest.fixture(scope="module")
def crate(built: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate of the untouched study, as the command writes it."""
    folder = tmp_path_factory.mktemp("crate") / "my crate"
    done = built.call("crate", str(folder))
    assert done.returncode == 0, done.stderr
    check = done.stdout.partition("check it with: ")[2]
    subprocess.run(["bash", "-c", check], check=True, capture_output=True)
    return folder


def entities(crate: Path) -> dict[str, dict[str, Any]]:
    graph = json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]
    return {entity["@id"]: entity for entity in graph}


def ids(value: Any) -> set[str]:
    listed = value if isinstance(value, list) else [value]
    return {each["@id"] for each in listed}


def test_it_holds_evidence_figures_records_and_the_workflow(built: Tree, crate: Path) -> None:
    for name in (f"{EVIDENCE}.csv", f"{EVIDENCE}.tex", f"{FIGURE}.pdf", f"{FIGURE}.csv", PUBLISHED):
        assert (crate / name).read_bytes() == (built / name).read_bytes()
    for name in ("Snakefile", "rules/search.smk", "sources.yaml", "envs/requirements.lock"):
        assert (crate / name).read_bytes() == (built.project / name).read_bytes()
    assert read_lock(crate / "results.lock") == contents(built.audit())
    with tarfile.open(crate / "records.tar.xz") as archive:
        names = archive.getnames()
        member = archive.extractfile(names[0])
        assert member is not None
        body = json.loads(member.read())
    assert len(names) == 12
    assert body.pop("seal") == seal_of(body)


def test_sources_and_what_lies_between_are_named_not_held(built: Tree, crate: Path) -> None:
    graph = entities(crate)
    for name in (SOURCE, TABLE, f"{SUMMARY}.parquet"):
        assert not (crate / name).exists()
        sha256, size = digest_of(built / name)
        entity = graph[named_by_content(sha256)]
        assert (entity["name"], entity["sha256"]) == (name, sha256)
        assert entity["contentSize"] == str(size)
    source = graph[named_by_content(digest_of(built / SOURCE)[0])]
    assert source["identifier"] == "analog-nasbench"
    assert source["url"] == "package:analog-nasbench/analognasbench/data.anb"
    assert "vouched for by registry" in source["description"]


def test_every_job_is_an_action(built: Tree, crate: Path) -> None:
    graph = entities(crate)
    record = built.record(TABLE)
    action = graph[f"#{TABLE}"]
    assert action["@type"] == "CreateAction"
    assert ids(action["instrument"]) == {"#ednag-tables-build"}
    assert ids(action["object"]) == {named_by_content(digest_of(built / SOURCE)[0])}
    assert ids(action["result"]) == {named_by_content(digest_of(built / TABLE)[0])}
    assert (action["startTime"], action["endTime"]) == (record.started, record.ended)
    assert sum(entity["@type"] == "CreateAction" for entity in graph.values()) == 13
    assert tool_of(record) == "ednag tables build"
    words = (record.command[0], '--methods={"a": {"of": "ednag"}}', *record.command[1:])
    assert tool_of(replace(record, command=words)) == "ednag tables build"
    assert tool_of(built.record(f"{SUMMARY}.parquet")) == "ednag summarise"


def test_its_sums_hold_for_all_of_it(crate: Path) -> None:
    listed = {}
    for line in (crate / "SHA256SUMS").read_text().splitlines():
        sha256, _, name = line.partition("  ")
        listed[name] = sha256
    here = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    assert set(listed) == here - {"SHA256SUMS"}
    for name, sha256 in listed.items():
        assert hashlib.sha256((crate / name).read_bytes()).hexdigest() == sha256


def test_it_is_small_and_can_be_smaller(built: Tree, crate: Path, tmp_path: Path) -> None:
    size = sum(path.stat().st_size for path in crate.rglob("*") if path.is_file())
    assert size < 1_000_000
    assert write_crate(built.audit(), tmp_path / "small", with_figures=False) < size
    assert not (tmp_path / "small" / "figures").exists()
    assert named_by_content(digest_of(built / f"{FIGURE}.png")[0]) in entities(tmp_path / "small")


def test_the_package_of_its_format_reads_it(crate: Path) -> None:
    read = ROCrate(crate)
    assert read.mainEntity.id == "Snakefile"
    assert len(read.root_dataset["conformsTo"]) == 4


def test_a_tree_with_faults_or_a_full_folder_gets_no_crate(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(EdnagError, match="is not empty"):
        write_crate(tree.audit(), tmp_path / "full")
    flip(tree / TABLE)
    with pytest.raises(EdnagError, match="no crate written: 1 fault"):
        write_crate(tree.audit(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_validator_accepts_it(crate: Path) -> None:
    """See validate_crate.py; EDNAG_ROC_VALIDATOR names an interpreter that has roc-validator."""
    python = os.environ.get("EDNAG_ROC_VALIDATOR", "")
    contexts = ROOT.parent / "shared" / "data" / "ro-crate"
    if not Path(python).is_file() or not contexts.is_dir():
        pytest.skip("needs roc-validator (EDNAG_ROC_VALIDATOR) and ../shared/data/ro-crate")
    script = Path(__file__).with_name("validate_crate.py")
    done = subprocess.run(
        [python, script, crate, contexts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

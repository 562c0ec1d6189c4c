"""Records of any bytes are one finding with a name, and nothing hides behind links."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ednag.provenance.audit import Audit
from ednag.provenance.records import FORMAT, BrokenRecordError, read_record, seal_of
from tests.provenance.conftest import (
    EVIDENCE,
    FIGURE,
    TABLE,
    Tree,
    built,  # noqa: F401
    record_of,
    run_file,
    tree,  # noqa: F401
)


def kinds(audit: Audit) -> set[str]:
    return {fault.kind for fault in audit.faults}


def sealed(body: dict[str, Any]) -> bytes:
    """The bytes of a record with these entries, whatever their types."""
    body = {"format": FORMAT, **body}
    return (json.dumps({**body, "seal": seal_of(body)}, indent=1) + "\n").encode()


HONEST = {
    "command": ["ednag", "run"], "parameters": {}, "inputs": [],
    "outputs": [{"path": "results/x.csv", "sha256": "0" * 64, "size": 1}],
    "undeclared_reads": [], "connections": [],
    "code": {"commit": "", "dirty": None, "modules": {}, "files": {}, "path": {}, "lock": ""},
    "packages": {}, "machine": {}, "started": "", "ended": "", "seconds": 0.0, "peak_memory": 0.0,
}  # fmt: skip

#: Entry -> values of a wrong type.
WRONG: dict[str, list[Any]] = {
    "command": ["ednag run", [1], None],
    "inputs": [{}, [1], [{"path": "x"}], [{"path": 1, "sha256": "", "size": 0}]],
    "outputs": [
        [{"path": "x", "sha256": "", "size": "much"}], [{"path": "x", "sha256": 0, "size": 0}],
    ],
    "connections": ["none", [[]]],
    "code": [
        [], {}, {"commit": ""}, {**HONEST["code"], "modules": []},
        {**HONEST["code"], "modules": {"ednag": 1}}, {**HONEST["code"], "path": {"x": "y"}},
        {**HONEST["code"], "more": 1},
    ],
    "packages": [{"numpy": 1}, []],
    "machine": [[], {"cpu": {}}],
    "seconds": ["long", [], None],
    "more": [1],
}  # fmt: skip


def test_an_honest_record_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(sealed(HONEST))
    assert read_record(tmp_path / "x.json").outputs[0].size == 1


@pytest.mark.parametrize(
    ("entry", "value"), [(entry, value) for entry, values in WRONG.items() for value in values]
)
def test_a_wrong_type_is_named(tmp_path: Path, entry: str, value: Any) -> None:
    (tmp_path / "x.json").write_bytes(sealed({**HONEST, entry: value}))
    with pytest.raises(BrokenRecordError, match=rf"^x\.json: not a run record: {entry}") as caught:
        read_record(tmp_path / "x.json", "x.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"seal":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        b'{"seal": 1, "format": "ednag record 1", "x": "\\ud800"}',
        b'{"seal": 1, "format": "ednag record 1", "x": ' + b"9" * 5000 + b"}",
        b"\xff\xfe\x00",
    ],
    ids=["lists", "objects", "surrogate", "digits", "bytes"],
)
def test_any_bytes_are_a_broken_record(tree: Tree, content: bytes) -> None:  # noqa: F811
    (tree / record_of(TABLE)).write_bytes(content)
    done = tree.call("audit")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert f"broken record: {record_of(TABLE)}" in done.stdout


def test_a_pipe_in_place_of_a_record_is_no_hang(tree: Tree) -> None:  # noqa: F811
    (tree / record_of(TABLE)).unlink()
    os.mkfifo(tree / record_of(TABLE))
    assert "broken record" in kinds(tree.audit())


def test_two_exchanged_records_are_found(tree: Tree) -> None:  # noqa: F811
    first, second = (tree / record_of(run_file("random", block)) for block in ("0-1", "2-3"))
    contents = first.read_bytes(), second.read_bytes()
    second.write_bytes(contents[0])
    first.write_bytes(contents[1])
    audit = tree.audit()
    assert kinds(audit) == {"misplaced record"}
    assert {fault.file for fault in audit.faults} == {
        path.relative_to(tree.root).as_posix() for path in (first, second)
    }


def test_files_behind_links_are_found(tree: Tree) -> None:  # noqa: F811
    hidden = tree.root / "hidden"
    hidden.mkdir()
    (hidden / "mine.csv").write_text("99.99")
    (tree / f"{Path(FIGURE).parent}/more").symlink_to(hidden)
    (hidden / "round").symlink_to(tree.root / "figures")
    audit = tree.audit()
    assert f"{Path(FIGURE).parent}/more/mine.csv" in {fault.file for fault in audit.faults}
    assert kinds(audit) == {"no record"}


def test_a_link_out_of_the_study_is_found(tree: Tree, tmp_path: Path) -> None:  # noqa: F811
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.csv").write_text("99.99")
    for name, fault in (("figures/more", True), ("results/runs/more", False)):
        (tree.root / name).symlink_to(outside)
        links = [finding for finding in tree.audit().findings if finding.kind == "link"]
        assert [(link.file, link.fault) for link in links] == [(name, fault)]
        (tree.root / name).unlink()
    # Where results are on another disk, as a whole.
    (tree.root / "results").rename(tmp_path / "elsewhere")
    (tree.root / "results").symlink_to(tmp_path / "elsewhere")
    assert not tree.audit().findings
    assert (tree / f"{EVIDENCE}.csv").exists()

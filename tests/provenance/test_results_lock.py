"""The lock of results: the same for the same study, and where a difference begins."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.provenance.records import File, digest_of
from ednag.provenance.results_lock import compare, contents, read_lock, write_lock
from tests.provenance.conftest import (
    EVIDENCE,
    FIGURE,
    METHODS,
    PUBLISHED,
    SOURCE,
    SUMMARY,
    TABLE,
    Tree,
    build,
    record_of,
    run_file,
)
from tests.provenance.test_tampering import flip, forged_number


@pytest.fixture
def lock(built: Tree, tmp_path: Path) -> Path:
    """The lock of the untouched study."""
    write_lock(built.audit(), tmp_path / "results.lock")
    return tmp_path / "results.lock"


def test_a_lock_holds_every_source_and_output(built: Tree, lock: Path) -> None:
    locked = read_lock(lock)
    outputs = {file.path for name in (*RECORDED,) for file in built.record(name).outputs}
    assert set(locked) == {*outputs, PUBLISHED}
    assert locked[SOURCE] == digest_of(built / SOURCE)
    lines = lock.read_text().splitlines()
    assert [line.split("  ")[2] for line in lines] == sorted(locked)


#: an output of every job
RECORDED = (
    SOURCE,
    TABLE,
    *(run_file(method, block) for method in METHODS for block in ("0-1", "2-3")),
    f"{SUMMARY}.parquet",
    *(f"{EVIDENCE}{kind}.csv" for kind in ("", "-equal", "-compared")),
    "results/evidence/published.csv",
    f"{FIGURE}.csv",
)


def test_two_runs_in_two_folders_have_the_same_lock(
    built: Tree, lock: Path, tmp_path: Path
) -> None:
    other = Tree(tmp_path / "elsewhere" / "study", built.project)
    other.root.mkdir(parents=True)
    build(other)
    write_lock(other.audit(), tmp_path / "other.lock")
    assert (tmp_path / "other.lock").read_bytes() == lock.read_bytes()


def test_the_command_writes_and_compares(built: Tree, lock: Path, tmp_path: Path) -> None:
    done = built.call("lock", "--output", str(tmp_path / "again.lock"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.lock").read_bytes() == lock.read_bytes()
    done = built.call("audit", "--against", str(lock))
    assert done.returncode == 0, done.stderr
    assert f"all {len(read_lock(lock))} files are identical" in done.stdout


def test_a_forgery_that_records_hide_differs_from_the_lock(tree: Tree, lock: Path) -> None:
    forged_number(tree)
    run = run_file("local-search-best", "0-1")
    inputs = tree.record(f"{SUMMARY}.parquet").inputs
    forged = tuple(File(run, *digest_of(tree / run)) if f.path == run else f for f in inputs)
    tree.forge(f"{SUMMARY}.parquet", inputs=forged)
    audit = tree.audit()
    assert not audit.faults
    comparison = compare(audit, read_lock(lock), everything=True)
    assert (comparison.differs, comparison.stage) == ((run,), "runs")
    done = tree.call("audit", "--against", str(lock), "--json", "found.json")
    assert done.returncode == 1
    assert "1 differ, 0 missing, 0 new: the difference begins in runs" in done.stderr
    assert json.loads((tree / "found.json").read_text())["against"]["differs"] == [run]


def test_a_difference_is_followed_to_where_it_begins(tree: Tree, lock: Path) -> None:
    for name in (TABLE, f"{SUMMARY}.parquet", f"{FIGURE}.png"):
        flip(tree / name)
    comparison = compare(tree.audit(), read_lock(lock), everything=True)
    assert comparison.stage == "tables"
    assert comparison.differs == (f"{FIGURE}.png", f"{SUMMARY}.parquet", TABLE)
    assert comparison.begins == (TABLE,)
    assert dict(comparison.by_stage())["figures"] == {"identical": 2, "differs": 1}


def test_missing_and_new_files_are_told(tree: Tree, lock: Path) -> None:
    locked = read_lock(lock)
    locked["results/evidence/gone.csv"] = locked.pop(f"{EVIDENCE}.md")
    comparison = compare(tree.audit(), locked, everything=True)
    assert comparison.missing == ("results/evidence/gone.csv",)
    assert comparison.new == (f"{EVIDENCE}.md",)
    assert not comparison.agrees
    of_figure = compare(tree.audit(f"{FIGURE}.png"), locked, everything=False)
    assert of_figure.agrees
    assert of_figure.verdict.startswith("all ")


def test_a_tree_with_faults_gets_no_lock(tree: Tree, tmp_path: Path) -> None:
    flip(tree / TABLE)
    with pytest.raises(EdnagError, match=f"no lock written: 1 fault.*{TABLE}"):
        write_lock(tree.audit(), tmp_path / "results.lock")
    assert not (tmp_path / "results.lock").exists()


def test_what_is_left_over_is_not_locked(tree: Tree, lock: Path) -> None:
    name = f"{Path(TABLE).parent}/other.parquet"
    (tree / name).write_bytes((tree / TABLE).read_bytes())
    left = replace(tree.record(TABLE), outputs=(File(name, *digest_of(tree / name)),))
    from ednag.provenance.records import write_record

    write_record(left, tree.root / record_of(name))
    assert contents(tree.audit()) == read_lock(lock)


def test_a_broken_lock_names_its_line(lock: Path) -> None:
    with lock.open("a") as stream:
        stream.write("a line\n")
    with pytest.raises(EdnagError, match=rf"{lock}:\d+: not `sha256  size  path`"):
        read_lock(lock)

"""Whatever is changed after the jobs ran is found, and the file is named."""

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ednag.provenance.audit import Audit
from ednag.provenance.records import File, digest_of, write_record
from tests.provenance.conftest import (
    EVIDENCE,
    FIGURE,
    PUBLISHED,
    SOURCE,
    SUMMARY,
    TABLE,
    Tree,
    record_of,
    run_file,
)

RUN, OTHER_RUN = run_file("local-search-best", "0-1"), run_file("random", "2-3")
#: one file of every kind and stage
FILES = {
    "source": SOURCE,
    "benchmark table": TABLE,
    "run file": RUN,
    "summary": f"{SUMMARY}.parquet",
    "curves": f"{SUMMARY}.anytime.parquet",
    "table as CSV": f"{EVIDENCE}.csv",
    "table as Markdown": f"{EVIDENCE}-equal.md",
    "table as LaTeX": f"{EVIDENCE}-compared.tex",
    "figure as PNG": f"{FIGURE}.png",
    "figure as PDF": f"{FIGURE}.pdf",
    "figure as CSV": f"{FIGURE}.csv",
    "printed beside ours": "results/evidence/published.csv",
}


def rewrite(path: Path, content: bytes, restore_time: bool) -> None:
    """Other bytes in a file, with or without the old time stamp."""
    assert content != path.read_bytes()
    state = path.stat()
    # Sources may be write-protected.
    path.chmod(0o644)
    path.write_bytes(content)
    if restore_time:
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def flip(path: Path, restore_time: bool = True, at: float = 0.5) -> None:
    """Flip one bit of one byte, by default in the middle of the file."""
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= 1
    rewrite(path, bytes(content), restore_time)


def named(audit: Audit) -> set[str]:
    """All files that the faults name."""
    return {name for fault in audit.faults for name in (*fault.files, *fault.others)}


def kinds(audit: Audit) -> set[str]:
    return {fault.kind for fault in audit.faults}


def test_an_untouched_study_has_no_finding(built: Tree) -> None:
    audit = built.audit()
    assert not audit.findings
    assert audit.verdict == (
        f"{len(audit.files)} files, 12 jobs, 1 source: every number leads back to checksummed bytes"
    )


@pytest.mark.parametrize("restore_time", [False, True], ids=["new time", "old time"])
@pytest.mark.parametrize("kind", FILES)
def test_a_flipped_byte_is_found(tree: Tree, kind: str, restore_time: bool) -> None:
    name = FILES[kind]
    flip(tree / name, restore_time)
    audit = tree.audit()
    (fault,) = audit.faults
    assert fault.files == (name,)
    assert fault.kind == ("wrong source" if kind == "source" else "changed")
    assert fault.first_broken_link == f"{name} ({fault.stage}): {fault.kind}"
    assert name in fault.next_step
    assert audit.verdict.endswith(fault.first_broken_link)
    assert fault.touches >= 1


@pytest.mark.parametrize("at", [0.001, 0.3, 0.5, 0.7, 0.999])
@pytest.mark.parametrize("name", [SOURCE, TABLE, RUN, f"{EVIDENCE}.csv"])
def test_a_flipped_byte_in_a_record_is_found(tree: Tree, name: str, at: float) -> None:
    flip(tree / record_of(name), at=at)
    audit = tree.audit()
    (broken,) = [fault for fault in audit.faults if fault.kind == "broken record"]
    assert broken.file == record_of(name)
    assert record_of(name) in broken.next_step


#: what is done to the text of a record, by hand
EDITS = {
    "seal": lambda text: re.sub(r'"seal": "(.)', r'"seal": "x', text),
    "no seal": lambda text: re.sub(r',\n "seal": "\w+"', "", text),
    "command": lambda text: text.replace('"0-1"', '"4-5"'),
    "output digest": lambda text: re.sub(
        r'(outputs.*?"sha256": ")....', r"\g<1>0000", text, flags=re.S
    ),
    "input size": lambda text: re.sub(r'"size": \d+', '"size": 1', text, count=1),
    "module digest": lambda text: re.sub(r'("ednag.cli": ")....', r"\g<1>0000", text),
    "time": lambda text: re.sub(r'"seconds": \S+', '"seconds": 0.001,', text),
    "white space": lambda text: f"{text}\n",
    "key twice": lambda text: text.replace(' "seconds"', ' "seconds": 0,\n "seconds"', 1),
    "format": lambda text: text.replace("ednag record 1", "ednag record 2"),
    "emptied": lambda text: "{}",
    "no JSON": lambda text: text[:-20],
    "a list": lambda text: "[]",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_record_is_found(tree: Tree, edit: str) -> None:
    path = tree / record_of(RUN)
    rewrite(path, EDITS[edit](path.read_text()).encode(), restore_time=True)
    audit = tree.audit()
    assert "broken record" in kinds(audit)
    assert record_of(RUN) in named(audit)


@pytest.mark.parametrize("restore_time", [False, True], ids=["new time", "old time"])
def test_two_swapped_run_files_are_found(tree: Tree, restore_time: bool) -> None:
    first, second = (tree / RUN).read_bytes(), (tree / OTHER_RUN).read_bytes()
    rewrite(tree / RUN, second, restore_time)
    rewrite(tree / OTHER_RUN, first, restore_time)
    audit = tree.audit()
    assert {fault.file for fault in audit.faults} == {RUN, OTHER_RUN}
    assert f"has the bytes of {OTHER_RUN}" in audit.faults[0].explanation


@pytest.mark.parametrize("kind", FILES)
def test_a_deleted_file_is_found(tree: Tree, kind: str) -> None:
    name = FILES[kind]
    (tree / name).unlink()
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.files) == ("missing", (name,))


def test_deleted_evidence_is_found_where_all_of_its_files_are_gone(tree: Tree) -> None:
    for suffix in ("csv", "md", "tex"):
        (tree / f"{EVIDENCE}.{suffix}").unlink()
    audit = tree.audit()
    assert {fault.kind for fault in audit.faults} == {"missing"}
    assert f"{EVIDENCE}.csv" in named(audit)


@pytest.mark.parametrize("name", [SOURCE, TABLE, RUN, f"{SUMMARY}.parquet", f"{FIGURE}.csv"])
def test_a_deleted_record_is_found(tree: Tree, name: str) -> None:
    (tree / record_of(name)).unlink()
    audit = tree.audit()
    assert kinds(audit) == {"no record"}
    assert name in named(audit)


@pytest.mark.parametrize("suffix", ["csv", "md"])
def test_evidence_from_nowhere_is_found(tree: Tree, suffix: str) -> None:
    name = f"results/evidence/invented.{suffix}"
    shutil.copy(tree / f"{EVIDENCE}.{suffix}", tree / name)
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("no record", name)


def test_an_edited_published_number_is_found(tree: Tree) -> None:
    path = tree / PUBLISHED
    rewrite(path, path.read_bytes().replace(b"93.85", b"93.86"), restore_time=True)
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("changed input", f"project:{PUBLISHED}")
    assert f"git checkout -- {PUBLISHED}" in fault.next_step
    assert fault.touches == 3


def test_a_deleted_published_file_is_found(tree: Tree) -> None:
    (tree / PUBLISHED).unlink()
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("changed input", f"project:{PUBLISHED}")


def test_a_record_in_place_of_another_is_found(tree: Tree) -> None:
    shutil.copy(tree / record_of(OTHER_RUN), tree / record_of(RUN))
    audit = tree.audit()
    assert kinds(audit) == {"claimed twice", "no record"}
    assert {RUN, OTHER_RUN, record_of(RUN)} <= named(audit)


def test_a_second_record_of_a_job_is_found(tree: Tree) -> None:
    copy = record_of(RUN).replace("0-1", "copy")
    shutil.copy(tree / record_of(RUN), tree / copy)
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("claimed twice", RUN)
    assert copy in fault.others


def test_an_output_claimed_by_two_jobs_is_found(tree: Tree) -> None:
    tree.forge(OTHER_RUN, outputs=(*tree.record(OTHER_RUN).outputs, *tree.record(RUN).outputs))
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("claimed twice", RUN)


def test_a_registry_with_another_checksum_is_found(tree: Tree) -> None:
    registry = tree.project / "sources.yaml"
    text = registry.read_text()
    registry.write_text(text.replace("85f3435b877aa2d3", "0" * 16))
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("wrong source", SOURCE)
    assert fault.first_broken_link == f"{SOURCE} (sources): wrong source"


def test_a_source_that_left_the_registry_is_found(tree: Tree) -> None:
    registry = tree.project / "sources.yaml"
    registry.write_text(registry.read_text().replace("\nanalog-nasbench:", "\nanalog-other:"))
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("unknown source", SOURCE)


def without_checksum(tree: Tree) -> None:
    """As if nobody published a checksum of the source."""
    registry = tree.project / "sources.yaml"
    entry = re.search(r"analog-nasbench:.*?\n\n", registry.read_text(), re.S)
    assert entry is not None
    bare = re.sub(r"  (size|sha256): .*\n", "", entry[0])
    bare = bare.replace("  licence:", "  kind: pickle\n  least_size: 1000\n  licence:")
    registry.write_text(registry.read_text().replace(entry[0], bare))


def lock_entry(tree: Tree, sha256: str | None = None) -> None:
    digest, size = digest_of(tree / SOURCE)
    lines = f"analog-nasbench:\n  size: {size}\n  sha256: '{sha256 or digest}'\n"
    (tree.project / "sources.lock").write_text(lines)


def test_a_locked_source_is_trusted_on_first_use(tree: Tree) -> None:
    without_checksum(tree)
    lock_entry(tree)
    audit = tree.audit()
    assert not audit.faults
    assert [source.vouched_by for source in audit.sources] == ["trusted on first use"]
    assert audit.verdict.endswith("(1 of the sources trusted on first use)")


def test_a_locked_source_with_other_bytes_is_found(tree: Tree) -> None:
    without_checksum(tree)
    lock_entry(tree, "0" * 64)
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("wrong source", SOURCE)
    assert "as recorded in" in fault.explanation


def test_a_source_nobody_vouches_for_is_found(tree: Tree) -> None:
    without_checksum(tree)
    (fault,) = tree.audit().faults
    assert "has no checksum" in fault.explanation
    assert "ednag sources lock analog-nasbench" in fault.next_step


# --- jobs that misbehave, really run --------------------------------------------------------------


def test_a_job_that_reads_what_it_does_not_declare_is_found(tree: Tree) -> None:
    mirror = tree.root.parent / "mirror"
    mirror.mkdir()
    shutil.copy(tree / SOURCE, mirror)
    tree.job(
        *("tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"),
        *("--output", TABLE),
        output=TABLE,
        EDNAG_MIRROR=str(mirror),
    )
    audit = tree.audit()
    assert {"undeclared read", "made from nothing"} <= kinds(audit)
    fault = next(fault for fault in audit.faults if fault.kind == "undeclared read")
    assert fault.file == TABLE
    assert str(mirror / Path(SOURCE).name) in fault.explanation


def test_a_job_run_again_without_those_after_it_is_found(tree: Tree) -> None:
    tree.run("random", "0-1", budget=19)
    audit = tree.audit()
    (fault,) = audit.faults
    assert fault.kind == "other bytes read"
    assert fault.file.startswith(SUMMARY)
    assert fault.others[0] == run_file("random", "0-1")
    assert "made again since" in fault.explanation
    assert fault.first_broken_link == f"{fault.others[0]} -> {fault.file} (summaries): {fault.kind}"


def test_an_input_from_elsewhere_is_found(tree: Tree) -> None:
    elsewhere = tree.root.parent / "mine.parquet"
    shutil.copy(tree / f"{SUMMARY}.parquet", elsewhere)
    name = f"{EVIDENCE}.csv"
    tree.job("tabulate", "own-end", str(elsewhere), "--output", name, output=name)
    audit = tree.audit()
    fault = next(fault for fault in audit.faults if fault.kind == "unregistered input")
    assert fault.file == str(elsewhere)
    assert name in fault.explanation


# --- forged records, sealed again -----------------------------------------------------------------


def forged_number(tree: Tree) -> None:
    """A changed run file and a record that agrees with it."""
    flip(tree / RUN)
    tree.forge(RUN, outputs=(File(RUN, *digest_of(tree / RUN)),))


def test_a_forged_number_is_found_at_the_next_job(tree: Tree) -> None:
    forged_number(tree)
    (fault,) = tree.audit().faults
    assert fault.kind == "other bytes read"
    assert fault.others == (RUN, record_of(RUN))


def test_a_forged_record_of_an_honest_file_is_found(tree: Tree) -> None:
    tree.forge(RUN, outputs=(replace(tree.record(RUN).outputs[0], sha256="0" * 64),))
    audit = tree.audit()
    assert kinds(audit) == {"changed", "other bytes read"}
    assert audit.faults[0].file == RUN
    assert all(fault.first_broken_link.startswith(RUN) for fault in audit.faults)
    assert "still has the bytes that were read" in audit.faults[1].explanation


def test_a_forged_size_is_found(tree: Tree) -> None:
    tree.forge(RUN, outputs=(replace(tree.record(RUN).outputs[0], size=1),))
    assert RUN in named(tree.audit())


def test_a_connection_is_found(tree: Tree) -> None:
    tree.forge(RUN, connections=("192.0.2.1",))
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("connection", RUN)
    assert "192.0.2.1" in fault.explanation


def test_a_fetch_may_connect(tree: Tree) -> None:
    tree.forge(SOURCE, connections=("192.0.2.1",))
    assert not tree.audit().findings


def test_a_table_made_from_nothing_is_found(tree: Tree) -> None:
    tree.forge(TABLE, inputs=())
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file) == ("made from nothing", TABLE)


def test_a_table_that_pretends_to_be_fetched_is_found(tree: Tree) -> None:
    tree.forge(TABLE, inputs=(), command=("ednag", "sources", "fetch", "analog-nasbench"))
    assert [(fault.kind, fault.file) for fault in tree.audit().faults] == [
        ("made from nothing", TABLE)
    ]


def test_a_circle_is_found(tree: Tree) -> None:
    tree.forge(TABLE, inputs=tree.record(TABLE).outputs)
    audit = tree.audit()
    assert "circle" in kinds(audit)
    assert TABLE in named(audit)


def test_a_job_that_declares_fewer_inputs_than_it_read_is_not_held_against_it(tree: Tree) -> None:
    """What only a lock can tell: everything down from a file forged and sealed again."""
    forged_number(tree)
    inputs = tree.record(f"{SUMMARY}.parquet").inputs
    forged = tuple(File(RUN, *digest_of(tree / RUN)) if f.path == RUN else f for f in inputs)
    tree.forge(f"{SUMMARY}.parquet", inputs=forged)
    assert not tree.audit().faults


# --- code -----------------------------------------------------------------------------------------


def test_edited_code_is_found(tree: Tree) -> None:
    with (tree.package / "methods" / "random_search.py").open("a") as stream:
        stream.write("\n# edited\n")
    (fault,) = tree.audit().faults
    assert fault.kind == "other code"
    assert {run_file("random", "0-1"), run_file("random", "2-3")} <= set(fault.files)
    assert fault.stage == "runs"
    assert "ednag.methods.random_search" in fault.others


def test_code_that_is_gone_is_found(tree: Tree) -> None:
    (tree.package / "tables" / "analog_nasbench.py").unlink()
    audit = tree.audit()
    assert kinds(audit) == {"other code"}
    assert "gone: ednag.tables.analog_nasbench" in audit.faults[0].explanation


def test_a_line_more_in_a_registry_is_no_other_code(tree: Tree) -> None:
    registry = tree.package / "methods" / "__init__.py"
    text = registry.read_text(encoding="utf-8")
    line = '    "random": "ednag.methods.random_search:METHOD",\n'
    assert line in text
    registry.write_text(text.replace(line, f'{line}    "new": "ednag.methods.new:METHOD",\n'))
    assert not tree.audit().faults


def test_a_line_of_a_registry_that_names_another_method_is_found(tree: Tree) -> None:
    registry = tree.package / "methods" / "__init__.py"
    text = registry.read_text(encoding="utf-8")
    other = text.replace('"random": "ednag.methods.random_search:', '"random": "ednag.methods.nar:')
    assert other != text
    registry.write_text(other)
    (fault,) = tree.audit().faults
    assert fault.kind == "other code"
    assert {run_file("random", "0-1"), run_file("random", "2-3")} <= set(fault.files)


def test_an_edited_style_of_figures_is_found(tree: Tree) -> None:
    with (tree.package / "evidence" / "ednag.mplstyle").open("a") as stream:
        stream.write("# edited\n")
    (fault,) = tree.audit().faults
    assert fault.kind == "other code"
    assert fault.others == ("evidence/ednag.mplstyle",)
    assert set(fault.files) == {f"{FIGURE}.{suffix}" for suffix in ("csv", "pdf", "png")}


def test_an_edited_lock_is_found(tree: Tree) -> None:
    with (tree.project / "envs" / "requirements.lock").open("a") as stream:
        stream.write("another==1.0\n")
    (fault,) = tree.audit().faults
    assert fault.others == ("envs/requirements.lock",)
    assert SOURCE not in fault.files


def test_what_fetched_a_source_may_change(tree: Tree) -> None:
    with (tree.package / "sources" / "archives.py").open("a") as stream:
        stream.write("\n# edited\n")
    assert not tree.audit().findings


# --- what is left over ----------------------------------------------------------------------------


def left_over(tree: Tree) -> str:
    """A run file that no target rests on, with its record."""
    name = f"{Path(RUN).parent}/seeds-8-9.parquet"
    shutil.copy(tree / RUN, tree / name)
    record = replace(tree.record(RUN), outputs=(replace(tree.record(RUN).outputs[0], path=name),))
    write_record(record, tree.root / record_of(name))
    return name


def test_what_is_left_over_is_no_fault(tree: Tree) -> None:
    left_over(tree)
    assert not tree.audit().findings


def test_what_is_left_over_is_hashed(tree: Tree) -> None:
    name = left_over(tree)
    flip(tree / name)
    (fault,) = tree.audit().faults
    assert (fault.kind, fault.file, fault.touches) == ("changed", name, 0)


def test_other_code_of_what_is_left_over_is_noted(tree: Tree) -> None:
    name = left_over(tree)
    tree.forge(name, code=replace(tree.record(name).code, lock="0" * 64))
    audit = tree.audit()
    assert not audit.faults
    assert [note.kind for note in audit.notes] == ["other code"]


def test_a_missing_file_of_what_is_left_over_is_noted(tree: Tree) -> None:
    name = left_over(tree)
    (tree / name).unlink()
    audit = tree.audit()
    assert not audit.faults
    assert [(note.kind, note.file) for note in audit.notes] == [("missing", name)]


def test_a_file_without_record_that_nothing_rests_on_is_noted(tree: Tree) -> None:
    shutil.copy(tree / RUN, tree / f"{Path(RUN).parent}/mine.parquet")
    audit = tree.audit()
    assert not audit.faults
    assert [note.kind for note in audit.notes] == ["unrecorded"]


@pytest.mark.parametrize("name", ["README.md", ".hidden.md", "provenance/sound"])
def test_what_is_none_of_the_study_is_ignored(tree: Tree, name: str) -> None:
    path = tree.root / "results" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    assert not tree.audit().findings


# --- the command ----------------------------------------------------------------------------------


def test_the_command_says_that_all_is_well(built: Tree) -> None:
    done = built.call("audit")
    assert done.returncode == 0, done.stderr
    assert "every number leads back to checksummed bytes" in done.stdout.splitlines()[0]
    assert "\x1b" not in done.stdout


def test_the_command_names_the_first_broken_link(tree: Tree) -> None:
    flip(tree / TABLE)
    flip(tree / f"{EVIDENCE}.csv")
    done = tree.call("audit", "--json", "results/audit.json", "--report", "results/audit.md")
    assert done.returncode == 1
    assert done.stderr.startswith(f"ednag: audit failed: {TABLE} (tables): changed; next: ")
    assert done.stderr.count("\n") == 1
    content = json.loads((tree / "results/audit.json").read_text())
    assert not content["sound"]
    assert [fault["file"] for fault in content["faults"]] == [TABLE, f"{EVIDENCE}.csv"]
    assert {fault["first_broken_link"] for fault in content["faults"]} == {
        f"{TABLE} (tables): changed"
    }
    page = (tree / "results/audit.md").read_text()
    assert page.splitlines()[0] == content["verdict"] == done.stdout.splitlines()[0]


def test_faults_can_be_written_without_failing_and_judged_later(tree: Tree) -> None:
    assert tree.call("audit", "--json", "sound.json").returncode == 0
    assert tree.call("audit", "--found", "sound.json").returncode == 0
    flip(tree / TABLE)
    written = tree.call("audit", "--json", "found.json", "--report", "found.md", "--exit-zero")
    assert (written.returncode, written.stderr) == (0, "")
    assert (tree.root / "found.md").read_text().startswith("1 fault in ")
    done = tree.call("audit", "--found", "found.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == tree.call("audit").stderr
    assert f"audit failed: {TABLE} (tables): changed; next: snakemake" in done.stderr
    for content in ("", "[]", "{}", '{"faults": [{}]}'):
        (tree.root / "found.json").write_text(content)
        done = tree.call("audit", "--found", "found.json")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and "ednag audit --json" in done.stderr


def test_reports_are_the_same_in_another_folder(built: Tree, tree: Tree) -> None:
    pages = []
    for place in (built, tree):
        to = tree.root.parent / f"{len(pages)}"
        done = place.call("audit", "--json", f"{to}.json", "--report", f"{to}.md")
        assert done.returncode == 0, done.stderr
        pages.append([Path(f"{to}.{suffix}").read_bytes() for suffix in ("json", "md")])
    assert pages[0] == pages[1]


def test_only_what_is_asked_about_is_held_to_all_checks(tree: Tree) -> None:
    (tree / record_of(f"{FIGURE}.csv")).unlink()
    assert not tree.audit("results/evidence").faults
    assert kinds(tree.audit("figures")) == {"no record"}


def test_nothing_to_audit_is_an_error(tree: Tree) -> None:
    shutil.rmtree(tree.root / "results")
    shutil.rmtree(tree.root / "figures")
    done = tree.call("audit")
    assert done.returncode == 1
    assert "nothing to audit" in done.stderr

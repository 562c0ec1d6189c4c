"""A path given by mistake is refused in one line, and no byte of the study changes."""

import os
import shutil
from pathlib import Path

import pytest

from tests.provenance.conftest import (  # fixtures
    EVIDENCE,
    FIGURE,
    SOURCE,
    STATISTICS,
    SUMMARY,
    TABLE,
    Tree,
    built,
    record_of,
    run_file,
    tree,
)

__all__ = ["built", "tree"]

RUN = run_file("random", "0-1")
RECORD = record_of(f"{EVIDENCE}.csv")
TABULATE = ("tabulate", "own-end", f"{SUMMARY}.parquet", "--statistics", STATISTICS, "--output")
SUMMARISE = ("summarise", RUN, "--table", TABLE, "--seeds", "0-1", "--output")
OTHERS = ("--anytime", "new/a.parquet", "--steps", "new/s.parquet")
RUNNING = ("run", "--table", TABLE, "--method", "random", "--seeds", "0", "--output")
PLOT = (
    *("plot", "dataset", "convergence", f"--summary={SUMMARY}.parquet"),
    *(f"--{kind}={SUMMARY}.{kind}.parquet" for kind in ("anytime", "steps")),
)
CHAINS = ("chains", f"{EVIDENCE}.csv", "--output")
RECORDED = ("plot", "illustration", "--output", "new/x.csv")
MADE = "was made by ednag"
BOTH = "would be read and written by one call"
TWICE = "would be written twice by one call"

#: Arguments -> what the message says. Each was done before, with exit status 0 for most.
CASES = [
    # inputs of the same call
    ((*TABULATE, f"{SUMMARY}.parquet"), f"{MADE} summarise"),
    (("tabulate", "own-end", "lock.json", "--output", "./lock.json"), BOTH),
    (("tabulate", "own-end", "lock.json", "--output", "new/../lock.json"), BOTH),
    (("tabulate", "own-end", "lock.json", "--output", "same.json"), BOTH),
    ((*SUMMARISE, RUN, *OTHERS), f"{MADE} run"),
    ((*SUMMARISE, "new/../" + TABLE, *OTHERS), BOTH),
    ((*RUNNING, TABLE), BOTH),
    ((*CHAINS, f"{EVIDENCE}.csv"), f"{MADE} tabulate own-end"),
    (("audit", "--against", "lock.json", "--json", "lock.json"), BOTH),
    (("--record", f"{SUMMARY}.parquet", *TABULATE, "new/x.csv"), "is no record of ednag tabulate"),
    (("--record", "new/x", "tabulate", "own-end", "lock.json", "--output", "new/x"), TWICE),
    (
        (
            *("tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"),
            *("--source", f"analog-nasbench={SOURCE}", "--output", SOURCE),
        ),
        BOTH,
    ),
    # two outputs
    ((*SUMMARISE, "new/x.parquet", *OTHERS[:1], "new/x.parquet", *OTHERS[2:]), TWICE),
    ((*TABULATE, "new/x.csv", "--output", "new/../new/x.csv"), TWICE),
    (("audit", "--json", "new/a.md", "--report", "new/a.md"), TWICE),
    (("--record", "new/x.csv", *TABULATE, "new/x.csv"), TWICE),
    # products of another subcommand
    (("lock", "--output", f"{EVIDENCE}.csv"), f"{MADE} tabulate own-end; name another file"),
    (("lock", "--output", f"{EVIDENCE}-compared.tex"), f"{MADE} tabulate"),
    ((*CHAINS, f"{EVIDENCE}.md"), f"{MADE} tabulate"),
    ((*CHAINS, "results/evidence/published.md"), f"{MADE} claims published"),
    (("audit", "--report", f"{FIGURE}.csv"), f"{MADE} plot dataset"),
    (("audit", "--json", f"{SUMMARY}.steps.parquet"), f"{MADE} summarise"),
    ((*TABULATE, f"{EVIDENCE}-compared.csv"), f"{MADE} tabulate comparison"),
    (("sources", "fetch", "digits", "--output", SOURCE), f"{MADE} sources fetch analog-nasbench"),
    (("--record", RECORD, "tabulate", "comparison", *TABULATE[2:], "new/x.csv"), "is no record of"),
    ((*TABULATE, f"{FIGURE}.csv"), f"{MADE} plot dataset"),
    ((*TABULATE, "{root}/results/evidence/published.csv"), f"{MADE} claims published"),
    ((*SUMMARISE, f"{EVIDENCE}.csv", *OTHERS), f"{MADE} tabulate"),
    ((*RUNNING, f"{SUMMARY}.parquet"), f"{MADE} summarise"),
    ((*PLOT, "--folder", "results/evidence"), "which was made by ednag tabulate"),
    ((*PLOT, "--folder", str(Path(SUMMARY).parent)), "which was made by ednag summarise"),
    # records, sources, the project
    ((*TABULATE, RECORD), "is a run record"),
    (("lock", "--output", RECORD), "is a run record"),
    (("--record", RECORD, *RECORDED), "is no record of ednag plot illustration"),
    (("--record", f"{EVIDENCE}.md", *RECORDED), "is there already and is no record of"),
    (("--record", "notes.txt", *RECORDED), "is there already and is no record of"),
    (("lock", "--output", SOURCE), "is a source file"),
    ((*TABULATE, "{project}/published/nasbench201.csv"), "is a file of the project"),
    (("lock", "--output", "{project}/envs/requirements.lock"), "is a file of the project"),
    ((*CHAINS, "{project}/src/ednag/files.py"), "is a file of the project"),
    # files of other kinds, links, devices
    (("lock", "--output", "notes.txt"), "is there already, and ednag writes no such files"),
    ((*CHAINS, "study.yaml"), "is there already, and ednag writes no such files"),
    (("sources", "fetch", "analog-nasbench", "--output", "study.yaml"), "ednag writes no such"),
    (("sources", "verify", "--sums", f"{EVIDENCE}.csv"), f"{MADE} tabulate"),
    ((*TABULATE, "link.csv"), "link.csv: is a link to "),
    ((*TABULATE, "nowhere.csv"), "nowhere.csv: is a link to "),
    ((*TABULATE, "pipe.csv"), "is no regular file"),
    ((*TABULATE, "/dev/null"), "is no regular file"),
    # folders that are replaced
    (("report", "--output", "results"), "results: is no earlier report (would lose audit.json, "),
    (("report", "--output", "results/evidence"), "which was made by ednag tabulate"),
    (("report", "--output", "."), "is no earlier report"),
    (("report", "--output", "mine"), "mine: is no earlier report (has no environment.html)"),
    (("report", "--output", "../outside"), "../outside is not in"),
    (("report", "--output", "results/../../outside"), "outside is not in"),
    (("report", "--output", "linked"), "linked: is a link to "),
    (("crate", "results"), "results is not empty; name a new folder for the crate"),
]


@pytest.fixture(scope="module")
def finished(built: Tree, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy with pages and some files of the user's; every call must leave it as it is."""
    above = tmp_path_factory.mktemp("lost")
    copied = Tree(above / "study", above / "project")
    shutil.copytree(built.root, copied.root)
    shutil.copytree(built.project, copied.project)
    (copied / "results/verdicts.json").write_text(
        '{"seeds": "0", "counts": {}, "kinds": [], "claims": []}'
    )
    (copied / "results/verdicts.md").write_text("# Verdicts\n")
    (copied / "results/findings.md").write_text("# Findings\n\nNone.\n")
    done = copied.call(
        "audit", "--json", "results/audit.json", "--report", "results/audit.md", "--exit-zero"
    )
    assert done.returncode == 0, done.stderr
    for name in ("notes.txt", "study.yaml", "lock.json", "mine/index.html"):
        (copied / name).parent.mkdir(exist_ok=True)
        (copied / name).write_text("mine\n")
    (above / "outside").mkdir()
    (above / "outside" / "mine.txt").write_text("mine\n")
    (copied / "link.csv").symlink_to("notes.txt")
    (copied / "same.json").hardlink_to(copied / "lock.json")
    (copied / "nowhere.csv").symlink_to("/nowhere/x.csv")
    (copied / "linked").symlink_to(above / "outside")
    os.mkfifo(copied / "pipe.csv")
    return copied


def everything(folder: Path) -> dict[str, bytes]:
    """Bytes of all files of the study, the project and beside them."""
    files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {str(path): path.read_bytes() for path in files if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "words"), CASES, ids=[" ".join(arguments)[-70:] for arguments, _ in CASES]
)
def test_what_a_call_must_not_replace_is_refused(
    finished: Tree, arguments: tuple[str, ...], words: str
) -> None:
    before = everything(finished.root.parent)
    called = finished.call(*(_placed(finished, word) for word in arguments))
    assert called.returncode == 1, called.stdout + called.stderr
    assert words in called.stderr
    assert called.stderr.startswith("ednag: ")
    assert called.stderr.count("\n") == 1
    assert everything(finished.root.parent) == before


def _placed(tree: Tree, word: str) -> str:
    """A word of a command line with the folders of the tree."""
    return word.replace("{root}", str(tree.root)).replace("{project}", str(tree.project))


def test_a_report_is_replaced_unless_something_else_is_in_it(finished: Tree) -> None:
    for _ in range(2):
        done = finished.call("report", "--output", "pages")
        assert done.returncode == 0, done.stderr
    folder = finished / "pages"
    (folder / "thesis.tex").write_text("mine\n")
    (folder / "table-notes").mkdir()
    refused = finished.call("report", "--output", "pages")
    assert refused.returncode == 1
    assert "pages: is no earlier report (would lose table-notes, thesis.tex)" in refused.stderr
    assert (folder / "thesis.tex").read_text() == "mine\n"
    shutil.rmtree(folder)


TABULATE_TO = ("tabulate", "comparison", "--output=new.csv")
PLOT_TO = (
    *("plot", "over-datasets"),
    *(f"--{kind}=new-{kind}.csv" for kind in ("table", "ranks", "targets", "profiles")),
)


@pytest.mark.parametrize("call", [TABULATE_TO, PLOT_TO])
def test_a_checkpoint_that_a_summary_lacks_is_refused(tree: Tree, call: tuple[str, ...]) -> None:
    statistics = ("--statistics", '{"checkpoints": [5, 10]}')
    called = tree.call(*call, f"{SUMMARY}.parquet", *statistics)
    assert called.returncode == 1
    assert called.stderr == (
        "ednag: statistics.checkpoints: the runs were summarised without 10; name checkpoints of "
        "`ednag summarise`, or summarise them again\n"
    )


def test_a_job_may_be_done_again_by_hand(tree: Tree) -> None:
    """Its own output and its own record are replaced, with or without a new record."""
    before = (tree / f"{EVIDENCE}.csv").read_bytes()
    files = [f"--output={EVIDENCE}.{suffix}" for suffix in ("csv", "md", "tex")]
    for record in ((), ("--record", RECORD)):
        done = tree.call(*record, *TABULATE[:-1], *files)
        assert done.returncode == 0, done.stderr
    assert (tree / f"{EVIDENCE}.csv").read_bytes() == before
    assert not tree.record(f"{EVIDENCE}.csv").undeclared_reads
    assert tree.audit().verdict.endswith("every number leads back to checksummed bytes")
    drawn = tree.call(*PLOT, "--folder", str(Path(FIGURE).parent), "--statistics", STATISTICS)
    assert drawn.returncode == 0, drawn.stderr
    for _ in range(2):
        assert tree.call("lock").returncode == 0
        assert tree.call(*CHAINS, "mine.html").returncode == 0

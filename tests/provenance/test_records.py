"""Records: written whole, sealed, read back as they were; what a job's record says of it."""

import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import ednag
from ednag.provenance.records import (
    STORE,
    BrokenRecordError,
    Record,
    digest_of,
    name_of,
    path_of,
    read_record,
    write_record,
)
from ednag.provenance.stages import source_of, stage_of, stage_rank
from ednag.provenance.store import read_store
from tests.provenance.conftest import (
    EVIDENCE,
    FIGURE,
    METHODS,
    PUBLISHED,
    RUNS,
    SOURCE,
    SUMMARY,
    TABLE,
    Tree,
    record_of,
    run_file,
)

STRACE = "/usr/bin/strace"


def test_a_record_is_read_as_it_was_written(built: Tree, tmp_path: Path) -> None:
    record = built.record(TABLE)
    write_record(record, tmp_path / "copy.json")
    again = read_record(tmp_path / "copy.json", record.path)
    assert again == record
    assert (tmp_path / "copy.json").read_bytes() == (built / record_of(TABLE)).read_bytes()


def test_a_record_tells_what_a_job_read_and_wrote(built: Tree) -> None:
    record = built.record(run_file("local-search-best", "0-1"))
    (read,), (written,) = record.inputs, record.outputs
    assert (read.sha256, read.size) == digest_of(built / TABLE)
    assert (written.path, written.sha256) == (
        run_file("local-search-best", "0-1"),
        digest_of(built / run_file("local-search-best", "0-1"))[0],
    )
    assert record.command[:2] == ("ednag", "run")
    assert record.parameters["seeds"] == "0-1"
    assert record.parameters["hyperparameters"] == "{}"
    assert (record.code.commit, record.code.dirty) == ("0" * 40, False)
    assert record.code.modules["ednag.cli.run"] == built.setting().code_digest("ednag.cli.run")
    assert record.code.lock == built.setting().code_digest("envs/requirements.lock")
    assert record.packages["numpy"]
    assert set(record.machine) == {"python", "platform", "cpu", "gpu"}
    assert 0 < record.seconds < 600
    assert 10 < record.peak_memory < 4000
    assert record.started < record.ended


@pytest.mark.parametrize(
    ("output", "inputs", "outputs"),
    [
        (SOURCE, set(), {SOURCE}),
        (TABLE, {SOURCE}, {TABLE}),
        (
            f"{SUMMARY}.parquet",
            {TABLE, *(run_file(method, block) for method in METHODS for block in ("0-1", "2-3"))},
            {f"{SUMMARY}{kind}.parquet" for kind in ("", ".anytime", ".steps")},
        ),
        (
            "results/evidence/published.csv",
            {f"{SUMMARY}.parquet", f"project:{PUBLISHED}"},
            {f"results/evidence/published.{suffix}" for suffix in ("csv", "md", "tex")},
        ),
        (
            f"{FIGURE}.csv",
            {f"{SUMMARY}{kind}.parquet" for kind in ("", ".anytime", ".steps")},
            {f"{FIGURE}.{suffix}" for suffix in ("csv", "pdf", "png")},
        ),
    ],
)
def test_every_stage_declares_its_files(
    built: Tree, output: str, inputs: set[str], outputs: set[str]
) -> None:
    record = built.record(output)
    assert {file.path for file in record.inputs} == inputs
    assert {file.path for file in record.outputs} == outputs
    assert record.undeclared_reads == record.connections == ()


def test_no_result_depends_on_being_recorded(built: Tree, tmp_path: Path) -> None:
    done = built.call(
        *("tabulate", "own-end", f"{SUMMARY}.parquet", "--output", str(tmp_path / "x.csv")),
        *("--statistics", '{"checkpoints": [5, 20], "resamples": 100}'),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.csv").read_bytes() == (built / f"{EVIDENCE}.csv").read_bytes()


def test_a_job_that_fails_leaves_no_record(built: Tree, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    done = built.call("--record", str(record), "tabulate", "own-end", TABLE, "--output", "x.csv")
    assert done.returncode != 0
    assert not record.exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"seal": "", "format": "x"}', "\xff"])
def test_what_is_no_record_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BrokenRecordError, match=re.escape("here.json")):
        read_record(path, "here.json")


def test_a_store_reads_all_and_sets_broken_ones_aside(tree: Tree) -> None:
    (tree / record_of(TABLE)).write_text("{}")
    store = read_store(tree.root)
    assert len(store.records) == 11
    assert [broken.path for broken in store.broken] == [record_of(TABLE)]


def test_names_do_not_tell_where_a_study_lies(tmp_path: Path) -> None:
    root, project = tmp_path / "study", tmp_path / "project"
    for path, name in (
        (root / "results/x", "results/x"),
        (project / "published/x", "project:published/x"),
        (Path("/elsewhere/x"), "/elsewhere/x"),
    ):
        assert name_of(path, root, project) == name
        assert path_of(name, root, project) == path


def test_stages_follow_the_path_grammar() -> None:
    names = [SOURCE, TABLE, f"{RUNS}/x", f"{SUMMARY}.parquet", f"{EVIDENCE}.csv", f"{FIGURE}.png"]
    stages = [stage_of(name) for name in names]
    assert stages == ["sources", "tables", "runs", "summaries", "evidence", "figures"]
    assert sorted(stages, key=stage_rank) == stages
    assert stage_of("results/findings.md") == "evidence"
    assert stage_of("project:published/claims.yaml") == "sources"
    assert stage_of("results/predictors/x.pt") == "predictors"
    assert stage_of("/elsewhere/x") == stage_of("results/other/x") == "elsewhere"
    assert stage_rank("summaries") < stage_rank("elsewhere") < stage_rank("evidence")
    assert stage_of(f"{STORE}/x.json") == "records"
    assert source_of(SOURCE) == ("analog-nasbench", "analognasbench-data.anb")
    assert source_of(TABLE) is None


# --- what a job opens -----------------------------------------------------------------------------


def seen(folder: Path, statement: str, **environment: str) -> Record:
    """The record of a process that runs one statement in a folder."""
    code = (
        "import os, pathlib, socket, sys\n"
        "from ednag.provenance.recording import Recorder\n"
        f"recorder = Recorder([])\n{statement}\n"
        "recorder.write(pathlib.Path('record.json'))\n"
    )
    variables = {**os.environ, "EDNAG_COMMIT": "", **environment}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=variables, check=True)
    return read_record(folder / "record.json")


@pytest.mark.parametrize(
    ("name", "undeclared"),
    [
        ("results/x.parquet", ["results/x.parquet"]),
        ("mine.csv", ["mine.csv"]),
        ("caches/ednag/source/file.bin", ["caches/ednag/source/file.bin"]),
        ("caches/ednag/code.nbi", []),
        ("caches/matplotlib/fonts.json", []),
        (".hidden", []),
    ],
)
def test_what_is_opened_and_not_declared_is_seen(
    tmp_path: Path, name: str, undeclared: list[str]
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    caches = str(tmp_path / "caches")
    for opened in (name, str(path), f"results/../{name}"):
        (tmp_path / "results").mkdir(exist_ok=True)
        for way in (f"open({opened!r})", f"open({opened.encode()!r})", f"os.open({opened!r}, 0)"):
            record = seen(tmp_path, way, XDG_CACHE_HOME=caches)
            assert list(record.undeclared_reads) == undeclared


@pytest.mark.parametrize(
    "statement",
    [
        "open('new.txt', 'w').close()",
        "open('new.txt', 'w').close(); open('new.txt').close(); pathlib.Path('new.txt').unlink()",
        "open(sys.executable, 'rb').close()",
        "recorder.inputs[pathlib.Path('x')] = None; open('x').close()",
        "recorder.inputs[pathlib.Path('../here/x')] = None; open('x').close()",
        "recorder.searched.append(pathlib.Path.cwd()); open('x').close()",
        "open('trusted.lock').close()",
    ],
)
def test_what_may_be_opened(tmp_path: Path, statement: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    for name in ("x", "trusted.lock"):
        (folder / name).write_text("x")
    record = seen(folder, statement, EDNAG_LOCK="../here/trusted.lock")
    assert record.undeclared_reads == ()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with an installed package and an archive with a module."""
    folder = tmp_path / "library"
    for name in ("foreign/__init__.py", "foreign/data.txt", "foreign-1.0.dist-info/METADATA"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        archive.writestr("packed.py", "")
    return folder


def test_what_python_finds_by_its_search_path_is_environment(tmp_path: Path, library: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    search_path = os.pathsep.join((str(library), "../library/packed.zip"))
    statement = (
        "import foreign, packed, importlib.metadata as m\n"
        "m.version('foreign'); pathlib.Path(foreign.__file__).with_name('data.txt').read_text()"
    )
    record = seen(here, statement, PYTHONPATH=search_path)
    assert record.undeclared_reads == ()
    assert record.code.path[str(library)] == ["foreign"]
    assert record.code.path[str(library / "packed.zip")] == ["packed"]
    # What is not of an imported package is a read like any other.
    statement = "pathlib.Path('../library/foreign/data.txt').read_text()"
    reads = seen(here, statement, PYTHONPATH=search_path).undeclared_reads
    assert list(reads) == [str(library / "foreign" / "data.txt")]


@pytest.mark.parametrize("search_path", ["", ".", "{}", "src", "{}/.."])
@pytest.mark.parametrize(
    "name", ["mine.csv", "results/x.parquet", "src/own/data.csv", "results/x.py", "figures/x.so"]
)
def test_data_of_the_study_are_reads_though_python_looks_there(
    tmp_path: Path, search_path: str, name: str
) -> None:
    folder = tmp_path / "here"
    for file in ("src/own/__init__.py", "__init__.py", name):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")
    statement = (
        f"sys.path.append('src')\nimport own\n"
        f"try:\n    import here\nexcept ImportError:\n    pass\nopen({name!r})"
    )
    record = seen(folder, statement, PYTHONPATH=search_path.format(folder))
    assert list(record.undeclared_reads) == [name]
    assert "own" in record.code.path["src"]


def test_a_record_names_where_the_package_came_from(built: Tree) -> None:
    searched = dict(built.record(TABLE).code.path)
    assert searched.pop("project:src") == ["ednag"]
    assert not any(searched.values())


def test_modules_from_elsewhere_are_noted_and_no_fault(tree: Tree, library: Path) -> None:
    name = f"{EVIDENCE}.csv"
    command = tree.record(name).command[1:]
    both = os.pathsep.join((str(tree.project / "src"), str(library)))
    (library / "sitecustomize.py").write_text("import foreign")
    done = tree.call("--record", record_of(name), *command, PYTHONPATH=both)
    assert done.returncode == 0, done.stderr
    audit = tree.audit()
    assert not audit.faults
    (note,) = audit.notes
    assert note.kind == "modules from elsewhere"
    assert "foreign, sitecustomize" in note.explanation


def test_connections_are_seen(tmp_path: Path) -> None:
    statement = "socket.socket().connect_ex(('127.0.0.1', 9))"
    assert seen(tmp_path, statement).connections == ("127.0.0.1",)


# --- what Python's audit hooks cannot see ---------------------------------------------------------


def opened_for_reading(log: str, folder: Path) -> set[Path]:
    """Files that a log of strace says were opened for reading, from `folder`."""
    calls = re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)", ([A-Z_|]+).*?\) = (\S+)', log)
    return {
        Path(os.path.normpath(folder / path))
        for path, flags, result in calls
        if result.isdigit() and "O_DIRECTORY" not in flags and "O_WRONLY" not in flags
    }


def traced(folder: Path, environment: dict[str, str], options: Sequence[str]) -> set[Path]:
    """Files that a call of `ednag` opens for reading, but for installation and system."""
    with tempfile.NamedTemporaryFile("r") as log:
        watch = [STRACE, "-f", "-qq", "-s", "4096", "-e", "trace=open,openat", "-o", log.name]
        subprocess.run(
            [*watch, sys.executable, "-m", "ednag", *options],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
        )
        opened = opened_for_reading(log.read(), folder)
    return {path for path in opened if path.is_file() and not is_environment(path)}


@pytest.mark.skipif(not Path(STRACE).exists(), reason="needs strace")
@pytest.mark.parametrize(
    "output", [TABLE, f"{SUMMARY}.parquet", f"{EVIDENCE}.csv", f"{FIGURE}.csv"]
)
def test_a_job_opens_nothing_but_its_inputs(tree: Tree, output: str) -> None:
    """Libraries in C read files that Python's audit hooks do not see; strace sees them."""
    record = tree.record(output)
    opened = traced(tree.root, tree.environment(), record.command[1:])
    own = {tree.project / "sources.yaml", *tree.package.rglob("*")}
    # The output is there, and records say whether this call may replace it.
    records = set((tree / "results" / "provenance").rglob("*.json"))
    written = {tree / file.path for file in record.outputs}
    assert opened - own - written - records == {tree / file.path for file in record.inputs}


@pytest.mark.skipif(not Path(STRACE).exists(), reason="needs strace")
@pytest.mark.parametrize("method", ["ednag", "random"])
def test_a_run_opens_nothing_but_its_table(built: Tree, tmp_path: Path, method: str) -> None:
    few = '{"num_step": 5, "population_num": 10}' if method == "ednag" else "{}"
    command = ["run", "--table", TABLE, "--method", method, "--seeds", "0", "--budget", "20"]
    command += ["--hyperparameters", few, "--output", str(tmp_path / "run.parquet")]
    # The package as installed, whose compiled code is kept.
    opened = traced(built.root, {**built.environment(), "PYTHONPATH": ""}, command)
    assert opened - {tmp_path / "run.parquet"} == {built / TABLE}


def is_environment(path: Path) -> bool:
    """Whether a file is of the package, the installation, the system or a library's own cache."""
    folders = [Path(ednag.__file__).parent, sys.prefix, sys.base_prefix]
    folders += [Path.home() / ".cache", Path.home() / ".config"]
    folders += ["/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/var"]
    resolved = path.resolve()
    return any(resolved.is_relative_to(Path(folder).resolve()) for folder in folders)


def test_a_record_in_json_has_no_surprises(built: Tree) -> None:
    body = json.loads((built / record_of(TABLE)).read_text())
    assert next(iter(body)) == "format"
    assert list(body)[-1] == "seal"

"""A search space and tables of the user's in a study: planned, built, audited, made again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks

from .conftest import EDNAG, Workflow

EXAMPLE = DOCS / "example-package"
STUDY = {
    "own_spaces": {"chain": "chain:Chain"},
    "own_tables": {
        "chain": {"mine": "my_chains:TABLE"},
        "nasbench201": {"my-dataset": "my_cells:TABLE"},
    },
    "benchmarks": {"chain": ["mine"], "nasbench201": ["my-dataset"]},
    "methods": [EDNAG, "random"],
    "budget": 20,
}
#: Cells of NAS-Bench-201 whose nodes have one operation each.
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NAMES = ["--benchmarks", "code/study.yaml"]


def write_code(folder: Path) -> None:
    """The examples of two guides, and what was measured."""
    folder.mkdir()
    space, chains, *_ = blocks(DOCS / "own-search-space.md", "python")
    (cells, *_) = blocks(DOCS / "own-dataset.md", "python")
    for name, text in {"chain": space, "my_chains": chains, "my_cells": cells}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    measured = (EXAMPLE / "chains" / "my-chains.csv").read_text(encoding="utf-8")
    (folder / "my-chains.csv").write_text(measured, encoding="utf-8")
    keys = [
        f"|{a}~0|+|{b}~0|{a}~1|+|{c}~0|{b}~1|{c}~2|"
        for a in OPERATIONS
        for b in OPERATIONS
        for c in OPERATIONS
    ]
    rows = [f"{key},{50 + place / 3}" for place, key in enumerate(keys)]
    (folder / "my-cells.csv").write_text("\n".join(["key,test_accuracy", *rows, ""]))


def enter(folder: Path, *names: str) -> None:
    """Enter files of the user's into own-sources.yaml, as the guides say."""
    for name in names:
        command = [sys.executable, "-m", "ednag", "sources", "add", name, "--path", f"{name}.csv"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflow]:
    """A study with own benchmarks, run once; its code is in another folder than its results."""
    folder = tmp_path_factory.mktemp("own")
    workflow = Workflow(folder, study="code/study.yaml")
    write_code(folder / "code")
    enter(folder / "code", "my-chains", "my-cells")
    workflow.configure(**STUDY)
    ran = workflow.run()
    assert ran.returncode == 0, ran.stdout
    yield workflow


#: Where the files lie that depend on own benchmarks.
MADE = ("results/tables/", "results/runs/", "resources/")


def audit(workflow: Workflow) -> "subprocess.CompletedProcess[str]":
    return workflow.ednag("audit", environment={"EDNAG_CODE": str(workflow.folder / "code")})


@pytest.mark.workflow
def test_tables_runs_and_evidence_are_made_and_sound(done: Workflow) -> None:
    for space, dataset in (("chain", "mine"), ("nasbench201", "my-dataset")):
        assert (done.folder / f"results/tables/{space}/{dataset}.parquet").is_file()
        assert (
            "My dataset" in (done.folder / f"results/evidence/{space}-equal-budget.md").read_text()
        )
    record = done.folder / "results/provenance/tables/chain/mine.parquet.json"
    content = json.loads(record.read_text())
    assert {"chain", "my_chains"} <= set(content["code"]["modules"])
    assert "my_cells" not in content["code"]["modules"]
    assert content["undeclared_reads"] == []
    fetched = done.folder / "results/provenance/resources/my-chains/my-chains.csv.json"
    assert json.loads(fetched.read_text())["undeclared_reads"] == []
    sound = audit(done)
    assert sound.returncode == 0, sound.stdout
    assert "modules from elsewhere" not in sound.stdout
    assert "resources/my-chains/my-chains.csv  (registry)" in sound.stdout


@pytest.mark.workflow
def test_an_edit_makes_again_what_depends_on_it(done: Workflow) -> None:
    module = done.folder / "code/my_chains.py"
    kept = module.read_text()
    try:
        module.write_text(f"{kept}\n# An edit.\n")
        told = audit(done)
        assert told.returncode == 1
        assert "code that has changed since: my_chains" in told.stdout
        again = done.planned(*MADE)
        assert "results/tables/chain/mine.parquet" in again
        assert not [path for path in again if "nasbench201" in path or path.startswith("resources")]
    finally:
        module.write_text(kept)
    assert done.planned(*MADE) == set()


@pytest.mark.workflow
def test_a_changed_file_is_refused_until_it_is_entered_and_then_read_again(done: Workflow) -> None:
    code = done.folder / "code"
    kept = {name: (code / name).read_text() for name in ("my-chains.csv", "own-sources.yaml")}
    try:
        (code / "my-chains.csv").write_text(kept["my-chains.csv"].replace(",92\n", ",93\n"))
        told = done.run("--dry-run")
        (line,) = [line for line in told.stdout.splitlines() if line.startswith("configuration: ")]
        assert f"my-chains: {code} has no my-chains.csv with the sha256 in own-sources" in line
        _, _, command = line.partition("enter the file that is there: ")
        assert told.returncode != 0 and command == (
            f"cd {code} && ednag sources add my-chains --path my-chains.csv"
        )
        enter(code, "my-chains")
        assert (code / "own-sources.yaml").read_text().count("my-chains:") == 1
        again = done.planned(*MADE)
        assert "resources/my-chains/my-chains.csv" in again
        assert "results/tables/chain/mine.parquet" in again
        assert not [path for path in again if "nasbench201" in path or "my-cells" in path]
    finally:
        for name, text in kept.items():
            (code / name).write_text(text)
    assert done.planned(*MADE) == set()


@pytest.mark.workflow
def test_commands_by_hand_know_the_study(done: Workflow) -> None:
    place = ["--space", "chain", "--dataset", "mine", "--output", "by-hand.parquet"]
    unknown = done.ednag("tables", "build", *place)
    assert unknown.returncode == 1 and "ednag --benchmarks STUDY" in unknown.stdout
    built = done.ednag(*NAMES, "tables", "build", *place)
    assert built.returncode == 0, built.stdout
    made = done.folder / "results/tables/chain/mine.parquet"
    assert (done.folder / "by-hand.parquet").read_bytes() == made.read_bytes()
    for command in (
        ["config", "check", "code/study.yaml"],
        ["estimate", "code/study.yaml"],
        ["sources", "fetch", "--study", "code/study.yaml"],
        ["doctor", "code/study.yaml"],
    ):
        told = done.ednag(*command)
        assert told.returncode == 0, told.stdout


WRONG = {
    "chain = Chain()\n": ("chain:chains", "has no 'chains'; did you mean 'chain'?"),
    "Number = int\n": ("chain:Number", "of the class type, not ednag.spaces.interface.SearchSpace"),
    "class Half(SearchSpace):\n    name = 'chain'\n    shape = (1, 1)\n": (
        "chain:Half",
        "chain:Half cannot be made: TypeError: Can't instantiate abstract class Half",
    ),
    "class Other(Chain):\n    name = 'other'\n": (
        "chain:Other",
        "has the name 'other', not",
    ),
    "class Empty(Chain):\n    size = 0\n": (
        "chain:Empty",
        "`size` and `raw_size` are not",
    ),
    "class Small(Chain):\n    shape = (4, 2)\n": (
        "chain:Chain",
        "search space chain: its reading does not fit its shape (4, 2): ",
    ),
    "": ("no_such:Chain", "there is no module 'no_such' in "),
}


def refusal(workflow: Workflow, **changes: object) -> str:
    """The one line that refuses a study."""
    workflow.configure(**{**STUDY, **changes})
    told = workflow.ednag("config", "check", workflow.study)
    (line,) = told.stdout.splitlines()
    place = f"ednag: {workflow.study}: "
    assert told.returncode == 1 and line.startswith(place)
    return line.removeprefix(place)


@pytest.mark.workflow
@pytest.mark.parametrize("added", WRONG)
def test_what_is_no_space_is_refused_in_one_line(added: str, tmp_path: Path) -> None:
    reference, message = WRONG[added]
    write_code(tmp_path / "code")
    with (tmp_path / "code/chain.py").open("a", encoding="utf-8") as stream:
        stream.write(f"\n\n{added}")
    line = refusal(Workflow(tmp_path, study="code/study.yaml"), own_spaces={"chain": reference})
    assert line.startswith("own_spaces.chain: ") and message in line, line


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"chain": {"mine": "my_chains:TABEL"}}, "has no 'TABEL'; did you mean 'TABLE'?"),
        ({"chain": {"mine": "my_chains:read"}}, "is of the class function, not ednag.tables."),
        ({"chain": {"other": "my_chains:TABLE"}}, "is the table chain/mine, not chain/other"),
        ({"chian": {"mine": "my_chains:TABLE"}}, "unknown search space 'chian'; did you mean 'ch"),
        ({"nasbench201": {"cifar10": "my_cells:TABLE"}}, "cifar10: is another table; give this"),
        ({}, "benchmarks.chain[0]: unknown dataset 'mine'"),
        ({"chain": {"mine": "no_paper:TABLE"}}, "has protocols without one called paper"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    tables: dict[str, dict[str, str]], message: str, tmp_path: Path
) -> None:
    write_code(tmp_path / "code")
    text = (tmp_path / "code/my_chains.py").read_text().replace('"paper": ', '"papre": ')
    (tmp_path / "code/no_paper.py").write_text(text)
    workflow = Workflow(tmp_path, study="code/study.yaml")
    assert message in refusal(workflow, own_tables=tables)


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("module", "old", "new", "message"),
    [
        (
            "my_chains.py",
            "    return read_csv(",
            "    return len(",
            "TypeError: len() takes",
        ),
        (
            "my_chains.py",
            "    return read_csv(",
            "    return None and read_csv(",
            "class NoneType, not a pandas",
        ),
        ("chain.py", '        return "-".join(', "        return 1 / 0 or (", "ZeroDivisionError"),
    ],
)
def test_code_that_raises_is_one_line_of_its_job(
    module: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    write_code(tmp_path / "code")
    enter(tmp_path / "code", "my-chains", "my-cells")
    workflow = Workflow(tmp_path, study="code/study.yaml")
    workflow.configure(**STUDY)
    path = tmp_path / "code" / module
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    place = ["--space", "chain", "--dataset", "mine", "--output", "chains.parquet"]
    (line,) = [
        line
        for line in workflow.ednag(*NAMES, "tables", "build", *place).stdout.splitlines()
        if not line.startswith("source ")
    ]
    assert message in line and Path(module).stem in line and "correct it" in line, line
    assert not (tmp_path / "chains.parquet").exists()


@pytest.mark.workflow
def test_an_installed_package_brings_space_table_and_file_by_name(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", f"--target={site}", str(EXAMPLE)],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    workflow = Workflow(tmp_path)
    plain = {"benchmarks": {"chain": ["mine"]}, "methods": ["random", "greedy-mutation"]}
    workflow.configure(**plain)
    missing = workflow.run("--dry-run")
    assert missing.returncode != 0 and "unknown search space 'chain'" in missing.stdout
    ran = workflow.run(environment={"PYTHONPATH": str(site)})
    assert ran.returncode == 0, ran.stdout
    table = (tmp_path / "results/evidence/chain-equal-budget.csv").read_text()
    assert "greedy-mutation" in table
    record = tmp_path / "results/provenance/tables/chain/mine.parquet.json"
    modules = json.loads(record.read_text())["code"]["modules"]
    assert {"chains.chain", "chains.my_chains"} <= set(modules)


def test_the_example_package_has_the_files_of_the_guide() -> None:
    space, table, *_ = blocks(DOCS / "own-search-space.md", "python")
    assert (EXAMPLE / "chains/chain.py").read_text(encoding="utf-8") == space
    assert (EXAMPLE / "chains/my_chains.py").read_text(encoding="utf-8") == table

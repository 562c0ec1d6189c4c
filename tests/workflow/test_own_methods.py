"""A method of the user's in a study: planned, run, recorded, audited, and run again when edited."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.docs.pages import DOCS, blocks

from .conftest import Workflow

PLACE = "nasbench201/cifar10-analog"
EXAMPLE = DOCS / "example-package"
STUDY = {
    "methods": [
        "random",
        {"id": "greedy-mutation", "of": "greedy_mutation:METHOD"},
        {"id": "breaks", "of": "breaks:METHOD"},
        {"id": "returns-nothing", "of": "breaks:NOTHING"},
    ]
}
BREAKS = """
from ednag.methods.interface import Method, NoHyperparameters
from helper import score_and_raise

METHOD = Method("breaks", "Breaks", "raises", NoHyperparameters, score_and_raise)
NOTHING = Method("nothing", "Nothing", "returns None", NoHyperparameters, lambda *given: None)
"""
HELPER = """
from ednag.methods.budget import Spender


def score_and_raise(objective, seed, budget, settings):
    spender = Spender(objective, budget, seed)
    while not spender.spent:
        spender.score(spender.sample_unseen())
        if seed == 1:
            raise RuntimeError("as it should")
    return spender.outcome([spender.best])
"""


def runs(method: str) -> set[str]:
    return {f"results/runs/{PLACE}/paper/{method}/seeds-{n}-{n}.parquet" for n in range(2)}


def write_code(folder: Path) -> None:
    """The example of the guide, and a method that breaks the rules."""
    (method, *_) = blocks(DOCS / "own-method.md", "python")
    (folder / "greedy_mutation.py").write_text(method, encoding="utf-8")
    (folder / "breaks.py").write_text(BREAKS, encoding="utf-8")
    (folder / "helper.py").write_text(HELPER, encoding="utf-8")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflow]:
    """A study whose methods lie beside its file, run once; results are in another folder."""
    folder = tmp_path_factory.mktemp("own")
    workflow = Workflow(folder, study="code/study.yaml")
    (folder / "code").mkdir()
    write_code(folder / "code")
    workflow.configure(**STUDY)
    ran = workflow.run()
    assert ran.returncode == 0, ran.stdout
    yield workflow


def audit(workflow: Workflow) -> "subprocess.CompletedProcess[str]":
    return workflow.ednag("audit", environment={"EDNAG_CODE": str(workflow.folder / "code")})


@pytest.mark.workflow
def test_the_study_goes_on_and_says_which_seed_failed(done: Workflow) -> None:
    table = pd.read_csv(done.folder / "results/evidence/nasbench201.csv").set_index("method")
    assert table["not_completed"].to_dict() == {
        "random": 0, "greedy-mutation": 0, "breaks": 1, "returns-nothing": 2
    }  # fmt: skip
    summary = pd.read_parquet(done.folder / f"results/summaries/{PLACE}.parquet")
    failed = summary[summary["status"] == "failed"].set_index(["method", "seed"])["detail"]
    assert failed["breaks", 1] == "RuntimeError: as it should (helper.py, line 10)"
    assert failed["returns-nothing", 0] == "returns a value of the class NoneType, not an Outcome"
    assert summary.set_index(["method", "seed"]).loc[("breaks", 1), "distinct"] == 1
    log = done.folder / f"logs/runs/{PLACE}/paper/breaks/seeds-1-1.log"
    assert "seed 1: failed: RuntimeError: as it should" in log.read_text()


@pytest.mark.workflow
def test_records_and_audit_know_the_files(done: Workflow) -> None:
    record = done.folder / f"results/provenance/runs/{PLACE}/paper/breaks/seeds-0-0.parquet.json"
    modules = json.loads(record.read_text())["code"]["modules"]
    assert {"breaks", "helper"} <= set(modules) and "greedy_mutation" not in modules
    sound = audit(done)
    assert sound.returncode == 0, sound.stdout
    assert "modules from elsewhere" not in sound.stdout
    helper = done.folder / "code/helper.py"
    kept = helper.read_text()
    try:
        helper.write_text(f"{kept}\n# An edit.\n")
        told = audit(done)
        assert told.returncode == 1
        assert "code that has changed since: helper" in told.stdout
        assert done.planned("results/runs/") == runs("breaks") | runs("returns-nothing")
    finally:
        helper.write_text(kept)
    assert done.planned("results/runs/") == set()


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("no_such:METHOD", "methods[0]: there is no module 'no_such' in "),
        ("greedy_mutation:METHID", "has no 'METHID'; did you mean 'METHOD'?"),
        ("greedy_mutation:Hyperparameters", "not ednag.methods.interface.Method"),
        ("greedy_mutation:", "no module:attribute"),
        ("wrong_import:METHOD", "wrong_import imports 'no_such_package', which is not here"),
        ("wrong_syntax:METHOD", "SyntaxError: invalid syntax (wrong_syntax.py, line 1)"),
        ("wrong_fields:METHOD", "search must be a function and hyperparameters a class"),
    ],
)
def test_a_method_that_cannot_be_had_is_refused_in_one_line(
    of: str, message: str, tmp_path: Path
) -> None:
    write_code(tmp_path)
    (tmp_path / "wrong_import.py").write_text("import no_such_package\n")
    (tmp_path / "wrong_syntax.py").write_text("METHOD =\n")
    (tmp_path / "wrong_fields.py").write_text(
        "from ednag.methods.interface import Method\nMETHOD = Method('a', 'A', 'a', None, None)\n"
    )
    workflow = Workflow(tmp_path)
    workflow.configure(methods=[{"id": "own", "of": of}])
    told = workflow.run("--dry-run")
    assert told.returncode != 0
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("configuration: ")]
    assert message in line
    assert "Traceback" not in told.stdout and "Building DAG" not in told.stdout
    assert "pip install no_such_package" in line or "wrong_import" not in of


@pytest.mark.workflow
def test_an_installed_package_brings_its_method_by_name(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", f"--target={site}", str(EXAMPLE)],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    workflow = Workflow(tmp_path)
    workflow.configure(methods=["random", {"id": "greedy-mutation", "seeds": "0"}])
    missing = workflow.run("--dry-run")
    assert missing.returncode != 0 and "greedy-mutation" in missing.stdout
    environment = {"PYTHONPATH": str(site)}
    file = f"results/runs/{PLACE}/paper/greedy-mutation/seeds-0-0.parquet"
    ran = workflow.run(file, environment=environment)
    assert ran.returncode == 0, ran.stdout
    record = tmp_path / f"results/provenance/runs/{PLACE}/paper/greedy-mutation/seeds-0-0"
    text = record.with_name(f"{record.name}.parquet.json").read_text()
    assert '"greedy_mutation"' in text


def test_the_example_package_is_the_method_of_the_guide() -> None:
    (method, *_) = blocks(DOCS / "own-method.md", "python")
    assert (EXAMPLE / "greedy_mutation.py").read_text(encoding="utf-8") == method

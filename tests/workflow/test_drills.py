"""The changes that CONTRIBUTING.md lists with their places, made in a copy of the project."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.copies import add_line, copy_of_the_tree, shell

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
benchmarks: {nasbench201: [cifar10-analog]}
ranker: {seeds: []}
seeds: 0-1
methods: [ednag, random]
"""

#: Code that makes the study's plan.
PLAN = """
from pathlib import Path
from types import SimpleNamespace
from ednag.study.configuration import load_study
from ednag.study.plan import Plan
plan = Plan(load_study(Path("study.yaml")), lambda source: True, str, Path("published"))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project with a small study."""
    folder = tmp_path / "project"
    folder.mkdir()
    copy_of_the_tree(folder, without=("tests/", "docs/"))
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    yield folder


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that stands once in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def python(folder: Path, code: str) -> str:
    """What Python prints with the copy's package."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def planned(folder: Path) -> str:
    """What the workflow would do for the study."""
    done = shell("snakemake --dry-run --configfile study.yaml --cores 1", folder)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_method_is_a_file_and_a_line(copy: Path) -> None:
    methods = copy / "src/ednag/methods"
    text = (methods / "random_search.py").read_text(encoding="utf-8")
    text = text.replace('"random"', '"added"').replace('"Random search"', '"Added"')
    (methods / "added.py").write_text(text, encoding="utf-8")
    add_line(methods / "__init__.py", "METHODS", '    "added": "ednag.methods.added:METHOD",\n')
    (copy / "study.yaml").write_text(STUDY.replace("[ednag,", "[ednag, added,"), encoding="utf-8")
    assert "results/runs/nasbench201/cifar10-analog/paper/added/seeds-0-1.parquet" in planned(copy)


def test_a_column_of_the_main_table_is_a_line(copy: Path) -> None:
    tables = copy / "src/ednag/evidence/tables.py"
    line = '            "total_evaluations": float(group["total"].mean()),\n'
    replace(tables, line, f'{line}            "most_evaluations": int(group["total"].max()),\n')
    code = """
import numpy as np, pandas as pd
from ednag.evidence.tables import own_end_table
from ednag.study.statistics import Statistics
runs = pd.DataFrame({"seed": [0, 1], "outcome": [93.0, 94.0], "total": [5, 7]}).assign(
    space="nasbench201", dataset="cifar10-analog", protocol="paper", method="random",
    optimum=94.0, saw_optimum=False, distinct_to_optimum=np.nan, lookups_to_optimum=np.nan,
    outcome_drawn=np.nan, distinct=3, status="completed")
print(own_end_table(runs, Statistics(resamples=100))["most_evaluations"].tolist())
"""
    assert python(copy, code) == "[7]\n"


def test_a_figure_is_a_function_a_declaration_and_a_caption(copy: Path) -> None:
    figures, study = copy / "src/ednag/evidence/figures", copy / "src/ednag/study"
    (figures / "added.py").write_bytes((figures / "outcomes.py").read_bytes())
    with (study / "artefacts.yaml").open("a", encoding="utf-8") as declarations:
        declarations.write(
            'added: {stage: figures, stem: "{space}/{dataset}/{protocol}/added", kind: figure,\n'
            '  job: dataset_figures, where: drawn, title: Added, group: "{space} {dataset}"}\n'
        )
    refused = shell("snakemake --dry-run --configfile study.yaml --cores 1", copy)
    assert refused.returncode != 0
    assert "artefact added has no caption; write " in refused.stdout
    (study / "captions/added.rst").write_text("What is added.\n", encoding="utf-8")
    assert "figures/nasbench201/cifar10-analog/paper/added.png" in planned(copy)
    code = """
from ednag.evidence.figures import drawing_of
figure = "figures/nasbench201/cifar10-analog/paper/added.csv"
print(drawing_of("added").__module__, figure in plan.audited(), figure in plan.shown())
"""
    assert python(copy, PLAN + code) == "ednag.evidence.figures.added True True\n"


def test_a_key_of_the_configuration_is_a_field_and_its_use(copy: Path) -> None:
    study = copy / "src/ednag/study"
    field = "    budget: int = Field(\n"
    new = '    patience: int = Field(3, ge=1, description="How often a job is tried.")\n'
    replace(study / "configuration.py", field, new + field)
    use = "        return attempt * (_MINUTES + int("
    replace(study / "plan.py", use, use.replace("attempt", "attempt * self.study.patience"))
    (copy / "study.yaml").write_text(f"{STUDY}patience: 7\n", encoding="utf-8")
    code = "print(plan.run_minutes(SimpleNamespace(space='nasbench201', first=0, last=1), 1))"
    assert python(copy, PLAN + code) == "210\n"
    (copy / "study.yaml").write_text(f"{STUDY}patiense: 7\n", encoding="utf-8")
    refused = shell("snakemake --dry-run --configfile study.yaml --cores 1", copy)
    assert "unknown key 'patiense'; did you mean 'patience'?" in refused.stdout


def test_a_stage_is_renamed_in_its_declaration(copy: Path) -> None:
    stages = copy / "src/ednag/stages.py"
    replace(
        stages, 'Stage("summaries", "results/summaries")', 'Stage("digests", "results/digests")'
    )
    artefacts = copy / "src/ednag/study/artefacts.yaml"
    text = artefacts.read_text(encoding="utf-8")
    artefacts.write_text(text.replace("stage: summaries", "stage: digests"), encoding="utf-8")
    text = planned(copy)
    assert "results/digests/nasbench201/cifar10-analog.parquet" in text
    assert "results/summaries" not in text
    code = """
from ednag.provenance.stages import stage_of, stage_rank
name = stage_of("results/digests/nasbench201/cifar10-analog.parquet")
print(name, stage_rank("runs") < stage_rank(name) < stage_rank("evidence"))
"""
    assert python(copy, code) == "digests True\n"

"""Which jobs a change makes Snakemake want to run: exactly those whose result can differ.

A copy of the project is changed, as a user would change it; the study is small, the workflow real.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from ednag import fork_server
from ednag.code import modules_of
from ednag.provenance.records import read_record
from ednag.study.configuration import read_study
from ednag.study.digests import registered
from ednag.study.published import benchmarks_printed
from tests.copies import add_line, copy_of_the_tree, with_variables

from .conftest import EDNAG, TINY

METHODS = ("ednag", "random")
STUDY = {**TINY, "seeds": "0", "block": 1}

PLACE = "nasbench201/cifar10-analog"
SOURCE = "resources/analog-nasbench/analognasbench-data.anb"
TABLE = {f"results/tables/{PLACE}.parquet"}
SUMMARY = {f"results/summaries/{PLACE}{kind}.parquet" for kind in ("", ".anytime", ".steps")}
EVIDENCE = {
    f"results/evidence/nasbench201{kind}.{suffix}"
    for kind in ("", "-equal-budget", "-comparison")
    for suffix in ("csv", "md", "tex")
} | {"results/numbers.json", "results/numbers.tex"}


def figure(name: str) -> set[str]:
    """The files of a figure of the dataset."""
    return {f"figures/{PLACE}/paper/{name}.{suffix}" for suffix in ("csv", "pdf", "png")}


FIGURES = {
    file for name in ("convergence", "denoising", "anytime", "outcomes") for file in figure(name)
}
ILLUSTRATION = {f"figures/illustration.{suffix}" for suffix in ("csv", "pdf", "png")}
PUBLISHED = {
    f"results/evidence/published-{table}.{suffix}"
    for table in (
        "nasbench201", "nasbench101-301", "transnas-micro", "transnas-macro", "mobilenetv3",
        "generated-quality", "validity", "mapping-ablation", "cost", "predictor",
    )
    for suffix in ("csv", "md", "tex")
}  # fmt: skip
PAGES = {"results/verdicts.md", "results/verdicts.json", "results/findings.md"}
CLAIMS = PUBLISHED | PAGES
STUDY_FILE = {"results/study.json"}
AUDIT = {"results/audit.json", "results/audit.md", "results/report"}


def runs(method: str, seed: int = 0) -> set[str]:
    """The run file of a seed."""
    return {f"results/runs/{PLACE}/paper/{method}/seeds-{seed}-{seed}.parquet"}


#: What follows from runs.
AFTER_RUNS = SUMMARY | EVIDENCE | FIGURES | CLAIMS
EVERY_RUN = {path for method in METHODS for path in runs(method)}
EVERYTHING = TABLE | EVERY_RUN | AFTER_RUNS | ILLUSTRATION


@dataclass
class Project:
    """A copy of the project in which the small study runs."""

    folder: Path
    study: dict[str, object] = field(default_factory=lambda: dict(STUDY))

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Snakemake on the study, in the copy, with the copy's package."""
        (self.folder / "study.yaml").write_text(yaml.safe_dump(self.study))
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "-d", ".", "--configfile"]
        return subprocess.run(
            [*command, "study.yaml", *arguments],
            cwd=self.folder,
            env=with_variables({"PYTHONPATH": str(self.folder / "src")}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def wanted(self) -> set[str]:
        """Outputs, but for run records, of the jobs that Snakemake wants to run."""
        told = self.snakemake("--dry-run", "--quiet", "--detailed-summary")
        assert told.returncode == 0, told.stdout
        rows = [line.split("\t") for line in told.stdout.splitlines() if "\t" in line]
        plan = rows[0].index("plan")
        changed = {row[0] for row in rows[1:] if row[plan] != "no update"}
        return {path for path in changed if not path.startswith("results/provenance/")}

    def edit(self, path: str) -> None:
        """Append a comment: other bytes, same behaviour."""
        with (self.folder / path).open("a", encoding="utf-8") as stream:
            stream.write("\n# An edit.\n")

    def edit_module(self, name: str) -> None:
        """Edit a module of the package."""
        self.edit(f"src/ednag/{name}.py")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project after its first run."""
    folder = tmp_path_factory.mktemp("project")
    copy_of_the_tree(folder, without=("tests/", "docs/"))
    project = Project(folder)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    assert project.wanted() == set()
    return folder


@pytest.fixture
def project(built: Path) -> Iterator[Project]:
    """The copy; what a test changes is put back."""
    kept = built.with_name("kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(built, kept, symlinks=True)
    yield Project(built)
    shutil.rmtree(built)
    kept.rename(built)


def configure(**changes: object) -> Callable[[Project], None]:
    """A change of the configuration."""
    return lambda project: project.study.update(changes)


def module(name: str) -> Callable[[Project], None]:
    """An edit of a module."""
    return lambda project: project.edit_module(name)


def file(path: str) -> Callable[[Project], None]:
    """An edit of a file of the project."""
    return lambda project: project.edit(path)


def register(registry: str, name: str, line: str) -> Callable[[Project], None]:
    """A line more, last in a registry: its module is a copy of random search."""

    def make(project: Project) -> None:
        package = project.folder / "src" / "ednag"
        copied = (package / "methods" / "random_search.py").read_text(encoding="utf-8")
        (package / registry / "added.py").write_text(copied, encoding="utf-8")
        add_line(package / registry / "__init__.py", name, line)

    return make


def add_a_table(project: Project) -> None:
    """A dataset more in the space of the study, with a module of its own."""
    tables = project.folder / "src/ednag/tables"
    copied = (tables / "analog_nasbench.py").read_text(encoding="utf-8")
    (tables / "added.py").write_text(copied, encoding="utf-8")
    registry = tables / "__init__.py"
    text, space = registry.read_text(encoding="utf-8"), 'TABLES = {\n    "nasbench201": {\n'
    assert text.count(space) == 1
    line = '        "added": "ednag.tables.added:TABLE",\n'
    registry.write_text(text.replace(space, space + line), encoding="utf-8")


def add_a_figure(project: Project) -> None:
    """A figure more: function, declaration, caption."""
    package = project.folder / "src/ednag"
    figures, study = package / "evidence/figures", package / "study"
    (figures / "added.py").write_bytes((figures / "outcomes.py").read_bytes())
    (study / "captions/added.rst").write_text("One more.\n", encoding="utf-8")
    with (study / "artefacts.yaml").open("a", encoding="utf-8") as declarations:
        declarations.write(
            'added: {stage: figures, stem: "{space}/{dataset}/{protocol}/added", kind: figure,\n'
            '  job: dataset_figures, where: drawn, title: Added, group: "{space} {dataset}"}\n'
        )


def touch(project: Project) -> None:
    """The time stamp of a module is now, its content as before."""
    (project.folder / "src/ednag/evidence/tables.py").touch()


def delete_a_run(project: Project) -> None:
    """An intermediate file is gone."""
    (project.folder / next(iter(runs("random")))).unlink()


def replace_the_source(project: Project) -> None:
    """Other bytes stand where the source's were."""
    path = project.folder / SOURCE
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"more")


def bring_results_along(project: Project) -> None:
    """A fresh clone has the results but nothing of what Snakemake noted."""
    shutil.rmtree(project.folder / ".snakemake")


def a_hyperparameter(project: Project) -> None:
    """EDNAG with one more denoising step."""
    other = {"num_step": 6, "population_num": 10}
    project.study["methods"] = [{**EDNAG, "hyperparameters": other}, "random"]


#: What is changed -> how, and what must run again.
CHANGES: dict[str, tuple[Callable[[Project], None], set[str]]] = {
    "touch of a module": (touch, set()),
    "caption": (file("src/ednag/study/captions/own_end.rst"), {"results/report"}),
    "documentation": (file("README.md"), set()),
    "fresh clone with results": (bring_results_along, set()),
    "method that is not in the study": (module("methods/local_search"), set()),
    "space that is not in the study": (module("spaces/transnas"), set()),
    "audit": (module("provenance/checks"), AUDIT),
    "run records": (module("provenance/recording"), AUDIT),
    "module of a figure": (module("evidence/figures/anytime"), FIGURES),
    "new figure of a dataset": (add_a_figure, FIGURES | figure("added") | STUDY_FILE),
    "style of figures": (file("src/ednag/evidence/ednag.mplstyle"), FIGURES | ILLUSTRATION),
    "table formatter": (module("evidence/tables"), EVIDENCE),
    "rules of verdicts": (module("evidence/verdicts"), PAGES),
    "line for a new method": (
        register("methods", "METHODS", '    "added": "ednag.methods.added:METHOD",\n'),
        set(),
    ),
    "line for a new table": (add_a_table, set()),
    "catalogue of methods": (file("src/ednag/methods/instances.yaml"), set()),
    "line for a new space": (
        register("spaces", "SPACES", '    "added": "ednag.spaces.added:SPACE",\n'),
        set(),
    ),
    "line for another attribute": (
        register("methods", "METHODS", '    "again": "ednag.methods.random_search:AGAIN",\n'),
        runs("random") | AFTER_RUNS | STUDY_FILE,
    ),
    "one method": (
        module("methods/random_search"),
        runs("random") | AFTER_RUNS | STUDY_FILE,
    ),
    "one space": (module("spaces/nasbench201"), (EVERYTHING - ILLUSTRATION) | STUDY_FILE),
    "search core": (
        module("search/objective"),
        EVERY_RUN | AFTER_RUNS | ILLUSTRATION | STUDY_FILE,
    ),
    "denoising step": (
        module("search/denoising"),
        runs("ednag") | AFTER_RUNS | ILLUSTRATION | STUDY_FILE,
    ),
    "one more seed": (
        configure(seeds="0-1"),
        {path for method in METHODS for path in runs(method, 1)} | AFTER_RUNS | STUDY_FILE,
    ),
    "one more method": (
        configure(methods=[EDNAG, "random", "local-search-first"]),
        runs("local-search-first") | AFTER_RUNS | STUDY_FILE,
    ),
    "one method less": (configure(methods=[EDNAG]), AFTER_RUNS | STUDY_FILE),
    "hyper-parameter": (a_hyperparameter, runs("ednag") | AFTER_RUNS | STUDY_FILE),
    "budget": (configure(budget=21), runs("random") | AFTER_RUNS | STUDY_FILE),
    "checkpoints": (
        configure(statistics={"checkpoints": [5, 15], "resamples": 100}),
        AFTER_RUNS | STUDY_FILE,
    ),
    "published numbers": (
        file("published/claims.yaml"),
        PAGES,
    ),
    "deleted intermediate": (delete_a_run, runs("random") | AFTER_RUNS),
    "replaced source": (replace_the_source, EVERYTHING - ILLUSTRATION),
    # Sources are pinned by their checksums: no code and no package can change them.
    "lock": (file("envs/requirements.lock"), EVERYTHING | STUDY_FILE),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_reruns_exactly_what_depends_on_it(project: Project, change: str) -> None:
    make, expected = CHANGES[change]
    make(project)
    wanted = project.wanted()
    # Whatever runs again is audited again, and shown again.
    expected = expected | AUDIT if expected else expected
    assert wanted == expected, (sorted(wanted - expected), sorted(expected - wanted))


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_nothing_runs_twice(project: Project, change: str) -> None:
    make, expected = CHANGES[change]
    make(project)
    done = project.snakemake()
    if change == "replaced source":
        assert done.returncode != 0
        assert "are expected" in (project.folder / f"logs/tables/{PLACE}.log").read_text()
        (project.folder / SOURCE).unlink()
        done = project.snakemake()
    assert done.returncode == 0, done.stdout
    assert ("Nothing to be done" in done.stdout) == (not expected), done.stdout
    assert "Nothing to be done" in project.snakemake().stdout


def test_a_job_imports_no_module_that_its_digest_leaves_out(built: Path) -> None:
    records = [read_record(path) for path in (built / "results/provenance").rglob("*.json")]
    study = read_study(STUDY)
    benchmark = [("nasbench201", "cifar10-analog")]
    everything = [*benchmarks_printed(built / "published"), *benchmark]
    known = {
        "run": lambda record: registered(
            study, benchmark, [record.parameters["method_name"]], spaces=True
        ),
        "tables build": lambda record: registered(study, benchmark, spaces=True),
        "summarise": lambda record: registered(study, benchmark, spaces=True),
        "tabulate": lambda record: registered(study, benchmark, METHODS),
        "plot dataset": lambda record: (
            *registered(study, benchmark, METHODS),
            *(f"ednag.evidence.figures.{name}" for name in record.parameters["figures"]),
        ),
        "plot illustration": lambda record: (),
        "numbers": lambda record: (),
    }
    checked = set()
    for record in records:
        words = " ".join(record.command[1:3])
        name = next((each for each in known if words.startswith(each)), words)
        if words.startswith(("sources", "audit", "chains", "report")):
            continue
        further = known.get(name, lambda record: registered(study, everything, METHODS))(record)
        left_out = set(record.code.modules) - modules_of(name, *further)
        assert not left_out, (name, sorted(left_out))
        checked.add(name)
    assert set(known) | {"claims published", "claims verdicts"} <= checked


@pytest.mark.parametrize("method", METHODS)
def test_a_search_imports_neither_pandas_nor_torch(
    built: Path, tmp_path: Path, method: str
) -> None:
    """Each takes longer to import than many a block of runs takes. No fork: the libraries of the
    fork server are in the records of its jobs."""
    (made,) = (built / f"results/provenance/runs/{PLACE}/paper/{method}").glob("*.json")
    command = list(read_record(made).command[1:])
    command[command.index("--output") + 1] = str(tmp_path / "run.parquet")
    record = tmp_path / "run.json"
    call = [sys.executable, "-m", "ednag", "--record", str(record), *command]
    alone = os.environ | {fork_server.VARIABLE: "no"}
    subprocess.run(call, cwd=built, env=alone, capture_output=True, check=True)
    assert not {"pandas", "torch"} & read_record(record).packages.keys()

"""A small study of real results with records, made once by the command line itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from filelock import FileLock

import ednag
from ednag.provenance.audit import Audit, audit
from ednag.provenance.records import Record, read_record, write_record
from ednag.provenance.setting import Setting
from ednag.sources.lock import load_lock
from ednag.sources.registry import load_registry

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "resources/analog-nasbench/analognasbench-data.anb"
TABLE = "results/tables/nasbench201/cifar10-analog.parquet"
RUNS = "results/runs/nasbench201/cifar10-analog/paper"
SUMMARY = "results/summaries/nasbench201/cifar10-analog"
EVIDENCE = "results/evidence/nasbench201"
PUBLISHED = "published/nasbench201.csv"
FIGURE = "figures/nasbench201/cifar10-analog/paper/convergence"
#: Two that need no compiled code: the project's copy of the package has none yet.
METHODS = ("local-search-best", "random")
BLOCKS = ("0-1", "2-3")
STATISTICS = '{"checkpoints": [5, 20], "resamples": 100}'
SUFFIXES = ("csv", "md", "tex")
COMPILED = shutil.ignore_patterns("__pycache__", "cache")


@dataclass(frozen=True)
class Tree:
    """A folder of results, the project they were made with, and a copy of its package."""

    root: Path
    project: Path

    @property
    def package(self) -> Path:
        return self.project / "src" / "ednag"

    def __truediv__(self, name: str) -> Path:
        """The file called `name`, of the results or of the project."""
        return (self.project if name.startswith(("published", "envs", "src")) else self.root) / name

    def setting(self) -> Setting:
        """What an audit holds it against."""
        return Setting(
            root=self.root,
            project=self.project,
            package=self.package,
            registry=load_registry(self.project / "sources.yaml"),
            trusted=load_lock(self.project / "sources.lock"),
        )

    def audit(self, *targets: str) -> Audit:
        return audit(self.setting(), [Path(target) for target in targets])

    def environment(self) -> dict[str, str]:
        """Of a process that works in the tree; downloads are looked for nowhere."""
        changes = {
            "EDNAG_PROJECT": str(self.project),
            "EDNAG_REGISTRY": str(self.project / "sources.yaml"),
            "EDNAG_CACHE": str(self.project / "cache"),
            "EDNAG_COMMIT": f"{'0' * 40} clean",
            "PYTHONPATH": str(self.project / "src"),
        }
        inherited = {name: value for name, value in os.environ.items() if name != "EDNAG_MIRROR"}
        return {**inherited, **changes}

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `ednag` in the tree."""
        return subprocess.run(
            [sys.executable, "-m", "ednag", *arguments],
            cwd=self.root,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def job(self, *arguments: str, output: str, **environment: str) -> None:
        """A recorded call that must succeed; its record is called after `output`."""
        done = self.call("--record", record_of(output), *arguments, **environment)
        assert done.returncode == 0, done.stderr

    def run(self, method: str, block: str, budget: int = 20) -> None:
        """A block of seeds; distinct evaluations per run."""
        output = run_file(method, block)
        self.job(
            *("run", "--table", TABLE, "--method", method, "--seeds", block),
            *("--budget", str(budget), "--threads", "2", "--output", output),
            output=output,
        )

    def record(self, name: str) -> Record:
        """The record of the job that made `name`."""
        return read_record(self.root / record_of(name), record_of(name))

    def forge(self, name: str, **changes: object) -> None:
        """Change the record of `name` and seal it again."""
        write_record(replace(self.record(name), **changes), self.root / record_of(name))


def record_of(output: str) -> str:
    """Where the record of a job stands, by its first output."""
    return f"results/provenance/{output.removeprefix('results/')}.json"


def run_file(method: str, block: str) -> str:
    return f"{RUNS}/{method}/seeds-{block}.parquet"


def build(tree: Tree) -> None:
    """Every stage once: a source, a table, four blocks of runs, summaries, evidence, a figure."""
    tree.job("sources", "fetch", "analog-nasbench", "--output", SOURCE, output=SOURCE)
    tree.job(
        *("tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"),
        *("--source", f"analog-nasbench={SOURCE}", "--output", TABLE),
        output=TABLE,
    )
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: tree.run(*each), blocks()))
    tree.job(
        *("summarise", *(run_file(*each) for each in blocks())),
        *("--table", TABLE, "--seeds", "0-3", "--statistics", STATISTICS),
        *("--output", f"{SUMMARY}.parquet", "--anytime", f"{SUMMARY}.anytime.parquet"),
        *("--steps", f"{SUMMARY}.steps.parquet"),
        output=f"{SUMMARY}.parquet",
    )
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: tree.job(*job[:-1], output=job[-1]), last_jobs(tree)))


def blocks() -> list[tuple[str, str]]:
    return [(method, block) for method in METHODS for block in BLOCKS]


def last_jobs(tree: Tree) -> list[tuple[str, ...]]:
    """The command lines of evidence and figures, each with its first output at the end."""
    jobs: list[tuple[str, ...]] = []
    statistics = ("--statistics", STATISTICS)
    for kind, suffix in (("own-end", ""), ("equal-budget", "-equal"), ("comparison", "-compared")):
        files = [f"{EVIDENCE}{suffix}.{each}" for each in SUFFIXES]
        command = ("tabulate", kind, f"{SUMMARY}.parquet", *statistics)
        jobs.append((*command, *(f"--output={file}" for file in files), files[0]))
    printed = [f"results/evidence/published.{each}" for each in SUFFIXES]
    jobs.append(
        (
            *("claims", "published", "nasbench201", "--printed", str(tree.project / PUBLISHED)),
            *("--summary", f"{SUMMARY}.parquet", *statistics),
            *(f"--output={file}" for file in printed),
            printed[0],
        )
    )
    curves = [f"--{kind}={SUMMARY}.{kind}.parquet" for kind in ("anytime", "steps")]
    folder = str(Path(FIGURE).parent)
    drawn = ("plot", "dataset", "convergence", f"--summary={SUMMARY}.parquet", *curves, *statistics)
    return [*jobs, (*drawn, "--folder", folder, f"{FIGURE}.csv")]


def copy_project(folder: Path) -> None:
    """What of the project an audit looks at."""
    package = Path(ednag.__file__).parent
    shutil.copytree(package, folder / "src" / "ednag", ignore=COMPILED)
    for name in ("sources.yaml", "published", "envs", "Snakefile", "rules", "LICENSE"):
        copy: Callable = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Tree:
    """The untouched study; to be copied, not changed. Workers of one test run share it."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    tree = Tree(shared / "provenance" / "study", shared / "provenance" / "project")
    with FileLock(shared / "provenance.lock"):
        if not (tree.root / f"{FIGURE}.csv").exists():
            copy_project(tree.project)
            tree.root.mkdir()
            build(tree)
    return tree


@pytest.fixture
def tree(built: Tree, tmp_path: Path) -> Iterator[Tree]:
    """A copy of the study that a test may spoil; removed at once, for there are many."""
    copied = Tree(tmp_path / "study", tmp_path / "project")
    shutil.copytree(built.root, copied.root)
    shutil.copytree(built.project, copied.project, ignore=COMPILED)
    yield copied
    shutil.rmtree(copied.root)
    shutil.rmtree(copied.project)

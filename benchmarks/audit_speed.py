"""How long an audit takes, and what a run record adds to the time of a job.

    python benchmarks/audit_speed.py [--repeats N]

The audit is of a made-up tree of the size of the full tabular study: 700 records, 2,000 files, 1 GB
of sources. It is timed as a command, untouched and with every run file changed, by the clock and in
seconds of the processors. A job is timed with and without `--record` in turns, in seconds of the
processor; the median of the ratios of neighbours counts. Prints one JSON object; exits 1 where an
audit takes more than 20 s, or where records add more than 5 % to a table, two blocks of 50 seeds,
their summary and a table of evidence.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import ednag
from ednag.provenance.recording import LOCK
from ednag.provenance.records import Code, File, Record, digest_of, write_record

LONGEST_AUDIT, LARGEST_SHARE = 20.0, 0.05
SOURCES, DATASETS, BLOCKS, FIGURES = 12, 28, 18, 20
SOURCE_BYTES, RUN_BYTES, SMALL_BYTES = 85_000_000, 300_000, 60_000
PROJECT = Path(__file__).resolve().parents[1]
EDNAG = [sys.executable, "-m", "ednag"]


class Study:
    """A made-up tree of results under `root`, with a registry of its sources."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, File] = {}
        package = Path(ednag.__file__).parent
        modules = {
            ".".join(("ednag", *path.relative_to(package).with_suffix("").parts)): path
            for path in package.rglob("*.py")
            if path.name != "__init__.py" and "provenance" not in path.parts
        }
        # As many as a run imports.
        names = sorted(modules)[:45]
        self.code = Code(
            commit="0" * 40,
            dirty=False,
            modules={name: digest_of(modules[name])[0] for name in names},
            lock=digest_of(PROJECT / LOCK)[0],
        )

    def write(self, name: str, size: int) -> str:
        """A file of `size` bytes, no two alike; all but its head are zeros."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            stream.write(name.encode())
            stream.truncate(size)
        self.files[name] = File(name, *digest_of(path))
        return name

    def job(self, command: Sequence[str], inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """The record of a job."""
        record = Record(
            command=("ednag", *command, *inputs, *outputs),
            parameters={"inputs": list(inputs), "outputs": list(outputs)},
            inputs=tuple(self.files[name] for name in sorted(inputs)),
            outputs=tuple(self.files[name] for name in sorted(outputs)),
            undeclared_reads=(),
            connections=(),
            code=self.code,
            packages={f"package-{number}": "1.0" for number in range(20)},
            machine={"python": "", "platform": "", "cpu": "", "gpu": ""},
            started="",
            ended="",
            seconds=1.0,
            peak_memory=1.0,
        )
        write_record(record, self.root / f"results/provenance/{outputs[0]}.json")

    def build(self) -> None:
        """Sources, tables, runs, summaries, evidence and figures."""
        sources = [self.source(number) for number in range(SOURCES)]
        for number in range(DATASETS):
            summary = self.dataset(f"d{number}", sources[number % SOURCES])
            evidence = f"results/evidence/d{number}"
            for kind in ("own-end", "equal-budget", "comparison"):
                names = [f"{evidence}-{kind}.{suffix}" for suffix in ("csv", "md", "tex")]
                files = [self.write(name, SMALL_BYTES) for name in names]
                self.job(["tabulate", kind], summary[:1], files)
            for kind in ("dataset", "variants"):
                names = [f"figures/d{number}/{kind}-{each}" for each in range(FIGURES)]
                self.job(["plot"], summary, [self.write(name, SMALL_BYTES) for name in names])

    def source(self, number: int) -> str:
        """A registered and fetched file."""
        name = self.write(f"resources/source-{number}/file.bin", SOURCE_BYTES)
        entry = f"source-{number}:\n  file: file.bin\n  addresses:\n    - https://example.org/x\n"
        with (self.root / "sources.yaml").open("a", encoding="utf-8") as stream:
            stream.write(f"{entry}  sha256: {self.files[name].sha256}\n")
        self.job(["sources", "fetch", f"source-{number}"], [], [name])
        return name

    def dataset(self, dataset: str, source: str) -> list[str]:
        """Table, runs and the three summaries of a dataset."""
        table = self.write(f"results/tables/space/{dataset}.parquet", 1_000_000)
        self.job(["tables", "build"], [source], [table])
        runs = [self.write(name, RUN_BYTES) for name in run_files(dataset)]
        for run in runs:
            self.job(["run"], [table], [run])
        stem = f"results/summaries/space/{dataset}"
        names = [f"{stem}{kind}.parquet" for kind in ("", ".anytime", ".steps")]
        self.job(["summarise"], [table, *runs], [self.write(name, RUN_BYTES) for name in names])
        return names

    def audit(self, status: int) -> tuple[float, float]:
        """Seconds by the clock and of the processors."""
        environment = {
            **os.environ,
            "EDNAG_REGISTRY": str(self.root / "sources.yaml"),
            "EDNAG_PROJECT": str(PROJECT),
        }
        start, before = time.perf_counter(), processor_seconds()
        done = subprocess.run(
            [*EDNAG, "audit"], cwd=self.root, env=environment, capture_output=True, check=False
        )
        assert done.returncode == status, done.stderr.decode()
        return time.perf_counter() - start, processor_seconds() - before


def run_files(dataset: str) -> Iterator[str]:
    """The names of a dataset's run files."""
    for block in range(BLOCKS):
        yield f"results/runs/space/{dataset}/paper/method/seeds-{block}.parquet"


def processor_seconds() -> float:
    """Of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def audit_times(folder: Path) -> dict[str, float]:
    """An untouched tree, and one with a fault in each run file."""
    study = Study(folder)
    study.build()
    clock, processors = study.audit(status=0)
    for number in range(DATASETS):
        for name in run_files(f"d{number}"):
            with (folder / name).open("r+b") as stream:
                stream.write(b"X")
    faulty, _ = study.audit(status=1)
    return {
        "records": sum(1 for _ in (folder / "results/provenance").rglob("*.json")),
        "files": len(study.files),
        "megabytes": round(sum(file.size for file in study.files.values()) / 1e6),
        "audit_seconds": round(clock, 2),
        "audit_processor_seconds": round(processors, 2),
        "audit_with_faults_seconds": round(faulty, 2),
    }


def share_of_records(folder: Path, repeats: int) -> dict[str, float]:
    """What `--record` adds to the jobs of a small study, as a share of their processor time."""
    build = ["tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"]
    run = ["run", "--table", "table.parquet", "--seeds", "0-49", "--method"]
    files = ["--output=summary.parquet", "--anytime=anytime.parquet", "--steps=steps.parquet"]
    jobs = {
        "tables_build": [*build, "--output", "table.parquet"],
        "run_ednag": [*run, "ednag", "--output", "ednag.parquet"],
        "run_random": [*run, "random", "--output", "random.parquet"],
        "summarise": [
            *("summarise", "ednag.parquet", "random.parquet", "--table", "table.parquet"),
            *("--seeds", "0-49", *files),
        ],
        "tabulate": ["tabulate", "own-end", "summary.parquet", "--output", "own-end.csv"],
    }
    found, total, added = {}, 0.0, 0.0
    for name, job in jobs.items():
        job_seconds(folder, job)
        pairs = [
            (job_seconds(folder, job), job_seconds(folder, ["--record", "record.json", *job]))
            for _ in range(repeats)
        ]
        alone = statistics.median(without for without, _ in pairs)
        more = alone * (statistics.median(recorded / without for without, recorded in pairs) - 1)
        found[f"{name}_seconds"] = round(alone, 3)
        found[f"{name}_record_adds_seconds"] = round(more, 3)
        total, added = total + alone, added + more
    return {**found, "records_add_share": round(added / total, 4)}


def job_seconds(folder: Path, job: Sequence[str]) -> float:
    """Processor seconds of one call of `ednag`, with what the workflow tells its jobs."""
    told = {"EDNAG_COMMIT": f"{'0' * 40} clean", "EDNAG_PROJECT": str(PROJECT)}
    before = processor_seconds()
    subprocess.run(
        [*EDNAG, *job], cwd=folder, env={**os.environ, **told}, check=True, capture_output=True
    )
    return processor_seconds() - before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = audit_times(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        result |= share_of_records(Path(folder), chosen.repeats)
    print(json.dumps(result, indent=2))
    slow = max(result["audit_seconds"], result["audit_with_faults_seconds"]) > LONGEST_AUDIT
    sys.exit(slow or result["records_add_share"] > LARGEST_SHARE)


if __name__ == "__main__":
    main()

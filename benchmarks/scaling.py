"""How the workflow grows with the number of runs and of jobs: time, memory, files.

    python benchmarks/scaling.py [--largest 10000] [--output FOLDER] [--page]

A run is one seed of one method. Ten benchmark tables are searched with few evaluations, once with
`block: 1`, so that each run is a job of its own, and once with `block: 50`, the default. Measured,
in processes of their own, are

    dag          a dry run where nothing is there yet
    schedule     all jobs of `runs`, in whose place stands a script that only makes the output: what
                 Snakemake takes for a job (at most 1,000 jobs)
    bookkeeping  `snakemake --touch`: what Snakemake notes of each job of the whole study
    no-op        the call that finds everything up to date
    summarise    `ednag summarise` of all runs on one table, in files of 50
    tabulate     `ednag tabulate` of them, own end and comparison

with seconds by the clock and of the processors, the largest resident memory of one process, and the
files of the finished study and of its largest folder. The exponent of a step is the slope of its
processor seconds between its two largest sizes, on logarithmic axes.

Writes `scaling.csv` and `scaling.png` to a new temporary folder or to `--output`; with `--page`,
the plot and the table of docs/scaling.md. Exits 1 where an exponent is above 1.1, or a folder of
results holds more than 1,000 files. With `--largest 1000` it takes 10 minutes on 2 cores.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from ednag.study.seeds import MOST_RUN_FILES

STEEPEST = 1.1
MOST_SCHEDULED = 1000
PROJECT = Path(__file__).resolve().parents[1]
PAGE, PLOT = PROJECT / "docs" / "scaling.md", PROJECT / "docs" / "images" / "scaling.png"
#: The tables that need no file but those of packages.
BENCHMARKS = {
    "nasbench201": ["cifar10-analog"],
    "nasbench-graph": [
        "cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins",
    ],
}  # fmt: skip
TABLES = sum(map(len, BENCHMARKS.values()))
#: In place of `ednag` while Snakemake is measured: makes the files after --record and --output.
STUB = """#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in --record|--output) mkdir -p "$(dirname "$2")"; : > "$2"; shift;; esac
  shift
done
"""
#: Column -> what it counts.
FOLDERS = {
    "files": "files",
    "largest_folder": "largest folder of results",
    "snakemake_folder": "largest of Snakemake's",
}
STEPS = ("dag", "schedule", "bookkeeping", "no-op", "summarise", "tabulate")


@dataclass(frozen=True)
class Cost:
    """Of one process and those it waited for."""

    seconds: float
    processor_seconds: float
    megabytes: float


def measure(command: Sequence[str], folder: Path, path: Path | None = None) -> tuple[Cost, str]:
    """Run a command in a folder, with the programs of `path` first; raises where it fails."""
    places = [*([str(path)] if path else []), str(Path(sys.executable).parent), os.environ["PATH"]]
    before = time.perf_counter()
    with tempfile.TemporaryFile("w+") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PATH": os.pathsep.join(places)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        stream.seek(0)
        said = stream.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{said[-4000:]}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), said


class Study:
    """A study of so many runs in a folder of its own, each on one of ten tables."""

    def __init__(self, folder: Path, runs: int, block: int) -> None:
        self.folder, self.runs, self.block = folder, runs, block
        self.rows: list[dict[str, object]] = []
        folder.mkdir(parents=True)
        self.study = folder / "study.yaml"
        settings = {
            "benchmarks": BENCHMARKS,
            "methods": ["random"],
            "seeds": f"0-{runs // TABLES - 1}",
            "block": block,
            "budget": 20,
            "statistics": {"resamples": 100, "checkpoints": [5, 10]},
            "ranker": {"seeds": []},
        }
        self.study.write_text(yaml.safe_dump(settings), encoding="utf-8")

    @property
    def blocks(self) -> int:
        """Jobs that search."""
        return TABLES * math.ceil(self.runs / TABLES / self.block)

    def snakemake(self, *arguments: str, path: Path | None = None) -> tuple[Cost, str]:
        """A call of the workflow on the study."""
        given = ["-s", str(PROJECT / "Snakefile"), "-d", str(self.folder), "--cores", "2"]
        profile = ["--profile", str(PROJECT / "profiles" / "default")]
        command = [sys.executable, "-m", "snakemake", *arguments, *given, *profile]
        return measure([*command, "--configfile", str(self.study)], self.folder, path)

    def note(self, step: str, cost: Cost, jobs: int) -> None:
        """A row of the result."""
        row = {"step": step, "runs": self.runs, "block": self.block, "jobs": jobs}
        self.rows.append(row | vars(cost))
        print(
            f"{step:12} {self.runs:6} runs {jobs:6} jobs {cost.processor_seconds:8.2f} s of the "
            f"processors {cost.seconds:8.2f} s {cost.megabytes:6.0f} MB",
            flush=True,
        )

    def measure_all(self, stub: Path) -> None:
        """Every step of Snakemake, in the order in which a study meets them."""
        cost, said = self.snakemake("--dry-run", "--quiet", "host")
        jobs = jobs_in(said)
        self.note("dag", cost, jobs)
        self.snakemake("tables")
        if self.blocks <= MOST_SCHEDULED:
            self.note("schedule", self.snakemake("runs", path=stub)[0], self.blocks)
        self.make_what_is_missing()
        self.note("bookkeeping", self.snakemake("--touch", "--forceall")[0], jobs)
        cost, said = self.snakemake()
        if "Nothing to be done" not in said:
            raise RuntimeError(f"not everything is up to date:\n{said[-4000:]}")
        self.note("no-op", cost, jobs)

    def make_what_is_missing(self) -> None:
        """Empty files and folders in place of all that jobs would write."""
        _, said = self.snakemake("--detailed-summary", "--quiet", "all")
        for line in said.splitlines():
            name = line.split("\t")[0]
            if "\t" in line and name.startswith(("results/", "figures/")):
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.suffix:
                    path.touch()
                else:  # the report is a folder
                    path.mkdir(exist_ok=True)

    def count_files(self) -> dict[str, int]:
        """Files in all, in the largest folder of results, and of what Snakemake notes."""
        folders = {top: len(files) for top, _, files in os.walk(self.folder)}
        own = {top: count for top, count in folders.items() if ".snakemake" not in top}
        return {
            "files": sum(folders.values()),
            "largest_folder": max(own.values()),
            "snakemake_folder": max(set(folders.values()) - {0} - set(own.values()) or {0}),
        }


def jobs_in(said: str) -> int:
    """The number of jobs that a dry run tells."""
    totals = [line.split()[1] for line in said.splitlines() if line.startswith("total ")]
    return int(totals[-1])


def aggregate(folder: Path, runs: int) -> Iterator[tuple[str, Cost]]:
    """Cost of the summary and the tables of so many runs of two methods on one table."""
    ednag = [sys.executable, "-m", "ednag"]
    folder.mkdir(parents=True)
    table, seeds = "table.parquet", runs // 2
    build = ["tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"]
    measure([*ednag, *build, "--output", table], folder)
    names = []
    for method in ("ednag", "random"):
        for first in range(0, seeds, 50):
            last = min(first + 50, seeds) - 1
            names.append(f"{method}-{first}-{last}.parquet")
            given = ["--table", table, "--method", method, "--seeds", f"{first}-{last}"]
            run = [*ednag, "run", *given, "--protocol", "paper", "--budget", "512"]
            measure([*run, "--output", names[-1]], folder)
    made = ["--output", "s.parquet", "--anytime", "a.parquet", "--steps", "t.parquet"]
    given = [*names, "--table", table, "--seeds", f"0-{seeds - 1}", *made]
    yield "summarise", measure([*ednag, "summarise", *given], folder)[0]
    costs = [
        measure([*ednag, "tabulate", kind, "s.parquet", "--output", f"{kind}.csv"], folder)[0]
        for kind in ("own-end", "comparison")
    ]
    yield (
        "tabulate",
        Cost(
            sum(cost.seconds for cost in costs),
            sum(cost.processor_seconds for cost in costs),
            max(cost.megabytes for cost in costs),
        ),
    )


def exponents(frame: pd.DataFrame) -> pd.DataFrame:
    """The slope of each step's processor seconds and memory between its two largest sizes."""
    rows = []
    for (step, block), group in frame.groupby(["step", "block"], sort=False):
        size = "runs" if step in ("summarise", "tabulate") else "jobs"
        largest = group.sort_values(size).tail(2)
        if len(largest) == 2:
            a, b = largest.iloc[0], largest.iloc[1]
            growth = math.log(b[size] / a[size]) if b[size] > a[size] else math.nan
            slopes = {
                name: math.log(b[name] / a[name]) / growth
                for name in ("processor_seconds", "seconds", "megabytes")
            }
            rows.append({"step": step, "block": block, "over": size, **slopes})
    columns = ["step", "block", "over", "processor_seconds", "seconds", "megabytes"]
    return pd.DataFrame(rows, columns=columns)


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Seconds and memory of each step and the files of the study against runs."""
    import matplotlib.pyplot as plt

    from ednag.evidence.figures.style import house_style, save_figure

    house_style()
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.6), layout="constrained")
    # Summaries read files of 50 seeds; all else is shown where each run is a job.
    shown = frame[(frame["block"] == 1) | frame["step"].isin(STEPS[4:])]
    for step, group in shown.groupby("step", sort=False):
        axes[0].plot(group["runs"], group["processor_seconds"], marker=".", label=step)
        axes[1].plot(group["runs"], group["megabytes"], marker=".", label=step)
    for block, group in frame[frame["step"] == "no-op"].groupby("block"):
        dash = "-" if block == 1 else "--"
        for name in FOLDERS:
            label = f"{FOLDERS[name]}, block {block}"
            axes[2].plot(group["runs"], group[name], dash, marker=".", label=label)
    runs = frame["runs"].agg(["min", "max"])
    axes[0].plot(runs, runs / 100, ":", color="grey", label="linear")
    titles = ("seconds of the processors", "memory (MB)", "files")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(xscale="log", yscale="log", xlabel="runs", title=title)
        axis.legend(fontsize=6)
    save_figure(figure, [path])


def markdown(frame: pd.DataFrame, slopes: pd.DataFrame) -> str:
    """The table and the exponents for docs/scaling.md."""
    names = {
        "step": "step", "block": "block", "runs": "runs", "jobs": "jobs",
        "processor_seconds": "processor s", "seconds": "clock s", "megabytes": "MB",
        **FOLDERS,
    }  # fmt: skip
    shown = frame.rename(columns=names)[list(names.values())].copy()
    for name, digits in (("processor s", 1), ("clock s", 1), ("MB", 0)):
        shown[name] = shown[name].map(lambda value, d=digits: f"{value:.{d}f}")
    for name in FOLDERS.values():
        shown[name] = shown[name].map(lambda value: "" if math.isnan(value) else f"{value:.0f}")
    steep = slopes.rename(columns={"processor_seconds": "processor s", "megabytes": "MB"})
    steep = steep.rename(columns={"seconds": "clock s"}).round(2)
    return f"{shown.to_markdown(index=False)}\n\n{steep.to_markdown(index=False)}\n"


def write_page(frame: pd.DataFrame, slopes: pd.DataFrame, plot: Path) -> None:
    """Replace the measured part of docs/scaling.md, between its two marks, and the plot."""
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    text = f"{before}{begin}\n{markdown(frame, slopes)}\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8")
    shutil.copyfile(plot, PLOT)


def measured(largest: int, folder: Path) -> pd.DataFrame:
    """One row per step, size of block and number of runs."""
    stub = folder / "stub"
    stub.mkdir()
    (stub / "ednag").write_text(STUB)
    (stub / "ednag").chmod(0o755)
    rows: list[dict[str, object]] = []
    sizes = [size for size in (10, 100, 1000, 10_000, 100_000) if size <= largest]
    for runs in sizes:
        for block in (1, 50):
            study = Study(folder / f"{runs}-{block}", runs, block)
            study.measure_all(stub)
            rows += [row | study.count_files() for row in study.rows]
            shutil.rmtree(study.folder)
        for step, cost in aggregate(folder / f"{runs}-aggregate", runs):
            print(step, runs, cost, flush=True)
            rows.append({"step": step, "runs": runs, "block": 50, "jobs": 1, **vars(cost)})
    order = {step: number for number, step in enumerate(STEPS)}
    return pd.DataFrame(rows).sort_values(
        ["step", "block", "runs"], key=lambda c: c.map(order) if c.name == "step" else c
    )


def main() -> int:
    """Measure, print, write; the exit status."""
    parser = argparse.ArgumentParser(description="Scaling; see the head of the file.")
    parser.add_argument("--largest", type=int, default=10_000, help="Largest number of runs.")
    parser.add_argument("--output", type=Path, help="Folder for scaling.csv and scaling.png.")
    parser.add_argument("--page", action="store_true", help="Write docs/scaling.md and its plot.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        frame = measured(given.largest, Path(folder))
    output = given.output or Path(tempfile.mkdtemp(prefix="scaling-"))
    output.mkdir(parents=True, exist_ok=True)
    frame.to_csv(output / "scaling.csv", index=False)
    draw(frame, output / "scaling.png")
    slopes = exponents(frame)
    print(markdown(frame, slopes), output, sep="\n")
    if given.page:
        write_page(frame, slopes, output / "scaling.png")
    steep = slopes["processor_seconds"].max() > STEEPEST
    return int(steep or frame["largest_folder"].max() > MOST_RUN_FILES)


if __name__ == "__main__":
    sys.exit(main())

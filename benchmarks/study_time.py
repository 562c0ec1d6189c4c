"""Where the processor time of a study goes: by subcommand, start-up apart, and Snakemake's.

    python benchmarks/study_time.py [--study config.yaml] [--base COMMIT] [--cores 2]

Runs the study with this commit's code, with --base also with the code of that commit, each in a
worktree of its own; then calls `snakemake` once more, when nothing is left to do. The two versions
run one after the other: leave the machine idle. With EDNAG_MIRROR set, the study reads that mirror.

Prints CSV, a line for each version and subcommand, seconds summed over its jobs: `importing` (the
processor time of import statements, of the job's own process), `processor` (all of it, children
included) and `clock`. For these lines the study is run a first time, without the fork server: in
place of `ednag` the jobs find a script that runs it and notes what it took. `snakemake` is what all
processes of that run took less the jobs: plan, records of Snakemake, a shell for each job. `apart`
is that run; `whole` is the study as users run it, `again` a further call of it.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ["subcommand", "importing", "processor", "clock"]
#: Stands for `ednag` on the path. Python gets it as text: a file would be one that jobs read.
CALL = """#!/bin/sh
exec {python} -c "$(cat {program})" "$@"
"""
#: What it runs: the script `ednag` of the commit, as versions before the fork server had it or not.
USUAL = """
import sys
sys.argv[0] = "ednag"
try:
    from ednag.fork_server import main
except ImportError:
    from ednag.cli import main
sys.exit(main())
"""
#: The same without a fork server, which notes what it took.
TIMED = """
import time
began = time.perf_counter()
import atexit, builtins, importlib, os, resource, sys
owner, depth, importing = os.getpid(), 0, 0.0
def counted(function):
    def call(*given, **named):
        global depth, importing
        depth += 1
        start = time.process_time()
        try:
            return function(*given, **named)
        finally:
            depth -= 1
            if not depth:
                importing += time.process_time() - start
    return call
def note():
    if os.getpid() != owner:
        return
    given = sys.argv[3:5] if sys.argv[1] == "--record" else sys.argv[1:3]
    words = [word for word in given if word.replace("-", "").isalpha() and word[0] != "-"]
    own, theirs = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    taken = sum(used.ru_utime + used.ru_stime for used in (own, theirs))
    clock = time.perf_counter() - began
    with open({notes!r}, "a") as file:
        print(" ".join(words), importing, taken, clock, sep=",", file=file)
atexit.register(note)
builtins.__import__ = counted(builtins.__import__)
importlib.import_module = counted(importlib.import_module)
sys.argv[0] = "ednag"
from ednag.cli import main
sys.exit(main())
"""


def call(
    tree: Path, results: str, given: argparse.Namespace, **variables: str
) -> tuple[float, ...]:
    """Clock and processor seconds of one call of Snakemake; its results are in `results`."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), **variables}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [
            "snakemake", "--cores", str(given.cores), "--configfile", given.study,
            "--directory", results, "--quiet", "all",
        ],
        cwd=tree, env=environment, check=True, stdout=sys.stderr,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, processor


def script(name: str, program: str, folder: Path) -> str:
    """A PATH on which a command is Python with this program; the folder has its files."""
    folder.mkdir()
    text, command = folder / f"{name}-program", folder / name
    text.write_text(program)
    command.write_text(CALL.format(python=sys.executable, program=text))
    command.chmod(0o755)
    return os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])


def of_version(commit: str, given: argparse.Namespace) -> pd.DataFrame:
    """The table of one commit."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as name:
        notes, tree = Path(name, "notes.csv"), Path(name, "tree")
        timed = script("ednag", TIMED.format(notes=str(notes)), Path(name, "timed"))
        usual = script("ednag", USUAL, Path(name, "usual"))
        subprocess.run([*git, "add", "--detach", str(tree), commit], check=True, stdout=sys.stderr)
        try:
            apart = call(tree, "apart", given, PATH=timed, EDNAG_FORK_SERVER="no")
            whole, again = (call(tree, "whole", given, PATH=usual) for _ in range(2))
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
        jobs = pd.read_csv(notes, names=COLUMNS, keep_default_na=False)
    table = jobs.groupby("subcommand")[COLUMNS[1:]].agg("sum")
    table.insert(0, "jobs", jobs.groupby("subcommand").size())
    table = table.sort_values("processor", ascending=False)
    table.loc["snakemake"] = [0, 0, apart[1] - table["processor"].sum(), float("nan")]
    for line, (clock, processor) in {"apart": apart, "whole": whole, "again": again}.items():
        table.loc[line] = [len(jobs), float("nan"), processor, clock]
    return table.reset_index(names="subcommand")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--study", default="config.yaml", help="file of the study, from the root")
    parser.add_argument("--base", help="commit to compare with")
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args()
    versions = [given.base, "HEAD"] if given.base else ["HEAD"]
    tables = {commit: of_version(commit, given) for commit in versions}
    joined = pd.concat(tables, names=["version"]).reset_index("version")
    print(joined.to_csv(index=False, float_format="%.2f"), end="")


if __name__ == "__main__":
    main()

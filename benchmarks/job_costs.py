"""What each kind of job costs: the measurements that `ednag evaluate` predicts from.

    python benchmarks/job_costs.py [STUDY] --output src/ednag/evaluation/costs.csv

Runs the study (config.yaml) in a temporary folder, one job at a time, and takes the processor time
and memory of every job from the system: unlike wall time, these are nearly the same on a busy
machine. `--times FILE` keeps what was measured, or takes it from there where the file exists.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from ednag.stages import RECORDS
from ednag.study.artefacts import ARTEFACTS, find_artefact, record_path

PROJECT = Path(__file__).resolve().parents[1]
#: In place of `ednag`: calls it, then notes processor seconds, megabytes and arguments.
_WRAPPER = """#!{python} -ISE
import json, os, resource, sys
status = os.spawnv(os.P_WAIT, {python!r}, [{python!r}, "-m", "ednag", *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
line = dict(cpu=used.ru_utime + used.ru_stime, rss=used.ru_maxrss / 1024, args=sys.argv[1:])
with open({times!r}, "a") as file:
    file.write(json.dumps(line) + "\\n")
sys.exit(status)
"""


def measure(study: Path, times: Path) -> None:
    """Run a study in a temporary folder; a line of `times` for each job."""
    with tempfile.TemporaryDirectory() as folder:
        wrapper = Path(folder, "bin", "ednag")
        wrapper.parent.mkdir()
        wrapper.write_text(_WRAPPER.format(python=sys.executable, times=str(times.absolute())))
        wrapper.chmod(0o755)
        subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--cores", "1"),
                *("--snakefile", str(PROJECT / "Snakefile"), "--directory", folder),
                *("--configfile", str(study.absolute())),
            ],
            env={
                **os.environ,
                "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}",
                "EDNAG_FORK_SERVER": "no",  # whose forks are no children of the wrapper
            },
            check=True,
        )


def jobs_in(times: Path) -> Iterator[dict[str, Any]]:
    """Rule, space, method, seeds, seconds and memory of each measured job."""
    for line in times.read_text().splitlines():
        job = json.loads(line)
        if job["args"][:1] != ["--record"]:
            continue
        found = _artefact_of(job["args"][1])
        if found:
            rule, place = found
            seeds = int(place["last"]) - int(place["first"]) + 1 if "last" in place else 0
            yield {
                "rule": rule,
                "space": place.get("space", ""),
                "method": place.get("method", ""),
                "seeds": seeds,
                "seconds": job["cpu"],
                "memory": job["rss"],
            }


def _artefact_of(record: str) -> tuple[str, dict[str, str]] | None:
    """The rule and wildcards of the job that a record is of."""
    name = record.removeprefix(f"{RECORDS.folder}/").removesuffix(".json")
    suffixes = dict.fromkeys(["", *(f".{each.suffixes[0]}" for each in ARTEFACTS)])
    for place in ("", "results/", f"{RECORDS.folder}/"):
        for suffix in suffixes:
            found = find_artefact(f"{place}{name}{suffix}")
            if found and record_path(found[0].job, **found[1]) == record:
                return found[0].job, found[1]
    return None


def table(times: Path) -> str:
    """The CSV, by rule, space and method: of the jobs with most seeds the median of the time, and
    the most memory."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for job in jobs_in(times):
        groups.setdefault((job["rule"], job["space"], job["method"]), []).append(job)
    lines = [f"# {machine()}; processor time, one job at a time\n"]
    lines.append("rule,space,method,seeds,seconds,memory\n")
    for key, jobs in sorted(groups.items()):
        most = max(job["seeds"] for job in jobs)
        chosen = [job for job in jobs if job["seeds"] == most]
        seconds, memory = median(j["seconds"] for j in chosen), max(j["memory"] for j in chosen)
        lines.append(f"{','.join(key)},{most},{seconds:.1f},{memory:.0f}\n")
    return "".join(lines)


def machine() -> str:
    """Processor, cores, system and Python."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    kind = names[0] if names else platform.machine()
    return f"{len(names)} cores of {kind}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", type=Path, default=PROJECT / "config.yaml")
    parser.add_argument("--times", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = options.times or Path(folder, "times.jsonl")
        if not times.is_file():
            measure(options.study, times)
        options.output.write_text(table(times))


if __name__ == "__main__":
    main()

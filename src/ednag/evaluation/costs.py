"""What jobs cost, from measurements: `costs.csv`, made by benchmarks/job_costs.py."""

import csv
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from ednag.evaluation.jobs import Job
from ednag.fork_server import FEWEST_JOBS
from ednag.sources.registry import Source
from ednag.sources.sizes import size_in_words
from ednag.study.artefacts import find_artefact

#: Rule, space, method, seeds; seconds of processor time and megabytes of memory of a job.
COSTS = Path(__file__).with_name("costs.csv")
#: Seconds of processor time of any job, whatever it does; of Snakemake for a job, and for a call.
_START, _DISPATCH, _CALL = 0.7, 0.1, 3.0
#: Seconds of a job that imports take, which a fork of the workflow's server does not; what is left.
_IMPORTS, _LEAST = 0.6, 0.1
#: Seconds and megabytes of a job of a rule that is not in the table: as most that read summaries.
_UNMEASURED = (2.0, 200.0)
#: Megabytes that a run and any other job write, rounded up (as `ednag.doctor.needs`).
_DISK_OF_A_RUN, _DISK_OF_A_JOB = 0.0065, 0.1


@dataclass(frozen=True)
class Cost:
    """Of a job or of several.

    Attributes:
        jobs: Number of jobs.
        seconds: Wall time on the given cores, of one job its processor time.
        memory: Megabytes at once.
        disk: Megabytes written.
        download: Bytes that no place on this machine has.
    """

    jobs: int
    seconds: float
    memory: float
    disk: float
    download: int = 0

    def text(self, cores: int) -> str:
        """In words: `17 jobs, about 25 s on 2 cores, 0.4 GB of memory, 3 MB on disk, ...`."""
        if not self.jobs:
            return "nothing"
        fetched = f"download {size_in_words(self.download)}" if self.download else "no download"
        return (
            f"{self.jobs} job{'s' * (self.jobs > 1)}, about {time_text(self.seconds)} on {cores} "
            f"core{'s' * (cores > 1)}, {size_in_words(int(1e6 * self.memory))} of memory, "
            f"{size_in_words(int(1e6 * self.disk))} on disk, {fetched}"
        )


def time_text(seconds: float) -> str:
    """Seconds for people: `25 s`, `4 min`, `2.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


@cache
def _measured() -> dict[str, list[dict[str, str]]]:
    """Rule -> its rows of `costs.csv`."""
    rows: dict[str, list[dict[str, str]]] = {}
    with COSTS.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(line for line in stream if not line.startswith("#")):
            rows.setdefault(row["rule"], []).append(row)
    return rows


def machine_of_the_costs() -> str:
    """The machine on which the costs were measured: the first line of the file."""
    return COSTS.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def cost_of(job: Job, registry: Mapping[str, Source]) -> Cost:
    """What a job costs: the mean of the measured jobs most like it, by rule, space and method."""
    found = find_artefact(job.outputs[0])
    place = found[1] if found else {}
    source = registry.get(place.get("source", ""))
    rows = _measured().get(job.rule, [])
    for name in ("space", "method"):
        rows = [row for row in rows if row[name] == place.get(name, "")] or rows
    seeds = int(place["last"]) - int(place["first"]) + 1 if "last" in place else 0
    disk = (source.size or 0) / 1e6 if source else _DISK_OF_A_JOB + seeds * _DISK_OF_A_RUN
    if not rows:
        return Cost(1, *_UNMEASURED, disk)
    times = [
        _START + (float(row["seconds"]) - _START) * (seeds / int(row["seeds"]) if seeds else 1)
        for row in rows
    ]
    memory = max(float(row["memory"]) for row in rows)
    return Cost(1, fmean(times), memory, disk)


def predicted(
    jobs: Sequence[Job], cores: int, registry: Mapping[str, Source], absent: Iterable[str] = ()
) -> Cost:
    """What jobs cost together, run as soon as they can on so many cores.

    Args:
        jobs: With positions among themselves.
        cores: Jobs at once.
        registry: All sources.
        absent: Ids of the sources among them that must be downloaded.
    """
    if not jobs:
        return Cost(0, 0.0, 0.0, 0.0)
    costs = [cost_of(job, registry) for job in jobs]
    imports = _IMPORTS if len(jobs) >= FEWEST_JOBS else 0.0
    left = [len(job.needs) for job in jobs]
    after: list[list[int]] = [[] for _ in jobs]
    for number, job in enumerate(jobs):
        for each in job.needs:
            after[each].append(number)
    ready = [number for number, count in enumerate(left) if not count]
    running: list[tuple[float, int]] = []
    now, most = 0.0, 0.0
    while ready or running:
        while ready and len(running) < cores:
            number = ready.pop(0)
            seconds = max(_LEAST, costs[number].seconds - imports)
            heapq.heappush(running, (now + seconds + _DISPATCH, number))
        most = max(most, sum(costs[number].memory for _, number in running))
        now, done = heapq.heappop(running)
        for number in after[done]:
            left[number] -= 1
            if not left[number]:
                ready.append(number)
    download = sum(registry[id].size or 0 for id in absent)
    return Cost(len(jobs), now + _CALL, most, sum(each.disk for each in costs), download)

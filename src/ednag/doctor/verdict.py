"""Whether a study can run on a machine, and what prevents it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from ednag.doctor.machine import Machine
from ednag.doctor.needs import BYTES_OF_A_JOB, Needs
from ednag.sources.sizes import size_in_words
from ednag.sources.transfer import HEADROOM
from ednag.study.configuration import Study


class Feasibility(StrEnum):
    """Whether a study can run on this machine."""

    POSSIBLE = "possible"
    AFTER_DOWNLOAD = "possible after a download"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True)
class StudyVerdict:
    """Whether a study can run, the reasons against it, and remarks for its user."""

    outcome: Feasibility
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]


def judge(study: Study, file: str, needs: Needs, machine: Machine) -> StudyVerdict:
    """Whether a study, read from `file`, can run on a machine."""
    reasons = (*_lacks(needs, machine), *_too_slow(study, file, needs, machine))
    outcome = Feasibility.AFTER_DOWNLOAD if needs.download else Feasibility.POSSIBLE
    if reasons:
        outcome = Feasibility.NOT_POSSIBLE
    return StudyVerdict(outcome, reasons, tuple(_remarks(needs, machine)))


def _lacks(needs: Needs, machine: Machine) -> Iterator[str]:
    """Files, memory and disk that the machine lacks."""
    for id in needs.unobtainable:
        yield f"{id} is published nowhere; place it by hand (ednag sources fetch {id} says where)"
    if needs.own_images is not None and not needs.own_images.is_dir():
        yield f"own_images: the folder {needs.own_images} does not exist; name another"
    for kind, needed, free in (
        ("disk for the study", needs.disk, machine.free_disk),
        ("disk for the cache", needs.download_size + HEADROOM, machine.free_cache_disk),
        ("memory", needs.memory, machine.memory),
    ):
        if needed > free:
            yield f"too little {kind}: {size_in_words(needed)} needed, {size_in_words(free)} here"


def _too_slow(study: Study, file: str, needs: Needs, machine: Machine) -> Iterator[str]:
    """Whether the workflow would refuse to train here, by times measured on another machine."""
    training, limit = needs.training, study.training.cpu_hours
    if training is not None and not machine.gpus and training.core_hours > limit:
        yield (
            f"no GPU is here, and {training.networks} trainings take about "
            f"{training.core_hours:,.0f} hours on one core; the limit is {limit:g} "
            f"(training.cpu_hours). `ednag estimate {quote(file)}` measures this machine and says "
            "how to train a part"
        )


def _remarks(needs: Needs, machine: Machine) -> Iterator[str]:
    """How many jobs fit into the memory, and benchmarks without data."""
    at_once = machine.memory // needs.memory
    if 0 < at_once < machine.cores and needs.memory > BYTES_OF_A_JOB:
        yield (
            f"memory is enough for {at_once} of the largest jobs at once: snakemake --resources "
            f"mem_mb={machine.memory // 1_000_000}"
        )
    elif 0 < at_once < machine.cores:
        yield f"memory is enough for {at_once} jobs at once: snakemake --cores {at_once}"
    if needs.left_out:
        yield needs.left_out

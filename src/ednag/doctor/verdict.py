"""Whether a study can run on a machine, and what stands in its way."""

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from ednag.doctor.machine import Machine
from ednag.doctor.needs import BYTES_OF_A_JOB, Needs
from ednag.sources.sizes import size_in_words
from ednag.sources.transfer import HEADROOM
from ednag.study.configuration import Study


class Outcome(StrEnum):
    """Whether a study can run here."""

    POSSIBLE = "possible"
    AFTER_DOWNLOAD = "possible after a download"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True)
class Verdict:
    """Whether a study can run, with the reasons against it and what its user should know."""

    outcome: Outcome
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]


def judge(study: Study, file: str, needs: Needs, machine: Machine) -> Verdict:
    """Whether a study, read from `file`, can run on a machine."""
    reasons = [*_lacks(needs, machine), *_too_slow(study, file, needs, machine)]
    outcome = Outcome.AFTER_DOWNLOAD if needs.download else Outcome.POSSIBLE
    if reasons:
        outcome = Outcome.NOT_POSSIBLE
    return Verdict(outcome, tuple(reasons), tuple(_remarks(needs, machine)))


def _lacks(needs: Needs, machine: Machine) -> list[str]:
    """What the machine has too little of."""
    found = [
        f"{id} is published nowhere; place it by hand (ednag sources fetch {id} says where)"
        for id in needs.unobtainable
    ]
    if needs.own_images is not None and not needs.own_images.is_dir():
        found.append(f"own_images: the folder {needs.own_images} does not exist; name another")
    for kind, needed, free in (
        ("disk for the study", needs.disk, machine.free_disk),
        ("disk for the cache", needs.download_size + HEADROOM, machine.free_cache_disk),
        ("memory", needs.memory, machine.memory),
    ):
        if needed > free:
            found.append(
                f"too little {kind}: {size_in_words(needed)} needed, {size_in_words(free)} here"
            )
    return found


def _too_slow(study: Study, file: str, needs: Needs, machine: Machine) -> list[str]:
    """Whether the workflow would refuse to train here, as far as times from elsewhere tell."""
    training, limit = needs.training, study.training.cpu_hours
    if training is None or machine.gpus or training.core_hours <= limit:
        return []
    return [
        f"no GPU is here, and {training.networks} trainings take about {training.core_hours:,.0f} "
        f"hours on one core; the limit is {limit:g} (training.cpu_hours). "
        f"`ednag estimate {quote(file)}` measures this machine and says how to train a part"
    ]


def _remarks(needs: Needs, machine: Machine) -> list[str]:
    """What is no reason against a study."""
    found = []
    at_once = machine.memory // needs.memory
    if 0 < at_once < machine.cores and needs.memory > BYTES_OF_A_JOB:
        found.append(
            f"memory is enough for {at_once} of the largest jobs at once: snakemake --resources "
            f"mem_mb={machine.memory // 1_000_000}"
        )
    elif 0 < at_once < machine.cores:
        found.append(f"memory is enough for {at_once} jobs at once: snakemake --cores {at_once}")
    for each in needs.left_out:
        found.append(
            f"left out for want of data: {each.space}/{each.dataset}; to get it: ednag sources "
            f"fetch {' '.join(each.sources)}"
        )
    return found

"""A diagnosis as text for people and as JSON for programs."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from ednag import __version__
from ednag.doctor.diagnosis import Diagnosis
from ednag.files import home
from ednag.sources.sizes import size_in_words

if TYPE_CHECKING:
    from ednag.doctor.needs import Needs


def as_json(diagnosis: Diagnosis) -> str:
    """The diagnosis as JSON: sizes in bytes; the user's home folder is written ~."""
    studies = [asdict(study) for study in diagnosis.studies]
    for study, record in zip(diagnosis.studies, studies, strict=True):
        if study.needs is not None:
            record["needs"]["unknown_sizes"] = study.needs.unknown_sizes
    cache = diagnosis.cache
    record = {
        "ednag": __version__,
        "machine": asdict(diagnosis.machine),
        "packages": {
            "lock": diagnosis.lock,
            "pinned": diagnosis.pinned,
            "differences": [asdict(each) for each in diagnosis.packages],
        },
        "mirrors": [asdict(each) for each in diagnosis.mirrors],
        "cache": cache and dict(zip(("folder", "files", "bytes"), cache, strict=True)),
        "servers": diagnosis.servers and [asdict(each) for each in diagnosis.servers],
        "studies": studies,
        "faults": diagnosis.faults,
        "remarks": diagnosis.remarks,
        "fine": not diagnosis.faults,
    }
    text, folder = json.dumps(record, indent=2, default=str), json.dumps(str(home() or ""))[1:-1]
    return text.replace(folder, "~") if len(folder) > 1 else text


def as_text(diagnosis: Diagnosis) -> str:
    """The diagnosis, with a heading for each part."""
    parts = (
        ("Machine", _machine(diagnosis)),
        ("Packages", _packages(diagnosis)),
        ("Files", _files(diagnosis)),
        ("Servers", _servers(diagnosis)),
        ("Studies", _studies(diagnosis)),
        ("Remarks", iter(diagnosis.remarks)),
        ("Broken", iter(diagnosis.faults or ["nothing"])),
    )
    blocks = [(heading, *(f"  {line}" for line in lines)) for heading, lines in parts]
    return "\n\n".join("\n".join(block) for block in blocks if len(block) > 1)


def _machine(diagnosis: Diagnosis) -> Iterator[str]:
    machine = diagnosis.machine
    free = f", {size_in_words(machine.free_memory)} of it free" if machine.free_memory else ""
    yield f"ednag {__version__}, Python {machine.python}, {machine.system}"
    yield f"{machine.cores} cores, {size_in_words(machine.memory)} of memory{free}"
    here, cache = size_in_words(machine.free_disk), size_in_words(machine.free_cache_disk)
    yield f"disk: {here} free here, {cache} in the folder of downloads"
    gpus = [f"{gpu.name} ({size_in_words(gpu.memory)})" for gpu in machine.gpus]
    yield f"GPU: {', '.join(gpus) or 'none'}"


def _packages(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.lock is not None:
        right = diagnosis.pinned - len(diagnosis.packages)
        yield f"{right} of {diagnosis.pinned} are as pinned in {diagnosis.lock}"
        yield from map(str, diagnosis.packages)


def _files(diagnosis: Diagnosis) -> Iterator[str]:
    for mirror in diagnosis.mirrors:
        if mirror.exists:
            unknown = len(mirror.unknown)
            more = f", {unknown} whose expected size is not known" if unknown else ""
            yield f"mirror {mirror.folder}: {len(mirror.right)} files of the right size{more}"
        else:
            yield f"mirror {mirror.folder}: cannot be read"
    if diagnosis.cache is not None:
        folder, files, size = diagnosis.cache
        yield f"cache {folder}: {files} files, {size_in_words(size)}"


def _servers(diagnosis: Diagnosis) -> Iterator[str]:
    for each in diagnosis.servers or ():
        count = len(each.sources)
        yield f"{each.server}: {each.answer}; {count} file{'s' if count > 1 else ''}"


def _studies(diagnosis: Diagnosis) -> Iterator[str]:
    for study in diagnosis.studies:
        if study.needs is None or study.verdict is None:
            yield f"{study.file}: cannot be read"
            continue
        outcome = study.verdict.outcome.value
        if outcome == "possible after a download":
            outcome += f" of {download_in_words(study.needs)}"
        yield f"{study.file}: {outcome}"
        yield from (f"  because {reason}" for reason in study.verdict.reasons)
        yield f"  needs: {', '.join(_needs(study.needs))}"
        yield from (f"  {remark}" for remark in study.verdict.remarks)


def download_in_words(needs: "Needs") -> str:
    """Size and number of the files that must be downloaded."""
    count, unknown = len(needs.download), needs.unknown_sizes
    files = f"{count} file{'s' if count > 1 else ''}"
    if unknown:
        of_them = f"{unknown} of them of unknown size" if unknown < count else "of unknown size"
        files = f"{files}, {of_them}"
    if unknown and not needs.download_size:
        return files
    size = f"{needs.download_size / 1e6:,.0f} MB" if needs.download_size >= 1e6 else "under 1 MB"
    return f"{'at least ' if unknown else ''}{size} ({files})"


def _needs(needs: "Needs") -> Iterator[str]:
    yield f"up to {needs.runs:,} runs"
    yield f"{len(needs.sources)} source files"
    if needs.download:
        yield f"to download {download_in_words(needs)}"
    yield f"disk {'at least ' if needs.unknown_sizes else ''}{size_in_words(needs.disk)}"
    yield f"memory {size_in_words(needs.memory)} a job"
    if needs.training is None:
        yield "no GPU"
    else:
        hours, networks = needs.training.core_hours, needs.training.networks
        yield f"GPU for {networks} trainings ({hours:,.0f} hours on one core)"

"""A diagnosis as text for people and as plain data for machines."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ednag import __version__
from ednag.doctor.diagnosis import Diagnosis, StudyDiagnosis
from ednag.files import home
from ednag.sources.sizes import size_in_words

if TYPE_CHECKING:
    from ednag.doctor.needs import Needs


def as_record(found: Diagnosis) -> dict[str, Any]:
    """The diagnosis as JSON knows it: sizes in bytes; the user's own folder is written ~."""
    machine = asdict(found.machine)
    record = {
        "ednag": __version__,
        "machine": machine,
        "packages": {
            "lock": found.lock,
            "pinned": found.pinned,
            "differences": [asdict(each) for each in found.packages],
        },
        "mirrors": [asdict(each) for each in found.mirrors],
        "cache": dict(zip(("folder", "files", "bytes"), found.cache, strict=True))
        if found.cache
        else None,
        "servers": None if found.servers is None else [asdict(each) for each in found.servers],
        "studies": [_study_record(each) for each in found.studies],
        "faults": found.faults,
        "remarks": found.remarks,
        "fine": not found.faults,
    }
    plain: dict[str, Any] = _plain(record)
    return plain


def _study_record(study: StudyDiagnosis) -> dict[str, Any]:
    record = asdict(study)
    if study.needs is not None:
        record["needs"]["unknown_sizes"] = study.needs.unknown_sizes
    return record


def _plain(value: Any) -> Any:
    """The value with paths as text, without the name of the user's folder."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str):
        at_home = str(home() or "")
        return value.replace(at_home, "~") if len(at_home) > 1 else value
    return value


def as_text(found: Diagnosis) -> str:
    """The diagnosis, a heading for each part."""
    parts = (
        ("Machine", _machine(found)),
        ("Packages", _packages(found)),
        ("Files", _files(found)),
        ("Servers", _servers(found)),
        ("Studies", _studies(found)),
        ("Remarks", iter(found.remarks)),
        ("Broken", iter(found.faults or ["nothing"])),
    )
    blocks = []
    for heading, lines in parts:
        listed = [f"  {line}" for line in lines]
        if listed:
            blocks.append("\n".join([heading, *listed]))
    return "\n\n".join(blocks) + "\n"


def _machine(found: Diagnosis) -> Iterator[str]:
    machine = found.machine
    free = f", {size_in_words(machine.free_memory)} of it free" if machine.free_memory else ""
    yield f"ednag {__version__}, Python {machine.python}, {machine.system}"
    yield f"{machine.cores} cores, {size_in_words(machine.memory)} of memory{free}"
    here, cache = size_in_words(machine.free_disk), size_in_words(machine.free_cache_disk)
    yield f"disk: {here} free here, {cache} where downloads are kept"
    named = [f"{gpu.name} ({size_in_words(gpu.memory)})" for gpu in machine.gpus]
    yield f"GPU: {', '.join(named) or 'none'}"


def _packages(found: Diagnosis) -> Iterator[str]:
    if found.lock is not None:
        right = found.pinned - len(found.packages)
        yield f"{right} of {found.pinned} are as pinned in {found.lock}"
        yield from map(str, found.packages)


def _files(found: Diagnosis) -> Iterator[str]:
    for mirror in found.mirrors:
        if mirror.exists:
            unknown = len(mirror.unknown)
            more = f", {unknown} whose size nobody says" if unknown else ""
            yield f"mirror {mirror.folder}: {len(mirror.right)} files of the right size{more}"
        else:
            yield f"mirror {mirror.folder}: cannot be read"
    if found.cache is not None:
        folder, files, size = found.cache
        yield f"cache {folder}: {files} files, {size_in_words(size)}"


def _servers(found: Diagnosis) -> Iterator[str]:
    for each in found.servers or ():
        count = len(each.sources)
        yield f"{each.server}: {each.answer}; {count} file{'s' if count > 1 else ''}"


def _studies(found: Diagnosis) -> Iterator[str]:
    for study in found.studies:
        if study.needs is None or study.verdict is None:
            yield f"{study.file}: cannot be read"
            continue
        outcome = study.verdict.outcome.value
        if outcome == "possible after a download":
            outcome += f" of {download_in_words(study.needs)}"
        yield f"{study.file}: {outcome}"
        yield from (f"  because {reason}" for reason in study.verdict.reasons)
        yield f"  {_needs(study.needs)}"
        yield from (f"  {remark}" for remark in study.verdict.remarks)


def download_in_words(needs: "Needs") -> str:
    """What must be fetched, in words."""
    count, unknown = len(needs.download), needs.unknown_sizes
    files = f"{count} file{'s' if count > 1 else ''}"
    if unknown:
        of_them = f"{unknown} of them of unknown size" if unknown < count else "of unknown size"
        files = f"{files}, {of_them}"
    if unknown and not needs.download_size:
        return files
    size = f"{needs.download_size / 1e6:,.0f} MB" if needs.download_size >= 1e6 else "under 1 MB"
    return f"{'at least ' if unknown else ''}{size} ({files})"


def _needs(needs: "Needs") -> str:
    """What a study needs, in a line."""
    found = [f"up to {needs.runs:,} runs", f"{len(needs.sources)} source files"]
    if needs.download:
        found.append(f"to download {download_in_words(needs)}")
    least = "at least " if needs.unknown_sizes else ""
    found += [
        f"disk {least}{size_in_words(needs.disk)}",
        f"memory {size_in_words(needs.memory)} a job",
    ]
    if needs.training is None:
        found.append("no GPU")
    else:
        hours, networks = needs.training.core_hours, needs.training.networks
        found.append(f"GPU for {networks} trainings ({hours:,.0f} hours on one core)")
    return f"needs: {', '.join(found)}"

"""An audit as text, Markdown and JSON: equal for equal trees, without time or machine."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError, listed
from ednag.provenance.audit import Audit
from ednag.provenance.findings import KINDS, Finding
from ednag.provenance.replication import Replication
from ednag.provenance.results_lock import LockComparison
from ednag.provenance.stages import stage_of, stage_rank

#: Files of a finding that a page shows; the JSON has all.
_SHOWN = 8


def jobs_by_stage(audit: Audit) -> list[tuple[str, int, int]]:
    """(stage, number of jobs, number of files) in the order of the data flow."""
    jobs = Counter(stage_of(record.outputs[0].path) for record in audit.records if record.outputs)
    files = Counter(stage_of(name) for name in audit.files)
    stages = sorted({*jobs, *files}, key=lambda stage: (stage_rank(stage), stage))
    return [(stage, jobs[stage], files[stage]) for stage in stages]


def failure(first_broken_link: str, next_step: str) -> EdnagError:
    """The error for an audit with faults."""
    return EdnagError(f"audit failed: {first_broken_link}; next: {next_step}")


def require_sound(path: Path) -> None:
    """Raise EdnagError if `path`, an audit as JSON, has faults or is not an audit."""
    try:
        faults = json.loads(path.read_bytes())["faults"]
        error = failure(faults[0]["first_broken_link"], faults[0]["next_step"]) if faults else None
    except (ValueError, KeyError, TypeError):
        raise EdnagError(f"{path}: not an audit; write one: ednag audit --json {path}") from None
    if error:
        raise error


def as_json(
    audit: Audit,
    comparison: LockComparison | None = None,
    replication: Replication | None = None,
) -> str:
    """The audit for programs, with full checksums."""
    content: dict[str, Any] = {
        "verdict": audit.verdict,
        "sound": not audit.faults,
        "counts": {
            "targets": len(audit.targets),
            "files": len(audit.files),
            "jobs": len(audit.records),
            "sources": len(audit.sources),
            "faults": len(audit.faults),
            "notes": len(audit.notes),
        },
        "stages": [
            dict(zip(("stage", "jobs", "files"), row, strict=True)) for row in jobs_by_stage(audit)
        ],
        "sources": [asdict(source) for source in audit.sources],
        "faults": [_as_mapping(finding) for finding in audit.faults],
        "notes": [_as_mapping(finding) for finding in audit.notes],
    }
    if comparison is not None:
        summary = {name: getattr(comparison, name) for name in ("verdict", "agrees", "stage")}
        content["against"] = {**summary, **asdict(comparison)}
    if replication is not None:
        content["signatures"] = replication.as_mapping()
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _as_mapping(finding: Finding) -> dict[str, Any]:
    """A finding with its meaning, file and stage."""
    fields = asdict(finding)
    del fields["fault"]
    head = {"kind": fields.pop("kind"), "meaning": KINDS[finding.kind]}
    return {**head, "file": finding.file, "stage": finding.stage, **fields}


# --- for people ---------------------------------------------------------------------------------


def as_text(
    audit: Audit,
    comparison: LockComparison | None = None,
    replication: Replication | None = None,
) -> Iterator[str]:
    """Lines for a terminal; the first is the verdict."""
    yield audit.verdict
    for fault in audit.faults:
        yield ""
        yield f"{fault.kind}: {fault.file} ({fault.stage})"
        yield f"  {fault.explanation}"
        if fault.first_broken_link != fault.link:
            yield f"  first broken link: {fault.first_broken_link}"
        yield f"  {fault.touches} of {len(audit.targets)} audited files depend on it"
        yield f"  next: {fault.next_step}"
    if audit.notes:
        yield ""
    for note in audit.notes:
        yield f"note: {note.explanation}"
    if audit.sources:
        yield ""
    for source in audit.sources:
        yield f"{source.sha256}  {source.file}  ({source.vouched_by})"
    if comparison is not None:
        yield ""
        yield from comparison_lines(comparison)
    if replication is not None:
        yield ""
        yield from replication.lines()


def comparison_lines(comparison: LockComparison) -> Iterator[str]:
    """Lines on a comparison with a lock."""
    yield f"against the lock: {comparison.verdict}"
    if comparison.agrees:
        return
    for stage, counts in comparison.by_stage():
        yield f"  {stage}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())
    for name in comparison.begins:
        yield f"  begins here: {name}"
    for kind in ("differs", "missing", "new"):
        for name in getattr(comparison, kind):
            yield f"  {kind}: {name}"


def as_markdown(
    audit: Audit,
    comparison: LockComparison | None = None,
    replication: Replication | None = None,
) -> str:
    """The audit as a page; the first line is the verdict."""
    lines = [audit.verdict, ""]
    if comparison is not None:
        lines += [f"Against the lock: {comparison.verdict}.", ""]
    if replication is not None:
        lines += [*(f"- {line.strip()}" for line in replication.lines()), ""]
    lines += ["| stage | jobs | files |", "|---|---:|---:|"]
    lines += [f"| {stage} | {jobs} | {files} |" for stage, jobs, files in jobs_by_stage(audit)]
    lines += ["", "## Faults", ""]
    for number, fault in enumerate(audit.faults, start=1):
        lines += [
            f"### {number}. {fault.kind}: `{fault.file}`",
            "",
            f"{fault.explanation}.",
            "",
            f"- files: {listed(fault.files, _SHOWN)}",
            f"- first broken link: {fault.first_broken_link}",
            f"- {fault.touches} of {len(audit.targets)} audited files depend on it",
            f"- next step: `{fault.next_step}`",
            "",
        ]
    if not audit.faults:
        lines += ["None.", ""]
    lines += ["## Sources", "", "| source | file | sha256 | vouched for by |", "|---|---|---|---|"]
    lines += [
        f"| {source.id} | `{source.file}` | `{source.sha256}` | {source.vouched_by} |"
        for source in audit.sources
    ]
    if audit.notes:
        lines += ["", "## Notes", ""]
        lines += [f"- {note.kind}: {note.explanation}" for note in audit.notes]
    if comparison is not None and not comparison.agrees:
        lines += ["", "## Against the lock", ""]
        lines += [f"- {line.strip()}" for line in comparison_lines(comparison)][1:]
    return "\n".join(lines) + "\n"


def verdict_of(page: Path) -> str:
    """The verdict on a page of `as_markdown`, for the front page of Snakemake's report."""
    lines = page.read_text(encoding="utf-8").splitlines() if page.is_file() else []
    return lines[0] if lines else "not audited yet"

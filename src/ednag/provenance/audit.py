"""The audit of a study: from tables and figures through the records to checksummed source files.

An audit shows that no file, record, source or module changed since the jobs ran, that each job
read the outputs of the jobs before it, and that every chain begins at registered sources. It
cannot detect that somebody changed a file and forged all records that depend on it; a
`results.lock` committed before (ednag.provenance.results_lock), or signed by people who ran the
study (ednag.provenance.replication), detects that.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ednag.errors import EdnagError, listed
from ednag.provenance import checks
from ednag.provenance.checks import Evidence
from ednag.provenance.findings import Finding, counted
from ednag.provenance.records import STORE, Record
from ednag.provenance.setting import Setting
from ednag.provenance.stages import REPORT, source_of, stage_rank
from ednag.provenance.store import Reach, Store, read_store
from ednag.stages import EVIDENCE, FIGURES, PAGES

#: Default targets: what people read.
_TARGETS = (EVIDENCE.folder, FIGURES.folder)
_PAGES = rf"{PAGES.folder}/[^/]*\.(md|json|html)$|{REPORT}|{STORE}/.*\.html$"
_DEFAULT = re.compile(rf"({'|'.join(_TARGETS)})/|{_PAGES}")
_FOLDERS = (PAGES.folder, FIGURES.folder)


@dataclass(frozen=True)
class UsedSource:
    """A source that the targets depend on, with its id and addresses in the registry."""

    id: str
    file: str  # name in records
    sha256: str
    size: int  # bytes
    vouched_by: str  # `registry`, `trusted on first use` or `nobody`
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """The result of an audit."""

    targets: tuple[str, ...]  # names of the audited files
    files: tuple[str, ...]  # names of all files that they depend on, themselves included
    records: tuple[Record, ...]  # their jobs; each comes after the jobs that made its inputs
    sources: tuple[UsedSource, ...]
    findings: tuple[Finding, ...]  # faults in the order of the data flow, then notes
    evidence: Evidence  # what was compared

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings because of which the audit fails."""
        return tuple(finding for finding in self.findings if finding.fault)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The other findings."""
        return tuple(finding for finding in self.findings if not finding.fault)

    @property
    def verdict(self) -> str:
        """One sentence."""
        counts = (
            f"{counted(self.files, 'file')}, {counted(self.records, 'job')}, "
            f"{counted(self.sources, 'source')}"
        )
        incomplete = [fault for fault in self.faults if fault.kind == "incomplete"]
        others = [fault for fault in self.faults if fault.kind != "incomplete"]
        told = [fault.explanation for fault in incomplete]
        if others:
            first = others[0].first_broken_link
            told.append(f"{counted(others, 'fault')} in {counts}; first broken link: {first}")
        if told:
            return "; ".join(told)
        trusted = [each for each in self.sources if each.vouched_by != "registry"]
        note = f" ({len(trusted)} of the sources trusted on first use)" if trusted else ""
        return f"{counts}: every number leads back to checksummed bytes{note}"


def audit(
    setting: Setting,
    targets: Sequence[Path] = (),
    further: Iterable[Finding] = (),
    written: Iterable[Path] = (),
) -> Audit:
    """Audit files and folders of a tree.

    Args:
        setting: The tree and what it is compared with.
        targets: Files and folders; by default all evidence, figures and pages, including files
            that only records name, without what is left over of another study.
        further: Findings of other checks. On a file that changed after its job, they are left out.
        written: Files that are made from this audit. Neither they nor what depends on them is
            audited.

    Raises:
        EdnagError: There is nothing to audit, or a target does not exist.
    """
    store = read_store(setting.root).before(map(setting.name, written))
    names = _named(setting, store, targets) if targets else _default_targets(setting, store)
    if not names:
        raise EdnagError(
            f"nothing to audit in {setting.root}: no {' and no '.join(_TARGETS)}; make the results "
            "first: snakemake --cores all"
        )
    reach = store.reach(names)
    files = sorted(reach.files)
    # Files that the targets do not depend on are checked as well: see `checks.check_all`.
    inputs = {file.path for record in store.records for file in record.inputs}
    evidence = Evidence(
        setting,
        store,
        setting.measure(frozenset(reach.files | store.claims.keys() | inputs)),
        frozenset(record.path for record in reach.records),
    )
    findings = [*_faults(evidence, reach), *_notes(evidence, reach)]
    changed = {finding.file for finding in findings if finding.kind == "changed"}
    findings += _links_out(setting)
    findings += (finding for finding in further if finding.file not in changed)
    if not targets:
        findings += _never_made(setting, store)
    ordered = _in_order(findings, store, reach, names)
    sources = tuple(used_sources(evidence, files))
    return Audit(names, tuple(files), reach.records, sources, ordered, evidence)


# --- targets ------------------------------------------------------------------------------------


def is_ignored(name: str) -> bool:
    """Whether a file is never audited: records, hidden files, read-mes, notes of the workflow."""
    parts = name.split("/")
    return (
        (name.startswith(f"{STORE}/") and not name.endswith(".html"))
        or parts[-1] == "README.md"
        or any(part.startswith(".") for part in parts)
    )


def _files_in(setting: Setting, store: Store, *folders: str) -> Iterator[str]:
    """Files that can be audited."""
    for name in setting.files_below(*folders):
        if not is_ignored(name) and name not in store.later:
            yield name


def _is_of_the_study(setting: Setting, store: Store, name: str) -> bool:
    """Whether a file is not left over; one without a record may be anything."""
    return store.maker(name) is None or not setting.is_left_over([name])


def _default_targets(setting: Setting, store: Store) -> tuple[str, ...]:
    names = {*_files_in(setting, store, *_FOLDERS), *store.claims}
    return tuple(
        name
        for name in sorted(names)
        if _DEFAULT.match(name) and not is_ignored(name) and _is_of_the_study(setting, store, name)
    )


def _named(setting: Setting, store: Store, targets: Sequence[Path]) -> tuple[str, ...]:
    """The files that `targets` name, relative to the folder of the results or the current one."""
    names: set[str] = set()
    for target in targets:
        name = setting.locate(target)
        path = setting.path(name)
        below = {each for each in store.claims if each.startswith(f"{name}/")}
        if path.is_dir() or below:
            below.update(_files_in(setting, store, name))
            names.update(each for each in below if _is_of_the_study(setting, store, each))
        elif path.is_file() or store.maker(name):
            names.add(name)
        else:
            raise EdnagError(f"{target}: no such file, and no record of one; look in results/")
    return tuple(sorted(name for name in names if not is_ignored(name)))


# --- findings -----------------------------------------------------------------------------------


def _faults(evidence: Evidence, reach: Reach) -> Iterator[Finding]:
    """All checks of all jobs. For jobs that no target depends on, most findings are notes.

    Jobs of another study are left out, except where a target depends on them.
    """
    setting, store = evidence.setting, evidence.store
    yield from checks.check_store(setting, store)
    records = [
        record
        for record in store.records
        if evidence.needed(record) or not setting.is_left_over(_outputs([record]))
    ]
    yield from checks.check_all(evidence, records, sorted(reach.files))
    for record in reach.circular:
        outputs = tuple(file.path for file in record.outputs)
        yield Finding(
            "circle",
            outputs,
            f"the job of {outputs[0]} read a file made from its own output",
            setting.again([record.path]),
        )


def _links_out(setting: Setting) -> Iterator[Finding]:
    """Findings on links out of the study: faults among what people read, notes elsewhere."""
    for name in setting.links_out(*_FOLDERS):
        yield Finding(
            "link",
            (name,),
            f"{name} is a link that leads out of the study; files there without a record are not "
            "found",
            f"replace {name} by what it leads to; only results, figures and resources may be links",
            fault=bool(_DEFAULT.match(name) or _DEFAULT.match(f"{name}/")),
        )


def _never_made(setting: Setting, store: Store) -> Iterator[Finding]:
    """The finding on targets of the study that neither exist nor have a record."""
    targets = setting.study.targets if setting.study else ()
    missing = [
        name
        for name in targets
        if name not in store.later and not setting.path(name).exists() and not store.maker(name)
    ]
    if missing:
        count = f"{len(missing)} of {counted(targets, 'target')}"
        explanation = f"incomplete: {count} missing: {listed(missing)}"
        yield Finding("incomplete", tuple(missing), explanation, setting.workflow)


def _notes(evidence: Evidence, reach: Reach) -> Iterator[Finding]:
    """Findings that are not faults."""
    setting, store = evidence.setting, evidence.store
    others = [n for n in _files_in(setting, store, *_FOLDERS) if n not in reach.files]
    left_over = [name for name in others if setting.is_left_over([name])]
    unrecorded = [n for n in others if n not in store.claims and n not in left_over]
    elsewhere = sorted({name for record in reach.records for name in _from_elsewhere(record)})
    for kind, names, explanation in (
        ("unrecorded", unrecorded, "{} have no record, and no target depends on them"),
        ("left over", left_over, "{} left over: no part of the study in results/study.json"),
        (
            "code alone",
            _outputs(r for r in reach.records if not r.inputs and not checks.needs_none(r)),
            "{} were made from code and a seed only, without data",
        ),
        (
            "no commit known",
            _outputs(r for r in reach.records if not r.code.commit),
            "the commit of the code that made {} is not known (the project was not a git checkout, "
            "or the package was outside of it, or git gave no answer); the sha256 of the modules "
            "in the records identify the code",
        ),
        (
            "uncommitted code",
            _outputs(r for r in reach.records if r.code.dirty),
            "{} were made from a checkout with changed tracked files; the commit does not identify "
            "their code, the sha256 of the modules in the records do",
        ),
        (
            "modules from elsewhere",
            _outputs(r for r in reach.records if _from_elsewhere(r)),
            "{} were made with modules from outside the installation and the project (PYTHONPATH, "
            f"the user's site-packages), which have no digest: {listed(elsewhere)}",
        ),
    ):
        if names:
            text = explanation.format(counted(names, "file"))
            yield Finding(kind, tuple(sorted(names)), f"{text}: {listed(sorted(names))}", "", False)


def _from_elsewhere(record: Record) -> list[str]:
    """Modules from outside the installation whose digest the record does not have."""
    known = {"ednag", *(name.partition(".")[0] for name in record.code.modules)}
    return [name for names in record.code.path.values() for name in names if name not in known]


def _outputs(records: Iterable[Record]) -> list[str]:
    return [file.path for record in records for file in record.outputs]


def used_sources(evidence: Evidence, names: Iterable[str]) -> Iterator[UsedSource]:
    """The registered sources among the named files."""
    for name in names:
        id, _ = source_of(name) or ("", "")
        source, measured = evidence.setting.registry.get(id), evidence.measured[name]
        if source and measured:
            vouched_by = checks.vouched_by(source, evidence)
            yield UsedSource(id, name, measured.sha256, measured.size, vouched_by, source.addresses)


def _in_order(
    findings: Iterable[Finding], store: Store, reach: Reach, targets: Sequence[str]
) -> tuple[Finding, ...]:
    """Faults in the order of the data flow, each with its first broken link; then notes."""
    jobs = {file.path: at for at, record in enumerate(reach.records) for file in record.outputs}

    def order(finding: Finding) -> tuple[float, int, tuple[str, ...], str]:
        return (stage_rank(finding.stage), jobs.get(finding.file, -1), finding.files, finding.kind)

    ordered = sorted(findings, key=order)
    faults = [finding for finding in ordered if finding.fault]
    first_fault: dict[str, Finding] = {}
    for fault in faults:
        for name in fault.files:
            first_fault.setdefault(name, fault)
    linked = []
    for fault in faults:
        before = [first_fault[name] for name in store.rests_on(fault.file) if name in first_fault]
        first = min(before, key=order)
        touched = sum(not store.rests_on(target).isdisjoint(fault.files) for target in targets)
        linked.append(replace(fault, first_broken_link=first.link, touches=touched))
    return (*linked, *(finding for finding in ordered if not finding.fault))

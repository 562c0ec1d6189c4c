"""The audit of a study: from its tables and figures through records back to checksummed bytes.

What it can tell: that no file, record, source or module was changed since the jobs ran, that each
job read what the one before it wrote, and that all of it begins at registered bytes. What it
cannot: whether somebody who changed a file also forged every record down to the last one; a
`results.lock` that was committed before (ednag.provenance.results_lock) tells that.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ednag.errors import EdnagError
from ednag.provenance import checks
from ednag.provenance.checks import Evidence
from ednag.provenance.digests import measure
from ednag.provenance.findings import Finding, listed
from ednag.provenance.records import STORE, Record
from ednag.provenance.setting import Setting
from ednag.provenance.stages import source_of, stage_rank
from ednag.provenance.store import Reach, Store, read_store

#: What is audited where nothing is named: folders, and pages directly under `results`.
_TARGETS = ("results/evidence", "figures")
_PAGES = (".md", ".json")


@dataclass(frozen=True)
class UsedSource:
    """A source that the targets rest on: its id, file, sha256, size in bytes, who vouches for it
    (`registry`, `trusted on first use` or `nobody`) and its addresses."""

    id: str
    file: str
    sha256: str
    size: int
    vouched_by: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        targets: Names of the files that were asked about.
        files: Names of all files they rest on, themselves among them.
        records: The jobs they rest on, each after those before it.
        sources: Where all of it begins.
        findings: Faults, the earliest in the flow first, then notes.
        evidence: What was looked at.
    """

    targets: tuple[str, ...]
    files: tuple[str, ...]
    records: tuple[Record, ...]
    sources: tuple[UsedSource, ...]
    findings: tuple[Finding, ...]
    evidence: Evidence

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings for which the audit fails."""
        return tuple(finding for finding in self.findings if finding.fault)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are only noted."""
        return tuple(finding for finding in self.findings if not finding.fault)

    @property
    def verdict(self) -> str:
        """One sentence."""
        counted = (
            f"{_counted(self.files, 'file')}, {_counted(self.records, 'job')}, "
            f"{_counted(self.sources, 'source')}"
        )
        if self.faults:
            first = self.faults[0].first_broken_link
            return f"{_counted(self.faults, 'fault')} in {counted}; first broken link: {first}"
        trusted = [each for each in self.sources if each.vouched_by != "registry"]
        note = f" ({len(trusted)} of the sources trusted on first use)" if trusted else ""
        return f"{counted}: every number leads back to checksummed bytes{note}"


def _counted(things: Sequence[object], name: str) -> str:
    return f"{len(things):,} {name}{'' if len(things) == 1 else 's'}"


def audit(setting: Setting, targets: Sequence[Path] = ()) -> Audit:
    """Audit the tree of `setting`.

    Args:
        setting: The tree and what it is held against.
        targets: Files and folders whose files are asked about; by default all evidence, figures and
            pages directly under `results`, and what records say should be there of these.

    Raises:
        EdnagError: There is nothing to audit, or a target is not there.
    """
    store = read_store(setting.root)
    names = _named(setting, store, targets) if targets else _default_targets(setting, store)
    if not names:
        raise EdnagError(
            f"nothing to audit in {setting.root}: no {' and no '.join(_TARGETS)}; make the results "
            "first: snakemake --cores all"
        )
    reach = store.reach(names)
    evidence = Evidence(
        setting,
        store,
        measure(setting, _looked_at(store, reach)),
        frozenset(record.path for record in reach.records),
    )
    found = [*_faults(evidence, reach), *_notes(evidence, reach)]
    return Audit(
        targets=names,
        files=tuple(sorted(reach.files)),
        records=reach.records,
        sources=tuple(used_sources(evidence, sorted(reach.files))),
        findings=_in_order(found, store, reach, names),
        evidence=evidence,
    )


# --- what is looked at --------------------------------------------------------------------------


def is_ignored(name: str) -> bool:
    """Whether a file is not audited: records, hidden files, read-mes, the audit, its report."""
    parts = name.split("/")
    return (
        name.startswith((f"{STORE}/", "results/audit.", "results/report/"))
        or parts[-1] == "README.md"
        or any(part.startswith(".") for part in parts)
    )


def _files_under(setting: Setting, folder: str) -> Iterator[str]:
    for path in sorted((setting.root / folder).rglob("*")):
        name = path.relative_to(setting.root).as_posix()
        if path.is_file() and not is_ignored(name):
            yield name


def _is_default_target(name: str) -> bool:
    page = name.startswith("results/") and name.count("/") == 1 and name.endswith(_PAGES)
    return not is_ignored(name) and (
        page or any(name.startswith(f"{folder}/") for folder in _TARGETS)
    )


def _default_targets(setting: Setting, store: Store) -> tuple[str, ...]:
    """Those on disk, and those that a job wrote and that are gone."""
    here = [*_files_under(setting, "results"), *_files_under(setting, "figures")]
    return tuple(sorted({name for name in [*here, *store.claims] if _is_default_target(name)}))


def _named(setting: Setting, store: Store, targets: Sequence[Path]) -> tuple[str, ...]:
    """The files that targets name, given from the current folder or from that of the results."""
    names: set[str] = set()
    for target in targets:
        inside = setting.root / target
        path = inside if inside.exists() or not target.exists() else target.absolute()
        name = setting.name(path)
        below = {each for each in store.claims if each.startswith(f"{name}/")}
        if path.is_dir() or below:
            names.update(below, _files_under(setting, name))
        elif path.is_file() or store.maker(name):
            names.add(name)
        else:
            raise EdnagError(f"{target}: no such file, and no record of one; look in results/")
    return tuple(sorted(name for name in names if not is_ignored(name)))


def _looked_at(store: Store, reach: Reach) -> frozenset[str]:
    """The files to hash: all that is reached, and all that any record made or read."""
    read = {file.path for record in store.records for file in record.inputs}
    return frozenset(reach.files | store.claims.keys() | read)


# --- what is found ------------------------------------------------------------------------------


def _faults(evidence: Evidence, reach: Reach) -> Iterator[Finding]:
    """All checks; one that fails for a job nothing rests on yields notes."""
    store = evidence.store
    yield from checks.check_store(store)
    yield from checks.check_all(evidence, store.records, sorted(reach.files))
    for record in reach.circular:
        made = tuple(file.path for file in record.outputs)
        yield Finding(
            "circle",
            made,
            f"the job of {made[0]} read what was made of its own output",
            f"delete {record.path} and run: snakemake --cores 2",
        )


def _notes(evidence: Evidence, reach: Reach) -> Iterator[Finding]:
    """What a reader should know and no fault."""
    setting, store = evidence.setting, evidence.store
    unrecorded = [
        name
        for folder in ("results", "figures")
        for name in _files_under(setting, folder)
        if name not in reach.files and name not in store.claims
    ]
    groups = {
        "unrecorded": unrecorded,
        "code alone": _outputs(r for r in reach.records if not r.inputs and not checks.is_fetch(r)),
        "no commit known": _outputs(r for r in reach.records if not r.code["commit"]),
        "uncommitted code": _outputs(r for r in reach.records if r.code["dirty"]),
        "modules from elsewhere": _outputs(r for r in reach.records if _from_elsewhere(r)),
    }
    explanations = {
        "unrecorded": "{} have no record, and no target rests on them",
        "code alone": "{} were made of code and a seed alone, from no data",
        "no commit known": "the commit of the code that made {} is not known (the project was "
        "not a git checkout, or the package lay outside it, or git gave no answer); the sha256 of "
        "the modules in the records identify the code",
        "uncommitted code": "{} were made from a checkout in which tracked files had changed; the "
        "commit alone does not tell their code, the modules' sha256 in the records do",
    }
    elsewhere = sorted({name for record in reach.records for name in _from_elsewhere(record)})
    explanations["modules from elsewhere"] = (
        "{} were made with modules from outside the installation and the project (PYTHONPATH, the "
        f"user's site-packages): {listed(elsewhere)}; no digest covers these"
    )
    for kind, names in groups.items():
        if names:
            said = explanations[kind].format(_counted(names, "file"))
            yield Finding(kind, tuple(sorted(names)), f"{said}: {listed(sorted(names))}", "", False)


def _from_elsewhere(record: Record) -> list[str]:
    """Modules from outside the installation, except the project's own."""
    searched = record.code.get("path", {})
    return [name for names in searched.values() for name in names if name != "ednag"]


def _outputs(records: Iterable[Record]) -> list[str]:
    return [file.path for record in records for file in record.outputs]


def used_sources(evidence: Evidence, names: Iterable[str]) -> Iterator[UsedSource]:
    """The registered sources among the named files."""
    for name in names:
        id, _ = source_of(name) or ("", "")
        source, measured = evidence.setting.registry.get(id), evidence.measured[name]
        if source and measured:
            yield UsedSource(
                id=id,
                file=name,
                sha256=measured.sha256,
                size=measured.size,
                vouched_by=checks.vouched_by(source, evidence),
                addresses=source.addresses,
            )


# --- where the chain breaks ---------------------------------------------------------------------


def _in_order(
    findings: Iterable[Finding], store: Store, reach: Reach, targets: Sequence[str]
) -> tuple[Finding, ...]:
    """Faults, the earliest first, each with the earliest one it rests on; then notes."""
    place = {file.path: at for at, record in enumerate(reach.records) for file in record.outputs}

    def order(finding: Finding) -> tuple[float, int, tuple[str, ...], str]:
        return (stage_rank(finding.stage), place.get(finding.file, -1), finding.files, finding.kind)

    ordered = sorted(findings, key=order)
    faults = [finding for finding in ordered if finding.fault]
    at_fault: dict[str, Finding] = {}
    for fault in faults:
        for name in fault.files:
            at_fault.setdefault(name, fault)
    placed = []
    for fault in faults:
        before = [at_fault[name] for name in store.rests_on(fault.file) if name in at_fault]
        first = min(before, key=order)
        touched = sum(not store.rests_on(target).isdisjoint(fault.files) for target in targets)
        placed.append(replace(fault, first_broken_link=first.link, touches=touched))
    return (*placed, *(finding for finding in ordered if not finding.fault))

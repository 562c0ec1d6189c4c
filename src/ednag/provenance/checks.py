"""The single checks of an audit: of files, of the links between jobs, of sources, of jobs.

Each check yields what it finds; `ednag.provenance.audit` decides on what it is run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ednag.errors import EdnagError
from ednag.provenance.findings import Finding, listed, rerun, short
from ednag.provenance.recording import LOCK
from ednag.provenance.records import File, Record
from ednag.provenance.setting import Setting
from ednag.provenance.stages import is_published, plain_name, source_of, stage_of, stage_rank
from ednag.provenance.store import Store
from ednag.registries import REGISTRIES
from ednag.sources.registry import Source
from ednag.sources.verification import Digests, verify


@dataclass
class Evidence:
    """What the checks look at.

    Attributes:
        setting: What the tree is held against.
        store: Its records.
        measured: What its files hold now, None for one that is absent.
        reached: Paths of the records that the targets rest on.
    """

    setting: Setting
    store: Store
    measured: Mapping[str, Digests | None]
    reached: frozenset[str]
    _code: dict[tuple[str, frozenset[str]], str] = field(default_factory=dict)

    def needed(self, record: Record) -> bool:
        """Whether a target rests on the record's job."""
        return record.path in self.reached

    def digest_now(self, module: str, imported: frozenset[str] = frozenset()) -> str:
        """sha256 of a module, or of the lock, as it is now; each is read once.

        Of a registry, what a job depends on that imported these modules.
        """
        asked = (module, imported if module in REGISTRIES else frozenset())
        if asked not in self._code:
            setting = self.setting
            of_lock = module == LOCK
            digest = setting.lock_digest() if of_lock else setting.code_digest(*asked)
            self._code[asked] = digest
        return self._code[asked]


def _outputs_of(records: Iterable[Record]) -> tuple[str, ...]:
    """What jobs wrote, the earliest in the flow first; of a job that wrote nothing, its record."""
    names = {
        name
        for record in records
        for name in [file.path for file in record.outputs] or [record.path]
    }
    return tuple(sorted(names, key=lambda name: (stage_rank(stage_of(name)), name)))


def is_fetch(record: Record) -> bool:
    """Whether the record is of a job that fetched a source, and of nothing else."""
    fetched = all(source_of(file.path) for file in record.outputs)
    return record.command[1:3] == ("sources", "fetch") and fetched


def check_all(
    evidence: Evidence, records: Sequence[Record], files: Sequence[str]
) -> Iterator[Finding]:
    """Every check of some jobs and of the files that the targets rest on."""
    yield from check_recorded(evidence, files)
    wrong: set[str] = set()
    for name in files:
        if source_of(name):
            found = list(check_source(evidence, name))
            wrong.update(finding.file for finding in found)
            yield from found
    for record in records:
        # A source with the wrong bytes has been named with the reason already.
        outputs = check_outputs(evidence, record)
        yield from (finding for finding in outputs if finding.file not in wrong)
        yield from check_conduct(evidence, record)
    yield from check_links(evidence, records)
    yield from check_code(evidence, records)


# --- files --------------------------------------------------------------------------------------


def check_outputs(evidence: Evidence, record: Record) -> Iterator[Finding]:
    """That what the job wrote is there and unchanged."""
    for output in record.outputs:
        if evidence.store.maker(output.path) is not record:
            continue  # claimed by another record too, which is a finding of its own
        found = evidence.measured[output.path]
        if found is None:
            yield _missing(evidence, record, output)
        elif (found.sha256, found.size) != (output.sha256, output.size):
            yield _changed(evidence, record, output, found)


def _missing(evidence: Evidence, record: Record, output: File) -> Finding:
    if evidence.needed(record):
        return Finding(
            "missing",
            (output.path,),
            f"{output.path} is not there; {record.path} says that a job wrote it",
            rerun([output.path]),
        )
    return Finding(
        "missing",
        (output.path,),
        f"{output.path} is not there and no target needs it; its record {record.path} is left over",
        f"delete {record.path}",
        fault=False,
    )


def _changed(evidence: Evidence, record: Record, output: File, found: Digests) -> Finding:
    other = evidence.store.contents.get(found.sha256)
    holds = f"; it holds the bytes of {other}" if other and other != output.path else ""
    return Finding(
        "changed",
        (output.path,),
        f"{output.path} has sha256 {short(found.sha256)} and {found.size:,} bytes; the job of "
        f"{record.path} left {short(output.sha256)} and {output.size:,} bytes{holds}",
        rerun([output.path]),
    )


def check_recorded(evidence: Evidence, files: Sequence[str]) -> Iterator[Finding]:
    """That each file the targets rest on was made by a recorded job, or is registered."""
    explained = {name for broken in evidence.store.broken for name in broken.outputs}
    for name in files:
        if evidence.store.maker(name) or is_published(name) or name in explained:
            continue
        if stage_of(name) == "elsewhere":
            readers = _outputs_of(
                record
                for record in evidence.store.records
                if evidence.needed(record) and any(file.path == name for file in record.inputs)
            )
            yield Finding(
                "unregistered input",
                (name,),
                f"{name} was read for {listed(readers)}; no job made it and no registry knows it",
                f"register it: ednag sources add (docs/data.md), then run: {rerun(readers[:1])}",
                others=readers,
            )
        else:
            there = "" if evidence.measured[name] else ", and it is not there"
            yield Finding(
                "no record",
                (name,),
                f"no record tells how {name} was made{there}",
                f"{rerun([name])}; if the study asks for it no more, delete it",
            )


# --- links --------------------------------------------------------------------------------------


def check_links(evidence: Evidence, records: Sequence[Record]) -> Iterator[Finding]:
    """That what jobs read is what the jobs before them wrote, or a registered input as it is.

    All jobs that read the same file as it is no more are one finding.
    """
    readers: dict[tuple[str, str, bool], list[Record]] = {}
    for record in records:
        for read in record.inputs:
            if not _as_read(evidence, read):
                key = (read.path, read.sha256, evidence.needed(record))
                readers.setdefault(key, []).append(record)
    for (name, sha256, needed), jobs in sorted(readers.items(), key=lambda item: item[0]):
        made = _outputs_of(jobs)
        finding = _changed_input if is_published(name) else _other_bytes
        yield finding(evidence, name, sha256, made, needed)


def _as_read(evidence: Evidence, read: File) -> bool:
    """Whether a file that a job read is what its maker wrote, or registered and unchanged."""
    written = evidence.store.written(read.path)
    if written is not None:
        return (written.sha256, written.size) == (read.sha256, read.size)
    if not is_published(read.path):
        return True  # without a record: a finding of `check_recorded`
    now = evidence.measured[read.path]
    return now is not None and (now.sha256, now.size) == (read.sha256, read.size)


def _other_bytes(
    evidence: Evidence, name: str, sha256: str, made: tuple[str, ...], needed: bool
) -> Finding:
    maker, now = evidence.store.claims[name][0], evidence.measured[name]
    written = next(file.sha256 for file in maker.outputs if file.path == name)
    if now is not None and now.sha256 == sha256:
        state = "the file still is what was read, so its own record tells of another one"
    else:
        state = "the file was made again since, or another one was read"
    return Finding(
        "other bytes read",
        made,
        f"the job of {made[0]} read {name} with sha256 {short(sha256)}, the job of {maker.path} "
        f"wrote {short(written)}; {state}",
        f"{rerun([name, made[0]])}; what the study asks for no more, delete with its record",
        fault=needed,
        others=(name, maker.path),
    )


def _changed_input(
    evidence: Evidence, name: str, sha256: str, made: tuple[str, ...], needed: bool
) -> Finding:
    now, plain = evidence.measured[name], plain_name(name)
    state = f"now has sha256 {short(now.sha256)}" if now else "is not there"
    return Finding(
        "changed input",
        (name,),
        f"{plain} {state}; the job of {made[0]} read {short(sha256)}",
        f"git diff -- {plain}, then either git checkout -- {plain} or {rerun(made[:1])}",
        fault=needed,
        others=made,
    )


# --- sources ------------------------------------------------------------------------------------


def vouched_by(source: Source, evidence: Evidence) -> str:
    """Who says what the source's bytes are: the registry, sources.lock, or nobody."""
    if source.has_checksum:
        return "registry"
    return "trusted on first use" if source.id in evidence.setting.trusted else "nobody"


def check_source(evidence: Evidence, name: str) -> Iterator[Finding]:
    """That a file under `resources` is registered and holds the registered bytes."""
    measured = evidence.measured[name]
    id, file = source_of(name) or ("", "")
    source = evidence.setting.registry.get(id)
    if source is None or source.file != file:
        yield Finding(
            "unknown source",
            (name,),
            f"the registry has no source {id!r} with the file {file!r}",
            f"ednag sources add (docs/data.md), or delete {name} and what was made of it",
        )
    elif measured is not None:
        yield from _wrong_source(evidence, name, source, measured)


def _wrong_source(
    evidence: Evidence, name: str, source: Source, measured: Digests
) -> Iterator[Finding]:
    path, trusted = evidence.setting.path(name), evidence.setting.trusted.get(source.id)
    if vouched_by(source, evidence) == "nobody":
        yield Finding(
            "wrong source",
            (name,),
            f"nobody vouches for {name}: neither the registry nor sources.lock has a checksum",
            f"git checkout -- sources.lock, or trust it: ednag sources lock {source.id}",
        )
        return
    try:
        verify(path, source, trusted, lambda: measured)
    except EdnagError as error:
        said = str(error).replace(str(path), name)
        yield Finding("wrong source", (name,), said, rerun([name]))


# --- jobs ---------------------------------------------------------------------------------------


def check_conduct(evidence: Evidence, record: Record) -> Iterator[Finding]:
    """That the job read what it declared, talked to nobody, and rests on data."""
    made = _outputs_of([record])
    needed = evidence.needed(record)
    if record.undeclared_reads:
        yield Finding(
            "undeclared read",
            made,
            f"the job of {made[0]} opened {listed(record.undeclared_reads)}, which it does not "
            "declare as input",
            f"name the file as an input of the job, then: {rerun(made[:1])}",
            fault=needed,
        )
    if is_fetch(record):
        return
    if record.connections:
        yield Finding(
            "connection",
            made,
            f"the job of {made[0]} connected to {listed(record.connections)}; only "
            "`ednag sources fetch` may",
            f"fetch what it needs first, then: {rerun(made[:1])}",
            fault=needed,
        )
    if not record.inputs and needed and stage_rank(stage_of(made[0])) < stage_rank("figures"):
        yield Finding(
            "made from nothing",
            made,
            f"the job of {made[0]} declares no input, so that nothing leads on to a source",
            f"name its inputs on its command line, then: {rerun(made[:1])}",
        )


def check_code(evidence: Evidence, records: Sequence[Record]) -> Iterator[Finding]:
    """That the modules and the lock are those the files were made with.

    Jobs that ran with the same outdated modules are one finding. Fetched bytes are pinned, whatever
    code fetched them.
    """
    groups: dict[tuple[bool, tuple[str, ...]], list[Record]] = {}
    for record in records:
        if not is_fetch(record) and (differing := _differing(evidence, record)):
            groups.setdefault((evidence.needed(record), differing), []).append(record)
    for (needed, differing), jobs in sorted(groups.items(), key=lambda item: item[0]):
        files = _outputs_of(jobs)
        gone = [module for module in differing if not evidence.digest_now(module)]
        said = f"{len(files)} files were made by other code than is here now: {listed(differing)}"
        yield Finding(
            "other code",
            files,
            said + (f" (gone: {listed(gone)})" if gone else ""),
            "snakemake --cores 2; where that finds nothing to do: " + rerun(files[:1]),
            fault=needed,
            others=differing,
        )


def _differing(evidence: Evidence, record: Record) -> tuple[str, ...]:
    """Modules, and the lock, that are no longer what the record's job ran with."""
    code = record.code
    used = {**code["modules"], **code.get("files", {}), LOCK: code["lock"]}
    imported = frozenset(code["modules"])
    return tuple(n for n in sorted(used) if used[n] != evidence.digest_now(n, imported))


# --- the store ----------------------------------------------------------------------------------


def check_store(store: Store) -> Iterator[Finding]:
    """That every record is intact and no two claim one file."""
    for broken in store.broken:
        redo = rerun(broken.outputs[:1]) if broken.outputs else "snakemake --cores 2"
        yield Finding(
            "broken record",
            (broken.path, *broken.outputs),
            broken.fault,
            f"delete {broken.path} and run: {redo}",
        )
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, records in store.claims.items():
        if len(records) > 1:
            groups.setdefault(tuple(record.path for record in records), []).append(name)
    for paths, names in sorted(groups.items()):
        yield Finding(
            "claimed twice",
            tuple(sorted(names)),
            f"{listed(paths)} all say that their job wrote {listed(sorted(names))}",
            f"delete these records and run: {rerun(sorted(names)[:1])}",
            others=paths,
        )

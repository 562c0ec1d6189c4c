"""The checks of an audit: of files, links between jobs, sources, jobs and the store of records.

Each check yields findings; `ednag.provenance.audit` decides what is checked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ednag.errors import EdnagError, listed
from ednag.provenance.findings import Finding, counted, short
from ednag.provenance.recording import LOCK
from ednag.provenance.records import File, Record, is_in_place
from ednag.provenance.setting import Setting
from ednag.provenance.stages import (
    in_flow,
    is_of_own_images,
    is_published,
    plain_name,
    source_of,
    stage_of,
    stage_rank,
)
from ednag.provenance.store import Store
from ednag.registries import REGISTRIES
from ednag.sources.registry import Source
from ednag.sources.verification import Digests, verify
from ednag.stages import FIGURES, STUDY_FILE


@dataclass
class Evidence:
    """What the checks compare."""

    setting: Setting
    store: Store
    measured: Mapping[str, Digests | None]  # current digests of files; None for a missing file
    reached: frozenset[str]  # paths of the records that the targets depend on
    _code: dict[tuple[str, frozenset[str]], str] = field(default_factory=dict)

    def needed(self, record: Record) -> bool:
        """Whether a target depends on the record's job."""
        return record.path in self.reached

    def code_digest(self, name: str, imported: frozenset[str] = frozenset()) -> str:
        """See `Setting.code_digest`; each file is read once."""
        key = (name, imported if name in REGISTRIES else frozenset())
        if key not in self._code:
            self._code[key] = self.setting.code_digest(*key)
        return self._code[key]


def _outputs_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Outputs of jobs in the order of the data flow; of a job without outputs, its record."""
    names = {
        name
        for record in records
        for name in [file.path for file in record.outputs] or [record.path]
    }
    return tuple(sorted(names, key=in_flow))


def is_fetch(record: Record) -> bool:
    """Whether the job fetched a source and did nothing else."""
    only_sources = all(source_of(file.path) for file in record.outputs)
    return record.command[1:3] == ("sources", "fetch") and only_sources


def needs_none(record: Record) -> bool:
    """Whether the job needs no input: a fetch, and the job that writes the study itself."""
    return is_fetch(record) or [file.path for file in record.outputs] == [STUDY_FILE]


def check_all(
    evidence: Evidence, records: Sequence[Record], files: Sequence[str]
) -> Iterator[Finding]:
    """Every check of some jobs and of the files that the targets depend on."""
    yield from check_recorded(evidence, files)
    wrong: set[str] = set()
    for name in files:
        if source_of(name):
            findings = list(check_source(evidence, name))
            wrong.update(finding.file for finding in findings)
            yield from findings
    for record in records:
        # A wrong source has its own finding, which gives the reason.
        outputs = check_outputs(evidence, record)
        yield from (finding for finding in outputs if finding.file not in wrong)
        yield from check_conduct(evidence, record)
    yield from check_links(evidence, records)
    yield from check_code(evidence, records)


# --- files --------------------------------------------------------------------------------------


def check_outputs(evidence: Evidence, record: Record) -> Iterator[Finding]:
    """Check that the outputs of a job exist and are unchanged."""
    for output in record.outputs:
        name = output.path
        if evidence.store.maker(name) is not record:
            continue  # another record names it, too, which is a finding of `check_store`
        now = evidence.measured[name]
        if now is None and evidence.needed(record):
            explanation = f"{name} does not exist; {record.path} says that a job wrote it"
            yield Finding("missing", (name,), explanation, evidence.setting.again([name]))
        elif now is None:
            explanation = (
                f"{name} does not exist and no target needs it; its record {record.path} is left "
                "over"
            )
            yield Finding("missing", (name,), explanation, f"delete {record.path}", fault=False)
        elif (now.sha256, now.size) != (output.sha256, output.size):
            other = evidence.store.contents.get(now.sha256)
            same = f"; it has the bytes of {other}" if other and other != name else ""
            explanation = (
                f"{name} has sha256 {short(now.sha256)} and {now.size:,} bytes; the job of "
                f"{record.path} wrote {short(output.sha256)} and {output.size:,} bytes{same}"
            )
            yield Finding("changed", (name,), explanation, evidence.setting.again([name]))


def check_recorded(evidence: Evidence, files: Sequence[str]) -> Iterator[Finding]:
    """Check that each file was made by a recorded job or is registered."""
    again = evidence.setting.again
    explained = {name for broken in evidence.store.broken for name in broken.outputs}
    explained |= {
        read.path
        for record in evidence.store.records
        if is_of_own_images(_outputs_of([record]))
        for read in record.inputs
    }
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
                f"{name} was read for {listed(readers)}; no job made it, and it is not registered",
                f"register it: ednag sources add (docs/data.md), then {again(readers[:1])}",
                others=readers,
            )
        else:
            absent = "" if evidence.measured[name] else ", and it does not exist"
            yield Finding(
                "no record",
                (name,),
                f"{name} has no record of the job that made it{absent}",
                again([name])
                if evidence.setting.study
                else f"{again([name])}; if it is no part of the study, delete it",
            )


# --- links --------------------------------------------------------------------------------------


def check_links(evidence: Evidence, records: Sequence[Record]) -> Iterator[Finding]:
    """Check that the inputs of jobs are outputs of other jobs, or unchanged registered files.

    Jobs that read the same outdated file share one finding.
    """
    readers: dict[tuple[str, str, bool], list[Record]] = {}
    for record in records:
        for read in record.inputs:
            if not _is_current(evidence, record, read):
                key = (read.path, read.sha256, evidence.needed(record))
                readers.setdefault(key, []).append(record)
    for (name, sha256, needed), jobs in sorted(readers.items(), key=lambda item: item[0]):
        outputs = _outputs_of(jobs)
        finding = _other_bytes if evidence.store.written(name) else _changed_input
        yield finding(evidence, name, sha256, outputs, needed)


def _is_current(evidence: Evidence, record: Record, read: File) -> bool:
    """Whether an input is the output of its job, or a file of the user's that is unchanged.

    The user's are registered ones of the repository and own images.
    """
    written = evidence.store.written(read.path)
    if written is not None:
        return (written.sha256, written.size) == (read.sha256, read.size)
    if not (is_published(read.path) or is_of_own_images(_outputs_of([record]))):
        return True  # without a record, which is a finding of `check_recorded`
    now = evidence.measured[read.path]
    return now is not None and (now.sha256, now.size) == (read.sha256, read.size)


def _other_bytes(
    evidence: Evidence, name: str, sha256: str, outputs: tuple[str, ...], needed: bool
) -> Finding:
    maker, written = evidence.store.claims[name][0], evidence.store.written(name)
    assert written is not None
    now = evidence.measured[name]
    if now is not None and now.sha256 == sha256:
        state = "the file still has the bytes that were read, so its own record is wrong"
    else:
        state = "the file was made again since, or another file was read"
    return Finding(
        "other bytes read",
        outputs,
        f"the job of {outputs[0]} read {name} with sha256 {short(sha256)}, the job of {maker.path} "
        f"wrote {short(written.sha256)}; {state}",
        f"{evidence.setting.again([name, outputs[0]])}; delete files that are no part of the "
        "study, and their records",
        fault=needed,
        others=(name, maker.path),
    )


def _changed_input(
    evidence: Evidence, name: str, sha256: str, outputs: tuple[str, ...], needed: bool
) -> Finding:
    now, plain, again = evidence.measured[name], plain_name(name), evidence.setting.again
    state = f"has sha256 {short(now.sha256)}" if now else "does not exist"
    return Finding(
        "changed input",
        (name,),
        f"{plain} {state}; the job of {outputs[0]} read {short(sha256)}",
        f"git diff -- {plain}, then either git checkout -- {plain} or {again(outputs[:1])}"
        if is_published(name)
        else again(outputs[:1]),
        fault=needed,
        others=outputs,
    )


# --- sources ------------------------------------------------------------------------------------


def vouched_by(source: Source, evidence: Evidence) -> str:
    """Where the checksum of a source comes from."""
    if source.has_checksum:
        return "registry"
    if source.id not in evidence.setting.trusted:
        return "nobody"
    return f"{source.only_part}, trusted on first use".removeprefix(", ")


def check_source(evidence: Evidence, name: str) -> Iterator[Finding]:
    """Check that a file in `resources` is registered and has the registered bytes."""
    setting, measured = evidence.setting, evidence.measured[name]
    id, file = source_of(name) or ("", "")
    source = setting.registry.get(id)
    if source is None or source.file != file:
        yield Finding(
            "unknown source",
            (name,),
            f"the registry has no source {id!r} with the file {file!r}",
            f"ednag sources add (docs/data.md), or delete {name} and the files made from it",
        )
    elif measured is not None and vouched_by(source, evidence) == "nobody":
        yield Finding(
            "wrong source",
            (name,),
            f"{name} has no checksum, neither in the registry nor in sources.lock",
            f"git checkout -- sources.lock, or trust it: ednag sources lock {source.id}",
        )
    elif measured is not None:
        path = setting.path(name)
        try:
            verify(path, source, setting.trusted.get(source.id), measured)
        except EdnagError as error:
            explanation = str(error).replace(str(path), name)
            yield Finding("wrong source", (name,), explanation, setting.again([name]))


# --- jobs ---------------------------------------------------------------------------------------


def check_conduct(evidence: Evidence, record: Record) -> Iterator[Finding]:
    """Check that a job read only declared files, used no network, and read data."""
    outputs, again = _outputs_of([record]), evidence.setting.again
    needed = evidence.needed(record)
    if record.undeclared_reads:
        yield Finding(
            "undeclared read",
            outputs,
            f"the job of {outputs[0]} opened {listed(record.undeclared_reads)}, which it does not "
            "declare as input",
            f"name the file as an input of the job, then: {again(outputs[:1])}",
            fault=needed,
        )
    if is_fetch(record):
        return
    if record.connections:
        yield Finding(
            "connection",
            outputs,
            f"the job of {outputs[0]} connected to {listed(record.connections)}; only "
            "`ednag sources fetch` may",
            f"fetch the files that it needs first, then: {again(outputs[:1])}",
            fault=needed,
        )
    early = stage_rank(stage_of(outputs[0])) < stage_rank(FIGURES.name)
    if early and needed and not record.inputs and not needs_none(record):
        yield Finding(
            "made from nothing",
            outputs,
            f"the job of {outputs[0]} declares no input, so that its chain leads to no source",
            f"name its inputs on its command line, then: {again(outputs[:1])}",
        )


def check_code(evidence: Evidence, records: Sequence[Record]) -> Iterator[Finding]:
    """Check that the modules and the lock are those that the files were made with.

    Jobs with the same outdated modules share one finding. Fetches are not checked: their bytes
    have checksums.
    """
    groups: dict[tuple[bool, tuple[str, ...]], list[Record]] = {}
    for record in records:
        if not is_fetch(record) and (outdated := _outdated(evidence, record)):
            groups.setdefault((evidence.needed(record), outdated), []).append(record)
    for (needed, outdated), jobs in sorted(groups.items(), key=lambda item: item[0]):
        files = _outputs_of(jobs)
        setting = evidence.setting
        gone = [module for module in outdated if not evidence.code_digest(module)]
        explanation = (
            f"{counted(files, 'file')} made with code that has changed since: {listed(outdated)}"
        )
        yield Finding(
            "other code",
            files,
            explanation + (f" (gone: {listed(gone)})" if gone else ""),
            f"{setting.workflow}; if that makes nothing: {setting.again(files[:1])}",
            fault=needed,
            others=outdated,
        )


def _outdated(evidence: Evidence, record: Record) -> tuple[str, ...]:
    """Modules, data files and lock of a job that have changed since."""
    code = record.code
    used = {**code.modules, **code.files, LOCK: code.lock}
    imported = frozenset(code.modules)
    return tuple(n for n in sorted(used) if used[n] != evidence.code_digest(n, imported))


# --- the store ----------------------------------------------------------------------------------


def check_store(setting: Setting, store: Store) -> Iterator[Finding]:
    """Check that every record is intact, in its place, and the only one of its outputs.

    What is left over of another study is not checked.
    """
    for broken in store.broken:
        named = (broken.path, *broken.outputs)
        if not setting.is_left_over(named):
            yield Finding("broken record", named, broken.fault, setting.again([broken.path]))
    twice = {name for name, records in store.claims.items() if len(records) > 1}
    for record in store.records:
        names = (record.path, *_outputs_of([record]))
        if not (is_in_place(record) or twice.intersection(names) or setting.is_left_over(names)):
            yield Finding(
                "misplaced record",
                names,
                f"{record.path} is the record of the job that made {names[1]}",
                setting.again([record.path]),
            )
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(twice):
        if not setting.is_left_over([name]):
            records = store.claims[name]
            groups.setdefault(tuple(record.path for record in records), []).append(name)
    for paths, claimed in sorted(groups.items()):
        yield Finding(
            "claimed twice",
            tuple(claimed),
            f"{listed(paths)} all name the output {listed(claimed)}",
            setting.again(claimed[:1], beside=paths),
            others=paths,
        )

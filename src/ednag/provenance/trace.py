"""The chain of one number or figure: from its file, job by job, to the sources."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ednag.errors import EdnagError
from ednag.provenance import checks
from ednag.provenance.audit import UsedSource, used_sources
from ednag.provenance.cells import TableCell, find_cell
from ednag.provenance.checks import Evidence
from ednag.provenance.findings import Finding
from ednag.provenance.records import File
from ednag.provenance.setting import Setting
from ednag.provenance.stages import is_published, plain_name, stage_of
from ednag.provenance.store import Store, read_store
from ednag.stages import RUNS

#: Columns whose cells are folders of the path grammar; the columns of a group mean the same folder.
_FOLDERS = (("space",), ("dataset",), ("protocol",), ("method", "against"))
#: Shown characters of a command.
_SHORT = 110


@dataclass(frozen=True)
class Step:
    """One job of a chain, with its outputs and inputs that belong to the chain."""

    stage: str
    made: tuple[File, ...]
    read: tuple[File, ...]
    command: str
    record: str  # its path


@dataclass(frozen=True)
class Chain:
    """The jobs and files that one number or figure depends on."""

    file: str  # the table or figure
    cell: TableCell | None  # the number; None for a whole file
    steps: tuple[Step, ...]  # the last one first
    sources: tuple[UsedSource, ...]
    published: tuple[File, ...]  # files of the repository
    faults: tuple[Finding, ...]  # see `ednag audit`
    snakemake: str  # the command of the workflow that makes only this number or figure again

    @property
    def commands(self) -> tuple[str, ...]:
        """The recorded commands, in the order in which they run."""
        return tuple(step.command for step in reversed(self.steps))


def trace(
    setting: Setting,
    file: Path,
    terms: Sequence[str] = (),
    column: str | None = None,
    aliases: Mapping[str, str] | None = None,
    folders: Sequence[frozenset[str]] = (),
) -> Chain:
    """The chain of a number in a table, or of a whole file.

    Args:
        setting: The tree of results.
        file: An output of a recorded job, relative to the results or the current folder.
        terms, column, aliases: Words of the number's row, its column, ...; see `find_cell`.
        folders: Of a whole file, what the inputs must be of: names of spaces, of datasets, ...; by
            default those in its path.

    Raises:
        EdnagError: The file or its record does not exist, or the words do not name one number.
    """
    store, aliases = read_store(setting.root), aliases or {}
    name = setting.locate(file)
    path = setting.path(name)
    if not path.is_file():
        raise EdnagError(f"{file}: no such file; tables and figures are in results/ and figures/")
    if store.maker(name) is None:
        raise EdnagError(f"{name}: no record of the job that made it; see: ednag audit {name}")
    cell = find_cell(path, name, terms, column, aliases) if terms or column else None
    if cell:
        folders = folders_of_row(cell.row, aliases)
    folders = folders or [frozenset([part]) for part in _parts(name)]
    steps = find_steps(store, name, folders)
    jobs = frozenset(step.record for step in steps)
    records = [record for record in store.records if record.path in jobs]
    read_or_made = {file.path for record in records for file in (*record.inputs, *record.outputs)}
    evidence = Evidence(setting, store, setting.measure(frozenset(read_or_made)), jobs)
    files = {file.path: file for step in steps for file in (*step.made, *step.read)}
    names = sorted(files)
    runs = [made.path for step in steps for made in step.made if step.stage == RUNS.name]
    findings = checks.check_all(evidence, records, names)
    return Chain(
        name,
        cell,
        steps,
        tuple(used_sources(evidence, names)),
        tuple(files[name] for name in names if is_published(name)),
        tuple(each for each in findings if each.fault and not files.keys().isdisjoint(each.files)),
        f"{setting.rerun(sorted(runs) or [name])} -- {shlex.quote(name)}",
    )


def folders_of_row(
    row: Mapping[str, str], aliases: Mapping[str, str]
) -> tuple[frozenset[str], ...]:
    """The spaces, datasets, protocols and methods that a row (column -> cell) names."""
    folders = []
    for columns in _FOLDERS:
        cells = [row[column] for column in columns if row.get(column)]
        folders.append(frozenset([*cells, *(aliases.get(cell.casefold(), cell) for cell in cells)]))
    return tuple(folders)


@cache
def _parts(name: str) -> tuple[str, ...]:
    """Folders of a path, and the file's name without suffixes."""
    *folders, last = plain_name(name).split("/")
    return (*folders, last.split(".")[0])


def _chosen(inputs: Sequence[File], folders: Sequence[frozenset[str]]) -> tuple[File, ...]:
    """The inputs with the given space, dataset, ...; all of a stage in which none has them."""
    chosen: list[File] = []
    for stage in dict.fromkeys(stage_of(file.path) for file in inputs):
        files = [file for file in inputs if stage_of(file.path) == stage]
        for names in folders:
            matching = [file for file in files if not names.isdisjoint(_parts(file.path))]
            files = matching or files
        chosen += files
    return tuple(chosen)


def find_steps(store: Store, name: str, folders: Sequence[frozenset[str]]) -> tuple[Step, ...]:
    """The jobs of the chain of `name`, the last one first; `folders` as of `folders_of_row`."""
    outputs: dict[str, set[str]] = {}
    read: dict[str, tuple[File, ...]] = {}
    waiting = [name]
    while waiting:
        file = waiting.pop()
        maker = store.maker(file)
        if maker is None or file in outputs.get(maker.path, ()):
            continue
        if maker.path not in outputs:
            read[maker.path] = _chosen(maker.inputs, folders)
            waiting += [each.path for each in read[maker.path]]
        outputs.setdefault(maker.path, set()).add(file)
    return tuple(
        Step(
            stage=stage_of(min(outputs[record.path])),
            made=tuple(file for file in record.outputs if file.path in outputs[record.path]),
            read=read[record.path],
            command=shlex.join(record.command),
            record=record.path,
        )
        for record in reversed(store.reach([name]).records)
        if record.path in outputs
    )


# --- in words -----------------------------------------------------------------------------------


def as_json(chain: Chain) -> str:
    """The chain for programs."""
    cell = chain.cell
    content = {
        "file": chain.file,
        "value": cell.value if cell else None,
        "column": cell.column if cell else None,
        "row": dict(cell.row) if cell else None,
        "whole": not chain.faults,
        "faults": [{"kind": each.kind, "explanation": each.explanation} for each in chain.faults],
        "steps": [asdict(step) for step in chain.steps],
        "sources": [asdict(source) for source in chain.sources],
        "published": [asdict(file) for file in chain.published],
        "commands": chain.commands,
        "snakemake": chain.snakemake,
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def as_text(chain: Chain) -> Iterator[str]:
    """Lines for a terminal: the number, its chain, the commands that make it again."""
    if chain.cell:
        row = chain.cell.row
        cells = [row[column] for group in _FOLDERS for column in group if row.get(column)]
        yield chain.cell.value or "(empty)"
        yield f"{chain.cell.column} of {' '.join(cells)} in {chain.file}"
        yield ""
    for step in chain.steps:
        for number, file in enumerate(step.made):
            yield f"{step.stage if not number else '':<10} {file.sha256}  {file.path}"
        short = step.command if len(step.command) <= _SHORT else f"{step.command[:_SHORT]}..."
        yield f"{'':<10} made by: {short}"
        yield f"{'':<10} record:  {step.record}"
    for file in chain.published:
        yield f"{'published':<10} {file.sha256}  {plain_name(file.path)}"
    for source in chain.sources:
        yield f"{'source':<10} {source.sha256}  {source.id}, {source.vouched_by}"
        yield from (f"{'':<10} {address}" for address in source.addresses)
    yield ""
    yield from (f"broken: {fault.kind}: {fault.explanation}" for fault in chain.faults)
    if not chain.faults:
        yield "Every file of the chain has the bytes that its record names."
    yield ""
    yield "To make only this again:"
    yield f"  {chain.snakemake}"
    yield "or, step by step:"
    yield from (f"  {command}" for command in chain.commands)

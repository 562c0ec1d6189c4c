"""The chain of one number or figure: from the file it stands in, job by job, to its sources."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.provenance import checks
from ednag.provenance.audit import UsedSource, used_sources
from ednag.provenance.cells import Cell, find_cell
from ednag.provenance.checks import Evidence
from ednag.provenance.digests import measure
from ednag.provenance.findings import Finding, rerun
from ednag.provenance.records import File
from ednag.provenance.setting import Setting
from ednag.provenance.stages import is_published, plain_name, stage_of
from ednag.provenance.store import Store, read_store

#: Columns of a table whose cells are folders of the path grammar; those of one group are one thing.
_FOLDERS = (("space",), ("dataset",), ("protocol",), ("method", "against"))
#: Letters of a command in a line of the chain.
_SHORT = 110


@dataclass(frozen=True)
class Step:
    """One job of a chain.

    Attributes:
        stage: Of what it made.
        made: The files of its outputs that the chain goes through.
        read: The files of its inputs that the chain goes on with.
        command: Its command line as recorded.
        record: Path of its record.
    """

    stage: str
    made: tuple[File, ...]
    read: tuple[File, ...]
    command: str
    record: str


@dataclass(frozen=True)
class Chain:
    """All that one number or figure was made of.

    Attributes:
        file: The table or figure.
        cell: The number, None for a whole file.
        steps: The jobs, the last one first.
        sources: Where the chain begins.
        published: Files of the repository that it rests on.
        faults: Where it is broken; see `ednag audit`.
    """

    file: str
    cell: Cell | None
    steps: tuple[Step, ...]
    sources: tuple[UsedSource, ...]
    published: tuple[File, ...]
    faults: tuple[Finding, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """The recorded commands that make it again, in their order."""
        return tuple(step.command for step in reversed(self.steps))

    @property
    def snakemake(self) -> str:
        """The workflow's command that makes it, and nothing else, again."""
        runs = [file.path for step in self.steps for file in step.made if step.stage == "runs"]
        return f"{rerun(sorted(runs) or [self.file])} -- {shlex.quote(self.file)}"


def trace(
    setting: Setting,
    file: Path,
    terms: Sequence[str] = (),
    column: str | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Chain:
    """The chain of a number in a table, or of a whole file.

    Args:
        setting: The tree of results.
        file: A file that a recorded job made, from the current folder or that of the results.
        terms: Words of the number's row; see `find_cell`.
        column: Its column.
        aliases: Lower-case word -> cell that it stands for as well.

    Raises:
        EdnagError: The file or its record is not there, or the words do not name one number.
    """
    store, known = read_store(setting.root), aliases or {}
    inside = setting.root / file
    name = setting.name(inside if inside.exists() or not file.exists() else file.absolute())
    path = setting.path(name)
    if not path.is_file():
        raise EdnagError(f"{file}: no such file; tables and figures are in results/ and figures/")
    if store.maker(name) is None:
        raise EdnagError(f"{name}: no record tells how it was made; see: ednag audit {name}")
    cell = find_cell(path, name, terms, column, known) if terms or column else None
    wanted = _of_row(cell.row, known) if cell else [{part} for part in _parts(name)]
    steps = _steps(store, name, wanted)
    return _examined(setting, store, Chain(name, cell, steps, (), (), ()))


def _of_row(row: Mapping[str, str], aliases: Mapping[str, str]) -> list[set[str]]:
    """For each kind of folder, the names that the row means."""
    found = []
    for columns in _FOLDERS:
        cells = [row[column] for column in columns if row.get(column)]
        found.append({*cells, *(aliases.get(cell.casefold(), cell) for cell in cells)})
    return found


def _parts(name: str) -> list[str]:
    """Folders of a path, and the file's name without its endings."""
    *folders, last = plain_name(name).split("/")
    return [*folders, last.split(".")[0]]


def _chosen(inputs: Sequence[File], wanted: Sequence[set[str]]) -> tuple[File, ...]:
    """The inputs that are of the wanted space, dataset, ... where any of their stage is."""
    found: list[File] = []
    for stage in dict.fromkeys(stage_of(file.path) for file in inputs):
        files = [file for file in inputs if stage_of(file.path) == stage]
        for names in wanted:
            matching = [file for file in files if not names.isdisjoint(_parts(file.path))]
            files = matching or files
        found += files
    return tuple(found)


def _steps(store: Store, name: str, wanted: Sequence[set[str]]) -> tuple[Step, ...]:
    """The jobs of the chain, each before those whose outputs it read."""
    passed: dict[str, set[str]] = {}
    waiting = [name]
    while waiting:
        file = waiting.pop()
        maker = store.maker(file)
        if maker is None or file in passed.get(maker.path, ()):
            continue
        passed.setdefault(maker.path, set()).add(file)
        waiting += [read.path for read in _chosen(maker.inputs, wanted)]
    return tuple(
        Step(
            stage=stage_of(min(passed[record.path])),
            made=tuple(file for file in record.outputs if file.path in passed[record.path]),
            read=_chosen(record.inputs, wanted),
            command=shlex.join(record.command),
            record=record.path,
        )
        for record in reversed(store.reach([name]).records)
        if record.path in passed
    )


def steps_of_row(store: Store, name: str, row: Mapping[str, str]) -> tuple[Step, ...]:
    """The jobs of the chain of a table's row, the last one first; nothing is hashed.

    Args:
        store: The records.
        name: What records call the table.
        row: Its row, by column.
    """
    return _steps(store, name, _of_row(row, {}))


def _examined(setting: Setting, store: Store, chain: Chain) -> Chain:
    """The chain with its sources, and with the faults of its own files and jobs."""
    paths = {step.record for step in chain.steps}
    records = [record for record in store.records if record.path in paths]
    here = {file.path: file for step in chain.steps for file in (*step.made, *step.read)}
    files = {file.path for record in records for file in (*record.inputs, *record.outputs)}
    evidence = Evidence(setting, store, measure(setting, frozenset(files)), frozenset(paths))
    found = checks.check_all(evidence, records, sorted(here))
    return Chain(
        chain.file,
        chain.cell,
        chain.steps,
        tuple(used_sources(evidence, sorted(here))),
        tuple(file for name, file in sorted(here.items()) if is_published(name)),
        tuple(fault for fault in found if fault.fault and not here.keys().isdisjoint(fault.files)),
    )


# --- in words -----------------------------------------------------------------------------------


def as_mapping(chain: Chain) -> dict[str, Any]:
    """The chain for programs."""
    return {
        "file": chain.file,
        "value": chain.cell.value if chain.cell else None,
        "column": chain.cell.column if chain.cell else None,
        "row": dict(chain.cell.row) if chain.cell else None,
        "whole": not chain.faults,
        "faults": [
            {"kind": fault.kind, "explanation": fault.explanation} for fault in chain.faults
        ],
        "steps": [asdict(step) for step in chain.steps],
        "sources": [asdict(source) for source in chain.sources],
        "published": [asdict(file) for file in chain.published],
        "commands": list(chain.commands),
        "snakemake": chain.snakemake,
    }


def as_text(chain: Chain) -> Iterator[str]:
    """Lines for a terminal: the number, the chain down to its sources, how to make it again."""
    if chain.cell:
        row = chain.cell.row
        named = [row[column] for group in _FOLDERS for column in group if row.get(column)]
        yield chain.cell.value or "(empty)"
        yield f"{chain.cell.column} of {' '.join(named)} in {chain.file}"
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
        for address in source.addresses:
            yield f"{'':<10} {address}"
    yield ""
    if chain.faults:
        for fault in chain.faults:
            yield f"broken: {fault.kind}: {fault.explanation}"
    else:
        yield "Every file of the chain has the bytes that its record tells."
    yield ""
    yield "To regenerate only it:"
    yield f"  {chain.snakemake}"
    yield "or, step by step:"
    for command in chain.commands:
        yield f"  {command}"

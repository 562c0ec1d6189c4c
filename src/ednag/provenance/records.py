"""Run records: one JSON file per job with its inputs, outputs, code and environment.

Results contain neither time nor machine; records do. The last entry of a record, its seal, is the
sha256 of all other entries: it shows whether a record was edited after its job wrote it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ednag.errors import EdnagError
from ednag.files import write_text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = "ednag record 1"
#: Folder of the workflow's records: results/provenance/{path of the first output}.json
STORE = "results/provenance"
#: Prefix of the path of a file that is in the project's folder and not in that of the results.
PROJECT = "project:"


@dataclass(frozen=True)
class File:
    """A file as a job read or wrote it.

    The path is relative to the folder of the results, with slashes; or `project:` and the path in
    the project's folder; or absolute. The size is in bytes.
    """

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Code:
    """The code that a job ran."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    commit: str  # "" if not known
    dirty: bool | None  # whether tracked files differed; None if not known
    #: Imported module of the project -> sha256; of a registry, only the lines that were used count.
    modules: Mapping[str, str]
    #: Opened data file of the package -> sha256.
    files: Mapping[str, str] = field(default_factory=dict)
    #: Folder of `sys.path` outside the installation -> top-level modules imported from it.
    path: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lock: str  # sha256 of envs/requirements.lock


@dataclass(frozen=True)
class Record:
    """The record of one job. Files are sorted by path."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    command: tuple[str, ...]  # without the option `--record`
    parameters: Mapping[str, Any]  # options and arguments of the subcommand
    inputs: tuple[File, ...]
    outputs: tuple[File, ...]
    undeclared_reads: tuple[str, ...]  # opened outside the project and the installation
    connections: tuple[str, ...]  # hosts
    code: Code
    packages: Mapping[str, str]  # imported package -> installed version; see ednag.fork_server
    machine: Mapping[str, str]  # python, platform, cpu, gpu
    started: str  # UTC, ISO 8601
    ended: str
    seconds: float  # wall time
    peak_memory: float  # resident, in MB
    path: str = ""  # of the record itself; not part of the record

    @property
    def commit(self) -> str:
        """The commit, with a note if tracked files differed."""
        changed = " with changes" if self.code.dirty else ""
        return f"{self.code.commit}{changed}" if self.code.commit else "not known"


def subcommand_of(arguments: Iterable[str]) -> tuple[str, ...]:
    """The first words of a command line of `ednag`, three at most.

    They name the subcommand and, where it takes one, what it makes: `claims published nasbench201`.
    """
    words = list(arguments)
    while words and words[0].startswith("--"):  # options of the group
        words = words[1:] if "=" in words[0] else words[2:]
    return tuple(takewhile(re.compile("[a-z][a-z0-9-]*").fullmatch, words[:3]))


class BrokenRecordError(EdnagError):
    """A file that is not a record, or a record that was edited."""


def is_in_place(record: Record) -> bool:
    """Whether a record is named after one of the outputs of its job.

    The name is the path of the output, without suffix where a job writes several formats; of a
    folder, the name of the folder.
    """
    stem = record.path.removeprefix(f"{STORE}/").removesuffix(".json")
    named = (stem, f"results/{stem}", f"{STORE}/{stem}")
    return any(
        file.path in named or file.path.startswith((f"{name}.", f"{name}/"))
        for file in record.outputs
        for name in named
    )


def seal_of(body: Mapping[str, Any]) -> str:
    """The sha256 of a record's entries, in any order."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _sealed(body: Mapping[str, Any], seal: str) -> str:
    """The text of a record."""
    return json.dumps({**body, "seal": seal}, indent=1) + "\n"


def write_record(record: Record, path: Path) -> None:
    """Write a sealed record, whole or not at all."""
    fields = asdict(record)
    del fields["path"]
    body = json.loads(json.dumps({"format": FORMAT, **fields}))
    write_text(path, _sealed(body, seal_of(body)))


def read_record(path: Path, name: str | None = None) -> Record:
    """Read a record, called `name` in messages and in `Record.path`; the path by default.

    Raises BrokenRecordError if it is not a record of this format, or if its seal does not match.
    """
    name = name or path.as_posix()
    try:
        # Bytes are compared below, so that a changed byte anywhere in the file is noticed.
        raw = path.read_bytes()
        body = json.loads(raw)
        seal, version = body.pop("seal"), body.pop("format")
        if version != FORMAT:
            raise BrokenRecordError(f"{name}: a record of format {version!r}, not {FORMAT!r}")
        sealed = {"format": FORMAT, **body}
        changed = f"{name}: changed after it was written"
        if seal_of(sealed) != seal:
            raise BrokenRecordError(f"{changed}: the seal does not match")
        if _sealed(sealed, seal).encode() != raw:
            raise BrokenRecordError(f"{changed}: other bytes, same content")
        return replace(_record_type().validate_python(body), path=name)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise BrokenRecordError(f"{name}: not a run record: {_in_one_line(error)}") from None


@cache
def _record_type() -> "TypeAdapter[Record]":
    """Checks the types of a record's entries; imported here because only readers need it."""
    from pydantic import TypeAdapter

    return TypeAdapter(Record)


def _in_one_line(error: Exception) -> str:
    """The reason that a record cannot be read; of wrong types, the first entry and its fault."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def digest_of(path: Path) -> tuple[str, int]:
    """sha256 and size of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size


def measured_files(paths: Iterable[Path], root: Path, project: Path) -> tuple[File, ...]:
    """The files as they are now, sorted by path; see `File.path` for `root` and `project`."""
    files = (File(name_of(path, root, project), *digest_of(path)) for path in paths)
    return tuple(sorted(files, key=lambda file: file.path))


def name_of(path: Path, root: Path, project: Path) -> str:
    """The name of a file in records."""
    whole = path.absolute()
    if whole.is_relative_to(root):
        return whole.relative_to(root).as_posix()
    if whole.is_relative_to(project):
        return PROJECT + whole.relative_to(project).as_posix()
    return whole.as_posix()


def path_of(name: str, root: Path, project: Path) -> Path:
    """The path of a file that records call `name`."""
    if name.startswith(PROJECT):
        return project / name.removeprefix(PROJECT)
    return root / name

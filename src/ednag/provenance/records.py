"""Run records: one JSON file per job, which says what it read, wrote and was made of.

Results hold neither time nor machine; what is known of those stands here. A record is sealed: its
last entry is the sha256 of all others, so that a record that was changed by hand is told from one
that was written by a job.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.files import write_text

FORMAT = "ednag record 1"
#: Where the workflow keeps records: results/provenance/{path of the first output}.json
STORE = "results/provenance"
#: Stands before the path of a file of the project that lies outside the folder of the results.
PROJECT = "project:"


@dataclass(frozen=True)
class File:
    """A file as a job read or left it.

    Attributes:
        path: Relative to the folder of the results, with slashes; or `project:` and the path in
            the project's folder; or an absolute path where it lies elsewhere.
        sha256: Of its bytes, 64 hexadecimal digits.
        size: In bytes.
    """

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Record:
    """What is known of one job.

    Attributes:
        command: The command line, without the option that asks for the record.
        parameters: The subcommand's options and arguments as it understood them: the slice of the
            configuration that the job depends on.
        inputs, outputs: Files by path, sorted.
        undeclared_reads: Other files it opened that are neither of the project nor of the
            installation; none in an honest job.
        connections: Hosts it connected to; none but where sources are fetched.
        code: `commit` ("" if none is known), `dirty` (whether tracked files differed, None if
            unknown), `modules` (name -> sha256 of the project's modules that were imported, of a
            registry the lines that were used),
            `files` (the same of the package's other files that were opened, by path in the
            package), `path` (folder of `sys.path` outside the installation, such as one of
            PYTHONPATH -> the top-level modules that were imported from it), `lock` (sha256 of
            envs/requirements.lock).
        packages: Name -> version of the installed packages that were imported.
        machine: `python`, `platform`, `cpu`, `gpu`.
        started, ended: UTC, ISO 8601.
        seconds: Wall time.
        peak_memory: Largest resident memory, in MB.
        path: Where the record stands; not part of it.
    """

    command: tuple[str, ...]
    parameters: Mapping[str, Any]
    inputs: tuple[File, ...]
    outputs: tuple[File, ...]
    undeclared_reads: tuple[str, ...]
    connections: tuple[str, ...]
    code: Mapping[str, Any]
    packages: Mapping[str, str]
    machine: Mapping[str, str]
    started: str
    ended: str
    seconds: float
    peak_memory: float
    path: str = ""

    @property
    def commit(self) -> str:
        """The commit in words."""
        changed = " with changes" if self.code.get("dirty") else ""
        return f"{self.code['commit']}{changed}" if self.code["commit"] else "not known"


class BrokenRecordError(EdnagError):
    """A record that is no record, or was changed after it was written."""


def _body(record: Record) -> dict[str, Any]:
    """What is sealed."""
    fields = asdict(record)
    del fields["path"]
    return {"format": FORMAT, **fields}


def seal_of(body: Mapping[str, Any]) -> str:
    """The sha256 of a record's entries, whatever their order."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_record(record: Record, path: Path) -> None:
    """Write a sealed record, whole or not at all."""
    body = json.loads(json.dumps(_body(record)))
    write_text(path, json.dumps({**body, "seal": seal_of(body)}, indent=1) + "\n")


def read_record(path: Path, name: str | None = None) -> Record:
    """A record from its file.

    Args:
        path: The file.
        name: What to call it in messages and in `Record.path`; by default the path.

    Raises:
        BrokenRecordError: Not a record of this format, or the seal does not fit.
    """
    name = name or path.as_posix()
    try:
        # As bytes: a record has one form, and a changed byte anywhere in it must be seen.
        raw = path.read_bytes()
        body = json.loads(raw)
        given = body.pop("seal")
        known = body.pop("format")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BrokenRecordError(f"{name}: not a run record: {error}") from None
    if known != FORMAT:
        raise BrokenRecordError(f"{name}: a record of format {known!r}, not {FORMAT!r}")
    whole = {"format": FORMAT, **body}
    if seal_of(whole) != given:
        raise BrokenRecordError(f"{name}: changed after it was written: the seal does not fit")
    if (json.dumps({**whole, "seal": given}, indent=1) + "\n").encode() != raw:
        raise BrokenRecordError(f"{name}: changed after it was written: other bytes, same content")
    try:
        for kind in ("inputs", "outputs"):
            body[kind] = tuple(File(**entry) for entry in body[kind])
        for kind in ("command", "undeclared_reads", "connections"):
            body[kind] = tuple(body[kind])
        return Record(**body, path=name)
    except (TypeError, KeyError) as error:
        raise BrokenRecordError(f"{name}: not a run record: {error}") from None


def digest_of(path: Path) -> tuple[str, int]:
    """sha256 and size of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size


def described(paths: Sequence[Path], root: Path, project: Path) -> tuple[File, ...]:
    """Files as they are now, sorted by name; see `File.path` for `root` and `project`."""
    return tuple(
        sorted(
            (File(name_of(path, root, project), *digest_of(path)) for path in paths),
            key=lambda file: file.path,
        )
    )


def name_of(path: Path, root: Path, project: Path) -> str:
    """What a path is called in a record."""
    whole = path.absolute()
    if whole.is_relative_to(root):
        return whole.relative_to(root).as_posix()
    if whole.is_relative_to(project):
        return PROJECT + whole.relative_to(project).as_posix()
    return whole.as_posix()


def path_of(name: str, root: Path, project: Path) -> Path:
    """Where a file stands that a record calls `name`."""
    if name.startswith(PROJECT):
        return project / name.removeprefix(PROJECT)
    return root / name

"""What a call may replace: nothing is lost through a name that was given by mistake.

A file that stands where a call would write is replaced if it is an earlier product of the same
subcommand, or a file of a format that `ednag` writes and that no record claims.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.provenance.recording import project_folder
from ednag.provenance.records import FORMAT, STORE, subcommand_of

#: Endings of files that subcommands write, and names of such files without one.
_WRITTEN = frozenset(
    (".csv", ".md", ".tex", ".parquet", ".json", ".html", ".pt", ".pdf", ".png", ".lock")
) | {".checkpoint", "SHA256SUMS"}
#: Folders of the project that hold no results, and files with such an ending.
_PROJECT_FOLDERS = tuple(
    f"{folder}/"
    for folder in ("published", "config", "rules", "envs", "profiles", "src", "docs", "tests")
)
_PROJECT_FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "sources.lock")
_FETCH = ("sources", "fetch")
#: Folder of source files. Importing `ednag.stages`, which names it, would make that module part of
#: the code of every job that finds an output of an earlier call.
_SOURCES = "resources"


def store_of(path: Path) -> Path | None:
    """The folder of run records of the study in which a path is; None outside of studies."""
    above = path.absolute().parents
    return next((store for root in above if (store := root / STORE).is_dir()), None)


def refuse_loss(path: Path, subcommand: Sequence[str]) -> None:
    """Raise EdnagError if a subcommand must not replace what is at `path`.

    The subcommand is one of `subcommand_of`.
    """
    fault = _fault(path, tuple(subcommand))
    if fault:
        raise EdnagError(f"{path}: {fault}; name another file")


def refuse_loss_in(folder: Path, subcommand: Sequence[str]) -> None:
    """Raise EdnagError if a folder holds files that another subcommand made."""
    store = store_of(folder / "file")
    for path in sorted(folder.iterdir()) if store else ():
        maker = _maker(path, store, everywhere=False) if store else ()
        if _differs(maker, subcommand):
            raise EdnagError(
                f"{folder}: holds {path.name}, which was made by {_call(maker)}; name another "
                "folder"
            )


def refuse_loss_by_record(path: Path, subcommand: Sequence[str]) -> None:
    """Raise EdnagError unless what is at `path` is a run record of the subcommand."""
    body = _body(path.read_bytes()) if path.is_file() and not path.is_symlink() else {}
    if not body or _differs(subcommand_of(body["command"][1:]), subcommand):
        raise EdnagError(
            f"--record {path}: is there already and is no record of {_call(subcommand)}; name "
            "another file"
        )


def _fault(path: Path, subcommand: tuple[str, ...]) -> str:
    """Why a subcommand must not replace what is at a path; "" if it may."""
    if path.is_symlink():
        return f"is a link to {path.readlink()}"
    if not path.is_file():
        return "is no regular file"
    store, whole = store_of(path), path.absolute()
    with suppress(ValueError):
        within = whole.relative_to(project_folder()).as_posix()
        if within.startswith(_PROJECT_FOLDERS) or within in _PROJECT_FILES:
            return "is a file of the project"
    if store and whole.is_relative_to(store.parents[1] / _SOURCES):
        if subcommand[:2] != _FETCH:
            return "is a source file"
    elif (path.suffix or path.name) not in _WRITTEN:
        return "is there already, and ednag writes no such files"
    if store is None:
        return ""
    if whole.is_relative_to(store) and _body(path.read_bytes()):
        return "is a run record"
    maker = _maker(path, store)
    return f"was made by {_call(maker)}" if _differs(maker, subcommand) else ""


def _differs(maker: tuple[str, ...], subcommand: Sequence[str]) -> bool:
    """Whether a file has a maker, and this is another subcommand; the shorter one decides."""
    return any(one != other for one, other in zip(maker, subcommand, strict=False))


def _maker(path: Path, store: Path, everywhere: bool = True) -> tuple[str, ...]:
    """The subcommand whose record names a file as its output; () if there is none.

    A record is called after the first output of its job, of a figure without its ending, and that
    one is read first. Of the others only those that hold the name are parsed.
    """
    name = path.absolute().relative_to(store.parents[1]).as_posix()
    first = store / f"{name.removeprefix('results/')}.json"
    figure = first.with_name(f"{path.stem}.json")
    others: Iterable[Path] = sorted(store.rglob("*.json")) if everywhere else ()
    for record in (first, figure, *others):
        content = b""
        with suppress(OSError):
            content = record.read_bytes()
        if json.dumps(name).encode() in content:
            body = _body(content)
            outputs = body["outputs"] if body else []
            if any(isinstance(each, dict) and each.get("path") == name for each in outputs):
                return subcommand_of(body["command"][1:])
    return ()


def _body(content: bytes) -> dict[str, Any]:
    """The entries of a record; none of a file that is no record."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        return {}
    words, outputs = body.get("command"), body.get("outputs")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return body if isinstance(outputs, list) else {}
    return {}


def _call(words: Iterable[str]) -> str:
    return " ".join(("ednag", *words))

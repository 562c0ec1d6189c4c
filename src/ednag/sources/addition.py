"""A new entry in the registry, from a file or from the bytes that its addresses serve."""

import dataclasses
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.obtain import Surroundings, find
from ednag.sources.registry import (
    Source,
    first_fault,
    insert_entry,
    load_registry,
    without_entry,
)
from ednag.sources.verification import Digests, digest, verify


def add_source(
    registry: Path, fields: Mapping[str, Any], path: Path | None, around: Surroundings
) -> Source:
    """Write an entry with `fields` and the size and sha256 of its bytes into `registry`.

    The bytes are those at `path`, or those that the addresses serve. They must have the shape of
    the file's suffix. Raises EdnagError if a field is invalid, the id is taken, or the bytes cannot
    be obtained.
    """
    bare = _bare(fields)
    text = registry.read_text(encoding="utf-8")
    insert_entry(text, bare)  # refuses a taken id before the download
    if path is not None:
        verify(path, bare)
        measured = digest(path)
    else:
        with tempfile.TemporaryDirectory() as folder:
            # The registry will hold the sha256, so the user's lock file does not need it.
            measured = find(bare, dataclasses.replace(around, lock=Path(folder, "lock")))[1]
    return _write(registry, text, bare, measured)


def add_own_source(registry: Path, fields: Mapping[str, Any], path: Path | None) -> Source:
    """The same for a file without an address, at `path`; an earlier entry of its id is replaced.

    Raises EdnagError if a field is invalid, the id is one of `sources.yaml`, or the file is not in
    the folder of `registry`.
    """
    id = fields["id"]
    if (known := load_registry().get(id)) and known.folder is None:
        raise EdnagError(f"'{id}' not added: it is the id of another file; give it its own")
    if path is None:
        raise EdnagError(f"'{id}' not added: give the ADDRESS of the file, or the file as --path")
    file = fields["file"] or os.path.relpath(path.resolve(), registry.resolve().parent)
    if not (registry.parent / file).is_file() or file.startswith(".."):
        raise EdnagError(
            f"'{id}' not added: {file} is not in {registry.resolve().parent}, the folder of "
            f"{registry.name}; put it there"
        )
    bare = _bare({**fields, "file": file, "status": "unpublished"})
    verify(path, bare)
    text = registry.read_text(encoding="utf-8") if registry.is_file() else ""
    return _write(registry, without_entry(text, id), bare, digest(path))


def _bare(fields: Mapping[str, Any]) -> Source:
    try:
        return Source.model_validate(dict(fields))
    except ValidationError as error:
        raise EdnagError(f"'{fields.get('id')}' not added: {first_fault(error)}") from error


def _write(registry: Path, text: str, bare: Source, measured: Digests) -> Source:
    source = bare.model_copy(
        update={"size": measured.size, "sha256": measured.sha256, "evidence": "bytes checked"}
    )
    write_text(registry, insert_entry(text, source))
    return source

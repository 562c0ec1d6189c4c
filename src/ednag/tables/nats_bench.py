"""NATS-Bench, topology, "simple": the cells of NAS-Bench-201, one small file each, in a tar.

The archive holds `meta.pickle.pbz2` (all strings, by index) and for each cell
`<index>.pickle.pbz2`, {"12": ..., "200": ...} epochs: pickles compressed by bzip2. Members are read
one after the other, which needs little memory. The restricted unpickler reads each pickle, and
nats-bench 1.8, the benchmark's own package, its content. (The package's own loader unpickles any
type.)
Source: search-spaces specification, Official files.
"""

from __future__ import annotations

import bz2
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ednag.errors import EdnagError
from ednag.tables.interface import TableDefinition
from ednag.tables.nasbench201_official import EPOCHS, row
from ednag.tables.unpickling import CONTAINERS, NUMPY_NUMBERS, load_restricted

# Planning a study imports this module; pandas takes half a second.
if TYPE_CHECKING:
    import pandas as pd

SOURCE = "nats-tss-simple"
_ALLOWED = {**NUMPY_NUMBERS, **CONTAINERS}
_MEMBER = re.compile(r"(?:.*/)?(meta|\d{6})\.pickle\.pbz2")


def _members(path: Path) -> Iterator[tuple[str, Any]]:
    """("meta" or six digits, content) of each file in the archive, in its order."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                match = _MEMBER.fullmatch(member.name)
                stream = archive.extractfile(member) if match else None
                if match is None or stream is None:
                    continue
                place = f"{SOURCE}: {member.name}"
                try:
                    data = bz2.decompress(stream.read())
                except (OSError, ValueError) as error:
                    raise EdnagError(f"{place}: not a whole bzip2 file ({error})") from error
                yield match[1], load_restricted(data, _ALLOWED, place)
    except tarfile.TarError as error:
        raise EdnagError(f"{SOURCE}: {path} is not a whole tar archive ({error})") from error


def read(paths: Mapping[str, Path], dataset: str) -> pd.DataFrame:
    """One row per cell: `key`, `validation_accuracy`, `test_accuracy` (%).

    Raises EdnagError if a cell is missing or not as its package writes it.
    """
    import pandas as pd
    from nats_bench import ArchResults

    keys: list[str] = []
    rows = {}
    for name, content in _members(paths[SOURCE]):
        if not isinstance(content, dict):
            raise EdnagError(f"{SOURCE}: {name}: a dictionary expected")
        if name == "meta":
            architectures = content.get("meta_archs")
            keys = list(architectures) if isinstance(architectures, list | tuple) else []
        else:
            place = f"{SOURCE}: cell {int(name)}"
            rows[int(name)] = row(content.get(str(EPOCHS)), ArchResults, dataset, place)
    if not keys:
        raise EdnagError(f"{SOURCE}: not a NATS-Bench archive, which holds meta.pickle.pbz2")
    for index, key in enumerate(keys):
        if index not in rows:
            raise EdnagError(f"{SOURCE}: cell {index} ({key}) is missing")
        if rows[index]["key"] != key:
            raise EdnagError(f"{SOURCE}: cell {index} ({key}): holds {rows[index]['key']}")
    return pd.DataFrame([rows[index] for index in range(len(keys))])


def from_archive(table: TableDefinition) -> TableDefinition:
    """A table of NAS-Bench-201, read from the archive."""
    return replace(table, sources=(SOURCE,), read=partial(read, dataset=table.dataset))

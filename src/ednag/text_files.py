"""Strict reading of JSON and CSV, where the standard library would guess or keep one of two."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError, shown
from ednag.files import read_text

#: Bytes of a file that is read whole; the largest of this project has 15 MB.
_LARGEST = 256 << 20


def parse_json(text: str | bytes) -> Any:
    """The content of JSON; raises ValueError also for a key given twice and for deep nesting."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("values are nested too deeply") from None


def json_value(text: str, place: str) -> Any:
    """The value of a JSON text; raises EdnagError, which names `place`, as `parse_json` does."""
    try:
        return parse_json(text)
    except ValueError as error:
        raise EdnagError(f"{place}: not valid JSON: {error}") from None


def read_json(path: Path) -> Any:
    """The content of a JSON file; raises EdnagError for what `parse_json` refuses."""
    try:
        return parse_json(read_text(path, _LARGEST))
    except ValueError as error:
        raise EdnagError(f"{path}: not JSON ({shown(str(error))}); make it again") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        ((repeated, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"key {shown(repeated)} is given twice; keep one")
    return made


def csv_rows(path: Path, columns: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """(number of its last line, {column: text}) of each row of a CSV file with a header.

    Args:
        path: A file in UTF-8.
        columns: Those that it must have; it may have others.

    Raises:
        EdnagError: The file is not UTF-8, has no header, lacks or repeats a column, a quote is not
            closed, or a row has more or fewer values than the header; with the line.
    """
    lines = read_text(path, _LARGEST).split("\n")
    reader = csv.reader((f"{line}\n" for line in lines), strict=True)
    header: list[str] = []
    try:
        for row in reader:
            if not row:
                continue
            if not header:
                header = row
                _check_header(path, header, columns)
            elif len(row) != len(header):
                raise csv.Error(f"{len(row)} values, the header has {len(header)}")
            else:
                yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        place = f"{path}: line {reader.line_num}"
        raise EdnagError(f"{place}: {error}; correct it, or restore the file") from None
    if not header:
        raise EdnagError(f"{path} is empty; restore it, or write a header")


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header]
    if missing:
        raise EdnagError(f"{path}: column {missing[0]!r} is missing; it has {shown(header)}")
    if len(set(header)) < len(header):
        raise EdnagError(f"{path}: a column is given twice in {shown(header)}; keep one")

"""One number of a table: the row and column that words name in a CSV."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from ednag.errors import EdnagError
from ednag.naming import suggestion

#: The column that is meant where none is named, whichever the table has first.
_USUAL = ("mean", "ours")
#: Rows and columns that a message lists.
_LISTED = 12


@dataclass(frozen=True)
class Cell:
    """A number and where it stands: the table's name, the whole row by column, and the column."""

    table: str
    row: Mapping[str, str]
    column: str

    @property
    def value(self) -> str:
        """As the table prints it."""
        return self.row[self.column]


def find_cell(
    path: Path, table: str, terms: Sequence[str], column: str | None, aliases: Mapping[str, str]
) -> Cell:
    """The number that `terms` and `column` name.

    Args:
        path: The table (CSV).
        table: What to call it.
        terms: Each equals a cell of the row, whatever the case.
        column: The column; a word that is none is one more term, and then, as without one, the
            mean is meant.
        aliases: Lower-case word -> cell that it stands for as well.

    Raises:
        EdnagError: No row or several fit, or the table is no CSV with rows.
    """
    columns, rows = _read(path, table)
    wanted = list(terms)
    if column is not None and column not in columns:
        wanted.append(column)
        column = None
    for term in wanted:
        if not any(_matches(row, term, aliases) for row in rows):
            words = _words(rows, columns)
            raise EdnagError(f"{table}: no row has {term!r}{suggestion(term, words)}")
    found = [row for row in rows if all(_matches(row, term, aliases) for term in wanted)]
    if len(found) != 1:
        said = "no row has" if not found else f"{len(found)} rows have"
        raise EdnagError(
            f"{table}: {said} {' and '.join(map(repr, wanted)) or 'no --row'}; "
            f"say which with --row: {_candidates(found or rows, columns)}"
        )
    usual = next((name for name in _USUAL if name in columns), None)
    if (column or usual) is None:
        raise EdnagError(f"{table}: which column? --column takes {_some(columns)}")
    return Cell(table, found[0], column or str(usual))


def _read(path: Path, table: str) -> tuple[list[str], list[dict[str, str]]]:
    if path.suffix != ".csv":
        raise EdnagError(f"{table}: rows are picked from a CSV: {Path(table).with_suffix('.csv')}")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = [{name: row[name] or "" for name in reader.fieldnames or []} for row in reader]
    if not rows:
        raise EdnagError(f"{table}: has no rows")
    return list(reader.fieldnames or []), rows


def _matches(row: Mapping[str, str], term: str, aliases: Mapping[str, str]) -> bool:
    word = term.casefold()
    meant = {word, aliases.get(word, term).casefold()}
    return any(cell.casefold() in meant for cell in row.values())


def _telling(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> list[str]:
    """The columns that say what a row is about: those before the first measured number."""
    return list(takewhile(lambda name: not any(_is_decimal(row[name]) for row in rows), columns))


def _words(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> list[str]:
    """All cells that a row can be named by."""
    return list(dict.fromkeys(row[name] for name in _telling(rows, columns) for row in rows))


def _candidates(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Rows by the words that tell them apart, quoted as a shell wants them."""
    telling = _telling(rows, columns)
    varying = [name for name in telling if len({row[name] for row in rows}) > 1] or telling
    shown = [shlex.join(row[name] for name in varying) for row in rows]
    return _some(list(dict.fromkeys(shown)))


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more


def _is_decimal(cell: str) -> bool:
    """Whether a cell holds a measured number, or none, which tells nobody what the row is."""
    try:
        float(cell)
    except ValueError:
        return cell == ""
    return not cell.isdigit()

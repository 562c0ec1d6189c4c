"""One number of a table: find its row and column by words."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from ednag.errors import EdnagError, listed
from ednag.naming import suggestion
from ednag.text_files import csv_rows

#: The column that is used if none is named: the first of these that the table has.
_USUAL = ("mean", "ours")
#: Rows and columns that a message lists.
_LISTED = 12


@dataclass(frozen=True)
class TableCell:
    """A number of a table: the table's name, the whole row by column, and the column."""

    table: str
    row: Mapping[str, str]
    column: str

    @property
    def value(self) -> str:
        """The text of the cell."""
        return self.row[self.column]


def find_cell(
    path: Path, table: str, terms: Sequence[str], column: str | None, aliases: Mapping[str, str]
) -> TableCell:
    """The number that `terms` and `column` name in a table (CSV), called `table` in messages.

    Each term must equal a cell of the row; upper and lower case do not matter. A column that the
    table does not have is one more term. Without a column it is the mean. `aliases` has lower-case
    word -> cell that it also means. Raises EdnagError if not exactly one row matches.
    """
    columns, rows = _read(path, table)
    terms = list(terms)
    if column is not None and column not in columns:
        terms.append(column)
        column = None
    for term in terms:
        if not any(_matches(row, term, aliases) for row in rows):
            words = dict.fromkeys(row[name] for name in _naming(rows, columns) for row in rows)
            raise EdnagError(f"{table}: no row has {term!r}{suggestion(term, list(words))}")
    matching = [row for row in rows if all(_matches(row, term, aliases) for term in terms)]
    if len(matching) != 1:
        count = f"{len(matching)} rows have" if matching else "no row has"
        raise EdnagError(
            f"{table}: {count} {' and '.join(map(repr, terms)) or 'no --row'}; "
            f"say which with --row: {_candidates(matching or rows, columns)}"
        )
    column = column or next((name for name in _USUAL if name in columns), None)
    if column is None:
        raise EdnagError(f"{table}: which column? --column takes {listed(columns, _LISTED)}")
    return TableCell(table, matching[0], column)


def _read(path: Path, table: str) -> tuple[list[str], list[dict[str, str]]]:
    if path.suffix != ".csv":
        raise EdnagError(f"{table}: rows are read from a CSV: {Path(table).with_suffix('.csv')}")
    rows = [row for _, row in csv_rows(path)]
    if not rows:
        raise EdnagError(f"{table}: has no rows")
    return list(rows[0]), rows


def _matches(row: Mapping[str, str], term: str, aliases: Mapping[str, str]) -> bool:
    word = term.casefold()
    meanings = {word, aliases.get(word, term).casefold()}
    return any(cell.casefold() in meanings for cell in row.values())


def _naming(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> list[str]:
    """The columns that identify a row: those before the first column of measured numbers."""
    return list(takewhile(lambda name: not any(_is_decimal(row[name]) for row in rows), columns))


def _candidates(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Rows by the words that distinguish them, quoted for a shell."""
    naming = _naming(rows, columns)
    varying = [name for name in naming if len({row[name] for row in rows}) > 1] or naming
    names = dict.fromkeys(shlex.join(row[name] for name in varying) for row in rows)
    return listed(list(names), _LISTED)


def _is_decimal(cell: str) -> bool:
    """Whether a cell is empty or a measured number, which is not an integer."""
    try:
        float(cell)
    except ValueError:
        return cell == ""
    return not cell.isdigit()

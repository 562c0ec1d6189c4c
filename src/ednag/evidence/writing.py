"""Tables as CSV in full precision, and as rounded Markdown and LaTeX."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from ednag.files import write_text

#: Shown where there is no number.
NO_VALUE = "-"


def rounded(value: object, decimals: int = 2) -> str:
    """A float with so many decimals, NO_VALUE for a missing one, anything else as text."""
    if value is None or (isinstance(value, float) and pd.isna(value)) or value is pd.NA:
        return NO_VALUE
    if isinstance(value, float):
        return f"{value:.{decimals}f}"
    return str(value)


def interval_text(low: float, high: float, decimals: int = 2) -> str:
    """`[low, high]`, NO_VALUE where there is no interval."""
    if pd.isna(low) or pd.isna(high):
        return NO_VALUE
    return f"[{low:.{decimals}f}, {high:.{decimals}f}]"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def enumerated(names: Sequence[str]) -> str:
    """Names in a sentence: `a`, `a and b`, `a, b and c`; names with commas, by semicolons."""
    comma = "; " if any(", " in name for name in names) else ", "
    return f"{';' * (comma == '; ')} and ".join(filter(None, (comma.join(names[:-1]), *names[-1:])))


def texts(values: Iterable[object], decimals: int = 2) -> list[str]:
    """A column as text: `rounded` of each value."""
    return [rounded(value, decimals) for value in values]


def with_interval(
    table: pd.DataFrame, column: str, decimals: int = 2, factor: float = 1.0
) -> list[str]:
    """A column as text, times a factor, each value with its interval in brackets.

    In place of the interval stands `{column}_values`, where the table has it and it is not empty.
    """
    columns = (factor * table[name] for name in (column, f"{column}_low", f"{column}_high"))
    values = table.get(f"{column}_values", [""] * len(table))
    return [
        f"{rounded(value, decimals)} {f'({few})' if few else interval_text(low, high, decimals)}"
        for value, low, high, few in zip(*columns, values, strict=True)
    ]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, [":--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_frame(
    frame: pd.DataFrame, readable: Mapping[str, Sequence[str]], note: str, paths: Sequence[Path]
) -> None:
    """Write a table to paths by their suffix: .csv in full precision, .md and .tex with a note.

    `readable` maps the title of a column to its texts, one per row.
    """
    shown = pd.DataFrame(dict(readable))
    for path in paths:
        if path.suffix == ".csv":
            text = frame.to_csv(index=False, lineterminator="\n")
        elif path.suffix == ".md":
            text = f"{shown.to_markdown(index=False, disable_numparse=True)}\n\n{note}\n"
        else:
            body = shown.to_latex(index=False, escape=True, column_format="l" * len(shown.T))
            text = f"{body}% {note}\n"
        write_text(path, text)

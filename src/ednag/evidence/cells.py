"""Tables about cells: how many there are, and how many published records agree with theirs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ednag.evidence.writing import texts, write_frame

#: The row of `enumeration_table` that counts all cells.
ALL = "enumerated"
#: Count of an enumeration -> its description.
COUNTED: Mapping[str, str] = {
    ALL: "cells of NAS-Bench-101, enumerated",
    "within_reach": "of them within reach of EDNAG's fixed operations",
    "measured": "with a public validation accuracy",
    "parameters_agree": "of these, parameters counted as published",
}
_ENUMERATION_NOTE = (
    "Found by enumeration; each public module hash is that of a cell. Where output channels do not "
    "divide evenly, parameters depend on how vertices are numbered, which a hash does not tell: "
    "there the counts of our numbering differ from the published ones."
)
_RECORDS_NOTE = (
    "NAR's published records of cell information, each held against what its own cell gives by "
    "formula: adjacency, operations, hash, FLOPs and parameters of every part and of the network. "
    "Accuracies and times are not compared."
)


def enumeration_table(cells: Mapping[str, int]) -> pd.DataFrame:
    """Columns `counted` and `cells`: a row for each count in `cells`, in the order of COUNTED."""
    rows = [(name, cells[name]) for name in COUNTED if name in cells]
    return pd.DataFrame(rows, columns=["counted", "cells"])


def readable_enumeration(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `enumeration_table`."""
    return {
        "Cells": [COUNTED[name] for name in table["counted"]],
        "Number": texts(table["cells"]),
    }


def write_enumeration(table: pd.DataFrame, paths: Sequence[Path]) -> None:
    """Write `enumeration_table` as CSV, Markdown and LaTeX."""
    write_frame(table, readable_enumeration(table), _ENUMERATION_NOTE, paths)


def readable_records(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable table of `write_records`."""
    titles = ("Space", "Published file", "Records", "Agreeing")
    return {title: texts(table[name]) for title, name in zip(titles, table, strict=True)}


def write_records(
    space: str, file: str, records: int, agreeing: int, paths: Sequence[Path]
) -> None:
    """Write how many records of a published file agree with their cells, as .csv, .md, .tex."""
    table = pd.DataFrame([{"space": space, "file": file, "records": records, "agreeing": agreeing}])
    write_frame(table, readable_records(table), _RECORDS_NOTE, paths)

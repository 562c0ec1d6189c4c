"""What was found about cells: how many there are, and whether published records are theirs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from ednag.evidence.writing import write_frame

#: The row of `enumeration_table` that counts all cells.
ALL = "enumerated"
#: What is counted of an enumeration -> in words.
COUNTED: Mapping[str, str] = MappingProxyType(
    {
        ALL: "cells of NAS-Bench-101, enumerated",
        "within_reach": "of them within reach of EDNAG's fixed operations",
        "measured": "with a public validation accuracy",
        "parameters_agree": "of these, parameters counted as published",
    }
)
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
    """Columns `counted` and `cells`: a row for each of COUNTED that is there, in that order."""
    there = [name for name in COUNTED if name in cells]
    return pd.DataFrame({"counted": there, "cells": [cells[name] for name in there]})


def readable_enumeration(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `enumeration_table`."""
    return {
        "Cells": [COUNTED[name] for name in table["counted"]],
        "Number": [str(count) for count in table["cells"]],
    }


def write_enumeration(table: pd.DataFrame, paths: Sequence[Path]) -> None:
    """Write `enumeration_table` as CSV, Markdown and LaTeX."""
    write_frame(table, readable_enumeration(table), _ENUMERATION_NOTE, paths)


def readable_records(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable table of `write_records`."""
    titles = ("Space", "Published file", "Records", "Agreeing")
    return {
        title: [str(value) for value in table[column]]
        for title, column in zip(titles, table, strict=True)
    }


def write_records(
    space: str, file: str, records: int, agreeing: int, paths: Sequence[Path]
) -> None:
    """Write how many records of a published file agree, a row, as CSV, Markdown and LaTeX.

    Args:
        space: Search space of its cells.
        file: Name of the file.
        records: In the file.
        agreeing: Of them, without any difference.
        paths: Where to.
    """
    table = pd.DataFrame([{"space": space, "file": file, "records": records, "agreeing": agreeing}])
    write_frame(table, readable_records(table), _RECORDS_NOTE, paths)

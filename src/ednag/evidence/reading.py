"""Tables of a finished study: read from CSV, shown as in the Markdown file beside it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ednag.errors import EdnagError, one_line
from ednag.evidence.authors_seeds import readable_seeds, readable_sets
from ednag.evidence.cells import readable_enumeration, readable_records
from ednag.evidence.fronts import readable_fronts, readable_limits
from ednag.evidence.paper_layout import readable_published
from ednag.evidence.predictions import readable_coreset, readable_quality
from ednag.evidence.ranking import readable_learning, readable_search, readable_tiers
from ednag.evidence.tables import readable
from ednag.evidence.trained_architectures import readable_top_k

#: Artefact -> function that makes its readable columns from its frame.
READABLE: Mapping[str, Callable[[pd.DataFrame], dict[str, list[str]]]] = {
    "own_end": readable,
    "equal_budget": readable,
    "comparison": readable,
    "fronts": readable_fronts,
    "limits": readable_limits,
    "published": readable_published,
    "authors_seeds": readable_seeds,
    "authors_sets": readable_sets,
    "predictor": readable_quality,
    "coreset_table": readable_coreset,
    "top_k_table": readable_top_k,
    "ranking": readable_learning,
    "ranking_tiers": readable_tiers,
    "ranking_search": readable_search,
    "cells_counted": readable_enumeration,
    "nar_records": readable_records,
}
#: Columns of text that may look like numbers, or be empty: these, and `{name}_values`.
_TEXT = ("printed", "printed_sd", "printed_archs", "run_by", "note", "mark")


def read_frame(path: Path) -> pd.DataFrame:
    """The frame of a table, with the types that it was written with.

    A column is of integers (nullable if a cell is empty), numbers, booleans or text; empty cells of
    text are "". Raises EdnagError if the file is no CSV in UTF-8.
    """
    try:
        names = pd.read_csv(path, nrows=0).columns
        of_text = names.isin(_TEXT) | names.str.endswith("_values")
        frame = _read(path, dtype=dict.fromkeys(names[of_text], str))
        # Integers with an empty cell among them were read as numbers, as "3" and "3.0" are.
        whole = [name for name in frame if _may_be_integers(frame[name])]
        cells = _read(path, dtype=str, usecols=whole) if whole else frame
    except ValueError as error:
        reason = one_line(error)
        raise EdnagError(
            f"{path}: not a table in CSV ({reason}); delete it and run again: snakemake --cores 2"
        ) from None
    for name, values in frame.items():
        if name in whole:
            if cells[name].dropna().str.fullmatch(r"[+-]?\d+").all():
                frame[name] = cells[name].astype("Int64")
        elif not pd.api.types.is_numeric_dtype(values):
            is_boolean = values.isin((True, False)).any()
            frame[name] = values.eq(True) if is_boolean else values.fillna("")
    return frame


def _read(path: Path, **arguments: Any) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""], **arguments)


def _may_be_integers(values: pd.Series) -> bool:
    """Whether numbers have an empty cell among them, and none has decimals."""
    filled = values.dropna()
    is_number = values.dtype == "float64" and 0 < len(filled) < len(values)
    return bool(is_number and (filled % 1 == 0).all())


def read_readable(path: Path, artefact: str) -> dict[str, list[str]]:
    """Column title -> texts of a table (CSV) of the named artefact, as its Markdown shows it."""
    frame = read_frame(path)
    if artefact in READABLE:
        try:
            return READABLE[artefact](frame)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise EdnagError(
                f"{path}: not the table {artefact} of this workflow ({reason}); delete it and run "
                "again: snakemake --cores 2"
            ) from None
    return {
        str(name): [f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in frame[name]]
        for name in frame
    }

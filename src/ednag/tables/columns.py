"""Columns of source files as text and as numbers; errors name the row and column of a value."""

import math
import re
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ednag.errors import EdnagError, shown

if TYPE_CHECKING:
    import pandas as pd

#: A number written as text. `float` also takes 1_000, digits of other scripts and "nan".
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def as_number(value: object, name: str) -> float:
    """A number of any type as float, also NaN or infinite; `name` is its field, for the message.

    Raises ValueError for text, bytes, truth values, and numbers too large for a float.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise ValueError(f"{name} = {shown(value)} is not a number")


def _number_or_nan(value: object) -> float:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else math.nan
    try:
        return as_number(value, "")
    except ValueError:
        return math.nan


def as_numbers(
    column: "pd.Series",
    place: str,
    low: float = -math.inf,
    high: float = math.inf,
    unit: str = "",
) -> np.ndarray:
    """A column as float64[n].

    Args:
        column: Numbers or text; one word in a file makes its whole column text.
        place: Names the file, for the message.
        low, high: Inclusive range in `unit`; raises EdnagError that names the first other value.
    """
    if column.dtype.kind in "iuf":
        numbers = column.to_numpy(dtype=np.float64, na_value=math.nan)
    else:
        numbers = np.array([_number_or_nan(value) for value in column], dtype=np.float64)
    numbers = numbers + 0.0  # no negative zero
    bad = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= low) & (numbers <= high)))
    if len(bad):
        row = int(bad[0])
        within = "" if low == -math.inf else f" from {low:g} to {high:g} {unit}".rstrip()
        raise EdnagError(
            f"{place}: row {row + 1}: {column.name} = {shown(column.tolist()[row])} is not a number"
            f"{within}; correct that value, or leave the row out"
        )
    return numbers


def read_csv(
    path: Path, source: str, text: Sequence[str] = (), numbers: Sequence[str] = ()
) -> "pd.DataFrame":
    """Columns of a CSV file in UTF-8: those of `text` (str), then those of `numbers` (float64).

    Text, for example 007, NA and None, stays as it is; numbers are finite. Raises EdnagError, which
    names `source`, if the file is no CSV, has no rows or lacks a column, or a value is no number;
    rows are counted from 1, without the header.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False)
    except ValueError as error:
        reason = shown(str(error))
        raise EdnagError(f"{source}: not a CSV file in UTF-8 ({reason}); correct {path}") from None
    for name in (*text, *numbers):
        if name not in frame:
            raise EdnagError(f"{source}: column {name!r} is missing; it has {shown(list(frame))}")
        if f"{name}.1" in frame:  # the name that pandas gives to the second
            raise EdnagError(f"{source}: column {name!r} is given twice; keep one")
    if not isinstance(frame.index, pd.RangeIndex):
        raise EdnagError(
            f"{source}: its rows have more values than its header has columns; write decimals with "
            "a point, and quote text that holds a comma"
        )
    if frame.empty:
        raise EdnagError(f"{source}: no rows below the header; write one for each architecture")
    columns = {name: frame[name] for name in text}
    return pd.DataFrame(columns | {name: as_numbers(frame[name], source) for name in numbers})

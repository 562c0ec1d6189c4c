r"""The numbers of a study that a manuscript may cite, by id, as LaTeX macros and as JSON.

An id names a row of a table and a quantity: `nasbench201/cifar10/ednag/mean` is what EDNAG reports
at its own end, `nasbench201/cifar10/ednag/100/mean` the best after 100 distinct evaluations, both
under the protocol `paper`; ids of other protocols begin with the protocol. The mean rank over all
datasets is `all/ednag/100/rank`, that over those on which no method was tuned
`untuned/ednag/100/rank`.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import floor, isfinite, log10
from typing import Any

import pandas as pd

from ednag.evidence.record import PAPER
from ednag.evidence.summaries import DISTINCT

#: Quantity in an id -> column of a table of methods.
_QUANTITIES = {
    "mean": "mean",
    "low": "mean_low",
    "high": "mean_high",
    "sd": "sd",
    "median": "median",
    "found": "optimum_found",
    "distinct": "distinct_evaluations",
    "lookups": "total_evaluations",
    "hours": "hours",
    "seeds": "seeds",
    "optimum": "optimum",
}
#: Those in the unit of the metric, which have the decimals that the interval of the mean leaves.
_OF_METRIC = {"mean", "low", "high", "sd", "median", "optimum"}
#: Decimals without an interval, and at most.
_DECIMALS, _MOST_DECIMALS = 2, 5


@dataclass(frozen=True)
class Number:
    """A number of a study.

    Attributes:
        value: In the table's unit; shares in %.
        text: The value, rounded: see `decimals_of`.
        file: Path of the table, relative to the folder of the study.
        row: Cells that select its row.
        column: Its column.
    """

    value: float
    text: str
    file: str
    row: tuple[str, ...]
    column: str

    @property
    def trace(self) -> str:
        """The command that shows its chain."""
        rows = [part for cell in self.row for part in ("--row", cell)]
        return shlex.join(["ednag", "trace", self.file, *rows, "--column", self.column])


def decimals_of(low: float, high: float) -> int:
    """Decimals that show half the width of an interval by two digits; 2 without an interval."""
    half = (high - low) / 2
    if not isfinite(half) or half <= 0:
        return _DECIMALS
    return min(max(0, 1 - floor(log10(half))), _MOST_DECIMALS)


def numbers_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, Number]:
    """Id -> number of the tables at {path}: own ends, equal budgets, ranks over all datasets.

    Rows of look-ups and hours, and numbers that are missing, are left out.
    """
    found: dict[str, Number] = {}
    for path, table in tables.items():
        rows = _ranks(table, path) if "mean_rank" in table else _means(table, path)
        found |= dict(rows)
    return found


def _means(table: pd.DataFrame, path: str) -> Iterator[tuple[str, Number]]:
    is_budget = "budget" in table
    if is_budget:
        table = table[table["counted"] == DISTINCT]
    columns = {name: column for name, column in _QUANTITIES.items() if column in table}
    for row in table.to_dict("records"):
        cells: tuple[str, ...] = (row["dataset"], row["protocol"], row["method"])
        parts = [row["space"], row["dataset"], row["method"]]
        if is_budget:
            cells = (*cells, DISTINCT, str(row["budget"]))
            parts.append(str(row["budget"]))
        prefix = _id(row["protocol"], parts)
        decimals = decimals_of(row["mean_low"], row["mean_high"])
        for name, column in columns.items():
            if isfinite(value := row[column]):
                yield f"{prefix}/{name}", _number(name, value, decimals, path, cells, column)


def _id(protocol: str, parts: Sequence[str]) -> str:
    return "/".join(parts if protocol == PAPER else (protocol, *parts))


def _number(
    name: str, value: float, decimals: int, path: str, cells: tuple[str, ...], column: str
) -> Number:
    if name == "found":
        value, decimals = 100 * value, 0
    elif name not in _OF_METRIC:
        decimals = 0 if float(value).is_integer() else 1
    return Number(float(value), f"{value:.{decimals}f}", path, cells, column)


def _ranks(table: pd.DataFrame, path: str) -> Iterator[tuple[str, Number]]:
    protocol = path.removesuffix(".csv").rpartition("over-datasets-")[2]
    # Rows over fewer datasets are over those on which no method was tuned.
    largest = table["datasets"].max()
    for row in table.to_dict("records"):
        over = "all" if row["datasets"] == largest else "untuned"
        prefix = _id(protocol, [over, row["method"], str(row["budget"])])
        cells: tuple[str, ...] = (str(row["budget"]), row["method"])
        if table["datasets"].nunique() > 1:
            cells = (*cells, str(row["datasets"]))
        if isfinite(rank := row["mean_rank"]):
            yield f"{prefix}/rank", Number(rank, f"{rank:.1f}", path, cells, "mean_rank")
            count = int(row["datasets"])
            yield f"{prefix}/datasets", Number(count, str(count), path, cells, "datasets")


_HEAD = r"""% Numbers of a study: \input this file, then \ednag{nasbench201/cifar10/ednag/mean}.
\newcommand{\ednag}[1]{\ifcsname ednag@#1\endcsname\csname ednag@#1\endcsname\else
  \PackageError{ednag}{the study has no number #1}{See numbers.json for the ids.}\fi}
"""


def as_macros(numbers: Mapping[str, Number]) -> str:
    r"""LaTeX that defines `\ednag{ID}` as the rounded number."""
    return _HEAD + "".join(
        rf"\expandafter\def\csname ednag@{name}\endcsname{{{number.text}}}" + "\n"
        for name, number in numbers.items()
    )


def as_json(numbers: Mapping[str, Number]) -> str:
    """Id -> the number with its table, row and column, as JSON, a line for each."""
    lines = (f"{json.dumps(name)}: {json.dumps(asdict(each))}" for name, each in numbers.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def from_json(data: Mapping[str, Any]) -> dict[str, Number]:
    """What `as_json` wrote; raises KeyError or TypeError for anything else."""
    return {
        name: Number(**{**fields, "row": tuple(fields["row"])}) for name, fields in data.items()
    }

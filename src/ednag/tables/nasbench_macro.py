"""NAS-Bench-Macro: three trainings of every network on CIFAR-10, as its authors publish them.

The file lists all 6,561 descriptions; those of one network have equal values. There is no
validation accuracy.
Source: search-spaces specification, Further files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.errors import EdnagError, shown
from ednag.spaces import get_space
from ednag.spaces.nasbench_macro import canonical
from ednag.tables.columns import as_number
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.text_files import read_json

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "nasbench-macro"
_TRAININGS = ("test_accuracy_0", "test_accuracy_1", "test_accuracy_2")
#: 100 over the best mean, rounded down to two decimals, as the reference chooses its factors.
_FACTOR = 1.07


def _row(record: object) -> dict[str, float]:
    """The metrics of a record, or ValueError."""
    if not isinstance(record, dict) or not isinstance(record.get("test_acc"), list):
        raise ValueError("no record with test_acc")
    if len(record["test_acc"]) != len(_TRAININGS):
        raise ValueError(f"test_acc has {len(record['test_acc'])} values, not {len(_TRAININGS)}")
    accuracies = [as_number(value, "test_acc") for value in record["test_acc"]]
    return {
        **dict(zip(_TRAININGS, accuracies, strict=True)),
        "test_accuracy": sum(accuracies) / len(accuracies),
        "parameters": as_number(record.get("params"), "params") / 1e6,
        "flops": as_number(record.get("flops"), "flops") / 1e6,
    }


def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
    """One row per network: `key`, accuracy of each training and their mean (%), counts (millions).

    Raises EdnagError if a description is missing or unknown, or those of one network differ.
    """
    import pandas as pd

    records, space = read_json(paths[SOURCE]), get_space("nasbench-macro")
    if not isinstance(records, dict) or len(records) != space.raw_size:
        raise EdnagError(f"{SOURCE}: {space.raw_size} descriptions expected; fetch the file again")
    rows: dict[str, dict[str, float]] = {}
    for description, record in records.items():
        space.code(description)
        try:
            row = _row(record)
        except ValueError as error:
            raise EdnagError(f"{SOURCE}: {description}: {error}; fetch the file again") from None
        key = canonical(description)
        if rows.setdefault(key, row) != row:
            raise EdnagError(
                f"{SOURCE}: {description} and another description of the network {shown(key)} "
                "have different values; fetch the file again"
            )
    return pd.DataFrame([{"key": key, **row} for key, row in rows.items()])


def _protocol(description: str, drawn: tuple[str, ...] = ()) -> Protocol:
    return Protocol(
        fitness_metric="test_accuracy",
        reported_metric="test_accuracy",
        factor=_FACTOR,
        drawn_metrics=drawn,
        description=description,
    )


TABLE = TableDefinition(
    space="nasbench-macro",
    dataset="cifar10",
    title="CIFAR-10 (NAS-Bench-Macro)",
    sources=(SOURCE,),
    metrics=(
        Metric("test_accuracy", "%", "test accuracy, mean of 3 trainings"),
        *(Metric(name, "%", f"test accuracy of training {name[-1]}") for name in _TRAININGS),
        Metric("parameters", "millions", "parameters", higher_is_better=False, high=1e3),
        Metric("flops", "millions", "multiply-additions", higher_is_better=False, high=1e4),
    ),
    protocols={
        "paper": _protocol(
            f"fitness is the mean test accuracy itself, times {_FACTOR}, as the reference would "
            "do: the factor sends the optimum to about 100"
        ),
        "single-run": _protocol(
            "fitness is the test accuracy of one of three trainings, drawn at each evaluation; "
            "the mean of the chosen network is reported",
            _TRAININGS,
        ),
    },
    read=read,
    complete=True,
)

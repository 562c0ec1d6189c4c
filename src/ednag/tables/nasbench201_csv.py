"""NAS-Bench-201 accuracies from two small public tables (search-spaces specification).

`nasbench201_<dataset>.csv` gives train, validation and test accuracy (mean over runs, 200 epochs);
its CIFAR-10 file is the training on the 25,000-image half, so only its validation accuracy is
used. `nats_bench.csv` gives CIFAR-10 test accuracy of the full training set: the reference's
fitness on CIFAR-10.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.errors import EdnagError
from ednag.tables.interface import Metric, Protocol, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

_FULL_TRAINING = "nats-bench-csv"
#: The reference's factor on the accuracy (ednag-search specification, Fitness).
_FACTORS = {"cifar10": 1.0, "cifar100": 1.2, "ImageNet16-120": 2.0}


def _column(frame: "pd.DataFrame", name: str, source: str) -> "pd.Series":
    if name not in frame:
        raise EdnagError(
            f"{source}: column {name!r} is missing; it has {', '.join(map(str, frame))}"
        )
    return frame[name]


def read(paths: Mapping[str, Path], dataset: str) -> "pd.DataFrame":
    """One row per cell: `key`, `validation_accuracy`, `test_accuracy` (%).

    Raises:
        EdnagError: A column is missing, or the two files disagree on the architectures.
    """
    import pandas as pd

    source = f"nasbench201-{dataset}-csv"
    frame = pd.read_csv(paths[source])
    rows = pd.DataFrame(
        {
            "key": _column(frame, "arch str", source),
            "validation_accuracy": _column(frame, "validation accuracy", source),
            "test_accuracy": _column(frame, "test accuracy", source),
        }
    )
    if dataset == "cifar10":
        full = pd.read_csv(paths[_FULL_TRAINING])
        keys = _column(full, "ArchitectureString", _FULL_TRAINING)
        accuracy = _column(full, "CIFAR10TestAccuracy200Epochs", _FULL_TRAINING)
        if not keys.is_unique or set(keys) != set(rows["key"]):
            raise EdnagError(f"{_FULL_TRAINING} and {source} list different architectures")
        rows["test_accuracy"] = rows["key"].map(dict(zip(keys, accuracy, strict=True)))
    return rows


def _definition(dataset: str, title: str) -> TableDefinition:
    sources: tuple[str, ...] = (f"nasbench201-{dataset}-csv",)
    return TableDefinition(
        space="nasbench201",
        dataset=dataset,
        title=title,
        sources=(*sources, _FULL_TRAINING) if dataset == "cifar10" else sources,
        metrics=(
            Metric("validation_accuracy", "%", "validation accuracy after 200 epochs, mean"),
            Metric("test_accuracy", "%", "test accuracy after 200 epochs, mean over runs"),
        ),
        protocols={
            "paper": Protocol(
                fitness_metric="test_accuracy",
                reported_metric="test_accuracy",
                factor=_FACTORS[dataset],
                description="fitness is the test accuracy itself, times "
                f"{_FACTORS[dataset]}, as the reference does",
            ),
            "validation": Protocol(
                fitness_metric="validation_accuracy",
                reported_metric="test_accuracy",
                factor=_FACTORS[dataset],
                description="fitness is the validation accuracy, the result is the test accuracy "
                "of the architecture that won on validation",
            ),
        },
        read=partial(read, dataset=dataset),
        complete=True,
    )


CIFAR10 = _definition("cifar10", "CIFAR-10")
CIFAR100 = _definition("cifar100", "CIFAR-100")
IMAGENET16 = _definition("ImageNet16-120", "ImageNet16-120")

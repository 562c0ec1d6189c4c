"""Accuracies and times of benchmark tables, as the published cell records name them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables.parquet import read_table

#: (space, dataset) of a benchmark table -> its metric -> (field of the published records, factor).
#: Tables that are not here measure something else.
_FIELDS: Mapping[tuple[str, str], Mapping[str, tuple[str, float]]] = {
    ("nasbench101", "cifar10"): {
        "training_time": ("avg_training_time", 1.0),
        "train_accuracy": ("avg_train_accuracy", 0.01),
        "validation_accuracy": ("avg_validation_accuracy", 0.01),
        "test_accuracy": ("avg_test_accuracy", 0.01),
    },
    **{
        ("nasbench201", dataset): {
            "validation_accuracy": (f"{name}_val_acc", 1.0),
            "test_accuracy": (f"{name}_test_acc", 1.0),
        }
        for dataset, name in (
            ("cifar10", "cifar10"),
            ("cifar100", "cifar100"),
            ("ImageNet16-120", "imagenet16"),
        )
    },
}


def measured_fields(space: str, tables: Sequence[Path]) -> pd.DataFrame | None:
    """What benchmark tables measured: a row per cell's key, a column per published field.

    None without a table. Raises EdnagError if a table has none of the published fields of `space`.
    """
    columns: dict[str, pd.Series] = {}
    for path in tables:
        table = read_table(path)
        fields = _FIELDS.get((table.space, table.dataset), {})
        metrics = [metric for metric in table.values if metric in fields]
        if table.space != space or not metrics:
            usable = ", ".join("/".join(place) for place in _FIELDS if place[0] == space)
            raise EdnagError(
                f"--measured {path}: {table.space}/{table.dataset} has no accuracy that the "
                f"dataset of {space} names; give a table of {usable}"
            )
        rows = table.valid.nonzero()[0]
        keys = get_space(space).keys(rows)
        for metric in metrics:
            field, factor = fields[metric]
            columns[field] = pd.Series(table.values[metric][rows] * factor, index=keys)
    return pd.DataFrame(columns) if columns else None

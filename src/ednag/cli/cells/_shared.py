"""What subcommands of `ednag cells` share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import EXISTING
from ednag.cli._progress import track
from ednag.errors import EdnagError

if TYPE_CHECKING:
    import pandas as pd

    from ednag.spaces.nasbench101_cells import NASBench101Cell


#: (space, dataset) of a benchmark table -> its metric -> (field of the published records, factor).
#: Other tables measure something else: an accuracy of theirs is none of the benchmark's.
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


_MEASURED = click.option(
    "--measured",
    multiple=True,
    type=EXISTING,
    help="Benchmark table (`ednag tables build`) whose accuracies are joined; may be repeated.",
)


def _all_cells() -> "dict[str, NASBench101Cell]":
    """Every cell of NAS-Bench-101 by its hash; raises EdnagError if they are not as many."""
    from ednag.spaces.nasbench101_cells import CELL_COUNT, enumerate_cells

    cells = enumerate_cells(lambda forms: track(forms, "forms of cells"))
    if len(cells) != CELL_COUNT:
        raise EdnagError(f"{len(cells)} cells were found where NAS-Bench-101 has {CELL_COUNT}")
    return cells


def _measured(space: str, tables: Sequence[Path]) -> "pd.DataFrame | None":
    """What benchmark tables measured, by key and published field; None without a table.

    Raises:
        EdnagError: A table is of another space, or has none of the published fields.
    """
    import pandas as pd

    from ednag.spaces import get_space
    from ednag.tables.parquet import read_table

    columns: dict[str, pd.Series] = {}
    for path in tables:
        table = read_table(path)
        known = _FIELDS.get((table.space, table.dataset), {})
        there = {metric: known[metric] for metric in table.values if metric in known}
        if table.space != space or not there:
            usable = ", ".join("/".join(place) for place in _FIELDS if place[0] == space)
            raise EdnagError(
                f"--measured {path}: {table.space}/{table.dataset} has no accuracy that the "
                f"dataset of {space} names; give a table of {usable}"
            )
        rows = table.valid.nonzero()[0]
        keys = get_space(space).keys(rows)
        for metric, (field, factor) in there.items():
            columns[field] = pd.Series(table.values[metric][rows] * factor, index=keys)
    return pd.DataFrame(columns) if columns else None

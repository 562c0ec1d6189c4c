"""The package analog-nasbench 0.1.3: all 15,625 NAS-Bench-201 cells trained on CIFAR-10.

The package's own loader imports `pkg_resources`, which no longer exists, so a restricted unpickler
reads its data file. These trainings are independent of those of NAS-Bench-201.
Source: search-spaces specification, last part.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.errors import EdnagError, shown
from ednag.spaces.nasbench201 import write_cell
from ednag.tables.columns import read_csv
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.tables.unpickling import Attributes, load_restricted

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "analog-nasbench"
#: The package's operation numbers.
_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
#: The position of each edge of the benchmark's string in the package's 6-tuples, whose edges are
#: (0->1)(0->2)(0->3)(1->2)(1->3)(2->3).
_POSITION_OF_EDGE = (0, 1, 3, 2, 4, 5)
#: A cell as other files write it, such as `(4, 3, 3, 0, 0, 0)`.
_NET = re.compile(rf"\({', '.join(['([0-4])'] * 6)}\)")
_MEASUREMENTS = {
    "baseline_accuracy": "CIFAR-10 test accuracy of the digital network",
    "ptq_accuracy": "the same after post-training quantisation",
    "qat_accuracy": "the same after quantisation-aware training",
    "noisy_accuracy": "the digital network with analog noise injected",
    "analog_accuracy": "after hardware-aware training for analog in-memory computing",
}
_DRIFTS = tuple(
    f"{training}_drift_{seconds}"
    for training in ("baseline", "analog")
    for seconds in (60, 3600, 86400, 2592000)
)


def key_of(architecture: Sequence[int]) -> str:
    """The benchmark's string of a cell that the package writes as six numbers from 0 to 4."""
    return write_cell([_OPERATIONS[architecture[position]] for position in _POSITION_OF_EDGE])


def read_by_key(path: Path, source: str, numbers: Sequence[str]) -> "pd.DataFrame":
    """`key`, `net` and columns of numbers of a CSV file whose column `net` has cells as 6-tuples.

    Raises EdnagError as `read_csv` does, and where `net` is no cell.
    """
    rows = read_csv(path, source, text=["net"], numbers=numbers)
    keys = []
    for row, text in enumerate(rows["net"], 1):
        match = _NET.fullmatch(text)
        if match is None:
            raise EdnagError(
                f"{source}: row {row}: net {shown(text)} is not six numbers from 0 to 4 in brackets"
            )
        keys.append(key_of([int(number) for number in match.groups()]))
    return rows.assign(key=keys)


def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
    """One row per cell: `key`, five accuracies and eight after drift, in %; raises EdnagError."""
    import pandas as pd

    allowed = {
        "analognasbench.data.Architecture": Attributes,
        "analognasbench.data.DriftMeasurement": Attributes,
    }
    records = load_restricted(paths[SOURCE].read_bytes(), allowed, SOURCE)
    try:
        rows = [
            {
                "key": key_of(architecture),
                **{name: getattr(record, name) for name in _MEASUREMENTS},
                **{name: getattr(record, name).value for name in _DRIFTS},
            }
            for architecture, record in sorted(records.items())
        ]
    except (AttributeError, IndexError, TypeError) as error:
        raise EdnagError(f"{SOURCE}: a record is not as version 0.1.3 writes it: {error}") from None
    return pd.DataFrame(rows)


TABLE = TableDefinition(
    space="nasbench201",
    dataset="cifar10-analog",
    title="CIFAR-10 (analog-nasbench)",
    measured_on="cifar10",
    sources=(SOURCE,),
    metrics=(
        *(Metric(name, "%", text) for name, text in _MEASUREMENTS.items()),
        *(
            Metric(
                name,
                "%",
                f"accuracy of the {name.split('_')[0]} network on analog hardware "
                f"{name.rsplit('_', 1)[1]} s after programming",
            )
            for name in _DRIFTS
        ),
    ),
    protocols={
        "paper": Protocol(
            fitness_metric="baseline_accuracy",
            reported_metric="baseline_accuracy",
            description="fitness is the CIFAR-10 test accuracy itself, factor 1.0, as the "
            "reference does on NAS-Bench-201",
        )
    },
    read=read,
    complete=True,
)

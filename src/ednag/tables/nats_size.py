"""CIFAR-10 accuracy of the 32,768 networks of NATS-Bench's size space, as BossNAS publishes it.

The file says neither which images the accuracy is of nor how long was trained. It is YAML with one
entry a line; some keys, such as 16:16:16:16:64, have no quotes, and YAML 1.1 reads them as one
number to the base 60. So its lines are read, not YAML.
Source: search-spaces specification, Further files.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.errors import EdnagError, shown
from ednag.files import read_text
from ednag.tables.interface import Metric, Protocol, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "nats-size-cifar10"
_LINE = re.compile(r"('?)(\d+(?::\d+){4})\1: (\d+(?:\.\d+)?)", re.ASCII)
#: Bytes of the file at most.
_LARGEST = 10_000_000
#: 100 over the best accuracy, rounded down to two decimals, as the reference chooses its factors.
_FACTOR = 1.06


def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
    """One row per network: `key`, `accuracy` (%); raises EdnagError that names a line."""
    import pandas as pd

    rows = []
    for number, line in enumerate(read_text(paths[SOURCE], _LARGEST).splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise EdnagError(
                f"{SOURCE}: line {number}: {shown(line)} is not CHANNELS: ACCURACY; "
                "fetch the file again"
            )
        rows.append({"key": match[2], "accuracy": float(match[3])})
    if not rows:
        raise EdnagError(f"{SOURCE}: the file is empty; fetch it again")
    return pd.DataFrame(rows)


TABLE = TableDefinition(
    space="nats-size",
    dataset="cifar10",
    title="CIFAR-10 (NATS-Bench, size)",
    sources=(SOURCE,),
    metrics=(Metric("accuracy", "%", "CIFAR-10 accuracy; the file does not say of which images"),),
    protocols={
        "paper": Protocol(
            fitness_metric="accuracy",
            reported_metric="accuracy",
            factor=_FACTOR,
            description=f"fitness is the accuracy itself, times {_FACTOR}, as the reference would "
            "do: the factor sends the optimum to about 100",
        )
    },
    read=read,
    complete=True,
)

"""NAS-Bench-301 accuracies from NAS-Bench-Suite-Zero's files, cut as the reference cuts them.

A file lists networks, normal and reduction cell of eight (node, operation) pairs each, with the
validation accuracy a surrogate model predicts on CIFAR-10. The reference keeps the first four
pairs of the normal cell and, where several networks share them, the best value (search-spaces
specification; upstream audit, 4). Groups that its genotype cannot write, which are most of them,
are left out. Zero-cost proxies of the networks are in the same file and are cut likewise.

Two files have this form: a preliminary one of 725 networks, and the full one of 11,221.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ednag.errors import EdnagError, shown
from ednag.spaces import get_space
from ednag.spaces.interface import INVALID
from ednag.tables.columns import as_number
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.tables.zero_cost import Proxy, proxy_metrics
from ednag.text_files import parse_json

if TYPE_CHECKING:
    import pandas as pd

_PAIRS = 4
#: What `literal_eval` raises on too many brackets.
_TOO_DEEP = (MemoryError, RecursionError)


def read_groups(
    path: Path, source: str, fields: Sequence[str] = ("val_accuracy",)
) -> dict[str, tuple[float, ...]]:
    """Highest value of each field in a group of networks, by the key of the space, in file order.

    Args:
        path: The file.
        source: Its id.
        fields: `val_accuracy` (%), or zero-cost proxies.

    Raises:
        EdnagError: The file is not of this form; the message names the network.
    """
    try:
        networks: dict[str, Any] = parse_json(path.read_bytes())["cifar10"]
        entries = list(networks.items())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdnagError(f"{source}: not a table of networks on cifar10 ({shown(error)})") from None
    best: dict[str, tuple[float, ...]] = {}
    for row, (network, record) in enumerate(entries, 1):
        try:
            normal, _ = ast.literal_eval(network)
            pairs = tuple((index(node), index(operation)) for node, operation in normal[:_PAIRS])
            if len(pairs) != _PAIRS:
                raise ValueError(f"{len(pairs)} pairs")
            values = tuple(_value(record, field) for field in fields)
        except (ValueError, SyntaxError, LookupError, TypeError, *_TOO_DEEP) as error:
            raise EdnagError(
                f"{source}: row {row}: {shown(network[:60])}...: {shown(error)}"
            ) from None
        key = str(pairs)
        best[key] = tuple(map(max, values, best.get(key, values)))
    return best


def _value(record: Any, field: str) -> float:
    """A field of a network, within its range; ValueError if it is none."""
    # The value of a proxy stands beside the time that it took.
    given = record[field]["score"] if field != "val_accuracy" else record[field]
    value = as_number(given, field)
    if not isfinite(value) or (field == "val_accuracy" and not 0 <= value <= 100):
        raise ValueError(f"{field} {value}")
    return value


def read(
    paths: Mapping[str, Path], source: str, fields: Sequence[str] = ("val_accuracy",)
) -> "pd.DataFrame":
    """One row per group that the genotype can write: `key`, the highest value of each field."""
    import pandas as pd

    space = get_space("nasbench301")
    groups = read_groups(paths[source], source, fields).items()
    rows = [(key, *values) for key, values in groups if space.parse(key) != INVALID]
    return pd.DataFrame(rows, columns=["key", *fields])


def _definition(dataset: str, source: str, title: str) -> TableDefinition:
    return TableDefinition(
        space="nasbench301",
        dataset=dataset,
        title=title,
        sources=(source,),
        metrics=(
            Metric(
                "val_accuracy",
                "%",
                "validation accuracy predicted by a surrogate, best of the networks whose normal "
                "cell starts with these four pairs",
            ),
        ),
        protocols={
            "paper": Protocol(
                fitness_metric="val_accuracy",
                reported_metric="val_accuracy",
                factor=1.05,
                zero_below=0.01,
                description="fitness is the surrogate's validation accuracy, times 1.05, as the "
                "reference does",
            )
        },
        read=partial(read, source=source),
    )


SMALL = _definition("cifar10-725", "naslib-zc-nasbench301-725", "CIFAR-10 (725 networks)")
FULL = _definition("cifar10", "nasbench301-zc", "CIFAR-10")


def _proxies(table: TableDefinition) -> TableDefinition:
    """Zero-cost proxies of the networks of a table, which stand in the same file."""
    names: tuple[str, ...] = get_args(Proxy)
    return replace(
        table,
        dataset=f"{table.dataset}-zero-cost",
        title=f"{table.title}, zero-cost proxies",
        metrics=proxy_metrics(*names),
        protocols={},
        read=partial(read, source=table.sources[0], fields=names),
    )


SMALL_PROXIES, FULL_PROXIES = _proxies(SMALL), _proxies(FULL)

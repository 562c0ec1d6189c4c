"""NAS-Bench-301 accuracies from NAS-Bench-Suite-Zero's files, cut as the reference cuts them.

A file lists networks, normal and reduction cell of eight (node, operation) pairs each, with the
validation accuracy a surrogate model predicts on CIFAR-10. The reference keeps the first four
pairs of the normal cell and, where several networks share them, the best value (search-spaces
specification; upstream audit, 4). Groups that its genotype cannot write, which are most of them,
are left out.

Two files have this form: a preliminary one of 725 networks, and the full one of 11,221.
"""

import ast
from collections.abc import Mapping
from functools import partial
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ednag.errors import EdnagError, shown
from ednag.spaces import get_space
from ednag.spaces.interface import INVALID
from ednag.tables.columns import as_number
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.text_files import parse_json

if TYPE_CHECKING:
    import pandas as pd

_PAIRS = 4
#: What `literal_eval` raises on too many brackets.
_TOO_DEEP = (MemoryError, RecursionError)


def read_groups(path: Path, source: str) -> dict[str, float]:
    """Best accuracy in % of each group of networks, by the key of the space, in file order.

    Raises EdnagError, which names the network, if the file is not of this form.
    """
    try:
        networks: dict[str, Any] = parse_json(path.read_bytes())["cifar10"]
        entries = list(networks.items())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdnagError(f"{source}: not a table of networks on cifar10 ({shown(error)})") from None
    best: dict[str, float] = {}
    for row, (network, record) in enumerate(entries):
        try:
            normal, _ = ast.literal_eval(network)
            pairs = tuple((index(node), index(operation)) for node, operation in normal[:_PAIRS])
            accuracy = as_number(record["val_accuracy"], "val_accuracy")
            if len(pairs) != _PAIRS or not 0 <= accuracy <= 100:
                raise ValueError(f"{len(pairs)} pairs, val_accuracy {accuracy}")
        except (ValueError, SyntaxError, LookupError, TypeError, *_TOO_DEEP) as error:
            raise EdnagError(
                f"{source}: row {row}: {shown(network[:60])}...: {shown(error)}"
            ) from None
        best[str(pairs)] = max(accuracy, best.get(str(pairs), 0.0))
    return best


def read(paths: Mapping[str, Path], source: str) -> "pd.DataFrame":
    """One row per group that the genotype can write: `key`, `val_accuracy` (%)."""
    import pandas as pd

    space = get_space("nasbench301")
    groups = read_groups(paths[source], source).items()
    rows = [group for group in groups if space.parse(group[0]) != INVALID]
    return pd.DataFrame(rows, columns=["key", "val_accuracy"])


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

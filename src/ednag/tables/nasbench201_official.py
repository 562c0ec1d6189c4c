"""NAS-Bench-201's own files, versions 1.0 and 1.1: all runs of all 15,625 cells, in one `.pth`.

The file is a dictionary: `meta_archs` the strings, `arch2infos` {index: {"less": 12 epochs, "full":
200 epochs}}, `evaluated_indexes`. `torch_files` loads it, and nas-bench-201 2.1, the benchmark's
own package, reads its content; the accuracies are means over the runs. The package's own loader is
not used: torch 2.6 and newer refuse its call by path, and it copies a given dictionary.
A file of this structure with three runs of every cell takes 2.5 MB of memory and 12 ms per cell.
Version 1.1, with 2.4 runs on average, takes about 30 GB (see `ednag.tables.memory`) and 2.5
minutes; `nats_bench` reads an archive of the same measurements in 120 MB.
Source: search-spaces specification, Official files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ednag.errors import EdnagError
from ednag.tables.interface import TableDefinition
from ednag.tables.torch_files import load_pth

# Planning a study imports this module; pandas takes half a second.
if TYPE_CHECKING:
    import pandas as pd

#: Dataset -> (training, evaluation) of the validation and the test accuracy. On CIFAR-10 the former
#: is of the training on half of the data, the latter of that on all.
MEASURED = {
    "cifar10": (("cifar10-valid", "x-valid"), ("cifar10", "ori-test")),
    "cifar100": (("cifar100", "x-valid"), ("cifar100", "x-test")),
    "ImageNet16-120": (("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test")),
}
EPOCHS = 200


def row(record: Any, results: Any, dataset: str, place: str) -> dict[str, Any]:
    """The row of one cell from the record of its 200-epoch runs; raises EdnagError for others.

    Args:
        record: The state of an `ArchResults`.
        results: That class, of nas_201_api or of nats_bench.
        dataset: Key of MEASURED.
        place: Source and cell, for error messages.
    """
    # The packages load a string as the path of a file, without any check.
    if not isinstance(record, dict):
        raise EdnagError(f"{place}: a dictionary expected, not {type(record).__name__}")
    try:
        cell = results.create_from_state_dict(record)
        validation, test = (cell.get_metrics(*where)["accuracy"] for where in MEASURED[dataset])
        epochs = {cell.get_total_epoch(training) for training, _ in MEASURED[dataset]}
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise EdnagError(
            f"{place}: not as the benchmark's package writes it: {type(error).__name__}: {error}"
        ) from error
    if epochs != {EPOCHS}:
        raise EdnagError(f"{place}: trained for {sorted(epochs)} epochs, not {EPOCHS}")
    return {"key": cell.arch_str, "validation_accuracy": validation, "test_accuracy": test}


def read(paths: Mapping[str, Path], dataset: str, source: str) -> pd.DataFrame:
    """One row per cell: `key`, `validation_accuracy`, `test_accuracy` (%).

    Raises EdnagError if a cell is missing or not as its package writes it.
    """
    import pandas as pd
    from nas_201_api import ArchResults

    content = load_pth(paths[source], source)
    parts = ("meta_archs", "arch2infos", "evaluated_indexes")
    if (
        not isinstance(content, dict)
        or any(part not in content for part in parts)
        or not isinstance(content["meta_archs"], list | tuple)
        or not isinstance(content["arch2infos"], dict)
    ):
        raise EdnagError(f"{source}: not a NAS-Bench-201 file, which holds {', '.join(parts)}")
    rows = []
    for index, key in enumerate(content["meta_archs"]):
        place = f"{source}: cell {index} ({key})"
        # `pop` frees the memory of each cell.
        information = content["arch2infos"].pop(index, None)
        if not isinstance(information, dict) or "full" not in information:
            raise EdnagError(f"{place}: has no results of {EPOCHS} epochs")
        rows.append(row(information["full"], ArchResults, dataset, place))
        if rows[-1]["key"] != key:
            raise EdnagError(f"{place}: its results are those of {rows[-1]['key']}")
    return pd.DataFrame(rows)


def _official(table: TableDefinition, source: str) -> TableDefinition:
    return replace(
        table, sources=(source,), read=partial(read, dataset=table.dataset, source=source)
    )


from_v1_0 = partial(_official, source="nasbench201-v1_0")
from_v1_1 = partial(_official, source="nasbench201-v1_1")

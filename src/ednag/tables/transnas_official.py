"""TransNAS-Bench-101's own file: seven tasks, every epoch of 7,352 architectures, in one `.pth`.

The file is a dictionary: `data` {"macro" or "micro": {architecture: {task: {"metrics": {metric:
[one value per epoch]}, ...}}}}, beside `metrics_dict`, `info_names` and `task_list`. `torch_files`
loads it; the benchmark's own reader is on no package index.
As in the small tables, each metric is its own maximum over the epochs: of a loss, the worst epoch.
Source: search-spaces specification, Official files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ednag.errors import EdnagError
from ednag.tables.interface import Metric, TableDefinition
from ednag.tables.torch_files import load_pth

# Planning a study imports this module; pandas takes half a second.
if TYPE_CHECKING:
    import pandas as pd

SOURCE = "transnas-v10141024"


def _best_epoch(metrics: Mapping[str, Any], name: str) -> float:
    """The maximum over the epochs of a metric, or of a negated loss (`*_neg_loss`)."""
    if name not in metrics and name.endswith("_neg_loss"):
        return float(-np.min(np.asarray(metrics[name.replace("_neg_loss", "_loss")], np.float64)))
    return float(np.max(np.asarray(metrics[name], dtype=np.float64)))


def read(
    paths: Mapping[str, Path], task: str, kind: str, metrics: tuple[Metric, ...]
) -> pd.DataFrame:
    """One row per architecture: `key` and the metrics in their units.

    `kind` is "macro" or "micro"; all metrics but percentages are multiplied by 100. Raises
    EdnagError if the file is not one of TransNAS-Bench-101, or an architecture lacks a metric.
    """
    import pandas as pd

    content = load_pth(paths[SOURCE], SOURCE)
    try:
        architectures = content["data"][kind].items()
    except (AttributeError, LookupError, TypeError):
        raise EdnagError(
            f"{SOURCE}: not the TransNAS-Bench-101 file, which holds data/{kind}"
        ) from None
    rows = []
    for key, tasks in architectures:
        try:
            epochs = tasks[task]["metrics"]
            rows.append({"key": key, **{m.name: _best_epoch(epochs, m.name) for m in metrics}})
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise EdnagError(
                f"{SOURCE}: {kind} {key}: {task}: not as the benchmark writes it: "
                f"{type(error).__name__}: {error}"
            ) from None
    frame = pd.DataFrame(rows)
    for metric in metrics:
        if metric.unit != "%" and metric.name in frame:
            frame[metric.name] *= 100
    return frame


def from_official(table: TableDefinition) -> TableDefinition:
    """A table of TransNAS-Bench-101, read from the benchmark's own file."""
    kind = table.space.removeprefix("transnas-")
    reader = partial(read, task=table.dataset, kind=kind, metrics=table.metrics)
    return replace(table, sources=(SOURCE,), read=reader)

"""NAS-Bench-101: the 20,001 cells with the lowest hashes, from a public visualisation.

`nasbench101_vis_20k.json` has the validation accuracy of one of three trainings of each cell, after
4, 12, 36 and 108 epochs, and no adjacency. It checks the module hash and the official file
(search-spaces specification), and NAR's ranker is evaluated on it (`ednag cells enumerate`). 315 of
its cells are in the space `nasbench101`, and are a table for methods that train for fewer epochs
first. Hashes say nothing of a cell, so they are as good as drawn at random.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ednag.errors import EdnagError, shown
from ednag.spaces import get_space
from ednag.spaces.interface import INVALID
from ednag.tables.columns import as_numbers
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.text_files import parse_json

# Planning a study imports this module; pandas takes half a second.
if TYPE_CHECKING:
    import pandas as pd

SOURCE = "nasbench101-vis-20k"
BUDGETS = (4, 12, 36, 108)
_HASH = re.compile("[0-9a-f]{32}")
_COLUMNS = {
    "key": "key",
    **{f"{n}_final_validation_accuracy": f"validation_accuracy_{n}" for n in BUDGETS},
    "final_training_time": "training_time",
    "trainable_parameters": "parameters",
}


def read(path: Path) -> pd.DataFrame:
    """One row per cell, by module hash: `key`, `validation_accuracy_{4,12,36,108}` (%),
    `training_time` (s), `parameters`.

    Raises:
        EdnagError: A column is missing or has another length, a hash is invalid or repeated, an
            accuracy is no fraction, a time or size is no number; the message names column or row.
    """
    import pandas as pd

    try:
        columns = parse_json(path.read_bytes())
        rows = pd.DataFrame({ours: columns[theirs] for theirs, ours in _COLUMNS.items()})
    except (ValueError, TypeError, KeyError) as error:
        raise EdnagError(f"{SOURCE}: not a table of these columns ({shown(error)})") from None
    hashes = [isinstance(key, str) and bool(_HASH.fullmatch(key)) for key in rows["key"]]
    bad = np.flatnonzero(~np.array(hashes, dtype=bool))
    if not len(bad):
        bad = np.flatnonzero(rows["key"].duplicated())
    if len(bad):
        wrong = shown(rows["key"].iloc[bad[0]])
        raise EdnagError(f"{SOURCE}: row {bad[0] + 1}: {wrong} is no module hash, or repeated")
    for epochs in BUDGETS:
        name = f"validation_accuracy_{epochs}"
        rows[name] = as_numbers(rows[name], SOURCE, 0, 1) * 100
    for name in ("training_time", "parameters"):
        as_numbers(rows[name], SOURCE, 0)
    return rows


def read_searchable(paths: Mapping[str, Path]) -> pd.DataFrame:
    """The rows of `read` for the cells that the space `nasbench101` holds."""
    rows, space = read(paths[SOURCE]), get_space("nasbench101")
    return rows[[space.parse(key) != INVALID for key in rows["key"]]]


_LONGEST = f"validation_accuracy_{BUDGETS[-1]}"
BY_EPOCHS = TableDefinition(
    space="nasbench101",
    dataset="cifar10-epochs",
    title="CIFAR-10, by epochs (315 cells)",
    measured_on="cifar10",
    sources=(SOURCE,),
    metrics=(
        *(
            Metric(
                f"validation_accuracy_{number}", "%", f"validation accuracy after {number} epochs"
            )
            for number in BUDGETS
        ),
        Metric("training_time", "s", "time of 108 epochs", higher_is_better=False, high=1e6),
        Metric("parameters", "", "trainable parameters", higher_is_better=False, high=1e9),
    ),
    protocols={
        "paper": Protocol(
            fitness_metric=_LONGEST,
            reported_metric=_LONGEST,
            factor=1.05,
            zero_below=0.01,
            description="fitness is the validation accuracy of one training of 108 epochs, times "
            "1.05; it is reported, as no test accuracy is public",
            epochs={number: f"validation_accuracy_{number}" for number in BUDGETS},
        )
    },
    read=read_searchable,
)

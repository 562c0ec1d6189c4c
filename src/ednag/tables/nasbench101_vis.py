"""NAS-Bench-101: what a public visualisation tells of the 20,001 cells with the lowest hashes.

`nasbench101_vis_20k.json` has one of the three trainings of each cell, validation accuracy only,
and no adjacency. So it is no table to search, but a check of the module hash and of the official
file (search-spaces specification), and what NAR's ranker is judged on (`ednag cells enumerate`).
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.errors import EdnagError

SOURCE = "nasbench101-vis-20k"
BUDGETS = (4, 12, 36, 108)
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
        EdnagError: A column is missing or of another length, a hash is none or repeated, an
            accuracy is no fraction; the message names the column or the row.
    """
    try:
        columns = json.loads(path.read_text(encoding="utf-8"))
        rows = pd.DataFrame({ours: columns[theirs] for theirs, ours in _COLUMNS.items()})
    except (ValueError, TypeError, KeyError) as error:
        raise EdnagError(f"{SOURCE}: not a table of these columns ({error})") from None
    bad = ~rows["key"].map(lambda key: bool(re.fullmatch("[0-9a-f]{32}", str(key))))
    _refuse(rows, bad | rows["key"].duplicated(), "is no module hash, or repeated")
    for epochs in BUDGETS:
        name = f"validation_accuracy_{epochs}"
        accuracy = pd.to_numeric(rows[name], errors="coerce")
        _refuse(rows, ~accuracy.between(0, 1), f"has {name} that is no fraction")
        rows[name] = accuracy * 100
    return rows


def _refuse(rows: pd.DataFrame, bad: pd.Series, what: str) -> None:
    """Raise EdnagError naming the first bad row."""
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise EdnagError(f"{SOURCE}: row {row}: {rows['key'].iloc[row]} {what}")

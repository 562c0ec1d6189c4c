"""Cells of NAS-Bench-101 as rows of a table, and the cells of module hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.interface import INVALID
from ednag.spaces.nasbench101_cells import NASBench101Cell

# Planning a study imports this module; pandas takes half a second.
if TYPE_CHECKING:
    import pandas as pd


def list_cells(cells: Mapping[str, NASBench101Cell]) -> pd.DataFrame:
    """One row per cell, in their order.

    Columns: `key` (module hash), `vertices`, `edges`, `adjacency` and `operations` as in the
    benchmark's records, `code` in the space nasbench101, -1 if EDNAG's search cannot reach it.
    """
    import pandas as pd

    space = get_space("nasbench101")
    codes = {space.key(code): code for code in range(space.size)}
    return pd.DataFrame(
        {
            "key": list(cells),
            "vertices": np.array([cell.vertices for cell in cells.values()], dtype=np.int8),
            "edges": np.array([cell.graph.bit_count() for cell in cells.values()], dtype=np.int8),
            "adjacency": [cell.adjacency for cell in cells.values()],
            "operations": [cell.operations for cell in cells.values()],
            "code": np.array([codes.get(key, INVALID) for key in cells], dtype=np.int32),
        }
    )


def recover(listed: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """The rows of `measured`, after the columns of `listed`; raises EdnagError for other keys."""
    unknown = np.flatnonzero(~measured["key"].isin(listed["key"]))
    if len(unknown):
        row = int(unknown[0])
        raise EdnagError(
            f"row {row + 1}: {measured['key'].iloc[row]} is the module hash of no cell "
            f"({len(unknown)} of {len(measured)} hashes do not resolve)"
        )
    return listed.merge(measured, on="key", how="right", validate="one_to_one")

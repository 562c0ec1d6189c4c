"""Lists of cells: those of `ednag cells enumerate`, and those of NAR's published records."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.cells.nasbench101 import counts_in_chunks, from_texts
from ednag.cells.published import CHUNK, stream_records
from ednag.errors import EdnagError
from ednag.files import read_rows
from ednag.spaces.nasbench101_cells import NASBench101Cell


def with_counts(rows: pd.DataFrame, cells: Mapping[str, NASBench101Cell]) -> pd.DataFrame:
    """Cells by `key`, with the columns `flops` and `counted_parameters` (int64)."""
    totals = [
        (counts.flops, counts.parameters)
        for _, counts in counts_in_chunks(cells[key] for key in rows["key"])
    ]
    flops, parameters = (np.concatenate(each) for each in zip(*totals, strict=True))
    return rows.assign(flops=flops, counted_parameters=parameters)


def read_cell_list(path: Path) -> dict[str, NASBench101Cell]:
    """The cells of a file of `ednag cells enumerate`, by hash; raises EdnagError for others."""
    columns = ["key", "adjacency", "operations"]
    what, advice = "a list of `ednag cells enumerate`", "write it again"
    rows = read_rows(path, columns=columns, what=what, advice=advice)
    cells: dict[str, NASBench101Cell] = {}
    for start in range(0, len(rows), CHUNK):
        chunk = rows.iloc[start : start + CHUNK]
        batch = from_texts(chunk["adjacency"].tolist(), chunk["operations"].tolist(), start)
        cells |= {key: batch.cell(row) for row, key in enumerate(chunk["key"])}
    return cells


def space_of_records(path: Path) -> str:
    """The search space of NAR's published records; raises EdnagError for other files."""
    _, first = next(stream_records(path), ("", {}))
    if "arch_str" not in first and "module_adjacency" not in first:
        raise EdnagError(
            f"{path}: its first record has neither arch_str nor module_adjacency; give NAR's "
            "nasbench101_vertice_*.json or nasbench201_vertice_*.json"
        )
    return "nasbench201" if "arch_str" in first else "nasbench101"

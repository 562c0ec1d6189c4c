"""Run files: one Parquet file per block of seeds, one row per seed.

The file's metadata key `ednag` holds what determines the runs: space, dataset, protocol, method,
budget, all hyper-parameters, the digest of the benchmark's values and those of its sources. It
holds no time and no machine, so that the same configuration, seed and table give the same bytes.
Runs in a space that assigns codes on first use (`LargeSpace`) have one more column, the keys of
their codes; runs with shorter trainings, the epochs of their evaluations.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ednag.errors import EdnagError
from ednag.files import AGAIN, read_parquet, replacing
from ednag.methods.descriptions import RUN_FORMAT
from ednag.methods.interface import STEP_COLUMNS, Run

_SCALARS = {
    "seed": pa.int64(),
    "status": pa.string(),
    "detail": pa.string(),
    "outcome": pa.int32(),
    "outcome_metric": pa.float64(),
    "outcome_drawn": pa.float64(),
    "total": pa.int64(),
    "distinct": pa.int64(),
    "invalid": pa.int64(),
}
_LISTS = {
    "codes": pa.list_(pa.int32()),
    "metrics": pa.list_(pa.float64()),
    "lookups": pa.list_(pa.int32()),
    "final_population": pa.list_(pa.int32()),
}
#: Only where some evaluations are of shorter trainings.
_EPOCHS = pa.list_(pa.int32())
_STEPS = {name: pa.list_(pa.float64()) for name in STEP_COLUMNS}


@dataclass(frozen=True)
class RunFile:
    """The runs of one file and what determines them."""

    described: dict[str, Any]
    runs: list[Run]


def write_runs(runs: Sequence[Run], described: dict[str, Any], path: Path) -> None:
    """Write runs, ordered by seed, to `path`, whole or not at all."""
    ordered = sorted(runs, key=lambda run: run.seed)
    arrays: dict[str, pa.Array] = {}
    for name, kind in _SCALARS.items():
        arrays[name] = _scalars([getattr(run, name) for run in ordered], kind)
    for name, kind in _LISTS.items():
        arrays[name] = _lists([getattr(run, name) for run in ordered], kind)
    for name, kind in _STEPS.items():
        empty = np.empty(0)
        arrays[name] = _lists([run.steps.get(name, empty) for run in ordered], kind)
    if any(len(run.epochs) for run in ordered):
        arrays["epochs"] = _lists([run.epochs for run in ordered], _EPOCHS)
    if any(run.keys for run in ordered):
        arrays["keys"] = _lists([run.keys for run in ordered], pa.list_(pa.string()))
    metadata = {"ednag": json.dumps({"format": RUN_FORMAT, **described}, sort_keys=True)}
    with replacing(path) as beside:
        pq.write_table(
            pa.table(arrays).replace_schema_metadata(metadata), beside, compression="zstd"
        )


# Arrays are made from their buffers, because `pyarrow.array` imports pandas, which takes longer
# than a small block of runs.


def _scalars(values: Sequence[Any] | np.ndarray, kind: pa.DataType) -> pa.Array:
    """An array of numbers or texts without nulls."""
    if kind != pa.string():
        numbers = np.asarray(values, dtype=kind.to_pandas_dtype())
        return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])
    texts = [value.encode() for value in values]
    ends = pa.py_buffer(_ends(texts))
    return pa.StringArray.from_buffers(len(texts), ends, pa.py_buffer(b"".join(texts)))


def _lists(rows: Sequence[Sequence[Any] | np.ndarray], kind: pa.ListType) -> pa.Array:
    """An array of lists without nulls."""
    if kind.value_type == pa.string():
        values: Sequence[Any] | np.ndarray = [text for row in rows for text in row]
    else:
        values = np.concatenate([np.empty(0), *rows])
    ends = _scalars(_ends(rows), pa.int32())
    return pa.ListArray.from_arrays(ends, _scalars(values, kind.value_type))


def _ends(parts: Sequence[Any]) -> np.ndarray:
    """int32[n + 1]: the start of each part, then the end of the last one."""
    return np.cumsum([0, *map(len, parts)], dtype=np.int32)


def read_runs(path: Path) -> RunFile:
    """The runs of a file; raises EdnagError if it is no run file of this format."""
    what = "a run file of this workflow"
    table = read_parquet(path, what)
    try:
        described = json.loads((table.schema.metadata or {})[b"ednag"])
        if described.pop("format") != RUN_FORMAT:
            raise ValueError("another format")
        shorter = {"epochs": _EPOCHS} if "epochs" in table.column_names else {}
        for name, kind in (_SCALARS | _LISTS | _STEPS | shorter).items():
            if table.schema.field(name).type != kind or table[name].null_count:
                raise ValueError(f"column {name} does not hold {kind}, or lacks a value")
        columns: dict[str, list[Any]] = {name: table[name].to_pylist() for name in _SCALARS}
        lists: dict[str, list[Any]] = {
            name: [np.asarray(values.values.to_numpy()) for values in table[name]]
            for name in (*_LISTS, *_STEPS, *shorter)
        }
        # Only in spaces whose codes are those of one run.
        keys = table["keys"].to_pylist() if "keys" in table.column_names else None
    except (pa.ArrowException, AttributeError, KeyError, TypeError, ValueError) as error:
        raise EdnagError(f"{path}: not {what} ({error}); {AGAIN}") from error
    runs = [
        Run(
            **(
                {name: columns[name][row] for name in _SCALARS}
                | {name: lists[name][row] for name in (*_LISTS, *shorter)}
            ),
            steps={name: lists[name][row] for name in _STEPS if len(lists[name][row])},
            keys=keys[row] if keys else [],
        )
        for row in range(table.num_rows)
    ]
    return RunFile(described, runs)

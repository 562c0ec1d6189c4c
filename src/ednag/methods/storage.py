"""Run files: one Parquet file per block of seeds, one row per seed.

The file's metadata key `ednag` holds what determines the runs: space, dataset, protocol, method,
budget, hyper-parameters and the digest of the benchmark table's sources. It holds no time and no
machine, so that the same configuration, seed and table give the same bytes. Runs in a space that
assigns codes on first use (`LargeSpace`) have one more column, the keys of their codes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ednag.errors import EdnagError
from ednag.files import replacing
from ednag.methods.interface import STEP_COLUMNS, Run

FORMAT = "ednag runs 2"

_COLUMNS = {
    "seed": pa.int64(),
    "status": pa.string(),
    "detail": pa.string(),
    "outcome": pa.int32(),
    "outcome_metric": pa.float64(),
    "outcome_drawn": pa.float64(),
    "total": pa.int64(),
    "distinct": pa.int64(),
    "invalid": pa.int64(),
    "codes": pa.list_(pa.int32()),
    "metrics": pa.list_(pa.float64()),
    "lookups": pa.list_(pa.int32()),
    "final_population": pa.list_(pa.int32()),
}


@dataclass(frozen=True)
class RunFile:
    """The runs of one file and what determines them."""

    described: dict[str, Any]
    runs: list[Run]


def write_runs(runs: Sequence[Run], described: dict[str, Any], path: Path) -> None:
    """Write runs, ordered by seed, to `path`, whole or not at all."""
    ordered = sorted(runs, key=lambda run: run.seed)
    arrays = {
        name: pa.array([getattr(run, name) for run in ordered], kind)
        for name, kind in _COLUMNS.items()
    }
    for name in STEP_COLUMNS:
        values = [run.steps.get(name, ()) for run in ordered]
        arrays[name] = pa.array(values, pa.list_(pa.float64()))
    if any(run.keys for run in ordered):
        arrays["keys"] = pa.array([run.keys for run in ordered])
    metadata = {"ednag": json.dumps({"format": FORMAT, **described}, sort_keys=True)}
    with replacing(path) as beside:
        pq.write_table(
            pa.table(arrays).replace_schema_metadata(metadata), beside, compression="zstd"
        )


def read_runs(path: Path) -> RunFile:
    """The runs of a file; raises EdnagError if it is no run file of this format."""
    try:
        table = pq.read_table(path)
        described = json.loads((table.schema.metadata or {})[b"ednag"])
        if described.pop("format") != FORMAT:
            raise ValueError("another format")
        runs = [_as_run(row) for row in table.to_pandas().to_dict("records")]
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise EdnagError(
            f"{path}: not a run file of this workflow ({error}); delete it and run again"
        ) from error
    return RunFile(described, runs)


def _as_run(row: dict[str, Any]) -> Run:
    steps = {name: row.pop(name) for name in STEP_COLUMNS}
    keys = list(row.pop("keys", ()))  # only in a `LargeSpace`
    return Run(**row, steps={name: v for name, v in steps.items() if len(v)}, keys=keys)

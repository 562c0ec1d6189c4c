"""The canonical Parquet file of a benchmark table.

Columns: `index` (int32, the code), `key` (string), `valid` (bool: the table has an entry), then
one float64 column per metric. The file's metadata key `ednag` holds space, dataset, metric
descriptions and the sha256 of each source. Same table, same bytes.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ednag.errors import EdnagError
from ednag.files import replacing
from ednag.spaces.interface import SearchSpace
from ednag.tables.interface import BenchmarkTable, Metric

FORMAT = "ednag benchmark table 1"


def write_table(table: BenchmarkTable, space: SearchSpace, path: Path) -> None:
    """Write a table to `path`, whole or not at all."""
    valid = np.all([table.present(name) for name in table.metrics], axis=0)
    described = {
        "format": FORMAT,
        "space": table.space,
        "dataset": table.dataset,
        "metrics": [asdict(metric) for metric in table.metrics.values()],
        "sources": table.sources,
    }
    arrow = pa.table(
        {
            "index": pa.array(np.arange(space.size, dtype=np.int32)),
            "key": pa.array([space.key(code) for code in range(space.size)]),
            "valid": pa.array(valid),
            **{name: pa.array(values) for name, values in table.values.items()},
        }
    ).replace_schema_metadata({"ednag": json.dumps(described, sort_keys=True)})
    with replacing(path) as beside:
        pq.write_table(arrow, beside, compression="zstd")


def read_table(path: Path) -> BenchmarkTable:
    """The table in a canonical file.

    Raises:
        EdnagError: The file is not one of ours.
    """
    try:
        parquet = pq.ParquetFile(path, memory_map=True)
        described = json.loads((parquet.schema_arrow.metadata or {})[b"ednag"])
        metrics = {entry["name"]: Metric(**entry) for entry in described["metrics"]}
        columns = parquet.read(columns=list(metrics))
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise EdnagError(
            f"{path}: not a benchmark table of this workflow ({error}); delete it and run again"
        ) from error
    return BenchmarkTable(
        space=described["space"],
        dataset=described["dataset"],
        values={name: columns[name].to_numpy() for name in metrics},
        metrics=metrics,
        sources=described["sources"],
    )

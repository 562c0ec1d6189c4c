"""The canonical Parquet file of a benchmark: a table of values, or a predictor's parameters.

A table has the columns `index` (int32, the code), `key` (string), `valid` (bool: the table has an
entry), then one float64 column per metric. A predictor has one row per parameter: `parameter` (its
name), `shape` (list of int32) and `values` (list of float32, row by row). The file's metadata key
`ednag` says which, and holds space, dataset, metric descriptions, the digest of the values and the
sha256 of each source.
Same benchmark, same bytes.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ednag.errors import EdnagError, one_line
from ednag.files import AGAIN, read_parquet, replacing
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    Metric,
    PredictedBenchmark,
    PredictorDefinition,
    numbers_in,
    parameter_rows,
    parameters_in,
)

FORMAT = "ednag benchmark table 2"
PREDICTOR_FORMAT = "ednag benchmark predictor 2"


def write_benchmark(benchmark: Benchmark, path: Path) -> None:
    """Write a table or a predictor to `path`, whole or not at all."""
    is_table = isinstance(benchmark, BenchmarkTable)
    description = {
        "format": FORMAT if is_table else PREDICTOR_FORMAT,
        "space": benchmark.space,
        "dataset": benchmark.dataset,
        "metrics": [asdict(metric) for metric in benchmark.metrics.values()],
        "digest": benchmark.digest,
        "sources": benchmark.sources,
    }
    metadata = {"ednag": json.dumps(description, sort_keys=True)}
    with replacing(path) as beside:
        pq.write_table(
            _rows(benchmark).replace_schema_metadata(metadata),
            beside,
            compression="zstd",
            # Few parameters occur twice.
            use_dictionary=is_table,
        )


def read_table(path: Path) -> BenchmarkTable:
    """The table in a canonical file; raises EdnagError for any other file."""
    table = read_benchmark(path, (FORMAT,))
    assert isinstance(table, BenchmarkTable)
    return table


def read_benchmark(path: Path, formats: Sequence[str] = (FORMAT, PREDICTOR_FORMAT)) -> Benchmark:
    """The table or predictor in a canonical file; raises EdnagError for any other file."""
    what = "a benchmark table of this workflow"
    rows = read_parquet(path, what, without=("index", "key", "valid"))
    try:
        description = json.loads((rows.schema.metadata or {})[b"ednag"])
        if description["format"] not in formats:
            raise ValueError(f"its format is {description['format']!r}")
        read = _as_table if description["format"] == FORMAT else _as_predictor
        benchmark = read(rows, description)
        if benchmark.digest != description["digest"]:
            raise ValueError("its values were changed after it was written")
        return benchmark
    except (pa.ArrowException, LookupError, ValueError, TypeError, AttributeError) as error:
        reason = one_line(error)
        raise EdnagError(f"{path}: not {what} ({reason}); {AGAIN}") from error


def _rows(benchmark: Benchmark) -> pa.Table:
    if isinstance(benchmark, PredictedBenchmark):
        return parameter_rows(benchmark.parameters)
    assert isinstance(benchmark, BenchmarkTable)
    space = get_space(benchmark.space)
    return pa.table(
        {
            "index": pa.array(np.arange(space.size, dtype=np.int32)),
            "key": pa.array(space.keys(np.arange(space.size))),
            "valid": pa.array(benchmark.valid),
            **{name: pa.array(values) for name, values in benchmark.values.items()},
        }
    )


def _as_table(rows: pa.Table, description: dict[str, Any]) -> Benchmark:
    metrics = {entry["name"]: Metric(**entry) for entry in description["metrics"]}
    size = get_space(description["space"]).size
    if rows.num_rows != size:
        raise ValueError(
            f"it has {rows.num_rows} rows, and {description['space']} {size} architectures"
        )
    return BenchmarkTable(
        space=description["space"],
        dataset=description["dataset"],
        values=numbers_in(rows, metrics),
        metrics=metrics,
        sources=description["sources"],
    )


def _as_predictor(rows: pa.Table, description: dict[str, Any]) -> Benchmark:
    definition = get_definition(description["space"], description["dataset"])
    if not isinstance(definition, PredictorDefinition):
        raise ValueError(f"{description['space']}/{description['dataset']} has no predictor")
    return definition.with_parameters(parameters_in(rows), description["sources"])

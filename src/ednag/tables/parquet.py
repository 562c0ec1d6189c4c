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

from ednag.errors import EdnagError
from ednag.files import replacing
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    Metric,
    PredictedBenchmark,
    PredictorDefinition,
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
            pa.table(_columns(benchmark)).replace_schema_metadata(metadata),
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
    try:
        parquet = pq.ParquetFile(path, memory_map=True)
        description = json.loads((parquet.schema_arrow.metadata or {})[b"ednag"])
        if description["format"] not in formats:
            raise ValueError(f"its format is {description['format']!r}")
        read = _as_table if description["format"] == FORMAT else _as_predictor
        benchmark = read(parquet, description)
        if benchmark.digest != description["digest"]:
            raise ValueError("its values were changed after it was written")
        return benchmark
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise EdnagError(
            f"{path}: not a benchmark table of this workflow ({error}); delete it and run again"
        ) from error


def _columns(benchmark: Benchmark) -> dict[str, pa.Array]:
    if isinstance(benchmark, PredictedBenchmark):
        arrays = benchmark.parameters.values()
        return {
            "parameter": pa.array(list(benchmark.parameters)),
            "shape": pa.array([array.shape for array in arrays], pa.list_(pa.int32())),
            "values": pa.array([array.ravel() for array in arrays], pa.list_(pa.float32())),
        }
    assert isinstance(benchmark, BenchmarkTable)
    space = get_space(benchmark.space)
    return {
        "index": pa.array(np.arange(space.size, dtype=np.int32)),
        "key": pa.array(space.keys(np.arange(space.size))),
        "valid": pa.array(benchmark.valid),
        **{name: pa.array(values) for name, values in benchmark.values.items()},
    }


def _as_table(parquet: pq.ParquetFile, description: dict[str, Any]) -> Benchmark:
    metrics = {entry["name"]: Metric(**entry) for entry in description["metrics"]}
    columns = parquet.read(columns=list(metrics))
    rows, size = parquet.metadata.num_rows, get_space(description["space"]).size
    if rows != size:
        raise ValueError(f"it has {rows} rows, and {description['space']} {size} architectures")
    return BenchmarkTable(
        space=description["space"],
        dataset=description["dataset"],
        # Not `to_numpy`, because it imports pandas, which takes longer than many searches.
        values={
            name: np.concatenate([np.from_dlpack(chunk) for chunk in columns[name].chunks])
            for name in metrics
        },
        metrics=metrics,
        sources=description["sources"],
    )


def _as_predictor(parquet: pq.ParquetFile, description: dict[str, Any]) -> Benchmark:
    definition = get_definition(description["space"], description["dataset"])
    if not isinstance(definition, PredictorDefinition):
        raise ValueError(f"{description['space']}/{description['dataset']} has no predictor")
    rows = parquet.read()
    parameters = {
        name.as_py(): np.asarray(values.values.to_numpy()).reshape(shape.as_py())
        for name, shape, values in zip(
            rows["parameter"], rows["shape"], rows["values"], strict=True
        )
    }
    return definition.with_parameters(parameters, description["sources"])

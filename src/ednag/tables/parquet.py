"""The canonical Parquet file of a benchmark: a table of values, or a predictor's parameters.

A table has the columns `index` (int32, the code), `key` (string), `valid` (bool: the table has an
entry), then one float64 column per metric. A predictor has one row per parameter: `parameter` (its
name), `shape` (list of int32) and `values` (list of float32, row by row). The file's metadata key
`ednag` says which, and holds space, dataset, metric descriptions and the sha256 of each source.
Same benchmark, same bytes.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ednag.errors import EdnagError
from ednag.files import replacing
from ednag.spaces import get_space
from ednag.spaces.interface import SearchSpace
from ednag.tables import get_definition
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    Metric,
    PredictedBenchmark,
    PredictorDefinition,
)

FORMAT = "ednag benchmark table 1"
PREDICTOR_FORMAT = "ednag benchmark predictor 1"


def write_benchmark(benchmark: Benchmark, path: Path) -> None:
    """Write a table or a predictor to `path`, whole or not at all."""
    if isinstance(benchmark, PredictedBenchmark):
        _write(_predictor_columns(benchmark), benchmark, PREDICTOR_FORMAT, path)
    else:
        assert isinstance(benchmark, BenchmarkTable)
        write_table(benchmark, get_space(benchmark.space), path)


def read_benchmark(path: Path) -> Benchmark:
    """The table or the predictor in a canonical file.

    Raises:
        EdnagError: The file is not one of ours.
    """
    return _read(path, FORMAT, PREDICTOR_FORMAT)


def write_table(table: BenchmarkTable, space: SearchSpace, path: Path) -> None:
    """Write a table to `path`, whole or not at all."""
    columns = {
        "index": pa.array(np.arange(space.size, dtype=np.int32)),
        "key": pa.array(space.keys(np.arange(space.size))),
        "valid": pa.array(table.valid),
        **{name: pa.array(values) for name, values in table.values.items()},
    }
    _write(columns, table, FORMAT, path)


def read_table(path: Path) -> BenchmarkTable:
    """The table in a canonical file.

    Raises:
        EdnagError: The file is not one of ours, or holds a predictor.
    """
    table = _read(path, FORMAT)
    assert isinstance(table, BenchmarkTable)
    return table


def _write(columns: dict[str, pa.Array], benchmark: Benchmark, form: str, path: Path) -> None:
    """Write columns and what they are."""
    described = {
        "format": form,
        "space": benchmark.space,
        "dataset": benchmark.dataset,
        "metrics": [asdict(metric) for metric in benchmark.metrics.values()],
        "sources": benchmark.sources,
    }
    metadata = {"ednag": json.dumps(described, sort_keys=True)}
    with replacing(path) as beside:
        pq.write_table(
            pa.table(columns).replace_schema_metadata(metadata),
            beside,
            compression="zstd",
            # Hardly any parameter occurs twice.
            use_dictionary=form == FORMAT,
        )


def _read(path: Path, *formats: str) -> Benchmark:
    """What a file of one of these formats holds."""
    try:
        parquet = pq.ParquetFile(path, memory_map=True)
        described = json.loads((parquet.schema_arrow.metadata or {})[b"ednag"])
        if described["format"] not in formats:
            raise ValueError(f"its format is {described['format']!r}")
        if described["format"] == FORMAT:
            return _as_table(parquet, described)
        return _as_predictor(parquet, described)
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise EdnagError(
            f"{path}: not a benchmark table of this workflow ({error}); delete it and run again"
        ) from error


def _as_table(parquet: pq.ParquetFile, described: dict[str, Any]) -> BenchmarkTable:
    metrics = {entry["name"]: Metric(**entry) for entry in described["metrics"]}
    columns = parquet.read(columns=list(metrics))
    rows, size = parquet.metadata.num_rows, get_space(described["space"]).size
    if rows != size:
        raise ValueError(f"it has {rows} rows, and {described['space']} {size} architectures")
    return BenchmarkTable(
        space=described["space"],
        dataset=described["dataset"],
        # Not `to_numpy`, which imports pandas: longer than many a job that only looks values up.
        values={
            name: np.concatenate([np.from_dlpack(chunk) for chunk in columns[name].chunks])
            for name in metrics
        },
        metrics=metrics,
        sources=described["sources"],
    )


def _predictor_columns(benchmark: PredictedBenchmark) -> dict[str, pa.Array]:
    arrays = benchmark.parameters
    return {
        "parameter": pa.array(list(arrays)),
        "shape": pa.array([array.shape for array in arrays.values()], pa.list_(pa.int32())),
        "values": pa.array([array.ravel() for array in arrays.values()], pa.list_(pa.float32())),
    }


def _as_predictor(parquet: pq.ParquetFile, described: dict[str, Any]) -> PredictedBenchmark:
    definition = get_definition(described["space"], described["dataset"])
    if not isinstance(definition, PredictorDefinition):
        raise ValueError(f"{described['space']}/{described['dataset']} has no predictor")
    rows = parquet.read()
    parameters = {
        name.as_py(): np.asarray(values.values.to_numpy()).reshape(shape.as_py())
        for name, shape, values in zip(
            rows["parameter"], rows["shape"], rows["values"], strict=True
        )
    }
    return definition.with_parameters(parameters, described["sources"])

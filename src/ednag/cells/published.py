"""Cell-information datasets: as Parquet, in NAR's published form, and compared with NAR's files.

A dataset is a stream of Arrow record batches of a few thousand cells, so that memory does not grow
with its length. Measured values (accuracies, times) are optional columns and fields. Source:
specification nar.md, section Cell-information datasets.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ednag.cells import nasbench101, nasbench201
from ednag.errors import EdnagError, shown
from ednag.files import replacing
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench101_cells import NASBench101Cell, module_hash
from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

CHUNK = 4096
#: Records of a published file compared at a time.
_COMPARED = 1024
#: Name of a dataset in NAR's records -> the dataset.
COUNTED = MappingProxyType(
    {"cifar10-valid": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}
)
#: Measured fields in the published order -> their largest value; the smallest is 0. Accuracies are
#: fractions, times are seconds.
MEASURED_101 = MappingProxyType(
    {
        "avg_training_time": math.inf,
        "avg_train_accuracy": 1.0,
        "avg_validation_accuracy": 1.0,
        "avg_test_accuracy": 1.0,
    }
)
#: The same for NAS-Bench-201: accuracies are in per cent, latencies in seconds.
MEASURED_201 = MappingProxyType(
    {
        **{
            f"{dataset}_{part}_acc": 100.0
            for dataset in ("cifar10", "cifar100", "imagenet16")
            for part in ("val", "test")
        },
        **{f"{dataset}_latency": math.inf for dataset in ("cifar10", "cifar100", "imagenet16")},
    }
)
#: A column that only one of the two datasets has -> format in the metadata of its file.
_FORMATS = MappingProxyType(
    {
        "unique_hash": "ednag cell information nasbench101 1",
        "arch_str": "ednag cell information nasbench201 1",
    }
)
#: Characters read at a time from a published file.
_BLOCK = 1 << 20
#: Records have fewer characters.
_LONGEST = 1 << 21


def nasbench101_batches(
    cells: Mapping[str, NASBench101Cell], measured: pd.DataFrame | None = None, chunk: int = CHUNK
) -> Iterator[pa.RecordBatch]:
    """The dataset of NAS-Bench-101 cells.

    Columns: `unique_hash`; `module_adjacency`, all vertices^2 entries as digits, row by row;
    `module_operations`, joined by commas; `trainable_parameters` and `flops` (int64);
    `vertex_flops` and `vertex_params`, lists of 9 x vertices int32, module by module; those of
    MEASURED_101 that `measured` has (float64).

    Args:
        cells: By module hash; counts depend on their numbering, see `cells.nasbench101`.
        measured: Indexed by module hash, with columns of MEASURED_101 and a row for every cell.

    Raises:
        EdnagError: `measured` has other columns, or a cell is missing.
    """
    names = _measured_columns(measured, MEASURED_101)
    hashes = iter(cells)
    for batch, counts in nasbench101.counts_in_chunks(cells.values(), chunk):
        keys = list(islice(hashes, len(batch)))
        columns: dict[str, Any] = {
            "unique_hash": keys,
            "module_adjacency": [cells[key].adjacency for key in keys],
            "module_operations": [cells[key].operations for key in keys],
            "trainable_parameters": counts.parameters,
            "vertex_flops": _without_empty(counts.vertex_flops, batch),
            "vertex_params": _without_empty(counts.vertex_parameters, batch),
            "flops": counts.flops,
        }
        yield _batch(columns, _joined(measured, names, keys))


def nasbench201_batches(
    keys: Sequence[str],
    measured: pd.DataFrame | None = None,
    chunk: int = CHUNK,
    first: int = 0,
) -> Iterator[pa.RecordBatch]:
    """The dataset of NAS-Bench-201 cells.

    Columns: `index` (int32) and `arch_str`; for each of COUNTED `<name>_total_flops`,
    `<name>_total_params` (int64), `<name>_opt_flops` and `<name>_opt_params`, lists of 3 x 6 int32:
    the edges 01 02 12 03 13 23 of a cell of each stage, whose five cells cost the same; those of
    MEASURED_201 that `measured` has (float64).

    Args:
        keys: Architecture strings in the order of the index, officially that of the benchmark.
        measured: Indexed by architecture string, with columns of MEASURED_201 and a row for every
            cell.
        first: Number of the first cell, for messages.

    Raises:
        EdnagError: A string is not in the space, or `measured` has other columns or no row for a
            cell; the message has the cell.
    """
    names = _measured_columns(measured, MEASURED_201)
    space = NASBench201()
    for start in range(0, len(keys), chunk):
        some = list(keys[start : start + chunk])
        codes = np.empty(len(some), dtype=np.int64)
        for place, key in enumerate(some):
            try:
                codes[place] = space.code(key)
            except EdnagError as error:
                raise EdnagError(f"cell {first + start + place}: {error}") from None
        columns: dict[str, Any] = {
            "index": np.arange(start, start + len(some), dtype=np.int32),
            "arch_str": some,
        }
        for name, dataset in COUNTED.items():
            counts = nasbench201.counts(nasbench201.shape_of(dataset), codes)
            columns[f"{name}_total_flops"] = counts.flops
            columns[f"{name}_total_params"] = counts.parameters
            columns[f"{name}_opt_flops"] = _lists(counts.edge_flops.reshape(len(some), -1))
            columns[f"{name}_opt_params"] = _lists(counts.edge_parameters.reshape(len(some), -1))
        yield _batch(columns, _joined(measured, names, some))


def of_datasets(
    batches: Iterable[pa.RecordBatch], datasets: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Batches of `nasbench201_batches` with counts of some datasets, of all if none is named."""
    for dataset in datasets:
        nasbench201.shape_of(dataset)
    left_out = [name for name, dataset in COUNTED.items() if datasets and dataset not in datasets]
    counts = ("total_flops", "total_params", "opt_flops", "opt_params")
    dropped = {f"{name}_{count}" for name in left_out for count in counts}
    for batch in batches:
        yield batch.select([name for name in batch.schema.names if name not in dropped])


def write_parquet(batches: Iterable[pa.RecordBatch], path: Path) -> None:
    """Write a dataset, completely or not at all; equal batches give equal bytes."""
    first, remaining = _first(batches, path)
    kind = "unique_hash" if "unique_hash" in first.schema.names else "arch_str"
    schema = first.schema.with_metadata({"ednag": _FORMATS[kind]})
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for batch in remaining:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def write_json(batches: Iterable[pa.RecordBatch], path: Path) -> None:
    """Write a dataset in NAR's published form, completely or not at all.

    The file has one line: a list of records for NAS-Bench-101, an object by index for
    NAS-Bench-201, with keys in the published order.
    """
    first, remaining = _first(batches, path)
    ends = "[]" if "unique_hash" in first.schema.names else "{}"
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as stream,
    ):
        stream.write(ends[0])
        separator = ""
        for name, record in chain.from_iterable(map(records, remaining)):
            prefix = f"{json.dumps(name)}: " if ends == "{}" else ""
            stream.write(f"{separator}{prefix}{json.dumps(record)}")
            separator = ", "
        stream.write(ends[1])


def records(batch: pa.RecordBatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """(module hash or index, record in the published form and key order) of each row."""
    make = _record_101 if "unique_hash" in batch.schema.names else _record_201
    for row in batch.to_pylist():
        yield make(row)


@dataclass(frozen=True)
class RecordDifference:
    """A field in which a published record and ours differ.

    Attributes:
        record: Position of the record in the published file, from 0.
        name: Its module hash or index.
        field: The field, with its module or cell if it has one.
    """

    record: int
    name: str
    field: str
    published: Any
    ours: Any

    def __str__(self) -> str:
        return (
            f"record {self.record} ({self.name}): {self.field}: published "
            f"{json.dumps(self.published)}, ours {json.dumps(self.ours)}"
        )


@dataclass(frozen=True)
class RecordComparison:
    """Numbers of published records, and the first differences in the order of the file.

    Attributes:
        agreeing: Records without a difference.
        repeated: Records that repeat an earlier cell.
    """

    records: int
    agreeing: int
    repeated: int
    differences: tuple[RecordDifference, ...]


def compare(
    path: Path,
    space: str,
    measured: pd.DataFrame | None = None,
    *,
    limit: int = 10,
    progress: Callable[[int], object] | None = None,
) -> RecordComparison:
    """Compare each record of a published file with our record for its cell.

    The cell is that of the record: in NAS-Bench-101 counts depend on the numbering of its vertices,
    and its module hash is computed again. Fields and their order must be equal.

    Args:
        path: JSON list or object; read as a stream, a thousand records at a time.
        measured: See `nasbench101_batches` and `nasbench201_batches`; without it, measured fields
            are not compared.
        limit: Largest number of differences to keep, at least 0.
        progress: Called with the number of records compared so far.

    Raises:
        EdnagError: The file has other content, or a record has no cell; the message has the record.
    """
    ours, fields = (
        (_ours_101, MEASURED_101) if space == "nasbench101" else (_ours_201, MEASURED_201)
    )
    left_out = set(fields) - set(_measured_columns(measured, fields))
    seen: set[str] = set()
    kept: list[RecordDifference] = []
    number = agreeing = repeated = 0
    stream = stream_records(path)
    while some := list(islice(stream, _COMPARED)):
        try:
            expected = ours([record for _, record in some], number, measured)
        except (KeyError, TypeError, ValueError) as error:
            raise EdnagError(
                f"{path}: records {number} to {number + len(some) - 1}: one is no record of a "
                f"cell ({type(error).__name__}: {error}); fetch the published file again"
            ) from None
        for (place, record), right in zip(some, expected, strict=True):
            cell = right.get("unique_hash") or right["arch_str"]
            name = place if "arch_str" in right else cell
            _check_measured(record, fields, f"{path}: record {number} ({name})")
            theirs = {name: value for name, value in record.items() if name not in left_out}
            different = list(_differences(theirs, right))
            if place != str(number):
                different.append(("index", place, str(number)))
            agreeing += not different
            repeated += cell in seen
            seen.add(cell)
            room = max(limit - len(kept), 0)
            kept += [RecordDifference(number, name, *each) for each in different[:room]]
            number += 1
        if progress is not None:
            progress(number)
    return RecordComparison(number, agreeing, repeated, tuple(kept))


def stream_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name or position, record) of each record in a JSON list or object of objects.

    The file is read by megabytes, so that memory does not grow with its length.

    Raises:
        EdnagError: The file has other content, or is not complete; the message has the record.
    """
    with path.open(encoding="utf-8") as stream:
        scanner = _Scanner(stream, path)
        opening = scanner.character()
        if opening not in "[{":
            raise scanner.error("begins with neither [ nor {")
        closing = {"[": "]", "{": "}"}[opening]
        number = 0
        if scanner.character(peek=True) == closing:
            return
        while True:
            scanner.place = f"record {number}"
            name = str(number)
            if opening == "{":
                name = str(scanner.value())
                if scanner.character() != ":":
                    raise scanner.error(f"no colon after {name!r}")
            record = scanner.value()
            if not isinstance(record, dict):
                raise scanner.error(f"is a {type(record).__name__} and no object")
            yield name, record
            number += 1
            if (following := scanner.character()) == closing:
                return
            if following != ",":
                raise scanner.error(f"{following!r} follows it and no comma")


class _Scanner:
    """A reader of characters and JSON values from a stream, with one block in memory."""

    def __init__(self, stream: Any, path: Path) -> None:
        self.place = "its beginning"
        self._stream, self._path = stream, path
        self._text, self._at = "", 0
        self._decoder = json.JSONDecoder()

    def error(self, reason: str) -> EdnagError:
        return EdnagError(
            f"{self._path}: {self.place}: {reason}; fetch the published file again, it is "
            "not the JSON that it should be"
        )

    def _more(self) -> bool:
        """Read another block; whether there was one."""
        try:
            block = self._stream.read(_BLOCK)
        except UnicodeDecodeError:
            raise self.error("is not UTF-8") from None
        self._text, self._at = self._text[self._at :] + block, 0
        return bool(block)

    def character(self, peek: bool = False) -> str:
        """The next character that is not white space; it is consumed unless `peek`."""
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if not character.isspace():
                    self._at += not peek
                    return character
                self._at += 1
            if not self._more():
                raise self.error("the file ends too early")

    def value(self) -> Any:
        """The next value: a string or an object."""
        self.character(peek=True)
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._text, self._at)
                return value
            except json.JSONDecodeError as error:
                # The block ends within the value, or the value is invalid.
                if len(self._text) - self._at > _LONGEST or not self._more():
                    raise self.error(f"no JSON ({error.msg})") from None


def _first(
    batches: Iterable[pa.RecordBatch], path: Path
) -> tuple[pa.RecordBatch, Iterator[pa.RecordBatch]]:
    """The first batch, and all batches."""
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        raise EdnagError(f"{path}: no cells to write; give at least one")
    return first, chain([first], remaining)


def _measured_columns(measured: pd.DataFrame | None, fields: Iterable[str]) -> list[str]:
    """The measured fields in the published order."""
    if measured is None:
        return []
    unknown = [str(name) for name in measured.columns if name not in fields]
    if unknown:
        raise EdnagError(
            f"cell information: measured has {', '.join(unknown)}; "
            f"its columns are of {', '.join(fields)}"
        )
    return [name for name in fields if name in measured.columns]


def _joined(
    measured: pd.DataFrame | None, names: Sequence[str], keys: list[str]
) -> dict[str, np.ndarray]:
    """The measured columns for some cells."""
    if measured is None:
        return {}
    rows = measured.index.get_indexer(pd.Index(keys))
    if (rows < 0).any():
        key = keys[int(np.flatnonzero(rows < 0)[0])]
        raise EdnagError(
            f"cell information: nothing measured for {key}; give a row for every cell, or none"
        )
    return {name: measured[name].to_numpy(dtype=np.float64)[rows] for name in names}


def _batch(columns: Mapping[str, Any], measured: Mapping[str, np.ndarray]) -> pa.RecordBatch:
    arrays = {name: pa.array(values) for name, values in {**columns, **measured}.items()}
    return pa.RecordBatch.from_pydict(arrays)


def _lists(values: np.ndarray) -> pa.Array:
    """Rows of int[n, k] as lists of int32."""
    flat = pa.array(values.astype(np.int32).ravel())
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def _without_empty(values: np.ndarray, batch: nasbench101.CellBatch) -> pa.Array:
    """int[n, 9, 7] as lists of 9 x vertices int32."""
    used = np.broadcast_to((batch.labels != nasbench101.EMPTY)[:, None], values.shape)
    flat = pa.array(values[used].astype(np.int32))
    offsets = np.append(0, np.cumsum(used.sum(axis=(1, 2)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def _record_101(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """(module hash, published record) of a row."""
    operations = row["module_operations"].split(",")
    size = len(operations)
    digits = [int(digit) for digit in row["module_adjacency"]]
    record = {
        "module_adjacency": [digits[at : at + size] for at in range(0, size * size, size)],
        "module_operations": operations,
        "trainable_parameters": row["trainable_parameters"],
        **{name: row[name] for name in MEASURED_101 if name in row},
        "unique_hash": row["unique_hash"],
        "vertex_flops": _by_module(row["vertex_flops"], size),
        "vertex_params": _by_module(row["vertex_params"], size),
        "flops": row["flops"],
    }
    return row["unique_hash"], record


def _by_module(values: list[int], size: int) -> dict[str, list[int]]:
    modules = enumerate(nasbench101.MODULES)
    return {module.name: values[at * size : (at + 1) * size] for at, module in modules}


def _record_201(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """(index, published record) of a row."""
    record: dict[str, Any] = {"cell_adjacency": cell_adjacency(row["arch_str"]).tolist()}
    record.update({name: row[name] for name in MEASURED_201 if name in row})
    for name, dataset in COUNTED.items():
        positions = nasbench201.shape_of(dataset).cell_positions
        for total in ("total_flops", "total_params"):
            record[f"{name}_{total}"] = row[f"{name}_{total}"]
        for kind in ("opt_flops", "opt_params"):
            values = row[f"{name}_{kind}"]
            record[f"{name}_{kind}"] = {
                f"cells{at}": values[stage * len(EDGES) : (stage + 1) * len(EDGES)]
                for at, stage in positions
            }
    record["arch_str"] = row["arch_str"]
    return str(row["index"]), record


def cell_adjacency(key: str) -> np.ndarray:
    """int64[4, 4], upper triangular: the number of each edge's operation, 0 to 4."""
    digits = digits_of(np.array([NASBench201().code(key)]), len(OPERATIONS), len(EDGES))
    adjacency = np.zeros((4, 4), dtype=np.int64)
    for (target, source), digit in zip(EDGES, digits[0], strict=True):
        adjacency[source, target] = digit
    return adjacency


def _check_measured(record: dict[str, Any], fields: Mapping[str, float], place: str) -> None:
    """Raise EdnagError if a measured field is not a number from 0 to its largest value."""
    for field, high in fields.items():
        value = record.get(field, 0)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= min(high, sys.float_info.max):
            raise EdnagError(
                f"{place}: {field} = {shown(value)} is not a number from 0 to {high:g}; "
                "fetch the published file again"
            )


def _differences(published: Any, ours: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(field, published, ours) for each difference in value or in the order of fields."""
    if not isinstance(published, dict) or not isinstance(ours, dict):
        if published != ours:
            yield where, published, ours
        return
    if list(published) != list(ours):
        yield f"fields of {where or 'the record'}", list(published), list(ours)
    for field in ours:
        if field in published:
            inner = f"{where}/{field}" if where else field
            yield from _differences(published[field], ours[field], inner)


def _ours_101(
    published: list[dict[str, Any]], first: int, measured: pd.DataFrame | None
) -> list[dict[str, Any]]:
    """Our records for the cells of published records."""
    batch = nasbench101.from_records(
        [record["module_adjacency"] for record in published],
        [record["module_operations"] for record in published],
        first,
    )
    numbered = {str(row): batch.cell(row) for row in range(len(batch))}
    # By position, not by hash, as two records may have the same cell.
    (counted,) = nasbench101_batches(numbered, chunk=len(batch))
    rows = counted.to_pylist()
    hashes = [
        module_hash(cell.graph, (nasbench101.INPUT, *cell.labels, nasbench101.OUTPUT))
        for cell in numbered.values()
    ]
    joined = _joined(measured, _measured_columns(measured, MEASURED_101), hashes)
    for place, row in enumerate(rows):
        row["unique_hash"] = hashes[place]
        row.update({name: float(values[place]) for name, values in joined.items()})
    return [_record_101(row)[1] for row in rows]


def _ours_201(
    published: list[dict[str, Any]], first: int, measured: pd.DataFrame | None
) -> list[dict[str, Any]]:
    """Our records for the cells of published records."""
    keys = [record["arch_str"] for record in published]
    (counted,) = nasbench201_batches(keys, measured, chunk=len(keys), first=first)
    return [record for _, record in records(counted)]

"""Cell-information datasets: the published examples record for record, both files, comparisons."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ednag.cells import published
from ednag.cells.nasbench101 import from_records
from ednag.cells.published import (
    compare,
    nasbench101_batches,
    nasbench201_batches,
    records,
    stream_records,
    write_json,
    write_parquet,
)
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.nasbench101_cells import NASBench101Cell, module_hash, whole_graphs
from tests.conftest import Mirror


@pytest.fixture()
def example_101(mirror: Mirror) -> Path:
    return mirror("nar-example-101")


@pytest.fixture()
def example_201(mirror: Mirror) -> Path:
    return mirror("nar-example-201")


def some_cells(count: int = 25) -> dict[str, NASBench101Cell]:
    graphs = whole_graphs(5)[:count]
    cells = [
        NASBench101Cell(5, int(graph), (place % 3, 1, 2)) for place, graph in enumerate(graphs)
    ]
    return {module_hash(cell.graph, (-1, *cell.labels, -2)): cell for cell in cells}


def some_keys(count: int = 25) -> list[str]:
    space = get_space("nasbench201")
    return [space.key(code) for code in range(0, space.size, space.size // count)][:count]


def test_the_example_of_101_is_written_as_published(example_101: Path, tmp_path: Path) -> None:
    (record,) = json.loads(example_101.read_text(encoding="utf-8"))
    cell = from_records([record["module_adjacency"]], [record["module_operations"]]).cell(0)
    fields = {name: [record[name]] for name in published.MEASURED_101}
    measured = pd.DataFrame(fields, index=[record["unique_hash"]])
    write_json(nasbench101_batches({record["unique_hash"]: cell}, measured), tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == json.dumps([record])


def test_the_example_of_201_is_written_as_published(example_201: Path, tmp_path: Path) -> None:
    whole = json.loads(example_201.read_text(encoding="utf-8"))
    record = whole["0"]
    fields = {name: [record[name]] for name in published.MEASURED_201}
    measured = pd.DataFrame(fields, index=[record["arch_str"]])
    write_json(nasbench201_batches([record["arch_str"]], measured), tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == json.dumps(whole)


def test_the_examples_agree_when_compared(example_101: Path, example_201: Path) -> None:
    for space, path in (("nasbench101", example_101), ("nasbench201", example_201)):
        found = compare(path, space)
        assert (found.records, found.agreeing, found.differences) == (1, 1, ())


def batches_of(name: str, chunk: int = published.CHUNK) -> list[pa.RecordBatch]:
    if name == "101":
        return list(nasbench101_batches(some_cells(), chunk=chunk))
    return list(nasbench201_batches(some_keys(), chunk=chunk))


@pytest.mark.parametrize("name", ["101", "201"])
def test_parquet_holds_what_was_written_in_equal_bytes(name: str, tmp_path: Path) -> None:
    paths = tmp_path / "a.parquet", tmp_path / "b.parquet"
    for path in paths:
        write_parquet(iter(batches_of(name, chunk=10)), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert pq.ParquetFile(paths[0]).num_row_groups == 3
    table = pq.read_table(paths[0]).replace_schema_metadata()
    assert table.equals(pa.Table.from_batches(batches_of(name)))


def test_nothing_measured_is_invented() -> None:
    for name, fields in (("101", published.MEASURED_101), ("201", published.MEASURED_201)):
        (batch,) = batches_of(name)
        assert not set(fields) & set(batch.schema.names)
        assert all(not set(fields) & set(record) for _, record in records(batch))


def test_measured_values_must_be_known_and_complete() -> None:
    cells = some_cells()
    keys = list(cells)
    with pytest.raises(EdnagError, match=f"nothing measured for {keys[-1]}"):
        frame = pd.DataFrame({"avg_test_accuracy": 0.9}, index=keys[:-1])
        list(nasbench101_batches(cells, frame))
    with pytest.raises(EdnagError, match="measured has accuracy"):
        next(nasbench101_batches(cells, pd.DataFrame({"accuracy": 0.9}, index=keys)))


def test_a_comparison_names_the_first_differences(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    write_json(batches_of("101"), path)
    listed = json.loads(path.read_text(encoding="utf-8"))
    listed[3]["flops"] += 1
    listed[4]["vertex_params"]["stack1/module0"][2] = -1
    listed[5]["unique_hash"] = "0" * 32
    listed.append(listed[0])
    path.write_text(json.dumps(listed), encoding="utf-8")
    found = compare(path, "nasbench101", limit=2)
    assert (found.records, found.agreeing, found.repeated) == (len(listed), len(listed) - 3, 1)
    first, second = found.differences
    assert (first.record, first.field, first.published - first.ours) == (3, "flops", 1)
    assert (second.record, second.field) == (4, "vertex_params/stack1/module0")
    assert "record 4" in str(second) and "published" in str(second)


def test_measured_fields_are_compared_where_given(tmp_path: Path) -> None:
    keys = some_keys()
    measured = pd.DataFrame({"cifar10_val_acc": range(len(keys))}, index=keys).astype(float)
    path = tmp_path / "published.json"
    write_json(nasbench201_batches(keys, measured), path)
    assert compare(path, "nasbench201").agreeing == len(keys)
    assert compare(path, "nasbench201", measured).agreeing == len(keys)
    found = compare(path, "nasbench201", measured + 1)
    assert found.agreeing == 0 and found.differences[0].field == "cifar10_val_acc"


def test_an_index_out_of_order_is_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    write_json(batches_of("201"), path)
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(dict(reversed(content.items()))), encoding="utf-8")
    assert compare(path, "nasbench201").differences[0].field == "index"


@pytest.mark.parametrize("block", [1, 7, 100, 1 << 20])
def test_records_are_streamed_whatever_the_block(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = [{"a": "x]},{", "b": [1.5, {"c": None}]}, {}, {"a": "\u00e9\\"}]
    monkeypatch.setattr(published, "_BLOCK", block)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    assert list(stream_records(path)) == [(str(n), each) for n, each in enumerate(content)]
    named = {"x": {"a": 1}, "y": {}}
    path.write_text(json.dumps(named), encoding="utf-8")
    assert dict(stream_records(path)) == named
    for empty in ("[]", "{}"):
        path.write_text(empty, encoding="utf-8")
        assert list(stream_records(path)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its beginning: the file ends too early"),
        ("12", "neither"),
        ('[{"a": 1}, {"b": ', "record 1: no JSON"),
        ('[{"a": 1}', "record 0: the file ends too early"),
        ('[{"a": 1} {"b": 2}]', "follows it and no comma"),
        ("[12]", "is a int and no object"),
        ('{"a" {}}', "no colon"),
    ],
)
def test_what_is_no_such_json_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EdnagError, match=reason):
        list(stream_records(path))


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"module_adjacency": [[0, 1], [0, 0]]}]', encoding="utf-8")
    with pytest.raises(EdnagError, match="records 0 to 0: one is no record"):
        compare(path, "nasbench101")
    with pytest.raises(EdnagError, match="no cells to write"):
        write_json([], tmp_path / "b.json")

"""The 20,001 cells with the lowest hashes, and finding cells by hash."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.nasbench101_cells import INPUT, OUTPUT, NASBench101Cell, module_hash
from ednag.tables.nasbench101_cell_list import list_cells, recover
from ednag.tables.nasbench101_vis import SOURCE, read
from tests.conftest import Mirror

CELLS = {
    module_hash(graph, (INPUT, *labels, OUTPUT)): NASBench101Cell(len(labels) + 2, graph, labels)
    for graph, labels in ((1, ()), (0b101, (0,)), (0b101, (1,)), (0b111, (2,)))
}


def test_the_real_file(mirror: Mirror) -> None:
    rows = read(mirror(SOURCE))
    assert len(rows) == 20_001
    assert rows["key"].is_monotonic_increasing
    assert rows["validation_accuracy_108"].between(9, 96).all()


@pytest.fixture
def content() -> dict[str, Any]:
    columns = {f"{n}_final_validation_accuracy": [0.1, 0.9] for n in (4, 12, 36, 108)}
    return columns | {
        "key": list(CELLS)[:2],
        "final_training_time": [1.0, 2.0],
        "trainable_parameters": [3, 4],
    }


def save(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_cells_are_found_by_hash(tmp_path: Path, content: dict[str, Any]) -> None:
    found = recover(list_cells(CELLS), read(save(tmp_path / "v.json", content)))
    assert found["key"].tolist() == content["key"]
    assert found["adjacency"].tolist() == ["0100", "010001000"]
    assert found["edges"].tolist() == [1, 2]
    assert found["validation_accuracy_36"].tolist() == [10, 90]
    assert found["code"][0] == get_space("nasbench101").code(content["key"][0])


def test_a_hash_of_no_cell_is_named() -> None:
    unknown = pd.DataFrame({"key": [next(iter(CELLS)), "0" * 32]})
    with pytest.raises(EdnagError, match=r"row 2: 0{32} is the module hash of no cell \(1 of 2"):
        recover(list_cells(CELLS), unknown)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("key", ["0" * 32, "0" * 31], "row 2: '0{31}' is no module hash"),
        ("key", ["0" * 32, "0" * 32], "row 2: .* repeated"),
        ("key", [10**31, "0" * 32], "row 1: 10{31} is no module hash"),
        ("108_final_validation_accuracy", [0.5, 1.5], "row 2: .*_108 = 1.5 is not a number from 0"),
        ("36_final_validation_accuracy", [None, 0.5], "row 1: .*_36 = nan is not a number"),
        ("36_final_validation_accuracy", ["0,5", 0.5], "row 1: .*_36 = '0,5' is not a number"),
        ("final_training_time", [1.0, "long"], "row 2: training_time = 'long' is not a number"),
        ("trainable_parameters", [1, float("inf")], "row 2: parameters = inf is not a number"),
        ("final_training_time", [1.0], "not a table of these columns"),
    ],
)
def test_a_wrong_file_is_refused(
    tmp_path: Path, content: dict[str, Any], column: str, values: list[Any], message: str
) -> None:
    with pytest.raises(EdnagError, match=message):
        read(save(tmp_path / "v.json", content | {column: values}))


@pytest.mark.parametrize("text", ["", "[]", "{}", "3"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(EdnagError, match="not a table of these columns"):
        read(tmp_path / "v.json")

"""What is no key or no number is refused by file, row, column and value, in one line."""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables.columns import as_numbers, read_csv
from ednag.tables.interface import BenchmarkTable, Metric, Protocol, TableDefinition
from ednag.tables.parquet import read_table, write_benchmark

SPACE = get_space("transnas-micro")
KEYS = SPACE.keys(np.arange(3))


def read(paths: Mapping[str, Path]) -> pd.DataFrame:
    """A reader as users write it."""
    return pd.read_csv(paths["my-cells"])


def read_with_care(paths: Mapping[str, Path]) -> pd.DataFrame:
    """The reader of the documentation."""
    return read_csv(paths["my-cells"], "my-cells", text=["key"], numbers=["accuracy"])


def definition(reader: object = read) -> TableDefinition:
    return TableDefinition(
        space="transnas-micro",
        dataset="mine",
        title="Mine",
        sources=("my-cells",),
        metrics=(Metric("accuracy", "%", "test accuracy"),),
        protocols={"paper": Protocol("accuracy", "accuracy", "what it reports")},
        read=reader,  # type: ignore[arg-type]
    )


def build(reader: object, path: Path) -> np.ndarray:
    return definition(reader).build({"my-cells": path}, {}).values["accuracy"]


def refusal(reader: object, path: Path) -> str:
    with pytest.raises(EdnagError) as caught:
        build(reader, path)
    assert len(str(caught.value).splitlines()) == 1
    assert "my-cells" in str(caught.value)
    return str(caught.value)


READERS = pytest.mark.parametrize("reader", [read, read_with_care])


@READERS
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('"69,55"', "'69,55'"),
        ("69.55%", "'69.55%'"),
        ("high", "'high'"),
        ("1_0", "'1_0'"),
        ("inf", "inf"),
        ("", "(nan|'')"),
        ("NaN", "(nan|'NaN')"),
        ("True", "'True'"),
    ],
)
def test_a_value_that_is_no_number_is_named(
    reader: object, value: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "my-cells.csv"
    path.write_text(f"key,accuracy\n{KEYS[0]},69.5\n{KEYS[1]},{value}\n{KEYS[2]},70\n")
    assert re.search(f"row 2: accuracy = {told} is not a number.*; correct", refusal(reader, path))


@READERS
@pytest.mark.parametrize("key", ["5", "", "none", "NA"])
def test_a_key_that_is_none_is_named(reader: object, key: str, tmp_path: Path) -> None:
    path = tmp_path / "my-cells.csv"
    path.write_text(f"key,accuracy\n{key},69.5\n")
    assert "row 1: key: transnas-micro: " in refusal(reader, path)


def test_keys_read_as_integers_are_refused_with_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "my-cells.csv"
    path.write_text("key,accuracy\n5,69.5\n")
    told = refusal(read, path)
    assert "row 1: key: transnas-micro: 5 (int, not text) is not an architecture" in told
    assert told.endswith("; let the reader take the column as text")


@READERS
def test_a_file_without_rows_is_refused(reader: object, tmp_path: Path) -> None:
    path = tmp_path / "my-cells.csv"
    path.write_text("key,accuracy\n")
    assert "no rows" in refusal(reader, path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a CSV file"),
        (b"key,accuracy\n\xff\xfe,1\n", "not a CSV file"),
        (b'key,accuracy\n"a,1\n', "not a CSV file"),
        (b"key,accuracy\na,1\nb,69,55\n", "not a CSV file.* line 3"),
        (b"key,accuracy\na,69,55\n", "more values than its header"),
        (b"key;accuracy\na;69,55\n", "more values than its header|column 'key' is missing"),
        (b"key\na\n", "column 'accuracy' is missing; it has .'key'."),
    ],
)
def test_another_file_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "my-cells.csv"
    path.write_bytes(content)
    assert re.search(told, refusal(read_with_care, path))


def test_text_stays_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("key,a,b\n007,1,x\nNA,2.5,y\n")
    found = read_csv(path, "t", text=["key"], numbers=["a"])
    assert found.to_dict("list") == {"key": ["007", "NA"], "a": [1.0, 2.5]}


def test_a_canonical_file_that_lacks_rows_is_refused(tmp_path: Path) -> None:
    metrics = {"accuracy": Metric("accuracy", "%", "made up")}
    values = {"accuracy": np.linspace(1, 90, SPACE.size)}
    path = tmp_path / "t.parquet"
    write_benchmark(BenchmarkTable("transnas-micro", "mine", values, metrics), path)
    pq.write_table(pq.read_table(path).slice(0, 10), path)
    with pytest.raises(EdnagError, match="it has 10 rows, and transnas-micro 4096 architectures"):
        read_table(path)


VALUES = (
    st.floats()
    | st.integers()
    | st.booleans()
    | st.none()
    | st.text(max_size=5)
    | st.floats().map(str)
    | st.binary(max_size=3)
    | st.lists(st.integers(), max_size=2)
    | st.fractions()
    | st.floats(width=32).map(np.float32)
    | st.integers(-9, 9).map(np.int8)
    | st.complex_numbers()
    | st.just(10**5000)
)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_any_column_becomes_the_same_numbers_or_is_refused(values: list) -> None:
    column = pd.Series(values, dtype=object, name="accuracy")
    try:
        found = as_numbers(column, "my-cells", 0, 100, "%")
    except EdnagError as error:
        told = re.fullmatch(
            r"my-cells: row (\d): accuracy = .* is not a number from 0 to 100 %; .*", str(error)
        )
        assert told is not None
        value = values[int(told[1]) - 1]
        plain = isinstance(value, float | int | Fraction | np.number) and value is not True
        assert not plain or isinstance(value, bool | complex) or not 0 <= value <= 100
    else:
        for number, value in zip(found, values, strict=True):
            assert number == float(value)
            assert math.isfinite(number)
            assert not isinstance(value, bool | bytes)

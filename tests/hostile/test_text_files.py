"""Damaged CSV and JSON, and values that are no measurement: one line that names the place."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.evidence.published import PRINTED
from ednag.evidence.reading import read_frame, read_readable
from ednag.spaces import get_space
from ednag.study.published import PUBLISHED_TABLES, read_listed_seeds
from ednag.tables import get_definition, nasbench101_vis, naslib_nasbench301
from ednag.tables.columns import read_csv
from ednag.tables.interface import densify
from ednag.text_files import csv_rows, parse_json, read_json

ROOT = Path(__file__).resolve().parents[2]
GOOD = "key,accuracy\na,91.5\nb,93.5\n"

CSV: dict[str, tuple[bytes, str]] = {
    "UTF-16": (GOOD.encode("utf-16"), "UTF-8"),
    "Latin-1": (GOOD.replace("a,9", "\u00e9,9").encode("latin-1"), "UTF-8"),
    "nothing": (b"", "empty|No columns"),
    "a header alone": (b"key,accuracy\n", "no rows"),
    "an open quote": (b'key,accuracy\na,91\n"b,93\nc,94\n', "end of data|inside string"),
    "a column less": (b"key\na\nb\n", "'accuracy' is missing"),
    "a column twice": (b"key,accuracy,accuracy\na,1,2\n", "given twice"),
    "more values than columns": (b"key,accuracy\na,91,5\nb,93,5\n", "values"),
    "infinite": (b"key,accuracy\na,inf\n", "not a number"),
    "1e999": (b"key,accuracy\na,1e999\n", "not a number"),
    "NaN": (b"key,accuracy\na,nan\n", "not a number"),
    "400 digits": (b"key,accuracy\na," + b"9" * 400 + b"\n", "not a number"),
    "a word": (b"key,accuracy\na,high\n", "not a number"),
    "a NUL byte": (b"key,accuracy\na,9\0\n", "not a number|NUL"),
    "an escape sequence": (b"key,accuracy\na,\x1b[2J\n", "not a number"),
    "a header of 5 MB": (b"x," * 10_000 + b"y" * 5_000_000 + b"\n1\n", "missing"),
    "a value of 5 MB": (b"key,accuracy\na," + b"x" * 5_000_000 + b"\n", "not a number|limit"),
}


def one_line(caught: pytest.ExceptionInfo[EdnagError], place: str) -> None:
    message = str(caught.value)
    assert place in message
    assert "\n" not in message and len(message) < 1200, message[:500]


@pytest.mark.parametrize("case", CSV)
def test_tables_in_csv(case: str, tmp_path: Path) -> None:
    content, words = CSV[case]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(EdnagError, match=words) as caught:
        read_csv(path, "the source", text=["key"], numbers=["accuracy"])
    one_line(caught, "the source")


SEEDS = "space,dataset,seed,value_in_comment\n"
ROWS: dict[str, tuple[bytes, str]] = {
    **{case: CSV[case] for case in ("UTF-16", "Latin-1")},
    "an open quote": (f'{SEEDS}a,b,1,2\n"a,b,2,3\n'.encode(), "line 4: unexpected end of data"),
    "a column less": (b"space,dataset,seed\na,b,1\n", "'value_in_comment' is missing"),
    "nothing": (b"", "is empty"),
    "a row that is too long": (
        f"{SEEDS}a,b,1,2,3\n".encode(),
        "line 2: 5 values, the header has 4",
    ),
    "a row that is too short": (f"{SEEDS}a,b\n".encode(), "line 2: 2 values"),
    "a column twice": (f"{SEEDS.strip()},seed\na,b,1,2,3\n".encode(), "given twice"),
    "a value of 50 MB": (f"{SEEDS}{'x' * 50_000_000},b,1,2\n".encode(), "field limit"),
    "no number": (f"{SEEDS}a,b,1,x\n".encode(), "line 2: .*could not convert"),
    "infinite": (f"{SEEDS}a,b,1,inf\n".encode(), "line 2: .*not a number"),
    "no seed": (f"{SEEDS}a,b,1.5,2\n".encode(), "line 2: .*invalid literal"),
    "a seed of 5,000 digits": (f"{SEEDS}a,b,{'9' * 5000},2\n".encode(), "line 2: "),
    "a seed twice": (f"{SEEDS}a,b,1,2\na,b,1,3\n".encode(), "line 3: .*repeated"),
}


@pytest.mark.parametrize("case", ROWS)
def test_the_authors_seeds(case: str, tmp_path: Path) -> None:
    content, words = ROWS[case]
    (tmp_path / "seeds.csv").write_bytes(content)
    with pytest.raises(EdnagError, match=words) as caught:
        read_listed_seeds(tmp_path / "seeds.csv")
    one_line(caught, "seeds.csv")


@pytest.mark.parametrize("table", PRINTED)
def test_printed_tables(table: str, tmp_path: Path) -> None:
    good = (ROOT / "published" / PUBLISHED_TABLES[table]).read_bytes()
    path = tmp_path / "printed.csv"
    for content in (
        b"",
        good.decode().encode("utf-16"),
        good + b'"',
        good + b"a\n",
        b"\xff" + good,
    ):
        path.write_bytes(content)
        with pytest.raises(EdnagError) as caught:
            PRINTED[table](path)
        one_line(caught, "printed.csv")
    path.write_bytes(good.replace(b"\n", b"\r\n"))
    windows = PRINTED[table](path)
    path.write_bytes(good)
    assert PRINTED[table](path) == windows


def test_rows_in_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n"x,1","y\nz"\n\nu,v\n')
    rows = list(csv_rows(tmp_path / "a.csv", ["a"]))
    assert rows == [(3, {"a": "x,1", "b": "y\nz"}), (5, {"a": "u", "b": "v"})]


JSON: dict[str, str] = {
    "a key twice": '{"cifar10": {}, "cifar10": {}}',
    "deep lists": "[" * 100_000,
    "deep mappings": '{"a":' * 100_000,
    "5,000 digits": "9" * 5_000,
    "an open text": '{"cifar10": "',
    "nothing": "",
}


@pytest.mark.parametrize("case", JSON)
def test_json(case: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        parse_json(JSON[case])
    path = tmp_path / "a.json"
    path.write_text(JSON[case])
    groups = partial(naslib_nasbench301.read_groups, source="a.json")
    for read in (read_json, nasbench101_vis.read, groups):
        with pytest.raises(EdnagError) as caught:
            read(path)
        one_line(caught, "")


@pytest.mark.parametrize(
    "number",
    [
        "9" * 400,
        "1e999",
        '"94"',
        "true",
        "null",
        "[94]",
        "-1",
        "101",
        "9" * 4000,
        "NaN",
        "Infinity",
    ],
)
def test_numbers_in_json(number: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    pairs = "((0, 1), (1, 1), (0, 2), (1, 2))"
    path.write_text(f'{{"cifar10": {{"({pairs}, {pairs})": {{"val_accuracy": {number}}}}}}}')
    with pytest.raises(EdnagError, match=r"a\.json: row 1: ") as caught:
        naslib_nasbench301.read_groups(path, "a.json")
    one_line(caught, "val_accuracy")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """A made-up table of all NAS-Bench-201 cells."""
    space = get_space("nasbench201")
    accuracies = np.linspace(10, 94, space.size)
    keys = [space.key(code) for code in range(space.size)]
    return pd.DataFrame(
        {"key": keys, "validation_accuracy": accuracies, "test_accuracy": accuracies}
    )


VALUES: dict[str, tuple[Callable[[pd.Series], pd.Series], str]] = {
    "fractions": (
        lambda values: values / 100,
        "its largest value is 0.94: it is given as fraction",
    ),
    "zeros": (lambda values: values * 0, "largest value is 0"),
    "per mille": (lambda values: values * 10, "not a number from 0 to 100 %"),
    "negative": (lambda values: -values, "not a number from 0 to 100 %"),
    "infinite": (lambda values: values.where(values > 10, np.inf), "row 1: .* inf is not a number"),
    "not measured": (lambda values: values.where(values > 10), "row 1: .* nan is not a number"),
    "text": (lambda values: values.astype(object).where(values > 10, "1_0"), "row 1: .*'1_0'"),
    "truth": (lambda values: values.astype(object).where(values > 10, True), "row 1: .*True"),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_that_are_no_accuracies(case: str, rows: pd.DataFrame) -> None:
    change, words = VALUES[case]
    definition = get_definition("nasbench201", "cifar100")
    changed = rows.assign(test_accuracy=change(rows["test_accuracy"]))
    with pytest.raises(EdnagError, match=words) as caught:
        densify(changed, get_space("nasbench201"), definition, {})
    one_line(caught, "nasbench201/cifar100")


def test_keys_decide_not_the_order_of_rows(rows: pd.DataFrame) -> None:
    definition, space = get_definition("nasbench201", "cifar100"), get_space("nasbench201")
    shuffled = rows.sample(frac=1, random_state=1).reset_index(drop=True)
    made = [densify(each, space, definition, {}) for each in (rows, shuffled)]
    assert (made[0].values["test_accuracy"] == made[1].values["test_accuracy"]).all()


def test_negative_zero_is_zero(rows: pd.DataFrame) -> None:
    zero = rows.assign(test_accuracy=rows["test_accuracy"].where(rows["test_accuracy"] > 10, -0.0))
    table = densify(zero, get_space("nasbench201"), get_definition("nasbench201", "cifar100"), {})
    assert not np.signbit(table.values["test_accuracy"]).any()


def test_a_key_of_50_mb(rows: pd.DataFrame) -> None:
    keys = rows["key"].where(rows.index > 0, "x" * 50_000_000)
    with pytest.raises(EdnagError, match=r"row 1: key: ") as caught:
        densify(
            rows.assign(key=keys), get_space("nasbench201"),
            get_definition("nasbench201", "cifar100"), {},
        )  # fmt: skip
    one_line(caught, "nasbench201/cifar100")


@pytest.mark.parametrize("content", [b"", b"\xff\xfea\0", b'a,b\n"1,2\n', b"a,b\n1,2\n1,2,3,4\n"])
def test_tables_of_a_study(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(EdnagError, match=r"not a table in CSV \(.*\); delete it") as caught:
        read_frame(tmp_path / "table.csv")
    one_line(caught, "table.csv")


def test_a_table_with_other_columns_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nasbench201.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(EdnagError, match="not the table own_end of this workflow") as caught:
        read_readable(path, "own_end")
    assert len(str(caught.value).splitlines()) == 1

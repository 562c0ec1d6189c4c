"""Tables read from their CSV are shown as the Markdown beside them."""

from pathlib import Path

import pandas as pd
import pytest

from ednag.evidence.cells import write_records
from ednag.evidence.reading import READABLE, read_frame, read_readable
from ednag.evidence.writing import write_frame
from ednag.study.artefacts import artefact_named

PUBLISHED = pd.DataFrame(
    {
        "space": "nasbench201",
        "dataset": ["cifar10", "aircraft"],
        "method": ["RS", "REA"],
        "quantity": ["result", "mean"],
        "printed": ["93.70", ""],
        "printed_sd": ["0.36", ""],
        "printed_archs": [">500", ""],
        "run_by": ["random", ""],
        "ours": [93.125, float("nan")],
        "sd": [0.1, float("nan")],
        "low": [93.0, float("nan")],
        "high": [93.3, float("nan")],
        "seeds": [3, 0],
        "total_evaluations": [1e5, float("nan")],
        "distinct_evaluations": [99.5, float("nan")],
        "difference": [-0.575, float("nan")],
        "note": ["", "needs data"],
    }
)
SEEDS = pd.DataFrame(
    {
        "space": "nasbench201",
        "dataset": "cifar10",
        "seed": [0, 1],
        "comment": [94.0, 93.5],
        "ours": [94.0, 1 / 3],
        "difference": [0.0, -0.1],
        "same": [True, False],
    }
)
CHOICES = pd.DataFrame(
    {
        "method": ["ednag", "chance"],
        "rule": ["paper", "random"],
        "searches": [3, None],
        "k": 2,
        "validation": [94.0, 95.0],
        "validation_low": [float("nan"), 90.0],
        "validation_high": [float("nan"), 96.0],
        "paper": 95.0,
        "paper_low": 94.0,
        "paper_high": 96.0,
        "trained": 2,
        "better_than_random": [0.5, 1.0],
    }
).astype({"searches": "Int64"})


@pytest.mark.parametrize(
    ("artefact", "frame"),
    [("published", PUBLISHED), ("authors_seeds", SEEDS), ("top_k_table", CHOICES)],
)
def test_a_table_read_again_is_shown_in_the_same_way(
    tmp_path: Path, artefact: str, frame: pd.DataFrame
) -> None:
    shown = READABLE[artefact](frame)
    write_frame(frame, shown, "", [tmp_path / "x.csv"])
    assert read_readable(tmp_path / "x.csv", artefact) == shown


def test_cells_with_strokes_and_tables_without_a_form_are_shown(tmp_path: Path) -> None:
    write_records("nasbench201", "a|b.json", 2, 1, [tmp_path / "x.csv"])
    assert read_readable(tmp_path / "x.csv", "nar_records")["Published file"] == ["a|b.json"]
    assert read_readable(tmp_path / "x.csv", "sources_compared")["agreeing"] == ["1"]


def test_marks_are_text_also_where_no_row_has_one(tmp_path: Path) -> None:
    rows = {"method": ["ednag", "random"], "mark": ["", ""], "rank": [1.0, 2.0]}
    path = tmp_path / "table.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    assert read_frame(path)["mark"].tolist() == ["", ""]


def test_types_are_those_that_were_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2], "c": ["x", ""], "d": [True, False]})
    frame["e"] = pd.array([1, None], dtype="Int64")
    frame["f"] = [float("nan")] * 2
    frame["g_values"], frame["h_values"] = ["", ""], ["", "94.100"]
    write_frame(frame, {}, "", [tmp_path / "x.csv"])
    pd.testing.assert_frame_equal(read_frame(tmp_path / "x.csv"), frame)


def test_every_form_is_of_a_declared_table() -> None:
    assert all(artefact_named(name).suffixes[:2] == ("csv", "md") for name in READABLE)


@pytest.mark.parametrize(
    ("cells", "values", "dtype"),
    [
        (["3", "-4"], [3, -4], "int64"),
        (["3", ""], [3, None], "Int64"),
        (["3.0", ""], [3.0, None], "float64"),
        (["3.0", "4"], [3.0, 4.0], "float64"),
        (["1e5", "inf"], [1e5, float("inf")], "float64"),
        (["", ""], [None, None], "float64"),
        (["True", "False"], [True, False], "bool"),
        (["True", ""], [True, False], "bool"),
        (["RS", ""], ["RS", ""], "str"),
        (["RS", "3"], ["RS", "3"], "str"),
        (["NA", "True"], ["NA", "True"], "str"),
        (["0.30000000000000004", "5e-324"], [0.1 + 0.2, 5e-324], "float64"),
    ],
    ids=str,
)
def test_a_column_has_the_type_of_its_cells(
    tmp_path: Path, cells: list[str], values: list[object], dtype: str
) -> None:
    pd.DataFrame({"x": cells, "y_values": cells, "z": "-"}).to_csv(tmp_path / "x.csv", index=False)
    frame = read_frame(tmp_path / "x.csv")
    pd.testing.assert_series_equal(frame["x"], pd.Series(values, name="x", dtype=dtype))
    assert frame["y_values"].tolist() == cells

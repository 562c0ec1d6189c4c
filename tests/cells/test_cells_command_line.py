"""`ednag cells build` and `ednag cells compare` on small parts of both spaces."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from ednag.cells.nasbench101 import counts, from_cells
from ednag.cli import group
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.nasbench101_cells import NASBench101Cell, module_hash, whole_graphs
from ednag.tables.interface import BenchmarkTable, Metric
from ednag.tables.nasbench101_cell_list import list_cells
from ednag.tables.parquet import write_benchmark

Call = Callable[..., Result]


@pytest.fixture
def cells() -> Call:
    """Call a subcommand; errors are raised."""
    runner = CliRunner()
    return lambda *arguments: runner.invoke(
        group, ["cells", *map(str, arguments)], catch_exceptions=False
    )


@pytest.fixture
def order(tmp_path: Path) -> Path:
    """Twelve cells of NAS-Bench-201 in an order of their own."""
    keys = get_space("nasbench201").keys(np.arange(12)[::-1] * 1000)
    path = tmp_path / "order.csv"
    pd.DataFrame({"arch str": keys}).to_csv(path, index=False)
    return path


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Ten cells of NAS-Bench-101 as `ednag cells enumerate` lists them."""
    made = [NASBench101Cell(5, int(graph), (0, 1, 2)) for graph in whole_graphs(5)[:10]]
    path = tmp_path / "listed.parquet"
    list_cells({module_hash(cell.graph, (-1, *cell.labels, -2)): cell for cell in made}).to_parquet(
        path
    )
    return path


def table_of(folder: Path, dataset: str, names: tuple[str, ...]) -> Path:
    values = {name: np.linspace(50, 90, 15625) for name in names}
    metrics = {name: Metric(name, "%", "made up") for name in names}
    table = BenchmarkTable("nasbench201", dataset, values, metrics)
    path = folder / f"{dataset}.parquet"
    write_benchmark(table, path)
    return path


def test_both_forms_of_201_hold_the_same_and_agree_with_themselves(
    cells: Call, order: Path, tmp_path: Path
) -> None:
    measured = table_of(tmp_path, "cifar100", ("validation_accuracy", "test_accuracy"))
    options = ("build", "--space", "nasbench201", "--order", order, "--measured", measured)
    assert cells(*options, "--output", tmp_path / "c.parquet").exit_code == 0
    assert cells(*options, "--output", tmp_path / "c.json").exit_code == 0
    rows = pd.read_parquet(tmp_path / "c.parquet")
    records = json.loads((tmp_path / "c.json").read_text())
    assert len(rows) == len(records) == 12
    assert list(rows["arch_str"]) == [records[str(place)]["arch_str"] for place in range(12)]
    first = records["0"]
    assert (
        first["cifar100_val_acc"]
        == rows["cifar100_val_acc"][0]
        == pytest.approx(50 + 40 * 11000 / 15624)
    )
    assert "cifar10_val_acc" not in first
    compared = cells("compare", tmp_path / "c.json", "--measured", measured)
    assert "12 of 12 records agree" in compared.stderr and compared.stdout == ""


def test_one_dataset_alone(cells: Call, order: Path, tmp_path: Path) -> None:
    cells(
        "build", "--space", "nasbench201", "--order", order, "--dataset", "cifar100",
        "--output", tmp_path / "c.parquet",
    )  # fmt: skip
    columns = set(pd.read_parquet(tmp_path / "c.parquet").columns)
    assert "cifar100_total_flops" in columns and "cifar10-valid_total_flops" not in columns


def test_101_from_a_list_and_compared(cells: Call, listed: Path, tmp_path: Path) -> None:
    options = ("build", "--space", "nasbench101", "--cells", listed, "--output")
    assert cells(*options, tmp_path / "c.parquet").exit_code == 0
    assert cells(*options, tmp_path / "c.json").exit_code == 0
    rows = pd.read_parquet(tmp_path / "c.parquet")
    assert rows["unique_hash"].tolist() == pd.read_parquet(listed)["key"].tolist()
    assert "10 of 10 records agree" in cells("compare", tmp_path / "c.json").stderr


def test_a_difference_is_printed_and_fails(cells: Call, listed: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    cells("build", "--space", "nasbench101", "--cells", listed, "--output", path)
    records = json.loads(path.read_text())
    records[3]["flops"] += 1
    path.write_text(json.dumps(records))
    with pytest.raises(EdnagError, match="1 of 10 records differ"):
        cells("compare", path)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e999", "-0.1", "1.01", '"0.9"', "null", "true"]
)
def test_a_measured_field_that_is_no_fraction_is_refused(
    cells: Call, listed: Path, tmp_path: Path, value: str
) -> None:
    path = tmp_path / "c.json"
    cells("build", "--space", "nasbench101", "--cells", listed, "--output", path)
    records = json.loads(path.read_text())
    records[3] |= {"avg_test_accuracy": "value"}
    path.write_text(json.dumps(records).replace('"value"', value))
    named = (
        r"c\.json: record 3 \([0-9a-f]{32}\): avg_test_accuracy = \S+ is not a number from 0 to 1;"
    )
    with pytest.raises(EdnagError, match=named):
        cells("compare", path)


@pytest.mark.parametrize("key", [5, "", None, "|none~0|"])
def test_a_record_of_no_cell_is_named(
    cells: Call, order: Path, tmp_path: Path, key: object
) -> None:
    path = tmp_path / "c.json"
    cells("build", "--space", "nasbench201", "--order", order, "--output", path)
    records = json.loads(path.read_text())
    records["3"]["arch_str"] = key
    path.write_text(json.dumps(records))
    with pytest.raises(EdnagError, match=r"^cell 3: nasbench201: .* is not an architecture"):
        cells("compare", path)


def test_a_table_of_a_comparison_tells_differences_and_does_not_fail(
    cells: Call, listed: Path, tmp_path: Path
) -> None:
    path, table = tmp_path / "c.json", tmp_path / "t.csv"
    cells("build", "--space", "nasbench101", "--cells", listed, "--output", path)
    records = json.loads(path.read_text())
    records[3]["flops"] += 1
    path.write_text(json.dumps(records))
    assert "record 3" in cells("compare", path, "--output", table).stdout
    assert table.read_text() == "space,file,records,agreeing\nnasbench101,c.json,10,9\n"


def test_measured_cells_come_with_their_counts(
    cells: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [NASBench101Cell(5, int(graph), (0, 1, 2)) for graph in whole_graphs(5)[:4]]
    found = {module_hash(cell.graph, (-1, *cell.labels, -2)): cell for cell in made}
    monkeypatch.setattr("ednag.cli.cells.enumerate.all_cells", lambda: found)
    totals = counts(from_cells(made))
    columns = {f"{n}_final_validation_accuracy": [0.5, 0.9] for n in (4, 12, 36, 108)}
    told = {
        **columns,
        "key": list(found)[1:3],
        "final_training_time": [1.0, 2.0],
        "trainable_parameters": [int(totals.parameters[1]), 7],
    }
    (tmp_path / "vis.json").write_text(json.dumps(told))
    output, summary = tmp_path / "c.parquet", tmp_path / "s.csv"
    cells("enumerate", "--hashes", tmp_path / "vis.json", "--output", output, "--summary", summary)
    rows = pd.read_parquet(output)
    assert rows["key"].tolist() == told["key"]
    assert rows["flops"].tolist() == totals.flops[1:3].tolist()
    assert rows["counted_parameters"].tolist() == totals.parameters[1:3].tolist()
    counted = dict(pd.read_csv(summary).itertuples(index=False, name=None))
    assert (counted["enumerated"], counted["measured"], counted["parameters_agree"]) == (4, 2, 1)
    cells("enumerate", "--output", output, "--summary", summary)
    assert pd.read_csv(summary)["counted"].tolist() == ["enumerated", "within_reach"]


def test_errors_name_the_place_and_the_next_step(
    cells: Call, order: Path, listed: Path, tmp_path: Path
) -> None:
    build = ("build", "--space", "nasbench201", "--output")
    with pytest.raises(EdnagError, match=r"ends in \.parquet or \.json"):
        cells(*build, tmp_path / "c.csv")
    with pytest.raises(EdnagError, match="leave it out, or write"):
        cells(*build, tmp_path / "c.json", "--dataset", "cifar10")
    with pytest.raises(EdnagError, match="did you mean 'cifar100'"):
        cells(*build, tmp_path / "c.parquet", "--dataset", "cifar1000")
    analog = table_of(tmp_path, "cifar10-analog", ("baseline_accuracy",))
    with pytest.raises(EdnagError, match="cifar10-analog has no accuracy that the dataset of nasb"):
        cells(*build, tmp_path / "c.parquet", "--measured", analog)
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("arch str\n|nor_conv_5x5~0|+|none~0|none~1|+|none~0|none~1|none~2|\n")
    with pytest.raises(EdnagError, match="nor_conv_5x5"):
        cells(*build, tmp_path / "c.parquet", "--order", foreign)
    with pytest.raises(EdnagError, match=r"--order .*column 'arch str' is missing"):
        foreign.write_text("key\nx\n")
        cells(*build, tmp_path / "c.parquet", "--order", foreign)
    with pytest.raises(EdnagError, match="not a list of `ednag cells enumerate`"):
        cells(
            "build", "--space", "nasbench101", "--cells", analog,
            "--output", tmp_path / "c.parquet",
        )  # fmt: skip
    strange = tmp_path / "strange.json"
    strange.write_text('[{"a": 1}]')
    with pytest.raises(EdnagError, match="neither arch_str nor module_adjacency"):
        cells("compare", strange)
    assert not list(tmp_path.glob("c.*"))

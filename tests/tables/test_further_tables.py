"""Further tables: zero-cost proxies and hardware costs, read by the key of the architecture."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.study.configuration import read_study
from ednag.tables import FURTHER, TABLES, further_table, get_definition, get_protocol
from ednag.tables.hardware_costs import CIFAR10 as HARDWARE
from ednag.tables.interface import BenchmarkTable, TableDefinition, joined
from ednag.tables.naslib_nasbench301 import SMALL_PROXIES
from ednag.tables.zero_cost import NASBENCH201, SOURCE
from tests.conftest import Mirror
from tests.methods.made_up_latencies import TABLE as LATENCIES

EVERY = [(space, name) for space, names in FURTHER.items() for name in names]
CONVOLUTIONS = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+" + "|".join(
    ["", *(f"nor_conv_3x3~{source}" for source in range(3)), ""]
)
SPACE = get_space("nasbench201")


@pytest.mark.parametrize(("space", "name"), EVERY)
def test_a_further_table_is_no_benchmark_and_stands_beside_one(space: str, name: str) -> None:
    definition = get_definition(space, name)
    assert (definition.space, definition.dataset) == (space, name)
    assert not definition.protocols and name not in TABLES[space]
    assert any(
        further_table(space, dataset, kind) == name
        for dataset in TABLES[space]
        for kind in ("zero-cost", "hardware")
    )


@pytest.mark.parametrize(("space", "name"), EVERY)
def test_a_further_table_is_no_dataset_of_a_study(space: str, name: str) -> None:
    of = name.rsplit("-", 1)[0].removesuffix("-zero")
    message = (
        f"{space}/{name} is a further table, which methods read beside that of {of}; name {of}"
    )
    with pytest.raises(EdnagError, match=re.escape(f"benchmarks.{space}[0]: {message}")):
        read_study({"benchmarks": {space: [name]}})
    with pytest.raises(EdnagError, match=re.escape(message)):
        get_protocol(space, name, "paper")


def test_a_table_stands_beside_what_is_measured_again_and_beside_nothing_else() -> None:
    for dataset in ("cifar10", "cifar10-valid", "cifar10-analog"):
        assert further_table("nasbench201", dataset, "zero-cost") == "cifar10-zero-cost"
    for dataset in ("cifar100", "digits-unseen", "cifar10-predicted"):
        assert further_table("nasbench201", dataset, "zero-cost") is None
    assert further_table("nasbench201", "cifar100-valid", "hardware") == "cifar100-hardware"
    assert further_table("nasbench301", "cifar10-725", "zero-cost") == "cifar10-725-zero-cost"
    assert further_table("nasbench-graph", "cora", "zero-cost") is None


def test_the_real_proxies(mirror: Mirror) -> None:
    table = NASBENCH201.build({SOURCE: mirror(SOURCE)}, {})
    assert table.valid.sum() == 9445
    assert SPACE.key(int(np.nanargmax(table.values["synflow"]))) == CONVOLUTIONS


def test_the_real_hardware_costs_are_of_these_cells(mirror: Mirror) -> None:
    """The largest network has the highest estimated cost, and every cell has one."""
    source = HARDWARE.sources[0]
    table = HARDWARE.build({source: mirror(source)}, {})
    assert table.valid.all()
    for metric in ("fpga_latency", "eyeriss_energy"):
        worst = table.values[metric] == table.values[metric].max()
        assert worst[SPACE.code(CONVOLUTIONS)]


def test_the_real_proxies_of_nasbench301_are_of_the_same_groups(mirror: Mirror) -> None:
    source = SMALL_PROXIES.sources[0]
    paths = {source: mirror(source)}
    accuracies = get_definition("nasbench301", "cifar10-725").build(paths, {})
    proxies = SMALL_PROXIES.build(paths, {})
    assert isinstance(accuracies, BenchmarkTable)
    np.testing.assert_array_equal(accuracies.valid, proxies.valid)


def write_proxies(path: Path, *lines: str) -> Path:
    names = [metric.name for metric in NASBENCH201.metrics]
    text = [f"net,net_str,{','.join(names)}", *lines]
    path.write_text("\n".join(text) + "\n")
    return path


def test_rows_are_joined_by_their_key_in_any_order(tmp_path: Path) -> None:
    count = len(NASBENCH201.metrics)
    rows = {code: f'"net",{SPACE.key(code)}' + f",{code}.5" * count for code in (700, 3)}
    path = write_proxies(tmp_path / "z.csv", *rows.values())
    values = NASBENCH201.build({SOURCE: path}, {}).values["nwot"]
    assert (values[3], values[700]) == (3.5, 700.5)
    assert np.isnan(values).sum() == SPACE.size - 2


#: Those of the file; the others are counted.
HARDWARE_NAMES = [metric.name for metric in HARDWARE.metrics][:9]


def build_hardware(path: Path, nets: list[str]) -> BenchmarkTable:
    lines = [f"net,{','.join(HARDWARE_NAMES)}", *(f'"{net}"' + ",1" * 9 for net in nets)]
    path.write_text("\n".join(lines) + "\n")
    return HARDWARE.build({HARDWARE.sources[0]: path}, {})


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ("(4, 3, 3, 0, 0, -1)", r"row 2: net '\(4, 3, 3, 0, 0, -1\)' is not six numbers"),
        ("(4, 3, 3, 0, 0, 5)", "row 2: net .* is not six numbers from 0 to 4"),
        ("(4, 3, 3, 0, 0)", "row 2: net .* is not six numbers"),
        ("(4, 3, 3, 0, 0, 0, 0)", "row 2: net .* is not six numbers"),
        ("__import__('os')", "row 2: net .* is not six numbers"),
        ("(0, 0, 0, 0, 0, 0)", "row 2: .* is repeated"),
        ("(4, 3, 3, 0, 0, 0)", "15623 of 15625 architectures have no row"),
    ],
)
def test_a_wrong_cell_of_the_hardware_costs_is_named(
    tmp_path: Path, net: str, message: str
) -> None:
    with pytest.raises(EdnagError, match=message):
        build_hardware(tmp_path / "h.csv", ["(0, 0, 0, 0, 0, 0)", net])


def networks(path: Path, **scores: Any) -> Path:
    """Two networks of one group, whose proxies are 1 and 2 unless given."""
    group = "(0, 4), (1, 2), (0, 0), (1, 0)"
    normal = f"[{group}, (0, 1), (3, 1), (0, 2), (4, 2)]"
    content = {}
    for number in (1, 2):
        proxies = {each.name: {"score": number, "time": 9.0} for each in SMALL_PROXIES.metrics}
        content[f"[{normal}, [{number}]]"] = {"val_accuracy": 90, **proxies, **scores}
    path.write_text(json.dumps({"cifar10": content}))
    return path


def build(definition: TableDefinition, path: Path) -> BenchmarkTable:
    return definition.build({definition.sources[0]: path}, {})


def test_the_highest_proxy_of_a_group_counts(tmp_path: Path) -> None:
    table = build(SMALL_PROXIES, networks(tmp_path / "n.json"))
    assert {values[table.valid].tolist()[0] for values in table.values.values()} == {2.0}


@pytest.mark.parametrize("score", [3, None, {}, {"score": "3"}, {"score": float("nan")}])
def test_a_wrong_proxy_is_named(tmp_path: Path, score: Any) -> None:
    path = networks(tmp_path / "n.json", synflow=score)
    with pytest.raises(EdnagError, match="naslib-zc-nasbench301-725: row 1"):
        build(SMALL_PROXIES, path)


def test_a_joined_dataset_has_the_metrics_of_both_where_both_have_a_row(tmp_path: Path) -> None:
    some = replace(HARDWARE, complete=False)
    names = ["latency", *(metric.name for metric in HARDWARE.metrics)]
    dataset = joined(LATENCIES, some, "both", "Both", LATENCIES.protocols)
    assert (dataset.measured_on, dataset.complete) == ("latencies", False)
    assert dataset.sources == HARDWARE.sources and [m.name for m in dataset.metrics] == names
    path = tmp_path / "h.csv"
    with pytest.raises(EdnagError, match="have no row"):
        build_hardware(path, ["(0, 0, 0, 0, 0, 0)", "(2, 2, 2, 2, 2, 2)"])
    table = dataset.build({HARDWARE.sources[0]: path}, {})
    measured = LATENCIES.build({}, {}).values["latency"]
    code = SPACE.code(CONVOLUTIONS)
    assert table.valid.sum() == 2 and table.values["latency"][code] == measured[code]
    assert table.values["fpga_energy"][code] == 1
    protocol = replace(LATENCIES.protocols["paper"], reported_metric="lost")
    with pytest.raises(EdnagError, match="both, protocol paper: no metric is called 'lost'"):
        joined(LATENCIES, some, "both", "Both", {"paper": protocol})

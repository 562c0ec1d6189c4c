"""Tables beyond the paper's: NAS-Bench-Macro, NATS-Bench's size space, accuracy under attack."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable, TableDefinition
from tests.conftest import Mirror

PLACES = [
    ("nasbench-macro", "cifar10"),
    ("nats-size", "cifar10"),
    ("nasbench201", "cifar10-robust"),
]


def build(mirror: Mirror, space: str, dataset: str) -> BenchmarkTable:
    definition = get_definition(space, dataset)
    assert isinstance(definition, TableDefinition)
    return definition.build({name: mirror(name) for name in definition.sources}, {})


@pytest.mark.parametrize(("space", "dataset"), PLACES)
def test_factors_send_the_optimum_to_just_below_100(
    space: str, dataset: str, mirror: Mirror
) -> None:
    table = build(mirror, space, dataset)
    for protocol in get_definition(space, dataset).protocols.values():
        best = np.nanmax(table.values[protocol.fitness_metric])
        assert protocol.factor == np.floor(1e4 / best) / 100


def values_of(table: BenchmarkTable, key: str) -> dict[str, float]:
    code = get_space(table.space).code(key)
    return {name: float(values[code]) for name, values in table.values.items()}


def test_networks_of_nasbench_macro(mirror: Mirror) -> None:
    table = build(mirror, "nasbench-macro", "cifar10")
    assert values_of(table, "02012100") == pytest.approx(
        {
            "test_accuracy": 89.19666544596355,
            "test_accuracy_0": 89.47000122070312,
            "test_accuracy_1": 88.94999694824219,
            "test_accuracy_2": 89.16999816894531,
            "parameters": 0.890666,
            "flops": 47.327744,
        }
    )
    assert table.optimum("test_accuracy") == pytest.approx(93.12666320800781)


def test_networks_of_the_size_space(mirror: Mirror) -> None:
    table = build(mirror, "nats-size", "cifar10")
    # With and without quotes in the file; the second is a number to YAML 1.1.
    assert values_of(table, "16:16:16:16:24") == {"accuracy": 88.16}
    assert values_of(table, "16:16:16:16:64") == {"accuracy": 89.58}
    assert table.optimum("accuracy") == 93.65


def test_cells_under_attack(mirror: Mirror) -> None:
    table = build(mirror, "nasbench201", "cifar10-robust")
    # The first row of the file: edges (0->1)(0->2)(0->3)(1->2)(1->3)(2->3) are 4, 0, 3, 1, 4, 3.
    cell = "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
    found = values_of(table, cell)
    assert found["validation_accuracy"] == 84.99
    assert found["pgd_1"] == pytest.approx(40.4)
    assert found["square_8"] == pytest.approx(0.3)
    assert len(found) == 29


def macro_file(change: Callable[[dict], object]) -> bytes:
    """A made-up file of NAS-Bench-Macro, changed."""
    space = get_space("nasbench-macro")
    records = {
        space.raw_key(raw): {
            "test_acc": [50.0 + code / 1e4, 51.0, 52.0],
            "params": 1e6,
            "flops": 2e6 + code,
        }
        for raw, code in enumerate(space.code_of_raw.tolist())
    }
    change(records)
    return json.dumps(records).encode()


def refused(tmp_path: Path, space: str, data: bytes) -> str:
    definition = get_definition(space, "cifar10")
    assert isinstance(definition, TableDefinition)
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(EdnagError) as raised:
        definition.build({definition.sources[0]: tmp_path / "file"}, {})
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda records: records.pop("00000000"), "6561 descriptions expected"),
        (lambda records: records.update({"00000003": records.pop("00000001")}), "00000003"),
        (lambda records: records["00000010"]["test_acc"].reverse(), "have different values"),
        (lambda records: records["11111111"]["test_acc"].pop(), "11111111: test_acc has 2 values"),
        (lambda records: records["11111111"].update(params="many"), "11111111: params = 'many'"),
        (lambda records: records["11111111"].update(test_acc=None), "11111111: no record"),
        (lambda records: records["11111111"].update(test_acc=[101, 99, 99]), "test_accuracy_0"),
    ],
)
def test_damage_to_nasbench_macro_is_refused(
    change: Callable[[dict], object], words: str, tmp_path: Path
) -> None:
    assert words in refused(tmp_path, "nasbench-macro", macro_file(change))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"'8:8:8:8:8': 80.1\n'8:8:8:8:16': high\n", "line 2: "),
        (b"'8:8:8:8:8: 80.1\n", "line 1: "),
        (b"'8:8:8:8:9': 80.1\n", "8:8:8:8:9"),
        (b"'8:8:8:8:8': 80.1\n8:8:8:8:8: 80.1\n", "8:8:8:8:8"),
        (b"'8:8:8:8:8': 80.1\n", "32767 of 32768 architectures have no row"),
    ],
)
def test_damage_to_the_size_space_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    assert words in refused(tmp_path, "nats-size", data)

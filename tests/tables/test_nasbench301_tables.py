"""NAS-Bench-301 as the reference cuts it: which groups a table holds, and what a wrong one does."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.naslib_nasbench301 import read_groups
from tests.conftest import Mirror

SOURCE = "naslib-zc-nasbench301-725"
SMALL = get_definition("nasbench301", "cifar10-725")
FIRST, REST = "(0, 4), (1, 2), (0, 0), (1, 0)", "(0, 1), (3, 1), (0, 2), (4, 2)"


def test_714_groups_of_which_168_can_be_written(mirror: Mirror) -> None:
    path = mirror(SOURCE)
    groups = read_groups(path, SOURCE)
    table = SMALL.build({SOURCE: path}, {})
    assert len(groups) == 714
    assert table.present("val_accuracy").sum() == 168
    assert max(groups.values()) == pytest.approx((94.489,), abs=1e-3)
    assert table.optimum("val_accuracy") == pytest.approx(94.265, abs=1e-3)


@pytest.mark.parametrize("seed", [2, 3])
def test_a_trace_holds_the_same_values(mirror: Mirror, golden: Path, seed: int) -> None:
    packed = (golden / f"nasbench301-cifar10-seed{seed}.json.gz").read_bytes()
    values = json.loads(gzip.decompress(packed))["table"]
    table = SMALL.build({SOURCE: mirror(SOURCE)}, {})
    space = get_space("nasbench301")
    for key, value in values.items():
        assert table.values["val_accuracy"][space.code(key)] == value


def write(path: Path, networks: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"cifar10": networks}))
    return path


@pytest.mark.parametrize("brackets", ["[]", "()"])
def test_the_best_of_a_group_counts(tmp_path: Path, brackets: str) -> None:
    # The preliminary file writes lists, the full one tuples.
    left, right = brackets
    normal = f"{left}{FIRST}, {REST}{right}"
    networks = {
        f"{left}{normal}, {left}{(k, 0)}, {REST}{right}{right}": {"val_accuracy": value}
        for k, value in enumerate([91.0, 93.0, 92.0])
    }
    table = SMALL.build({SOURCE: write(tmp_path / "t.json", networks)}, {})
    values = table.values["val_accuracy"]
    assert values[get_space("nasbench301").code(f"({FIRST})")] == 93.0
    assert np.isnan(values).sum() == 9603


@pytest.mark.parametrize(
    ("network", "record"),
    [
        ("not a network", {"val_accuracy": 90}),
        ("[[(0, 1), (1, 2)], []]", {"val_accuracy": 90}),
        (f"[[{FIRST}], []]", {"val_accuracy": None}),
        (f"[[{FIRST}], []]", {"val_accuracy": "90"}),
        (f"[[{FIRST.replace('(0, ', '(0.5, ')}], []]", {"val_accuracy": 90}),
        (f"[[{FIRST}], []]", {"val_accuracy": 10**400}),
        ("(" * 5000, {"val_accuracy": 90}),
        (f"[[{FIRST}], []]", {"val_accuracy": 190}),
        (f"[[{FIRST}], []]", {"val_accuracy": float("nan")}),
        (f"[[{FIRST}], []]", {}),
        ("__import__('os').system('true')", {"val_accuracy": 90}),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, network: str, record: dict[str, Any]) -> None:
    path = write(tmp_path / "t.json", {f"[[{FIRST}], 0]": {"val_accuracy": 90}, network: record})
    with pytest.raises(EdnagError, match="naslib-zc-nasbench301-725: row 2"):
        read_groups(path, SOURCE)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cifar10": 3}', '{"cifar10": {'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(EdnagError, match="not a table of networks"):
        read_groups(tmp_path / "t.json", SOURCE)

"""TransNAS-Bench-101's own file gives the rows of the small tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.tables import TABLES, get_definition, official_definitions
from ednag.tables.comparison import compare
from ednag.tables.interface import TableDefinition
from tests.conftest import Mirror
from tests.tables.official_files import write_transnas

SOURCE = "transnas-v10141024"
MACRO, MICRO = "64-4111-basic", "64-41414-1_23_123"


def official(space: str, task: str) -> TableDefinition:
    return official_definitions(space, task)[SOURCE]


def epochs(*metrics: str) -> dict[str, list[float]]:
    """Three epochs of each metric; the middle one is the highest."""
    return {name: [0.25 + n, 0.75 + n, 0.5 + n] for n, name in enumerate(metrics)}


TASKS = {
    "class_scene": epochs("valid_top1", "test_top1", "train_top1"),
    "normal": epochs("valid_ssim", "test_ssim", "train_ssim"),
    "room_layout": epochs("train_loss", "valid_loss", "test_loss"),
}


@pytest.mark.parametrize("space", ["transnas-micro", "transnas-macro"])
def test_each_metric_is_its_maximum_over_the_epochs(tmp_path: Path, space: str) -> None:
    path = tmp_path / "transnas-bench_v10141024.pth"
    write_transnas(path, {MACRO: TASKS, MICRO: TASKS})
    key = MICRO if space == "transnas-micro" else MACRO
    rows = {task: official(space, task).read({SOURCE: path}).to_dict("records") for task in TASKS}
    expected = {"key": key, "valid_top1": 0.75, "test_top1": 1.75, "train_top1": 2.75}
    assert rows["class_scene"] == [expected]
    assert rows["normal"] == [
        {"key": key, "valid_ssim": 75.0, "test_ssim": 175.0, "train_ssim": 275.0}
    ]
    # The worst epoch of a loss, and the best of it with the sign turned.
    assert rows["room_layout"] == [
        {
            "key": key,
            "train_loss": 75.0,
            "train_neg_loss": -25.0,
            "valid_neg_loss": -125.0,
            "test_neg_loss": -225.0,
        }
    ]


def test_a_negated_loss_of_the_file_itself_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    own = {f"{part}_neg_loss": [-0.5, -0.125] for part in ("train", "valid", "test")}
    write_transnas(path, {MICRO: {"room_layout": TASKS["room_layout"] | own}})
    (row,) = official("transnas-micro", "room_layout").read({SOURCE: path}).to_dict("records")
    assert row["valid_neg_loss"] == -12.5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"state_dict": {}}, "not the TransNAS-Bench-101 file, which holds data/micro"),
        ([1, 2], "not the TransNAS-Bench-101 file"),
        ({"data": {"micro": {MICRO: {}}}}, f"micro {MICRO}: jigsaw: .* KeyError: 'jigsaw'"),
        (
            {"data": {"micro": {MICRO: {"jigsaw": {"metrics": {"valid_top1": [1.0]}}}}}},
            f"micro {MICRO}: jigsaw: .* KeyError: 'test_top1'",
        ),
        (
            {"data": {"micro": {MICRO: {"jigsaw": {"metrics": {"valid_top1": []}}}}}},
            f"micro {MICRO}: jigsaw: .* ValueError",
        ),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(EdnagError, match=f"{SOURCE}: {message}"):
        official("transnas-micro", "jigsaw").read({SOURCE: tmp_path / "a.pth"})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (MICRO, float("nan"), "row 1: valid_top1 = nan is not a number"),
        (MICRO, 101.0, "row 1: valid_top1 = 101.0 is not a number"),
        ("64-41414-1_23_124", 50.0, "row 1: .* is not an architecture of this space"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, key: str, value: float, message: str) -> None:
    metrics = {f"{part}_top1": [10.0, value] for part in ("valid", "test", "train")}
    write_transnas(tmp_path / "a.pth", {key: {"jigsaw": metrics}})
    definition = replace(official("transnas-micro", "jigsaw"), complete=False)
    with pytest.raises(EdnagError, match=rf"transnas-micro/jigsaw \({SOURCE}\): {message}"):
        definition.build({SOURCE: tmp_path / "a.pth"}, {})


def test_a_table_needs_every_architecture(tmp_path: Path) -> None:
    write_transnas(tmp_path / "a.pth", {MICRO: TASKS})
    definition = official("transnas-micro", "class_scene")
    with pytest.raises(EdnagError, match="4095 of 4096 architectures have no row"):
        definition.build({SOURCE: tmp_path / "a.pth"}, {})


@pytest.mark.parametrize("task", ["segmentsemantic", "room_layout"])
def test_a_whole_official_file_becomes_the_small_tables(
    mirror: Mirror, tmp_path: Path, task: str
) -> None:
    paths = {id: mirror(id) for id in (f"transnas-{task}-csv", "transnas-arch-index")}
    rows = {space: get_definition(space, task).read(paths) for space in _SPACES}
    unit = 1 if task == "segmentsemantic" else 100
    architectures = {
        str(row.pop("key")): {
            task: {str(name): [value / unit - 1, value / unit] for name, value in row.items()}
        }
        for frame in rows.values()
        for row in frame.to_dict("records")
    }
    assert len(architectures) == 7352
    write_transnas(tmp_path / "a.pth", architectures)
    for space, small in rows.items():
        definition = official(space, task)
        table = definition.build({SOURCE: tmp_path / "a.pth"}, {})
        assert all(np.isfinite(values).all() for values in table.values.values())
        summary, differences = compare(small, definition.read({SOURCE: tmp_path / "a.pth"}))
        assert differences.empty
        assert (summary["both"] == len(small)).all()


_SPACES = ("transnas-micro", "transnas-macro")


def test_every_table_has_its_official_definition() -> None:
    for space in _SPACES:
        for task in TABLES[space]:
            small, own = get_definition(space, task), official(space, task)
            assert (own.space, own.dataset) == (space, task)
            assert own.metrics == small.metrics
            assert own.protocols == small.protocols

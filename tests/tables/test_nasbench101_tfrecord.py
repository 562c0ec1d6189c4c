"""NAS-Bench-101's own file: three trainings of each cell, and what damage is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.nasbench101 import VERTEX_OPERATIONS
from ednag.tables import get_definition
from ednag.tables.comparison import compare_pair, pairs
from ednag.tables.nasbench101_tfrecord import ONLY108, read_cells
from tests.conftest import Mirror
from tests.tables.official_files import (
    message_field,
    metrics_message,
    training_record,
    write_tfrecord,
)

SPACE = get_space("nasbench101")
A, B = "a" * 32, "b" * 32


def records_of(key: str, *tests: float, **more: int) -> list[bytes]:
    """Trainings with these test accuracies; the validation accuracy is 1/128 higher."""
    return [training_record(key, metrics_message(test + 1 / 128, test), **more) for test in tests]


def test_trainings_are_told_apart_and_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    interleaved = zip(records_of(A, 0.25, 0.5, 0.75), records_of(B, 0.5, 0.5, 0.5), strict=True)
    write_tfrecord(path, [record for pair in interleaved for record in pair])
    first, second = read_cells(path, ONLY108).to_dict("records")
    assert first == {
        "key": A,
        "validation_accuracy": 50.78125,
        "validation_accuracy_1": 25.78125,
        "validation_accuracy_2": 50.78125,
        "validation_accuracy_3": 75.78125,
        "test_accuracy": 50.0,
        "test_accuracy_1": 25.0,
        "test_accuracy_2": 50.0,
        "test_accuracy_3": 75.0,
        "training_time": 1200.5,
        "parameters": 8_555_530.0,
    }
    assert second["key"] == B


def test_only_whole_trainings_of_selected_cells_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    few, many = records_of(A, 0.1, 0.1, 0.1, epochs=4), records_of(A, 0.9, 0.9, 0.9)
    write_tfrecord(path, [*few, *many, *records_of(B, 0.5)])
    rows = read_cells(path, ONLY108, selected=lambda key: key == A)
    assert rows["test_accuracy"].tolist() == [90.0]


LACKING = message_field(1, b"") * 3 + message_field(2, 1)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (records_of(A, 0.5, 0.5), f"cell {A}: 2 trainings of 3"),
        (records_of(A, 0.5, 0.5, 0.5, 0.5), rf"record 3 \(cell {A}\) is repeated"),
        ([b"[]"], "record 0 is not one of NAS-Bench-101"),
        ([b'{"a": 1}'], "record 0 is not one of NAS-Bench-101"),
        ([*records_of(A, 0.5), b"[1, 108, 2, 3, 4]"], "record 1 is not one of NAS-Bench-101"),
        ([b"\xff\xfe"], "record 0 is not one of NAS-Bench-101"),
        ([training_record(A, b"\x0a\xff")], rf"record 0 \(cell {A}\): not the metrics"),
        ([training_record(A, message_field(1, b""))], "1 evaluations, not 3"),
        ([training_record(A, LACKING)], "not the metrics of a training: field 4 is missing"),
    ],
)
def test_a_wrong_record_is_named(tmp_path: Path, records: list[bytes], message: str) -> None:
    path = tmp_path / "a.tfrecord"
    write_tfrecord(path, records)
    with pytest.raises(EdnagError, match=f"{ONLY108}: {message}|{message}"):
        read_cells(path, ONLY108)


def test_a_truncated_file_names_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    write_tfrecord(path, records_of(A, 0.5, 0.5, 0.5))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EdnagError, match=rf"{ONLY108}: record 2 \(at byte \d+\) is truncated"):
        read_cells(path, ONLY108)


def adjacency_of(graph: int) -> str:
    """The record's spelling of a graph of seven vertices."""
    bits = iter(f"{graph:021b}")
    return "".join(next(bits) if column > row else "0" for row in range(7) for column in range(7))


@pytest.fixture(scope="module")
def whole_space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every cell of the space, and one that it does not hold."""
    path = tmp_path_factory.mktemp("official") / "nasbench_only108.tfrecord"
    operations = ",".join(VERTEX_OPERATIONS)
    messages = [metrics_message(0.9 + n / 4096, 0.8 + n / 4096) for n in range(7)]
    write_tfrecord(
        path,
        (
            training_record(
                key,
                messages[(index + 2 * training) % 7],
                adjacency=adjacency_of(graph),
                operations=operations,
            )
            for training in range(3)
            for index, (key, graph) in enumerate(
                [(A, 0), *((SPACE.key(c), int(SPACE.graphs[c])) for c in range(SPACE.size))]  # type: ignore[attr-defined]
            )
        ),
    )
    yield path


def test_the_table_holds_the_cells_of_the_space(whole_space: Path) -> None:
    definition = get_definition("nasbench101", "cifar10")
    table = definition.build({ONLY108: whole_space}, {})
    assert all(table.present(name).all() for name in table.values)
    runs = np.stack([table.values[name] for name in definition.protocols["paper"].drawn_metrics])
    np.testing.assert_allclose(table.values["test_accuracy"], runs.mean(axis=0))
    for code in (0, 17, SPACE.size - 1):
        expected = [(0.8 + (code + 1 + 2 * training) % 7 / 4096) * 100 for training in range(3)]
        assert runs[:, code].tolist() == expected


def test_a_table_needs_every_cell_of_the_space(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    write_tfrecord(path, records_of(SPACE.key(5), 0.5, 0.5, 0.5))
    definition = get_definition("nasbench101", "cifar10")
    with pytest.raises(EdnagError, match="6398 of 6399 architectures have no row"):
        definition.build({ONLY108: path}, {})


@pytest.mark.parametrize(("wrong", "told"), [(1.5, "150.78125"), (float("nan"), "nan")])
def test_a_value_out_of_range_is_refused_by_its_row(
    tmp_path: Path, wrong: float, told: str
) -> None:
    path = tmp_path / "a.tfrecord"
    good, bad = records_of(SPACE.key(5), 0.5, 0.5, 0.5), records_of(SPACE.key(7), 0.5, 0.5, wrong)
    write_tfrecord(path, [*good, *bad])
    definition = replace(get_definition("nasbench101", "cifar10"), complete=False)
    with pytest.raises(EdnagError, match=rf"row 2: validation_accuracy(_3)? = {told} is not"):
        definition.build({ONLY108: path}, {})


def test_the_visualised_cells_agree_with_a_file_made_of_them(
    mirror: Mirror, tmp_path: Path
) -> None:
    from ednag.tables.nasbench101_vis import SOURCE, read

    shown = read(mirror(SOURCE)).iloc[::40]
    path = tmp_path / "a.tfrecord"
    write_tfrecord(
        path,
        (
            training_record(key, metrics_message(value, 0.5, parameters=int(parameters)))
            for key, percent, parameters in zip(
                shown["key"], shown["validation_accuracy_108"], shown["parameters"], strict=True
            )
            for value in (percent / 200, percent / 100, 0.1)
        ),
    )
    (pair,) = (p for p in pairs("nasbench101") if p.sources == (SOURCE, ONLY108))
    paths = {SOURCE: mirror(SOURCE), ONLY108: path}
    summary, differences = compare_pair(pair, paths)
    told = summary.set_index("metric")
    assert told["both"].tolist() == [len(shown)] * 2
    assert told["different"].tolist() == [0, 0]
    assert (differences["second"].isna()).all()
    assert len(differences) == told["only_first"].sum() > 0


def test_the_benchmarks_own_package_agrees(whole_space: Path) -> None:
    nasbench = pytest.importorskip("nasbench.api", reason="needs nasbench and its TensorFlow")
    own = nasbench.NASBench(str(whole_space))
    for row in read_cells(whole_space, ONLY108).to_dict("records"):
        _, trainings = own.get_metrics_from_hash(row["key"])
        for number, training in enumerate(trainings[108], start=1):
            assert row[f"test_accuracy_{number}"] == training["final_test_accuracy"] * 100

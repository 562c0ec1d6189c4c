"""The published database and ours."""

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from ednag.errors import EdnagError
from ednag.predictor.database import (
    Database,
    EntrySplit,
    joined,
    leakage,
    make_database,
    read_database,
    read_published,
    write_database,
)
from ednag.predictor.node_types import node_types_of
from ednag.spaces.nasbench201 import NASBench201
from tests.conftest import Mirror

FILES = ("meta-train-tasks-predictor", "meta-train-task-lst", "meta-train-tasks-predictor-idx")
KEYS = NASBench201().keys(np.arange(5))


@pytest.fixture(scope="session")
def published(mirror: Mirror) -> tuple[Database, EntrySplit]:
    return read_published(*map(mirror, FILES))


def test_the_published_entries(published: tuple[Database, EntrySplit]) -> None:
    database, split = published
    assert len(database) == 4630
    assert len(set(database.keys)) == 1553
    assert len(database.tasks) == 3031
    assert 40 < database.accuracy.min() < 41
    assert 86 < database.accuracy.max() < 86.001
    assert {len(numbers) for numbers in database.classes} == {20}
    numbers = np.array(database.classes)
    assert (numbers.min(), numbers.max()) == (0, 599)
    assert (database.seed == 1).sum() == 2
    assert (len(split.training), len(split.test)) == (4230, 400)
    training = database.accuracy[split.training]
    assert training.mean() == pytest.approx(71.5715, abs=5e-5)
    assert training.std(ddof=1) == pytest.approx(6.6932, abs=5e-5)


def test_the_published_split_leaks(published: tuple[Database, EntrySplit]) -> None:
    found = leakage(*published)
    assert (found.test_tasks, found.seen_tasks) == (388, 228)
    assert (found.test_cells, found.seen_cells) == (354, 317)
    assert found.test_classes == found.seen_classes


def test_graphs_are_rebuilt_from_strings(
    published: tuple[Database, EntrySplit], mirror: Mirror
) -> None:
    from ednag.predictor.database import _load

    one_hot = torch.stack(_load(mirror(FILES[0]))["x"]).argmax(dim=2)
    rebuilt = node_types_of("nasbench201", published[0].keys)
    np.testing.assert_array_equal(rebuilt[:, 1:-1], one_hot[:, 1:-1])


def test_the_published_database_in_our_format(
    published: tuple[Database, EntrySplit], tmp_path: Path
) -> None:
    database, _ = published
    write_database(database, tmp_path / "database.parquet")
    _equal(read_database(tmp_path / "database.parquet"), database)


def _equal(found: Database, expected: Database) -> None:
    for one, other in zip(astuple(found), astuple(expected), strict=True):
        assert list(one) == list(other)


def a_database() -> Database:
    return make_database(
        "nasbench201",
        [KEYS[0], KEYS[1], KEYS[0], KEYS[0]],
        ["birds", "cars", "birds", "cars"],
        {"birds": [3, 1], "cars": [2]},
        [50.0, 61.5, 52.25, 0.0],
        [0, 0, 1, 0],
    )


def test_our_format(tmp_path: Path) -> None:
    database = a_database()
    for name in ("one.parquet", "two.parquet"):
        write_database(database, tmp_path / name)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    found = read_database(tmp_path / "one.parquet")
    _equal(found, database)
    assert found.tasks == ("birds", "cars")
    assert found.classes == ((3, 1), (2,))
    assert found.task.tolist() == [0, 1, 0, 1]
    shared = leakage(found, EntrySplit(np.array([0, 1]), np.array([2, 3])))
    assert (shared.test_tasks, shared.seen_tasks) == (2, 2)
    assert (shared.test_cells, shared.seen_cells) == (1, 1)
    assert (shared.test_classes, shared.seen_classes) == (3, 3)
    shared = leakage(found, EntrySplit(np.array([0, 2]), np.array([1])))
    assert (shared.test_tasks, shared.seen_tasks) == (1, 0)
    assert (shared.test_cells, shared.seen_cells) == (1, 0)
    assert (shared.test_classes, shared.seen_classes) == (1, 0)


def test_other_spaces(tmp_path: Path) -> None:
    key = "_".join(["3-3", "5-4", "none", "7-6"] * 5)
    database = make_database("mobilenetv3", [key], ["cars"], {"cars": [1]}, [70.0], [0])
    write_database(database, tmp_path / "database.parquet")
    _equal(read_database(tmp_path / "database.parquet"), database)


def test_joining() -> None:
    more = make_database("nasbench201", [KEYS[4]], ["cars"], {"cars": [2]}, [70.0], [0])
    both = joined([a_database(), more])
    assert len(both) == 5
    assert both.keys[4] == KEYS[4]
    with pytest.raises(EdnagError, match="row 5 repeats row 1"):
        joined([a_database(), a_database()])
    other = make_database("nasbench201", [KEYS[4]], ["cars"], {"cars": [5]}, [70.0], [0])
    with pytest.raises(EdnagError, match="'cars' has other classes"):
        joined([a_database(), other])
    with pytest.raises(EdnagError, match="one database or more of one search space"):
        joined([])


GOOD = {"key": KEYS[0], "task": "birds", "classes": [1, 2], "accuracy": 50.0, "seed": 0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accuracy": float("nan")}, "row 2: accuracy nan is not between 0 and 100 %"),
        ({"accuracy": 100.5}, "row 2: accuracy 100.5 is not between"),
        ({"accuracy": -1.0}, "row 2: accuracy -1.0 is not between"),
        ({"key": "|conv~0|"}, r"row 2: nasbench201: '\|conv~0\|' is not an architecture"),
        ({"key": None}, "row 2: key is missing"),
        ({"classes": None}, "row 2: classes is missing"),
        ({"classes": [1, None]}, "row 2: classes is missing"),
        ({"classes": [1, 3]}, "row 2: task 'birds' has other classes in another row"),
        ({"task": "cars", "classes": []}, "at least one class"),
        ({"task": "cars", "classes": [1, 1]}, "none twice"),
        ({"task": "cars", "classes": [-1]}, "none below 0"),
        ({"seed": 0}, "row 2 repeats row 1"),
    ],
)
def test_a_wrong_row_is_refused_in_one_line(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "database.parquet"
    pq.write_table(pa.Table.from_pylist([GOOD, {**GOOD, "seed": 1, **change}]), path)
    with pytest.raises(EdnagError, match=message) as raised:
        read_database(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "database.parquet"
    path.write_text("no table")
    with pytest.raises(EdnagError, match="not a predictor database"):
        read_database(path)
    pq.write_table(pa.table({"key": [KEYS[0]]}), path)
    with pytest.raises(EdnagError, match="columns key, task, classes, accuracy, seed"):
        read_database(path)
    pq.write_table(pa.Table.from_pylist([GOOD]).replace_schema_metadata({"ednag": "[]"}), path)
    with pytest.raises(EdnagError, match="not a predictor database"):
        read_database(path)
    with pytest.raises(EdnagError, match="there is no file"):
        read_database(tmp_path / "absent.parquet")


class _Harmful:
    def __reduce__(self) -> tuple:
        return Path.touch, (Path("harmed"),)


def test_nothing_in_the_published_files_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [Path(f"{id}.pt") for id in FILES]
    torch.save({"str": [KEYS[0]], "task": [0], "acc": [50.0], "g": [_Harmful()]}, paths[0])
    torch.save([[1, 2]], paths[1])
    torch.save(torch.tensor([0]), paths[2])
    with pytest.raises(EdnagError, match=r"meta-train-tasks-predictor.pt: not loaded .*; fetch"):
        read_published(*paths)
    assert not Path("harmed").exists()
    torch.save({"str": [KEYS[0]], "task": [0], "acc": [50.0]}, paths[0])
    assert read_published(*paths)[0].classes == ((0, 1),)
    torch.save(torch.tensor([1]), paths[2])
    with pytest.raises(EdnagError, match="not the published database"):
        read_published(*paths)

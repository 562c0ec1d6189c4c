"""Databases of trained architectures, the training data of the predictor.

A database is the three published files (`meta_train_*.pt`) or a Parquet file with the columns `key`
(string), `task` (string), `classes` (list of int64, the same in all rows of a task), `accuracy`
(float64, %) and `seed` (int64). The metadata key `ednag` of the Parquet file has format and space;
without it, the space is nasbench201. Equal rows give equal bytes. Source: meta-predictor
specification.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ednag.confined import try_confined
from ednag.errors import EdnagError, one_line
from ednag.files import read_parquet, replacing
from ednag.pickled_numbers import SAFE_GLOBALS
from ednag.spaces import get_space

FORMAT = "ednag predictor database 1"
#: The first entries of the published permutation are its validation part.
PUBLISHED_VALIDATION = 400
#: Number of the first class in the published task list; feature files start at 0.
_FIRST_CLASS = 1
_COLUMNS = pa.schema(
    [
        ("key", pa.string()),
        ("task", pa.string()),
        ("classes", pa.list_(pa.int64())),
        ("accuracy", pa.float64()),
        ("seed", pa.int64()),
    ]
)


@dataclass(frozen=True, eq=False)
class Database:
    """n trained architectures.

    Attributes:
        space: Name of the search space.
        keys: n architectures of the space.
        task: int64[n], the task of each as an index into `tasks`.
        accuracy: float64[n], in %, 0 to 100.
        seed: int64[n], distinguishes repetitions of an architecture on a task.
        tasks: Names of the t tasks.
        classes: Class numbers of each task, as in the feature file.
    """

    space: str
    keys: tuple[str, ...]
    task: np.ndarray
    accuracy: np.ndarray
    seed: np.ndarray
    tasks: tuple[str, ...]
    classes: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class EntrySplit:
    """Two disjoint parts of a database, as row numbers int64[a] and int64[b]."""

    training: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Leakage:
    """Distinct tasks, cells and classes of the test part, and how many occur in training too."""

    test_tasks: int
    seen_tasks: int
    test_cells: int
    seen_cells: int
    test_classes: int
    seen_classes: int


def leakage(database: Database, split: EntrySplit) -> Leakage:
    """The tasks, cells and classes that both parts of a split contain."""
    parts = []
    for rows in (split.test, split.training):
        tasks = set(database.task[rows].tolist())
        classes = {number for task in tasks for number in database.classes[task]}
        parts.append((tasks, {database.keys[row] for row in rows}, classes))
    counts = ((len(test), len(test & training)) for test, training in zip(*parts, strict=True))
    return Leakage(*chain.from_iterable(counts))


def make_database(
    space: str,
    keys: Sequence[str],
    tasks: Sequence[str],
    classes: Mapping[str, Sequence[int]],
    accuracy: Sequence[float],
    seeds: Sequence[int],
    place: str = "database",
) -> Database:
    """A checked database.

    Args:
        keys, tasks, accuracy, seeds: One value for each row; see `Database`.
        classes: Class numbers of each task.
        place: Origin of the rows, for error messages.

    Raises:
        EdnagError: A row is invalid; the message has the first, counted from 1.
    """
    _check_rows(space, keys, tasks, accuracy, seeds, place)
    names = tuple(dict.fromkeys(tasks))
    for name in names:
        numbers = classes[name]
        if not len(numbers) or len(set(numbers)) != len(numbers) or min(numbers) < 0:
            raise EdnagError(
                f"{place}: task {name!r} has the classes {list(numbers)[:5]}...; a task has at "
                "least one class, none twice and none below 0"
            )
    index = {name: number for number, name in enumerate(names)}
    return Database(
        space=space,
        keys=tuple(keys),
        task=np.array([index[name] for name in tasks], dtype=np.int64),
        accuracy=np.array(accuracy, dtype=np.float64),
        seed=np.array(seeds, dtype=np.int64),
        tasks=names,
        classes=tuple(tuple(int(number) for number in classes[name]) for name in names),
    )


def _check_rows(
    space: str,
    keys: Sequence[str],
    tasks: Sequence[str],
    accuracy: Sequence[float],
    seeds: Sequence[int],
    place: str,
) -> None:
    checked_space = get_space(space).fresh()
    seen: dict[tuple[str, str, int], int] = {}
    for row, (key, task, percent, seed) in enumerate(
        zip(keys, tasks, accuracy, seeds, strict=True), start=1
    ):
        try:
            checked_space.code(key)
        except EdnagError as error:
            raise EdnagError(f"{place}: row {row}: {error}") from None
        if not 0 <= percent <= 100:
            raise EdnagError(
                f"{place}: row {row}: accuracy {percent} is not between 0 and 100 %; "
                "correct or remove the row"
            )
        first = seen.setdefault((key, task, seed), row)
        if first != row:
            raise EdnagError(
                f"{place}: row {row} repeats row {first} (same key, task and seed {seed}); "
                "remove it, or give it another seed if it is a repeated training"
            )


def joined(databases: Sequence[Database], place: str = "joined databases") -> Database:
    """The rows of several databases as one.

    Raises:
        EdnagError: There is none, spaces or the classes of a task differ, or a row occurs twice.
    """
    if len({each.space for each in databases}) != 1:
        raise EdnagError(f"{place}: join one database or more of one search space")
    classes: dict[str, tuple[int, ...]] = {}
    for each in databases:
        for name, numbers in zip(each.tasks, each.classes, strict=True):
            if classes.setdefault(name, numbers) != numbers:
                raise _other_classes(place, name)
    return make_database(
        databases[0].space,
        [key for each in databases for key in each.keys],
        [each.tasks[task] for each in databases for task in each.task],
        classes,
        [float(percent) for each in databases for percent in each.accuracy],
        [int(seed) for each in databases for seed in each.seed],
        place,
    )


def _other_classes(place: str, task: str) -> EdnagError:
    return EdnagError(
        f"{place}: task {task!r} has other classes in another row; give datasets of other "
        "classes other task names"
    )


def read_entries(training: Sequence[Path], held_out: Sequence[Path]) -> tuple[Database, EntrySplit]:
    """The entries of several files, and which of them train and which only judge."""
    parts = [read_database(path) for path in (*training, *held_out)]
    entries, count = joined(parts), sum(len(part) for part in parts[: len(training)])
    return entries, EntrySplit(np.arange(count), np.arange(count, len(entries)))


def write_database(database: Database, path: Path) -> None:
    """Write a database as Parquet, completely or not at all, after a check of its rows."""
    joined([database], str(path))
    columns = {
        "key": list(database.keys),
        "task": [database.tasks[task] for task in database.task],
        "classes": [database.classes[task] for task in database.task],
        "accuracy": database.accuracy,
        "seed": database.seed,
    }
    described = json.dumps({"format": FORMAT, "space": database.space}, sort_keys=True)
    table = pa.table(columns, schema=_COLUMNS).replace_schema_metadata({"ednag": described})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_database(path: Path) -> Database:
    """The database in a Parquet file.

    Raises:
        EdnagError: The file is not a database, or a row is invalid; the message has the row.
    """
    what = "a predictor database"
    advice = f"give a Parquet file with the columns {', '.join(_COLUMNS.names)}"
    table = read_parquet(path, what, advice)
    try:
        described = json.loads((table.schema.metadata or {}).get(b"ednag", b"{}"))
        space = described.get("space", "nasbench201")
        if described.get("format", FORMAT) != FORMAT:
            raise ValueError(f"its format is {described['format']!r}")
        columns = table.select(_COLUMNS.names).cast(_COLUMNS).to_pydict()
    except (pa.ArrowException, KeyError, ValueError, AttributeError, OSError) as error:
        reason = one_line(error)
        raise EdnagError(f"{path}: not {what} ({reason}); {advice}") from None
    classes: dict[str, list[int]] = {}
    for row, entry in enumerate(zip(*columns.values(), strict=True), start=1):
        missing = [name for name, value in zip(columns, entry, strict=True) if value is None]
        if missing or None in entry[2]:
            raise EdnagError(
                f"{path}: row {row}: {(missing or ['classes'])[0]} is missing; "
                "fill it in or remove the row"
            )
        if classes.setdefault(entry[1], entry[2]) != entry[2]:
            raise _other_classes(f"{path}: row {row}", entry[1])
    keys, tasks, _, accuracy, seeds = columns.values()
    return make_database(space, keys, tasks, classes, accuracy, seeds, str(path))


class _AnyGraph:
    """Replaces `igraph.Graph` in pickles; the graph is computed from the string of the cell."""

    def __init__(self, *content: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def read_published(entries: Path, tasks: Path, permutation: Path) -> tuple[Database, EntrySplit]:
    """The published database of NAS-Bench-201 cells on subsets of ImageNet-32, and its split.

    Class numbers are those of the feature file, one less than in the task list. The name of a task
    is its row in that list. The seed of an entry counts earlier entries of the same cell and task.

    Args:
        entries: `meta_train_tasks_predictor.pt`.
        tasks: `meta_train_task_lst.pt`.
        permutation: `meta_train_tasks_predictor_idx.pt`.

    Raises:
        EdnagError: A file has other content, or would import something.
    """
    files = (entries, tasks, permutation)
    return try_confined(lambda: _read_published(*files), files, "fetch the three files again")


def _read_published(entries: Path, tasks: Path, permutation: Path) -> tuple[Database, EntrySplit]:
    rows, lists, order = (_load(path) for path in (entries, tasks, permutation))
    try:
        keys = [str(key) for key in rows["str"]]
        names = [str(int(task)) for task in rows["task"]]
        classes = {
            name: [int(number) - _FIRST_CLASS for number in lists[int(name)]]
            for name in dict.fromkeys(names)
        }
        shuffled = np.asarray(order, dtype=np.int64)
        accuracy = [float(percent) for percent in rows["acc"]]
        if sorted(shuffled.tolist()) != list(range(len(keys))) or len(accuracy) != len(keys):
            raise ValueError(f"{len(keys)} entries and an order of {len(shuffled)}")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise EdnagError(
            f"{entries}: not the published database ({error}); fetch the three files again"
        ) from None
    occurred: Counter[tuple[str, str]] = Counter()
    seeds = []
    for pair in zip(keys, names, strict=True):
        seeds.append(occurred[pair])
        occurred[pair] += 1
    database = make_database("nasbench201", keys, names, classes, accuracy, seeds, str(entries))
    return database, EntrySplit(shuffled[PUBLISHED_VALIDATION:], shuffled[:PUBLISHED_VALIDATION])


def _load(path: Path) -> Any:
    """The content of a file of torch: tensors, NumPy arrays, numbers, strings, ignored graphs."""
    import torch

    try:
        with torch.serialization.safe_globals([(_AnyGraph, "igraph.Graph"), *SAFE_GLOBALS]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = one_line(error)
        raise EdnagError(f"{path}: not loaded ({reason}); fetch the file again") from None

"""Which entries train the predictor and which judge it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.predictor.database import Database

#: What training and test part must not share.
Kind = Literal["task", "cell", "class"]


@dataclass(frozen=True, eq=False)
class EntrySplit:
    """Two parts of a database, as row numbers.

    Attributes:
        training: int64[a].
        test: int64[b]; none of them in `training`.
    """

    training: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Leakage:
    """How many of the distinct tasks, cells and classes of the test part training has seen too."""

    test_tasks: int
    seen_tasks: int
    test_cells: int
    seen_cells: int
    test_classes: int
    seen_classes: int


def leakage(database: "Database", split: EntrySplit) -> Leakage:
    """What the two parts of a split share."""
    tasks, cells = (
        (values[split.test], values[split.training]) for values in (database.task, database.cells())
    )
    membership = database.membership()
    test_classes = membership[split.test].any(axis=0)
    seen = test_classes & membership[split.training].any(axis=0)
    return Leakage(
        test_tasks=len(np.unique(tasks[0])),
        seen_tasks=len(np.intersect1d(*tasks)),
        test_cells=len(np.unique(cells[0])),
        seen_cells=len(np.intersect1d(*cells)),
        test_classes=int(test_classes.sum()),
        seen_classes=int(seen.sum()),
    )


def without_sharing(is_test: np.ndarray, shared: Sequence[np.ndarray]) -> EntrySplit:
    """The test part, and for training every other row that shares nothing with it.

    Args:
        is_test: bool[n].
        shared: Properties that must not occur in both parts: int[n], one value for each row, or
            bool[n, m], any number of m values.

    Raises:
        EdnagError: Either part would be empty.
    """
    seen = is_test.copy()
    for values in shared:
        if values.ndim == 1:
            seen |= np.isin(values, values[is_test])
        else:
            seen |= (values & values[is_test].any(axis=0)).any(axis=1)
    split = EntrySplit(np.flatnonzero(~seen), np.flatnonzero(is_test))
    if not len(split.training) or not len(split.test):
        raise EdnagError(
            f"split: {len(split.test)} rows to test on leave {len(split.training)} to train on; "
            "hold out other tasks, fewer of them, or share more"
        )
    return split


def held_out_tasks(
    database: "Database",
    tasks: Sequence[str],
    kinds: Sequence[Kind] = ("task", "cell", "class"),
) -> EntrySplit:
    """Test on some tasks; train on rows that share none of `kinds` with them.

    A class is in many tasks: with `class` among the kinds, few tasks can be held out of a database
    like the published one.

    Raises:
        EdnagError: A task is not in the database, or a part would be empty.
    """
    unknown = sorted(set(tasks) - set(database.tasks))
    if unknown:
        raise EdnagError(f"split: the database has no task {unknown[0]!r}; name tasks that occur")
    chosen = [database.tasks.index(name) for name in tasks]
    values = {
        "task": lambda: database.task,
        "cell": database.cells,
        "class": database.membership,
    }
    return without_sharing(np.isin(database.task, chosen), [values[kind]() for kind in kinds])


def draw_tasks(database: "Database", count: int, seed: int) -> tuple[str, ...]:
    """`count` tasks of a database drawn without repetition.

    Raises:
        EdnagError: There are fewer tasks.
    """
    if not 1 <= count <= len(database.tasks):
        raise EdnagError(
            f"split: {count} tasks asked of a database of {len(database.tasks)}; ask for fewer"
        )
    drawn = np.random.default_rng(seed).choice(len(database.tasks), size=count, replace=False)
    return tuple(database.tasks[index] for index in np.sort(drawn))

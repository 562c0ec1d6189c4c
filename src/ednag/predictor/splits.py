"""Which entries train the predictor and which judge it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ednag.predictor.database import Database


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
    """Distinct tasks, cells and classes of the test part, and how many occur in training too."""

    test_tasks: int
    seen_tasks: int
    test_cells: int
    seen_cells: int
    test_classes: int
    seen_classes: int


def leakage(database: "Database", split: EntrySplit) -> Leakage:
    """The tasks, cells and classes that both parts of a split contain."""
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

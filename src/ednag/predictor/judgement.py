"""Predictions of a trained predictor for entries of a database."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ednag.predictor.coreset import IMAGES, coreset, projected, stability
from ednag.predictor.database import Database
from ednag.predictor.features import of_classes
from ednag.predictor.inference import QuickPredictor, to_accuracy
from ednag.predictor.model import encode_dataset
from ednag.predictor.node_types import node_types_of
from ednag.predictor.trained import TrainedPredictor, coreset_images

Features = Mapping[int, np.ndarray]


def predict_entries(
    predictor: TrainedPredictor, entries: Database, features: Features
) -> pd.DataFrame:
    """Predicted and measured accuracy of each entry; tasks are encoded by their coresets.

    Returns:
        Columns `task`, `key`, `seed`, `predicted`, `measured` (in %).
    """
    predicted = np.empty(len(entries))
    for number in range(len(entries.tasks)):
        rows = np.flatnonzero(entries.task == number)
        images = coreset_images(_features_of(entries, number, features))
        types = node_types_of(entries.space, [entries.keys[row] for row in rows])
        predicted[rows] = predictor.accuracies(images, types)
    return pd.DataFrame(
        {
            "task": [entries.tasks[number] for number in entries.task],
            "key": list(entries.keys),
            "seed": entries.seed,
            "predicted": predicted,
            "measured": entries.accuracy,
        }
    )


def repeat_predictions(
    predictor: TrainedPredictor, entries: Database, features: Features, repeats: int
) -> pd.DataFrame:
    """Repeated predictions of the entries of the first task, with random images and with a coreset.

    Returns:
        Columns `images` (random or coreset), `repeat`, `key`, `predicted`, `measured` (in %).
    """
    rows = np.flatnonzero(entries.task == 0)
    keys = [entries.keys[row] for row in rows]
    types = node_types_of(entries.space, keys)
    model = predictor.model()
    quick = QuickPredictor(predictor.parameters, predictor.configuration)
    predictions = stability(
        lambda images: to_accuracy(quick(encode_dataset(model, images), types), predictor.scale),
        _features_of(entries, 0, features),
        repetitions=repeats,
    )
    frames = [
        pd.DataFrame(
            {
                "images": name,
                "repeat": np.repeat(np.arange(repeats), len(rows)),
                "key": keys * repeats,
                "predicted": values.ravel(),
                "measured": np.tile(entries.accuracy[rows], repeats),
            }
        )
        for name, values in predictions.items()
    ]
    return pd.concat(frames, ignore_index=True)


def images_in_a_plane(entries: Database, features: Features) -> pd.DataFrame:
    """The images of the first task on two principal components, with those of the coreset marked.

    Returns:
        Columns `class` (its number, as text), `first`, `second`, `chosen`.
    """
    of_task = _features_of(entries, 0, features)
    plane = projected(np.concatenate(of_task))
    chosen = [
        np.isin(np.arange(len(f)), at) for f, at in zip(of_task, coreset(of_task), strict=True)
    ]
    return pd.DataFrame(
        {
            "class": np.repeat(np.array(entries.classes[0], dtype=str), [len(f) for f in of_task]),
            "first": plane[:, 0],
            "second": plane[:, 1],
            "chosen": np.concatenate(chosen),
        }
    )


def _features_of(entries: Database, task: int, features: Features) -> list[np.ndarray]:
    """Features of each class of a task."""
    return of_classes(features, entries.classes[task], IMAGES, f"task {entries.tasks[task]}")

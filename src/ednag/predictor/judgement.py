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
from ednag.predictor.plain_scores import (
    flops_of,
    mean_over_seeds,
    means_over_tasks,
    ridge_on_operations,
)
from ednag.predictor.trained import TrainedPredictor, coreset_images

Features = Mapping[int, np.ndarray]


def judge(
    predictor: TrainedPredictor,
    held_out: Database,
    training: Database,
    reference: Database,
    features: Features,
) -> pd.DataFrame:
    """What was measured of each cell on each held-out task, the prediction, and plain scores.

    Args:
        training: What the predictor was trained on.
        reference: Cells of the held-out tasks, on training tasks.

    Returns:
        Columns `task`, `key`, `trainings`, `measured` (mean over them), `first` and `second` (mean
        over one half of them and the other, NaN for none), `predicted`, `reference` (mean over the
        tasks of `reference`) in %, `flops` and `operations`, which only rank.
    """
    means = mean_over_seeds(held_out)
    frame = pd.DataFrame(
        {
            "task": [means.tasks[number] for number in means.task],
            "key": list(means.keys),
            **_repeated(held_out),
            "predicted": _predicted(predictor, means, features),
        }
    )
    # Each cell is scored once for all tasks.
    cells = list(dict.fromkeys(means.keys))
    for name, scores in (
        ("flops", flops_of(cells)),
        ("reference", means_over_tasks(reference, cells)),
        ("operations", ridge_on_operations(training, cells)),
    ):
        frame[name] = frame["key"].map(dict(zip(cells, scores.tolist(), strict=True)))
    return frame


def _repeated(entries: Database) -> dict[str, np.ndarray]:
    """Columns of the trainings of each task and cell, in the order of `mean_over_seeds`."""
    rows = pd.DataFrame(
        {"task": entries.task, "key": entries.keys, "seed": entries.seed, "of": entries.accuracy}
    )
    groups = rows.groupby(["task", "key"], sort=False)
    half = groups["seed"].rank().to_numpy() % 2
    halves = {
        name: groups_of.groupby([rows["task"], rows["key"]], sort=False).mean().to_numpy()
        for name, groups_of in (
            ("first", rows["of"].where(half == 1)),
            ("second", rows["of"].where(half == 0)),
        )
    }
    return {
        "trainings": groups.size().to_numpy(),
        "measured": groups["of"].mean().to_numpy(),
        **halves,
    }


def _predicted(predictor: TrainedPredictor, entries: Database, features: Features) -> np.ndarray:
    """Predicted accuracy float64[n] in % of each entry; tasks are encoded by their coresets."""
    predicted = np.empty(len(entries))
    for number in range(len(entries.tasks)):
        rows = np.flatnonzero(entries.task == number)
        images = coreset_images(_features_of(entries, number, features))
        types = node_types_of(entries.space, [entries.keys[row] for row in rows])
        predicted[rows] = predictor.accuracies(images, types)
    return predicted


def repeat_predictions(
    predictor: TrainedPredictor, entries: Database, features: Features, repeats: int
) -> pd.DataFrame:
    """Repeated predictions of the cells of the first task, with random images and with a coreset.

    Returns:
        Columns `images` (random or coreset), `repeat`, `key`, `predicted`, `measured` (in %).
    """
    entries = mean_over_seeds(entries)
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

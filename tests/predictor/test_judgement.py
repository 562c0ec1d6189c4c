"""Predictions beside plain scores on the same cells."""

from dataclasses import replace

import numpy as np
import pytest

from ednag.cells.nasbench201 import counts
from ednag.predictor.database import Database, make_database
from ednag.predictor.fitting import fit
from ednag.predictor.judgement import judge, repeat_predictions
from ednag.predictor.plain_scores import flops_of, means_over_tasks, ridge_on_operations
from ednag.predictor.small_tasks import NETWORK
from ednag.predictor.trained import TrainedPredictor
from ednag.spaces.nasbench201 import NASBench201

from .small_database import RECIPE, a_database, a_split, some_features

KEYS = NASBench201().keys(np.array([3, 700, 4001, 9000, 15_000]))


def database(*entries: tuple[int, str, float, int]) -> Database:
    """Entries of cell (its place in KEYS), task, accuracy and seed."""
    cells, tasks, accuracy, seeds = zip(*entries, strict=True)
    classes = {name: [number, number + 4] for number, name in enumerate(sorted(set(tasks)))}
    keys = [KEYS[cell] for cell in cells]
    return make_database("nasbench201", keys, tasks, classes, accuracy, seeds)


REFERENCE = database((0, "r", 10, 0), (0, "r", 30, 1), (0, "s", 60, 0), (1, "s", 5, 0))


@pytest.fixture(scope="module")
def predictor() -> TrainedPredictor:
    found = fit(
        a_database(), some_features(), a_split(a_database()), replace(RECIPE, target="logit")
    )
    return TrainedPredictor(found.configuration, found.parameters, found.scale)


def test_every_cell_of_every_task_is_judged_once(predictor: TrainedPredictor) -> None:
    held_out = database(
        *((cell, "a", 10 * cell + seed, seed) for seed in (0, 1, 2) for cell in range(5)),
        *((cell, "b", 20.0 + cell, 5) for cell in range(5)),
    )
    features = {number: each for number, each in some_features(images=24).items() if number < 8}
    judged = judge(predictor, held_out, a_database(), REFERENCE, features)
    assert judged[["task", "key"]].to_numpy().tolist() == [[t, k] for t in "ab" for k in KEYS]
    assert judged["trainings"].tolist() == [3] * 5 + [1] * 5
    assert judged["measured"][:5].tolist() == [1, 11, 21, 31, 41]
    # The first and the third training, the second.
    assert judged["first"][:5].tolist() == [1, 11, 21, 31, 41]
    assert judged["second"][:5].tolist() == [1, 11, 21, 31, 41]
    assert judged["first"][5:].tolist() == judged["measured"][5:].tolist()
    assert judged["second"][5:].isna().all()
    assert judged["predicted"].between(0, 100).all() and judged["predicted"].nunique() == 10
    assert judged["reference"].tolist()[:2] == [40, 5] and judged["reference"][2:5].isna().all()
    for name in ("flops", "reference", "operations"):
        one, other = (judged.loc[judged["task"] == task, name].tolist() for task in "ab")
        np.testing.assert_array_equal(one, other)
    repeated = repeat_predictions(predictor, held_out, features, 3)
    assert len(repeated) == 2 * 3 * 5 and set(repeated["measured"]) == {1, 11, 21, 31, 41}


def test_a_cell_s_mean_counts_each_task_once() -> None:
    np.testing.assert_array_equal(means_over_tasks(REFERENCE, KEYS[:3]), [40, 5, np.nan])


def test_flops_are_those_of_the_small_networks() -> None:
    codes = np.array([NASBench201().code(key) for key in KEYS])
    np.testing.assert_array_equal(flops_of(KEYS), counts(NETWORK, codes).flops)


def test_ridge_learns_operations_and_not_which_tasks_are_easy() -> None:
    training = a_database(entries=400)
    unseen = a_database(entries=100, seed=9).keys
    truth = [4 * key.count("conv_3x3") - 3 * key.count("none") for key in unseen]
    scores = ridge_on_operations(training, unseen)
    assert np.corrcoef(scores, truth)[0, 1] > 0.95
    easier = training.accuracy + 5.0 * (training.task == 0)
    shifted = replace(training, accuracy=easier)
    assert np.corrcoef(ridge_on_operations(shifted, unseen), scores)[0, 1] > 0.99

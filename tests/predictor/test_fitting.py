"""Training the predictor, stopped and resumed."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.predictor.coreset import gathered, random_images
from ednag.predictor.database import EntrySplit, make_database
from ednag.predictor.fitting import FittedPredictor, PredictorRecipe, fit
from ednag.predictor.inference import QuickPredictor, targets_of, to_accuracy, training_scale
from ednag.predictor.model import MetaPredictor, encode_dataset
from ednag.predictor.node_types import node_types_of
from ednag.predictor.trained import read_predictor, write_predictor
from ednag.predictor.training_data import Entries

from . import small_database
from .conftest import random_model
from .small_database import RECIPE, a_database, a_split, some_features, train


@pytest.fixture(scope="module")
def uninterrupted() -> FittedPredictor:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    found = train(RECIPE)
    torch.set_num_threads(before)
    return found


def same(found: FittedPredictor, expected: FittedPredictor) -> bool:
    """Whether two trainings ended in the same bits."""
    return found.curve.equals(expected.curve) and all(
        np.array_equal(found.parameters[name], each) for name, each in expected.parameters.items()
    )


def test_the_published_recipe() -> None:
    assert PredictorRecipe() == PredictorRecipe(500, 64, 20, 1e-4, 512, 56)


def test_it_learns() -> None:
    recipe = replace(RECIPE, epochs=30, hidden=24, learning_rate=5e-3)
    found = train(recipe)
    assert list(found.curve) == [
        *("epoch", "training_loss", "validation_loss", "pearson", "spearman", "kendall")
    ]
    assert found.curve["epoch"].tolist() == list(range(1, 31))
    assert found.curve["training_loss"].iloc[-1] < found.curve["training_loss"].iloc[0] / 3
    assert found.curve["pearson"].iloc[-1] > 0.8
    assert found.epoch == 30
    database = a_database()
    measured = database.accuracy[a_split(database).training]
    assert (found.mean, found.std) == (measured.mean(), measured.std(ddof=1))
    # What it gives predicts accuracies in %.
    model = MetaPredictor(found.configuration)
    model.load_state_dict({name: torch.tensor(each) for name, each in found.parameters.items()})
    images = np.stack([some_features()[number] for number in database.classes[1]])
    rows = np.flatnonzero(database.task == 1)
    y = QuickPredictor(found.parameters, found.configuration)(
        encode_dataset(model, images),
        node_types_of("nasbench201", [database.keys[row] for row in rows]),
    )
    apart = to_accuracy(y, found.scale) - database.accuracy[rows]
    assert np.abs(apart).mean() < database.accuracy.std() / 2


def test_a_predictor_of_logits_learns_and_never_leaves_the_range() -> None:
    recipe = replace(RECIPE, epochs=30, hidden=24, learning_rate=5e-3, target="logit")
    found = train(recipe)
    assert found.curve["pearson"].iloc[-1] > 0.8
    measured = targets_of(a_database().accuracy[a_split(a_database()).training], "logit")
    assert (found.mean, found.std) == (measured.mean(), measured.std(ddof=1))
    assert found.scale == training_scale(found.mean, found.std, "logit")
    with pytest.raises(EdnagError, match="different accuracies; two are needed"):
        alike = a_database()
        np.copyto(alike.accuracy, 100.0)
        fit(alike, some_features(), a_split(alike), replace(RECIPE, target="logit"))


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("epochs", [(1,), (2, 4)])
def test_interrupted_at_an_epoch(
    epochs: tuple[int, ...], uninterrupted: FittedPredictor, tmp_path: Path
) -> None:
    def stop(row: dict[str, float]) -> None:
        if row["epoch"] in epochs:
            raise _Stopped

    checkpoint = tmp_path / "checkpoint.pt"
    for _ in epochs:
        with pytest.raises(_Stopped):
            train(RECIPE, checkpoint, report=stop)
        # Generators elsewhere do not matter.
        torch.manual_seed(5)
        np.random.default_rng().normal()
    reported: list[float] = []
    found = train(RECIPE, checkpoint, report=lambda row: reported.append(row["epoch"]))
    assert same(found, uninterrupted)
    assert reported == list(range(epochs[-1] + 1, RECIPE.epochs + 1))
    # Nothing is left to do.
    assert same(train(RECIPE, checkpoint), uninterrupted)


def test_killed(uninterrupted: FittedPredictor, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.predictor.small_database", checkpoint],
        cwd=Path(small_database.__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    process.kill()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    reported: list[float] = []
    assert same(
        train(RECIPE, checkpoint, report=lambda row: reported.append(row["epoch"])), uninterrupted
    )
    assert len(reported) < RECIPE.epochs


def test_a_predictor_is_written_and_read(uninterrupted: FittedPredictor, tmp_path: Path) -> None:
    for name in ("one.pt", "two.pt"):
        write_predictor(uninterrupted, tmp_path / name)
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
    loaded = read_predictor(tmp_path / "one.pt")
    assert (loaded.configuration, loaded.scale) == (
        uninterrupted.configuration,
        uninterrupted.scale,
    )
    for name, expected in uninterrupted.parameters.items():
        np.testing.assert_array_equal(loaded.parameters[name], expected)


def test_more_epochs_go_on_and_fewer_are_refused(
    uninterrupted: FittedPredictor, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    train(replace(RECIPE, epochs=3), checkpoint)
    with pytest.raises(EdnagError, match="has 3 epochs, 2 are asked for"):
        train(replace(RECIPE, epochs=2), checkpoint)
    assert same(train(RECIPE, checkpoint), uninterrupted)


def test_another_training_s_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    train(replace(RECIPE, epochs=1), checkpoint)
    with pytest.raises(EdnagError, match="a checkpoint of another training"):
        train(replace(RECIPE, seed=1), checkpoint)
    database = a_database(seed=3)
    with pytest.raises(EdnagError, match="a checkpoint of another training"):
        fit(database, some_features(), a_split(database), RECIPE, checkpoint)
    checkpoint.write_bytes(b"nothing")
    with pytest.raises(EdnagError, match="not a checkpoint"):
        train(RECIPE, checkpoint)


def test_the_best_epoch(tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=6, learning_rate=2e-2, keep="best")
    found = train(recipe)
    assert found.epoch == found.curve["pearson"].idxmax() + 1
    checkpoint = tmp_path / "checkpoint.pt"
    train(replace(recipe, epochs=4), checkpoint)
    again = train(recipe, checkpoint)
    assert same(again, found)
    last = train(replace(recipe, epochs=found.epoch, keep="last"))
    assert all(
        np.array_equal(found.parameters[name], last.parameters[name]) for name in last.parameters
    )


def test_without_a_test_part() -> None:
    database = a_database()
    split = EntrySplit(np.arange(len(database)), np.empty(0, dtype=np.int64))
    for keep, epoch in (("last", 2), ("best", 1)):
        recipe = replace(RECIPE, epochs=2, keep=keep)
        found = fit(database, some_features(), split, recipe)
        assert found.curve[["validation_loss", "pearson"]].isna().all(axis=None)
        assert found.epoch == epoch


def test_each_task_has_its_own_classes() -> None:
    database, features = a_database(), some_features()
    entries = Entries(database, features, images=4, device="cpu")
    model = random_model(small_database.NASBENCH201_SMALL)
    rows = np.array([7, 0, 6, 30, 13, 7])
    found = entries.predict_all(model, rows, seed=5)
    drawn = {
        number: gathered([each], random_images([each], 4, np.random.default_rng([5, number])))[0]
        for number, each in features.items()
    }
    quick = QuickPredictor(
        {name: each.numpy() for name, each in model.state_dict().items()}, model.configuration
    )
    for row, value in zip(rows, found, strict=True):
        images = np.stack([drawn[number] for number in database.classes[database.task[row]]])
        types = node_types_of("nasbench201", [database.keys[row]])
        assert value == pytest.approx(quick(encode_dataset(model, images), types)[0], abs=1e-6)


def test_what_cannot_be_trained() -> None:
    database, features = a_database(), some_features()
    split = a_split(database)
    with pytest.raises(EdnagError, match=r"class \d+ has 9 images, 10 are asked for"):
        fit(database, features, split, replace(RECIPE, images=10))
    with pytest.raises(EdnagError, match="task task 0: the features hold no class"):
        fit(database, {}, split, RECIPE)
    with pytest.raises(EdnagError, match="0 entries to train on"):
        fit(database, features, EntrySplit(split.test[:0], split.test), RECIPE)
    same_accuracy = make_database(
        "nasbench201", database.keys[:3], ["a"] * 3, {"a": [0]}, [50.0] * 3, [0] * 3
    )
    with pytest.raises(EdnagError, match="3 entries to train on, with 1 different"):
        fit(same_accuracy, features, EntrySplit(np.arange(3), np.arange(0)), RECIPE)
    with pytest.raises(EdnagError, match="lower the learning rate"):
        fit(database, features, split, replace(RECIPE, learning_rate=1e25))
    with pytest.raises(EdnagError, match="must be positive"):
        PredictorRecipe(epochs=0)
    with pytest.raises(EdnagError, match="device 'tpu' is unknown"):
        fit(database, features, split, RECIPE, device="tpu")


def test_on_cuda() -> None:
    database = a_database()
    if not torch.cuda.is_available():
        with pytest.raises(EdnagError, match="has no CUDA device; choose cpu"):
            fit(database, some_features(), a_split(database), RECIPE, device="cuda")
        return
    found = train(RECIPE, device="cuda")
    assert same(train(RECIPE, device="cuda"), found)
    np.testing.assert_allclose(
        found.curve["training_loss"], train(RECIPE).curve["training_loss"], rtol=1e-2
    )

"""Sanity: on real digits the loop learns what scikit-learn's classifiers learn, or more."""

from statistics import fmean

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from ednag.cells.nasbench201 import NetworkShape
from ednag.training.history import History
from ednag.training.image_files import read_digits
from ednag.training.images import ImageDataset, split
from ednag.training.loop import train
from ednag.training.networks import nasbench201_network
from ednag.training.recipe import SMALL
from ednag.training.scores import best_validated
from ednag.training.side_by_side import train_side_by_side
from tests.training.data import digits_file

torch.set_num_threads(1)
CELLS = {
    "3x3 convolutions": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
    "|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "skips alone": "|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|",
    "nothing": "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
}


def mean_test_accuracy(key: str, histories: list[History]) -> float:
    """Mean over seeds in %, at the epochs that validation chooses."""
    return fmean(best_validated(key, one).test_accuracy or 0.0 for one in histories)


def pixels(dataset: ImageDataset) -> np.ndarray:
    return dataset.images.reshape(len(dataset), -1) / 255.0


@pytest.mark.slow
def test_digits_are_learnt(capsys: pytest.CaptureFixture[str]) -> None:
    parts = split(read_digits(digits_file()), (0.5, 0.25, 0.25), seed=0)
    shape = NetworkShape(classes=10, size=8, channels=8, cells_per_stage=1, image_channels=1)
    recipe = SMALL.model_copy(update={"epochs": 15})
    found = {}
    for name, model in (
        ("logistic regression on pixels", LogisticRegression(max_iter=2000)),
        ("SVC on pixels", SVC(gamma="scale")),
    ):
        model.fit(pixels(parts.train), parts.train.labels)
        found[name] = 100 * float(model.score(pixels(parts.test), parts.test.labels))
    for name, key in CELLS.items():
        histories = [
            train(lambda key=key: nasbench201_network(key, shape), parts, recipe, seed)
            for seed in (0, 1, 2)
        ]
        found[name] = mean_test_accuracy(key, histories)
    together = [
        train_side_by_side(list(CELLS.values()), shape, parts, recipe, seed) for seed in (0, 1, 2)
    ]
    for (name, key), histories in zip(CELLS.items(), zip(*together, strict=True), strict=True):
        found[f"{name}, side by side"] = mean_test_accuracy(key, list(histories))
    with capsys.disabled():
        print()
        for name, accuracy in found.items():
            print(f"{name:32} {accuracy:6.2f} % of {len(parts.test)} test images")
    assert found["3x3 convolutions"] > 96
    assert found["3x3 convolutions"] > found["logistic regression on pixels"]
    assert found["nothing"] < 15
    for name in CELLS:
        assert found[f"{name}, side by side"] == pytest.approx(found[name], abs=3)

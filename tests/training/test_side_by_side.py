"""Networks side by side are the networks one by one, whatever stands beside them."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from ednag.cells.nasbench201 import NetworkShape
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.training import side_by_side
from ednag.training.history import History
from ednag.training.images import ImageSplit, split
from ednag.training.loop import TrainingProgress, train
from ednag.training.networks import CellNetwork, nasbench201_network, operations_of
from ednag.training.recipe import Recipe
from ednag.training.side_by_side import train_side_by_side
from tests.training.data import random_dataset

torch.set_num_threads(1)
SPACE = get_space("nasbench201")
RECIPE = Recipe(epochs=2, warmup_epochs=1, batch=20, augmentation="none")


def shape(size: int = 8, cells: int = 1, channels: int = 4) -> NetworkShape:
    return NetworkShape(
        classes=3, size=size, channels=channels, cells_per_stage=cells, image_channels=2
    )


def data(size: int = 8) -> ImageSplit:
    return split(random_dataset(90, 3, size=size, channels=2), (0.6, 0.2, 0.2), seed=0)


def some_keys(count: int, seed: int = 0) -> list[str]:
    codes = np.random.default_rng(seed).choice(SPACE.size, size=count, replace=False)
    return SPACE.keys(codes)


def assert_close(one: History, other: History, tolerance: float) -> None:
    assert (one.status, one.seed, one.data) == (other.status, other.seed, other.data)
    for mine, theirs in zip(one.epochs, other.epochs, strict=True):
        for name in ("train_loss", "validation_loss", "test_loss"):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=tolerance)


@pytest.fixture
def doubles() -> Iterator[None]:
    """Float64 everywhere, so that nothing but the definition can differ."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize(("size", "cells", "channels"), [(8, 1, 8), (7, 1, 4), (5, 2, 3)])
def test_the_same_function_and_gradient_as_one_by_one(size: int, cells: int, channels: int) -> None:
    around, keys = shape(size, cells, channels), some_keys(24, seed=size)
    networks = [nasbench201_network(key, around) for key in keys]
    cells_of = [operations_of(key) for key in keys]
    stacked = side_by_side._StackedNetworks(cells_of, networks, around)
    images = torch.randn(6, 2, size, size)
    for _ in range(2):
        logits = stacked(images)
        logits.square().sum().backward()
        for at, network in enumerate(networks):
            alone = network(images)
            alone.square().sum().backward()
            assert torch.allclose(logits[at], alone, rtol=1e-9, atol=1e-9)
            grown = network.classifier.weight.grad
            assert torch.allclose(stacked.weight.grad[at], grown, rtol=1e-7, atol=1e-7)
            grown = network.stem[0].weight.grad
            if grown is not None:  # of a cell that lets something through
                mine = stacked.stem.weight.grad[at]
                assert torch.allclose(mine, grown, rtol=1e-6, atol=1e-6 * float(grown.abs().max()))
    stacked.eval()
    stacked.write_back()
    for at, network in enumerate(networks):
        alone = network.eval()(images)
        assert torch.allclose(stacked(images)[at], alone, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("augmentation", ["none", "crop_flip", "static"])
def test_networks_learn_as_in_the_loop(augmentation: str) -> None:
    parts, keys = data(), some_keys(4)
    recipe = RECIPE.model_copy(update={"augmentation": augmentation, "cutout": 2})
    together = train_side_by_side(keys, shape(), parts, recipe, 1)
    for key, found in zip(keys, together, strict=True):
        alone = train(lambda key=key: nasbench201_network(key, shape()), parts, recipe, 1)
        assert_close(found, alone, 1e-6)


@pytest.mark.usefixtures("doubles")
def test_neighbours_and_place_do_not_matter() -> None:
    parts, keys = data(), some_keys(9)
    together = train_side_by_side(keys, shape(), parts, RECIPE, 0)
    again = train_side_by_side(keys, shape(), parts, RECIPE, 0)
    assert together == again
    turned = train_side_by_side(keys[::-1], shape(), parts, RECIPE, 0)[::-1]
    others = train_side_by_side(keys[:3] + some_keys(6, seed=5), shape(), parts, RECIPE, 0)
    grouped = train_side_by_side(keys, shape(), parts, RECIPE, 0, group=2)
    for mine, *rest in zip(together, turned, grouped, strict=True):
        for theirs in rest:
            assert_close(mine, theirs, 1e-6)
    for mine, theirs in zip(together, others[:3], strict=False):
        assert_close(mine, theirs, 1e-6)


@pytest.mark.usefixtures("doubles")
def test_a_diverging_network_leaves_its_neighbours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, keys = data(), some_keys(5)
    calm = train_side_by_side(keys, shape(), parts, RECIPE, 0)
    original = side_by_side._initial

    def begun(key: str, around: NetworkShape, seed: int) -> CellNetwork:
        network = original(key, around, seed)
        if key == keys[2]:
            network.classifier.weight.data.fill_(float("inf"))
        return network

    monkeypatch.setattr(side_by_side, "_initial", begun)
    found = train_side_by_side(keys, shape(), parts, RECIPE, 0)
    assert (found[2].status, found[2].epochs, found[2].weights) == ("diverged", (), "")
    for at in (0, 1, 3, 4):
        assert_close(found[at], calm[at], 1e-6)


def test_cells_that_let_nothing_through_are_trained_too() -> None:
    keys = [SPACE.key(0), "|skip_connect~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"]
    for history in train_side_by_side(keys, shape(), data(), RECIPE, 0):
        assert history.status == "complete"


def test_what_is_only_done_for_one_network_is_refused() -> None:
    with pytest.raises(EdnagError, match=r"gradient_clip is 5\.0, which networks side by side"):
        train_side_by_side(
            some_keys(1), shape(), data(), RECIPE.model_copy(update={"gradient_clip": 5.0}), 0
        )
    with pytest.raises(EdnagError, match=r"3 classes of images \[2, 8, 8\] for a network of 3"):
        train_side_by_side(some_keys(1), shape(size=7), data(), RECIPE, 0)


def test_progress_counts_over_all_groups() -> None:
    seen: list[TrainingProgress] = []
    train_side_by_side(some_keys(3), shape(), data(), RECIPE, 0, group=2, progress=seen.append)
    assert [(one.epochs_done, one.epochs) for one in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]

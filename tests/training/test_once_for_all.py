"""Subnetworks of once-for-all: settings, counts against ofa's own, weights, and no network."""

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ofa.utils.pytorch_utils import count_net_flops, count_parameters
from torch import nn

from ednag.cells.mobilenetv3 import counts, divisible
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.training.images import split
from ednag.training.loop import train
from ednag.training.once_for_all import build_supernet, subnetwork, subnetwork_setting
from ednag.training.recipe import MOBILENETV3_PAPER
from tests.training.data import random_dataset

torch.set_num_threads(1)
MIXED = "7-6_none_5-4_none_" + "3-3_3-4_none_3-6_" + "5-3_5-4_5-6_7-3_" + "none_7-4_7-6_none_" * 2
KEY = MIXED.rstrip("_")


@pytest.fixture(scope="module")
def supernet() -> Any:
    def refuse(*args: object, **keywords: object) -> None:
        raise AssertionError("asked for the network")

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket, "getaddrinfo", refuse)
    torch.manual_seed(0)
    yield build_supernet()
    patch.undo()


def test_a_key_gives_kernels_expansions_and_depths() -> None:
    setting = subnetwork_setting(KEY)
    assert setting["d"] == [2, 3, 4, 2, 2]
    assert setting["ks"][:4] == [7, 5, 3, 3] and setting["e"][:4] == [6, 4, 3, 3]
    assert setting["ks"][4:8] == [3, 3, 3, 3] and setting["e"][4:8] == [3, 4, 6, 3]
    assert setting["ks"][12:14] == [7, 7] and setting["e"][12:14] == [4, 6]
    with pytest.raises(EdnagError, match="not an architecture of this space"):
        subnetwork_setting("3-3_none")


def test_formulae_count_what_ofa_counts(supernet: Any) -> None:
    from ofa.utils import make_divisible

    assert [divisible(value) for value in np.arange(8, 400, 0.7)] == [
        make_divisible(value, 8) for value in np.arange(8, 400, 0.7)
    ]
    space = get_space("mobilenetv3").fresh()
    keys = [KEY, *space.keys(space.sample(np.random.default_rng(1), 3))]
    flops, parameters = counts(keys, classes=37, size=224)
    for at, key in enumerate(keys):
        network = subnetwork(supernet, key, 37)
        assert count_parameters(network) == parameters[at]
        assert sum(one.numel() for one in network.parameters()) == parameters[at]
        assert count_net_flops(network, (1, 3, 224, 224)) == pytest.approx(flops[at], rel=1e-6)
    small, _ = counts(keys[:1], classes=37, size=33)
    network = subnetwork(supernet, KEY, 37)
    assert count_net_flops(network, (1, 3, 33, 33)) == pytest.approx(small[0], rel=1e-6)


def test_where_none_stands_makes_no_other_network(supernet: Any) -> None:
    moved = KEY.replace("7-6_none_5-4_none", "none_7-6_none_5-4", 1)
    torch.manual_seed(0)
    images = torch.randn(2, 3, 64, 64)
    logits = []
    for key in (KEY, moved):
        torch.manual_seed(1)
        logits.append(subnetwork(supernet, key, 5).eval()(images))
    assert torch.equal(*logits)


def test_a_subnetwork_computes_what_the_active_supernet_does(supernet: Any) -> None:
    network = subnetwork(supernet, KEY, 1000).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        network.classifier.linear.weight.copy_(supernet.classifier.linear.weight)
        network.classifier.linear.bias.copy_(supernet.classifier.linear.bias)
        assert torch.allclose(network(images), supernet.eval()(images), atol=1e-5)


def test_dropout_and_drop_connect_are_in_the_network(supernet: Any) -> None:
    from torchvision.ops import StochasticDepth

    network = subnetwork(supernet, KEY, 4, dropout=0.4, drop_connect=0.4)
    drops = [module.p for module in network.modules() if isinstance(module, StochasticDepth)]
    assert drops == sorted(drops) and drops[-1] == pytest.approx(0.4)
    assert [one.p for one in network.modules() if isinstance(one, nn.Dropout)] == [0.4]
    plain = subnetwork(supernet, KEY, 4)
    plain.classifier.load_state_dict(network.classifier.state_dict())
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(network.eval()(images), plain.eval()(images))
    assert not torch.equal(network.train()(images), network(images))


def test_weights_are_read_whole_or_not_at_all(supernet: Any, tmp_path: Path) -> None:
    path = tmp_path / "weights"
    kept = supernet.state_dict()
    torch.save({"state_dict": kept}, path)
    again = build_supernet(path)
    assert all(torch.equal(kept[name], value) for name, value in again.state_dict().items())
    wrong = {
        "not a file of tensors": [Path("x")],
        "holds no named weights": [torch.zeros(2)],
        "weights, not the": dict(list(kept.items())[1:]),
        "no MobileNetV3 supernet has": {f"x{name}": value for name, value in kept.items()},
        "weights of another width": {**kept, "classifier.linear.linear.bias": torch.zeros(7)},
    }
    if "classifier.linear.linear.bias" not in kept:
        wrong["weights of another width"] = {**kept, "classifier.linear.bias": torch.zeros(7)}
    for said, content in wrong.items():
        torch.save(content, path)
        with pytest.raises(EdnagError, match=said):
            build_supernet(path)
    with pytest.raises(EdnagError, match="no such file"):
        build_supernet(tmp_path / "nothing")


def test_the_papers_recipe_trains_one(supernet: Any) -> None:
    parts = split(random_dataset(24, 3, size=32, channels=3), (0.5, 0.25, 0.25), seed=0)
    recipe = MOBILENETV3_PAPER.model_copy(update={"epochs": 2, "head_epochs": 1, "batch": 8})

    def build() -> nn.Module:
        return subnetwork(supernet, KEY, 3, dropout=0.4, drop_connect=0.4)

    first, again = (train(build, parts, recipe, 0) for _ in range(2))
    assert first == again
    assert first.status == "complete" and first.static_augmentation

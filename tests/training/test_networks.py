"""The cell network in torch: counted by hooks, against the formulae; its operations by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ednag.cells.nasbench201 import SHAPES, NetworkShape, counts
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.training.networks import CellBlock, ResidualBlock, nasbench201_network

torch.set_num_threads(1)
SPACE = get_space("nasbench201")


def counted(network: nn.Module, shape: NetworkShape) -> tuple[int, int]:
    """Multiply-adds that hooks see in one forward pass, and parameters that torch lists."""
    seen: list[int] = []

    def see(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            seen.append(output[0].numel() * module.weight[0].numel())
        elif isinstance(module, nn.BatchNorm2d):
            seen.append(2 * output[0].numel())
        elif isinstance(module, nn.Linear):
            seen.append(module.weight.numel())
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            seen.append(inputs[0][0].numel())

    for module in network.modules():
        module.register_forward_hook(see)
    with torch.no_grad():
        network.eval()(torch.zeros(1, shape.image_channels, shape.size, shape.size))
    return sum(seen), sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("sample", [40, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("dataset", SHAPES)
def test_formulae_count_the_real_network(dataset: str, sample: int) -> None:
    shape = SHAPES[dataset]
    codes = np.random.default_rng(sample).choice(SPACE.size, size=sample, replace=False)
    expected = counts(shape, codes)
    for row, code in enumerate(codes):
        network = nasbench201_network(SPACE.key(int(code)), shape)
        assert counted(network, shape) == (expected.flops[row], expected.parameters[row])


@pytest.mark.parametrize("size", [8, 7, 5])
def test_formulae_count_other_shapes_too(size: int) -> None:
    shape = NetworkShape(classes=4, size=size, channels=8, cells_per_stage=1, image_channels=1)
    codes = np.random.default_rng(size).choice(SPACE.size, size=100, replace=False)
    expected = counts(shape, codes)
    for row, code in enumerate(codes):
        network = nasbench201_network(SPACE.key(int(code)), shape)
        assert counted(network, shape) == (expected.flops[row], expected.parameters[row])


def test_a_cell_sums_what_its_edges_give() -> None:
    images = torch.randn(2, 3, 5, 5)
    skip, zero, pool = "skip_connect", "none", "avg_pool_3x3"
    assert torch.equal(CellBlock((skip,) * 6, 3)(images), 4 * images)
    assert torch.equal(CellBlock((zero,) * 6, 3)(images), torch.zeros_like(images))
    pooled = CellBlock((pool, zero, zero, zero, skip, zero), 3)(images)
    corner = images[:, :, :2, :2].mean(dim=(2, 3))
    assert torch.allclose(pooled[:, :, 0, 0], corner, atol=1e-6)  # what lies outside is not counted


def test_a_convolution_is_relu_then_weights_then_normalisation() -> None:
    images = torch.randn(16, 3, 5, 5)
    zero = "none"
    cell = CellBlock((zero, zero, zero, "nor_conv_1x1", zero, zero), 3)
    output = cell(images)
    assert torch.allclose(output.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.equal(cell(-images.abs()), torch.zeros_like(images))


def test_a_residual_block_is_the_sum_of_both_ways() -> None:
    images = torch.randn(2, 4, 6, 6)
    block = ResidualBlock(4, 8).eval()
    plain = block.shortcut(nn.functional.avg_pool2d(images, 2))
    assert torch.allclose(block(images) - block.second(block.first(images)), plain, atol=1e-6)
    assert block(images).shape == (2, 8, 3, 3)


def test_a_foreign_key_is_refused() -> None:
    with pytest.raises(EdnagError, match="not an architecture of this space"):
        nasbench201_network("|conv~0|", SHAPES["cifar10"])

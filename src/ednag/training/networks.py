"""Networks of NAS-Bench-201 cells in torch (specification meta-predictor.md, last section).

Initial weights are those of torch, as the specification does not define them.
"""

import numpy as np
import torch
from torch import Tensor, nn

from ednag.cells.nasbench201 import STAGES, NetworkShape
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

#: Node of a cell that is its output.
OUTPUT_NODE = max(target for target, _ in EDGES)


class _Zeros(nn.Module):
    """Zeros of the input's shape: the operation `none`."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.zeros_like(images)


def _convolution(kernel: int, inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """ReLU, convolution without bias, batch normalisation."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _operation(name: str, channels: int) -> nn.Module:
    match name:
        case "none":
            return _Zeros()
        case "skip_connect":
            return nn.Identity()
        case "nor_conv_1x1":
            return _convolution(1, channels, channels)
        case "nor_conv_3x3":
            return _convolution(3, channels, channels)
        case "avg_pool_3x3":
            return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    raise AssertionError(name)  # the space checks keys


class CellBlock(nn.Module):
    """Node j is the sum over i < j of operation (i, j) of node i; the output is node 3."""

    def __init__(self, operations: tuple[str, ...], channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(_operation(name, channels) for name in operations)

    def forward(self, images: Tensor) -> Tensor:
        """[n, C, H, W] to the same shape."""
        nodes: dict[int, Tensor] = {0: images}
        for (target, source), operation in zip(EDGES, self.edges, strict=True):
            value = operation(nodes[source])
            nodes[target] = nodes[target] + value if target in nodes else value
        return nodes[OUTPUT_NODE]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, the first of stride 2, plus pooling and a 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = _convolution(3, inputs, outputs, stride=2)
        self.second = _convolution(3, outputs, outputs)
        # With ceil_mode and without padding in the mean, odd sides agree with the stride.
        self.pooling = nn.AvgPool2d(2, stride=2, ceil_mode=True, count_include_pad=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """[n, inputs, H, W] to [n, outputs, H / 2, W / 2], rounded up."""
        return self.second(self.first(images)) + self.shortcut(self.pooling(images))


class CellNetwork(nn.Module):
    """Stem, three stages of cells with residual blocks between, classifier."""

    def __init__(self, operations: tuple[str, ...], shape: NetworkShape) -> None:
        """Make a network of the six operations of the cell in the order of EDGES."""
        super().__init__()
        channels = shape.stage_channels
        self.stem = nn.Sequential(
            nn.Conv2d(shape.image_channels, channels[0], 3, padding=1, bias=False),
            nn.BatchNorm2d(channels[0]),
        )
        blocks: list[nn.Module] = []
        for stage in range(STAGES):
            if stage:
                blocks.append(ResidualBlock(channels[stage - 1], channels[stage]))
            blocks += [CellBlock(operations, channels[stage]) for _ in range(shape.cells_per_stage)]
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Sequential(nn.BatchNorm2d(channels[-1]), nn.ReLU())
        self.pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels[-1], shape.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images float[n, image channels, H, W] to logits float[n, classes]."""
        features = self.last(self.blocks(self.stem(images)))
        return self.classifier(self.pooling(features).flatten(1))


def operations_of(key: str) -> tuple[str, ...]:
    """The six operations of a cell string in the order of EDGES; EdnagError if it is invalid."""
    space = NASBench201()
    digits = digits_of(np.array([space.code(key)]), len(OPERATIONS), len(EDGES))[0]
    return tuple(OPERATIONS[digit] for digit in digits)


def nasbench201_network(key: str, shape: NetworkShape) -> CellNetwork:
    """The network of a cell string, with random weights from torch's generator."""
    return CellNetwork(operations_of(key), shape)

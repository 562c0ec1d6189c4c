"""Multiply-adds and parameters of NAS-Bench-201 networks by formula, for many cells.

Counts are as in NAR's cell-information dataset: a multiply-add is one, batch normalisation is two
for each value, pooling within cells, identity and zeros are zero (specification nar.md, section
NAS-Bench-201 counts).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

STAGES = 3
#: Kernel side of each convolution.
_KERNELS = MappingProxyType({"nor_conv_1x1": 1, "nor_conv_3x3": 3})


@dataclass(frozen=True)
class NetworkShape:
    """The shape of a NAS-Bench-201 network, without its cell.

    Attributes:
        classes: Outputs of the classifier, at least 1.
        size: Side of the square input images in pixels; each of the two residual blocks halves it,
            rounded up.
        channels: Channels of the first stage; each residual block doubles them.
        cells_per_stage: Cells in each of the three stages.
        image_channels: Channels of the input images.
    """

    classes: int
    size: int
    channels: int = 16
    cells_per_stage: int = 5
    image_channels: int = 3

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise EdnagError(f"network shape: {name} is {value}; give 1 or more")

    @property
    def stage_channels(self) -> tuple[int, ...]:
        """Channels in each stage."""
        return tuple(self.channels * 2**stage for stage in range(STAGES))

    @property
    def stage_sizes(self) -> tuple[int, ...]:
        """Side in pixels in each stage."""
        return (self.size, -(-self.size // 2), -(-self.size // 4))

    @property
    def cell_positions(self) -> tuple[tuple[int, int], ...]:
        """(position in the network, stage) of each cell: 0-4, 6-10 and 12-16 of five a stage.

        Positions between are residual blocks.
        """
        return tuple(
            (stage * (self.cells_per_stage + 1) + cell, stage)
            for stage in range(STAGES)
            for cell in range(self.cells_per_stage)
        )


#: The benchmark's own networks.
SHAPES: Mapping[str, NetworkShape] = MappingProxyType(
    {
        "cifar10": NetworkShape(classes=10, size=32),
        "cifar100": NetworkShape(classes=100, size=32),
        "ImageNet16-120": NetworkShape(classes=120, size=16),
    }
)


@dataclass(frozen=True)
class NASBench201Counts:
    """Costs of n networks.

    Attributes:
        edge_flops: int64[n, 3, 6], multiply-adds of each edge of a cell in each stage, in the
            order of `ednag.spaces.nasbench201.EDGES`; all cells of a stage cost the same.
        edge_parameters: int64[n, 3, 6], parameters likewise.
        flops, parameters: int64[n], of whole networks; multiply-adds for one image.
    """

    edge_flops: np.ndarray
    edge_parameters: np.ndarray
    flops: np.ndarray
    parameters: np.ndarray


def shape_of(dataset: str) -> NetworkShape:
    """The benchmark's network for a dataset; raises EdnagError with the valid names."""
    if dataset not in SHAPES:
        raise EdnagError(f"no NAS-Bench-201 dataset {dataset!r}{suggestion(dataset, SHAPES)}")
    return SHAPES[dataset]


def counts(shape: NetworkShape, codes: np.ndarray | None = None) -> NASBench201Counts:
    """Counts of the networks of cells `codes` int[n], of all 15,625 in code order if None."""
    if codes is None:
        codes = np.arange(NASBench201.size)
    digits = digits_of(np.asarray(codes, dtype=np.int64), len(OPERATIONS), len(EDGES))
    flops_of, parameters_of = _costs_of_operations(shape)
    edge_flops = flops_of[:, digits].transpose(1, 0, 2)
    edge_parameters = parameters_of[:, digits].transpose(1, 0, 2)
    outside_flops, outside_parameters = _outside_the_cells(shape)
    return NASBench201Counts(
        edge_flops=edge_flops,
        edge_parameters=edge_parameters,
        flops=outside_flops + shape.cells_per_stage * edge_flops.sum(axis=(1, 2)),
        parameters=outside_parameters + shape.cells_per_stage * edge_parameters.sum(axis=(1, 2)),
    )


def _convolution(kernel: int, inputs: int, outputs: int, size: int) -> tuple[int, int]:
    """Multiply-adds and parameters of one without bias, `size` the side of its output."""
    parameters = kernel**2 * inputs * outputs
    return parameters * size**2, parameters


def _normalisation(channels: int, size: int) -> tuple[int, int]:
    """Operations and parameters of one batch normalisation."""
    return 2 * channels * size**2, 2 * channels


def _costs_of_operations(shape: NetworkShape) -> tuple[np.ndarray, np.ndarray]:
    """Multiply-adds and parameters of each operation in each stage, int64[3, 5] twice."""
    costs = np.zeros((2, STAGES, len(OPERATIONS)), dtype=np.int64)
    for stage, (channels, size) in enumerate(
        zip(shape.stage_channels, shape.stage_sizes, strict=True)
    ):
        for name, kernel in _KERNELS.items():
            convolved = _convolution(kernel, channels, channels, size)
            costs[:, stage, OPERATIONS.index(name)] = np.add(
                convolved, _normalisation(channels, size)
            )
    return costs[0], costs[1]


def _outside_the_cells(shape: NetworkShape) -> tuple[int, int]:
    """Multiply-adds and parameters of stem, residual blocks and classifier."""
    channels, sizes = shape.stage_channels, shape.stage_sizes
    parts = [
        _convolution(3, shape.image_channels, channels[0], sizes[0]),
        _normalisation(channels[0], sizes[0]),
    ]
    for stage in range(1, STAGES):
        before, after, size = channels[stage - 1], channels[stage], sizes[stage]
        parts += [
            _convolution(3, before, after, size),
            _normalisation(after, size),
            _convolution(3, after, after, size),
            _normalisation(after, size),
            _convolution(1, before, after, size),
        ]
    parts.append(_normalisation(channels[-1], sizes[-1]))
    parts.append((channels[-1] * sizes[-1] ** 2, 0))  # global average pooling
    classifier = channels[-1] * shape.classes
    parts.append((classifier, classifier + shape.classes))
    return sum(flops for flops, _ in parts), sum(parameters for _, parameters in parts)

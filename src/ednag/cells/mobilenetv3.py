"""Multiply-adds and parameters of once-for-all's MobileNetV3 subnetworks by formula.

Counts are as in the package `ofa`: multiply-adds of convolutions and the classifier, without batch
normalisation, activations and pooling; all parameters.
"""

from collections.abc import Sequence

import numpy as np

from ednag.spaces.mobilenetv3 import BLOCKS, EXPANSIONS, KERNELS, LAYERS, NONE, OPERATIONS, STAGES

#: Channels before they are multiplied by the width: stem, first block, five stages, final
#: expansion, features (Howard et al., ICCV 2019, as once-for-all has them).
BASE_CHANNELS = (16, 16, 24, 40, 80, 112, 160, 960, 1280)
#: Stride of the first layer of each stage, and whether its layers squeeze and excite.
STRIDES = (2, 2, 2, 1, 2)
SQUEEZES = (False, True, False, True, True)
#: Width of the supernet ofa_mbv3_d234_e346_k357_w1.2.
WIDTH = 1.2


def divisible(channels: float) -> int:
    """The multiple of 8 nearest to `channels`, at least nine tenths of it."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def layers_of(keys: Sequence[str]) -> np.ndarray:
    """Architectures uint8[n, 20] of keys, with `none` layers last in each stage.

    The positions of `none` layers in a stage do not change the network.
    """
    layers = np.array([[OPERATIONS.index(name) for name in key.split("_")] for key in keys])
    staged = layers.reshape(-1, STAGES, LAYERS)
    order = np.argsort(staged == NONE, axis=2, kind="stable")
    packed = np.take_along_axis(staged, order, axis=2)
    return packed.reshape(-1, STAGES * LAYERS).astype(np.uint8)


def counts(
    keys: Sequence[str], classes: int, size: int = 224, width: float = WIDTH
) -> tuple[np.ndarray, np.ndarray]:
    """Multiply-adds for one image and parameters of networks, int64[n] each.

    Args:
        keys: Keys of the space mobilenetv3.
        size: Side of the images in pixels.
        width: Factor on the channels.
    """
    layers = layers_of(keys).reshape(-1, STAGES, LAYERS)
    channels = [divisible(base * width) for base in BASE_CHANNELS]
    size = -(-size // 2)
    flops, parameters = _outside(channels, classes, size)
    totals = np.tile(np.array([flops, parameters], dtype=np.int64), (len(layers), 1))
    for stage in range(STAGES):
        inputs, outputs = channels[stage + 1], channels[stage + 2]
        for layer in range(LAYERS):
            stride = STRIDES[stage] if layer == 0 else 1
            costs = [
                _block(block, inputs, outputs, size, stride, SQUEEZES[stage])
                for block in range(len(BLOCKS))
            ]
            totals += np.array([*costs, (0, 0)], dtype=np.int64)[layers[:, stage, layer]]
            size, inputs = -(-size // stride), outputs
    last = size**2 * channels[-3] * channels[-2]
    return totals[:, 0] + last, totals[:, 1] + channels[-3] * channels[-2]


def _outside(channels: Sequence[int], classes: int, size: int) -> tuple[int, int]:
    """Stem, first block and the layers after the stages, without the final expansion's weights."""
    stem, first, expanded, features = channels[0], channels[1], channels[-2], channels[-1]
    flops = size**2 * (27 * stem + 9 * stem + stem * first)
    flops += expanded * features + features * classes
    parameters = 27 * stem + 2 * stem  # stem
    parameters += 9 * stem + 2 * stem + stem * first + 2 * first  # first block
    parameters += 2 * expanded + expanded * features + features * classes + classes
    return flops, parameters


def _block(
    block: int, inputs: int, outputs: int, size: int, stride: int, squeezes: bool
) -> tuple[int, int]:
    """Multiply-adds and parameters of one layer on images of side `size`."""
    kernel, expansion = KERNELS[block // len(EXPANSIONS)], EXPANSIONS[block % len(EXPANSIONS)]
    middle, after = divisible(round(inputs * expansion)), -(-size // stride)
    flops = size**2 * inputs * middle
    flops += after**2 * (kernel**2 * middle + middle * outputs)
    parameters = inputs * middle + 2 * middle
    parameters += kernel**2 * middle + 2 * middle + middle * outputs + 2 * outputs
    if squeezes:
        squeezed = divisible(middle // 4)
        flops += 2 * middle * squeezed
        parameters += 2 * middle * squeezed + squeezed + middle
    return flops, parameters

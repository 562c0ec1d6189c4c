"""ImageNet accuracy of MobileNetV3 networks, by the predictor published with once-for-all.

A multilayer perceptron on one-hot kernel sizes, expansion ratios and the image resolution. It
overestimates by about .057, so its values rank networks of one resolution but are no measured
accuracies. Source: search-spaces specification, `ofa_acc_predictor.pth` and
`ofa_imagenet_2610.pkl`; Cai et al., ICLR 2020.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ednag.errors import EdnagError
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, LAYERS, NONE, STAGES, depths
from ednag.tables.interface import Metric, Parameters, Predictor, PredictorDefinition, Protocol

SOURCE = "ofa-acc-predictor"
RESOLUTIONS = tuple(range(112, 225, 16))
#: The image size of the search: the largest one with measured accuracies.
RESOLUTION = 192
#: Decimals a predicted fraction is rounded to.
_DECIMALS = 11
#: Names and shapes of the four linear layers.
_SHAPES: dict[str, tuple[int, ...]] = {}
for _layer, _shape in {0: (400, 128), 2: (400, 400), 4: (400, 400), 6: (1, 400)}.items():
    _SHAPES |= {f"{_layer}.weight": _shape, f"{_layer}.bias": _shape[:1]}


def load(paths: Mapping[str, Path]) -> Parameters:
    """The predictor's parameters float32 by name; raises EdnagError for any other file."""
    import torch

    try:
        state = torch.load(paths[SOURCE], map_location="cpu", weights_only=True)
        parameters = {name: np.asarray(value, dtype=np.float32) for name, value in state.items()}
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EdnagError(f"{SOURCE}: not a file of parameters ({reason})") from None
    _check_shapes(parameters)
    return parameters


def _check_shapes(parameters: Parameters) -> None:
    """Raise EdnagError naming the first parameter whose shape is not the predictor's."""
    for name in {**_SHAPES, **parameters}:
        shape, expected = parameters.get(name, np.empty(0)).shape, _SHAPES.get(name)
        if shape != expected:
            raise EdnagError(f"{SOURCE}: parameter {name} has shape {shape}, not {expected}")


def encode(
    kernel: np.ndarray, expand: np.ndarray, depth: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """The predictor's input float32[n, 128].

    Args:
        kernel, expand: int[n, 20], values of KERNELS and EXPANSIONS; ignored in absent layers.
        depth: int[n, 5], layers of each stage; the layers beyond are absent.
        size: int[n], values of RESOLUTIONS.
    """
    present = np.arange(LAYERS) < depth[:, :, None]
    present = present.reshape(len(kernel), STAGES * LAYERS, 1)
    return np.concatenate(
        [
            ((kernel[:, :, None] == KERNELS) & present).reshape(len(kernel), -1),
            ((expand[:, :, None] == EXPANSIONS) & present).reshape(len(kernel), -1),
            size[:, None] == RESOLUTIONS,
        ],
        axis=1,
    ).astype(np.float32)


def predict(weights: Parameters, inputs: np.ndarray) -> np.ndarray:
    """Top-1 accuracy as a fraction, float64[n], of inputs float32[n, 128].

    In float64, and rounded, because the order of the sums in a matrix product depends on the
    machine and on the batch.
    """

    def linear(values: np.ndarray, layer: int) -> np.ndarray:
        weight, bias = weights[f"{layer}.weight"], weights[f"{layer}.bias"]
        return values @ np.asarray(weight.T, dtype=np.float64) + bias

    hidden = inputs.astype(np.float64)
    for layer in (0, 2, 4):
        hidden = np.maximum(linear(hidden, layer), 0)
    return linear(hidden, 6)[:, 0].round(_DECIMALS)


def as_configuration(layers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel sizes int[n, 20], expansion ratios int[n, 20] and depths int[n, 5] of architectures.

    Args:
        layers: uint8[n, 20] as in `ednag.spaces.mobilenetv3`; the layers of a stage that are
            `none` go to its end.
    """
    stages = layers.reshape(-1, STAGES, LAYERS)
    order = np.argsort(stages == NONE, axis=2, kind="stable")
    ordered = np.take_along_axis(stages, order, axis=2).reshape(len(layers), -1)
    kernel, expand = np.divmod(np.where(ordered == NONE, 0, ordered), len(EXPANSIONS))
    return np.array(KERNELS)[kernel], np.array(EXPANSIONS)[expand], depths(layers)


def as_predictor(parameters: Parameters) -> Predictor:
    """Predicts ImageNet top-1 accuracy in % at RESOLUTION; EdnagError for other parameters."""
    _check_shapes(parameters)
    # `predict` multiplies in float64.
    wide = {name: values.astype(np.float64) for name, values in parameters.items()}

    def predictor(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
        assert isinstance(space, LargeSpace)
        kernel, expand, depth = as_configuration(space.contents(codes))
        size = np.full(len(codes), RESOLUTION)
        return predict(wide, encode(kernel, expand, depth, size)) * 100

    return predictor


IMAGENET = PredictorDefinition(
    space="mobilenetv3",
    dataset="imagenet",
    title="ImageNet (once-for-all predictor)",
    sources=(SOURCE,),
    metrics=(
        Metric(
            "predicted_accuracy",
            "%",
            f"ImageNet top-1 accuracy predicted at {RESOLUTION} pixels; ranks networks, about "
            "5.7 too high",
        ),
    ),
    protocols={
        "paper": Protocol(
            fitness_metric="predicted_accuracy",
            reported_metric="predicted_accuracy",
            description="fitness is the accuracy predicted by the published once-for-all "
            "predictor; the reference's own predictor is published nowhere",
        )
    },
    load=load,
    predictor=as_predictor,
)

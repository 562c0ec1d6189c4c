"""ImageNet accuracy of MobileNetV3 networks, by the predictor published with once-for-all.

A multilayer perceptron on one-hot kernel sizes, expansion ratios and the image resolution. It
overestimates by about .057, so its values rank networks of one resolution and are no accuracies
to report beside measured ones. Source: search-spaces specification, `ofa_acc_predictor.pth` and
`ofa_imagenet_2610.pkl`; Cai et al., ICLR 2020.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ednag.errors import EdnagError
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, LAYERS, NONE, STAGES, depths
from ednag.tables.interface import Metric, Parameters, Predictor, PredictorDefinition, Protocol
from ednag.tables.unpickling import load_restricted

SOURCE = "ofa-acc-predictor"
MEASURED = "ofa-imagenet-2610"
RESOLUTIONS = tuple(range(112, 225, 16))
#: The image size of the search: the largest with measured accuracies to hold the predictor to.
RESOLUTION = 192
#: Decimals a predicted fraction is rounded to.
_DECIMALS = 11
#: Names and shapes of the four linear layers.
_SHAPES: dict[str, tuple[int, ...]] = {
    "0.weight": (400, 128),
    "0.bias": (400,),
    "2.weight": (400, 400),
    "2.bias": (400,),
    "4.weight": (400, 400),
    "4.bias": (400,),
    "6.weight": (1, 400),
    "6.bias": (1,),
}


def load_weights(path: Path) -> dict[str, np.ndarray]:
    """The predictor's parameters float32 by name.

    Raises:
        EdnagError: The file wants to import something, or its parameters are others.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        weights = {name: np.asarray(value, dtype=np.float32) for name, value in state.items()}
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EdnagError(f"{SOURCE}: not a file of parameters ({reason})") from None
    _refuse_other_shapes(weights)
    return weights


def _refuse_other_shapes(weights: Parameters) -> None:
    """Raise EdnagError naming the first parameter whose shape is not the predictor's."""
    for name in {**_SHAPES, **weights}:
        found, wanted = weights.get(name, np.empty(0)).shape, _SHAPES.get(name)
        if found != wanted:
            raise EdnagError(f"{SOURCE}: parameter {name} has shape {found}, not {wanted}")


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

    In float64, and rounded: a matrix product sums in an order that depends on the machine and on
    what else is in the batch, and an architecture's value must not.
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


@dataclass(frozen=True)
class OFAPredictor:
    """Predicted ImageNet top-1 accuracy in % of networks at RESOLUTION."""

    weights: Parameters

    @cached_property
    def _wide(self) -> Parameters:
        """The weights in float64, as `predict` multiplies them."""
        return {name: values.astype(np.float64) for name, values in self.weights.items()}

    def __call__(self, space: SearchSpace, codes: np.ndarray) -> np.ndarray:
        """Values float64[n] of codes int[n] of the space mobilenetv3."""
        assert isinstance(space, LargeSpace)
        kernel, expand, depth = as_configuration(space.contents(codes))
        size = np.full(len(codes), RESOLUTION)
        return predict(self._wide, encode(kernel, expand, depth, size)) * 100


def load(paths: Mapping[str, Path]) -> Parameters:
    """The predictor's parameters from verified files; raises EdnagError if they are others."""
    return load_weights(paths[SOURCE])


def as_predictor(weights: Parameters) -> Predictor:
    """The predictor of the space mobilenetv3; raises EdnagError if the weights are another's."""
    _refuse_other_shapes(weights)
    return OFAPredictor(weights)


def _empty_array(kind: type, shape: tuple[int, ...], dtype: bytes) -> np.ndarray:
    """Stands for NumPy's `_reconstruct`: an array that the pickle then fills."""
    if kind is not np.ndarray:
        raise TypeError(f"{kind!r} is no array")
    return np.ndarray(shape, dtype.decode())


def read_measured(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The 2,610 networks measured on ImageNet.

    Returns:
        Predictor inputs float32[n, 128], image sizes int[n], top-1 accuracies float64[n] as
        fractions.

    Raises:
        EdnagError: The pickle is broken, wants to import something or holds something else.
    """
    allowed: dict[str, Any] = {
        "numpy.core.multiarray._reconstruct": _empty_array,
        "numpy.ndarray": np.ndarray,
        "numpy.dtype": np.dtype,
    }
    content = load_restricted(path.read_bytes(), allowed, MEASURED)
    try:
        networks = content["configs"]
        kernel, expand, depth = (
            np.array([network[name] for network in networks]) for name in ("ks", "e", "d")
        )
        size = np.array([network["image_size"] for network in networks])
        accuracy = np.asarray(content["accuracies"], dtype=np.float64)
        if len(accuracy) != len(networks):
            raise ValueError(f"{len(networks)} networks and {len(accuracy)} accuracies")
        return encode(kernel, expand, depth, size), size, accuracy
    except (KeyError, TypeError, ValueError) as error:
        raise EdnagError(f"{MEASURED}: not the measured networks ({error})") from None


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

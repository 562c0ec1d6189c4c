"""Names and shapes of the predictor's parameters.

This module does not import torch. Source: meta-predictor specification.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from ednag.errors import EdnagError
from ednag.predictor.configuration import FEATURES, Configuration

#: Parameters by their names in the published checkpoints.
Parameters = Mapping[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]


def parameter_shapes(configuration: Configuration) -> Shapes:
    """Shapes by name of all parameters of the published checkpoints, unused ones included."""
    hidden, latent = configuration.hidden, configuration.latent
    message = hidden + configuration.nodes
    shapes: Shapes = {}
    for way in ("forward", "backward"):
        shapes |= {
            f"grue_{way}.weight_ih": (3 * hidden, configuration.node_types),
            f"grue_{way}.weight_hh": (3 * hidden, hidden),
            f"grue_{way}.bias_ih": (3 * hidden,),
            f"grue_{way}.bias_hh": (3 * hidden,),
            **dict(_linear(f"gate_{way}.0", message, hidden)),
            f"mapper_{way}.0.weight": (hidden, message),
        }
    for name, inputs, outputs in (
        ("fc1", hidden, latent),
        ("fc2", hidden, latent),
        ("hv_unify.0", 2 * hidden, hidden),
        ("hg_unify.0", 2 * hidden, hidden),
        ("set_fc.0", FEATURES, latent),
        ("pred_fc.0", 2 * latent, hidden),
        ("pred_fc.2", hidden, 1),
    ):
        shapes |= dict(_linear(name, inputs, outputs))
    shapes |= dict(_set_pool("intra_setpool", FEATURES, latent))
    shapes |= dict(_set_pool("inter_setpool", latent, latent))
    return shapes


def _linear(name: str, inputs: int, outputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def _set_pool(name: str, inputs: int, latent: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Two self-attention blocks, one with a learned seed, a linear layer."""
    for block, width in (("enc.0", inputs), ("enc.1", latent), ("dec.0", latent)):
        for part in ("fc_q", "fc_k", "fc_v"):
            yield from _linear(f"{name}.{block}.mab.{part}", width, latent)
        yield from _linear(f"{name}.{block}.mab.fc_o", latent, latent)
    yield f"{name}.dec.0.S", (1, 1, latent)
    yield from _linear(f"{name}.dec.1", latent, latent)


def check_parameters(parameters: Parameters, configuration: Configuration, place: str) -> None:
    """Raise EdnagError for the first parameter that is missing, unknown or invalid."""
    shapes = parameter_shapes(configuration)
    advice = (
        f"give a checkpoint of the predictor for {configuration.space} with hidden size "
        f"{configuration.hidden} and latent size {configuration.latent}"
    )
    for name, shape in shapes.items():
        if name not in parameters:
            raise EdnagError(f"{place}: parameter {name} is missing; {advice}")
        if (own := parameters[name].shape) != shape:
            raise EdnagError(f"{place}: parameter {name} has shape {own}, not {shape}; {advice}")
        if not np.isfinite(parameters[name]).all():
            raise EdnagError(f"{place}: parameter {name} holds NaN or infinity; {advice}")
    for name in parameters:
        if name not in shapes:
            raise EdnagError(f"{place}: parameter {name} is not one of this predictor's; {advice}")

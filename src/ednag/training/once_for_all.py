"""MobileNetV3 subnetworks of a once-for-all supernet, through the package `ofa` (MIT licence).

Only the network classes of `ofa` are used, not its model zoo: the weights of the supernet are a
local file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.ops import StochasticDepth

from ednag.cells.mobilenetv3 import WIDTH, layers_of
from ednag.confined import try_confined
from ednag.errors import EdnagError
from ednag.spaces.mobilenetv3 import (
    BLOCKS,
    EXPANSIONS,
    KERNELS,
    LAYERS,
    MIN_DEPTH,
    NONE,
    STAGES,
    MobileNetV3,
)


def subnetwork_setting(key: str) -> dict[str, list[int]]:
    """Arguments of `set_active_subnet`: ks[20] and e[20] of each layer, d[5] of each stage.

    In each stage the layers that are not `none` are first, in their order. Layers beyond the depth
    are not in the network and have kernel 3 and expansion 3.
    """
    MobileNetV3().code(key)
    layers = layers_of([key])[0]
    blocks = [0 if layer == NONE else int(layer) for layer in layers]
    return {
        "ks": [KERNELS[block // len(EXPANSIONS)] for block in blocks],
        "e": [EXPANSIONS[block % len(EXPANSIONS)] for block in blocks],
        "d": (layers.reshape(STAGES, LAYERS) != NONE).sum(axis=1).tolist(),
    }


def build_supernet(state: Path | None = None) -> Any:
    """The supernet with kernels 3, 5, 7, expansions 3, 4, 6 and depths 2, 3, 4; takes seconds.

    Args:
        state: Its published weights, such as ofa_mbv3_d234_e346_k357_w1.2; random if None.

    Returns:
        The package's `OFAMobileNetV3`, which has no types.

    Raises:
        EdnagError: The file has other content.
    """
    from ofa.imagenet_classification.elastic_nn.networks import OFAMobileNetV3

    supernet = OFAMobileNetV3(
        n_classes=1000,
        dropout_rate=0,
        width_mult=WIDTH,
        ks_list=list(KERNELS),
        expand_ratio_list=list(EXPANSIONS),
        depth_list=list(range(MIN_DEPTH, LAYERS + 1)),
    )
    if state is not None:
        _load(supernet, state)
    return supernet


def _weights(path: Path) -> Mapping[str, torch.Tensor]:
    """The named weights in a file."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise EdnagError(f"{path}: no such file; fetch the supernet's weights first") from None
    except Exception as error:
        raise EdnagError(
            f"{path}: not a file of tensors ({type(error).__name__}); fetch it again"
        ) from None
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(
        isinstance(value, torch.Tensor) for value in weights.values()
    ):
        raise EdnagError(f"{path}: holds no named weights; is it the supernet's checkpoint?")
    return weights


def _load(supernet: Any, path: Path) -> None:
    """Load all weights of the supernet from a file."""
    weights = try_confined(lambda: _weights(path), [path], "fetch it again")
    expected = len(supernet.state_dict())
    if len(weights) != expected:
        raise EdnagError(
            f"{path}: {len(weights)} weights, not the {expected} of a MobileNetV3 supernet with "
            f"kernels 3, 5, 7, expansions 3, 4, 6 and depths 2, 3, 4; name that one's file"
        )
    try:
        supernet.load_state_dict(weights)
    except (ValueError, AssertionError) as error:
        raise EdnagError(f"{path}: no MobileNetV3 supernet has a weight {error}") from None
    except RuntimeError as error:
        differs = str(error).splitlines()[1].strip()
        raise EdnagError(f"{path}: weights of another width or class count ({differs})") from None


def subnetwork(
    supernet: Any, key: str, classes: int, *, dropout: float = 0.0, drop_connect: float = 0.0
) -> nn.Module:
    """The network of a key: weights copied from the supernet, a new random classifier.

    Args:
        supernet: From `build_supernet`; only its active subnetwork changes.
        classes: Outputs of the new classifier.
        dropout: Share of features dropped before it.
        drop_connect: Share of images for which the last residual branch is dropped. The share is
            linear in the number of the block, as in EfficientNet (Tan and Le, ICML 2019). Branches
            without a shortcut are not dropped.

    Returns:
        Images float[n, 3, H, W] to logits float[n, classes].

    Raises:
        EdnagError: `key` is not an architecture of the space mobilenetv3.
    """
    from ofa.utils.layers import LinearLayer

    supernet.set_active_subnet(**subnetwork_setting(key))
    network: nn.Module = supernet.get_active_subnet(preserve_weight=True)
    network.classifier = LinearLayer(
        network.get_submodule("classifier.linear").in_features, classes, dropout_rate=dropout
    )
    blocks = network.get_submodule("blocks")
    count = len(list(blocks.children()))
    for at, block in enumerate(blocks.children(), start=1):
        if drop_connect and block.shortcut is not None:
            dropped = StochasticDepth(drop_connect * at / count, "row")
            block.conv = nn.Sequential(block.get_submodule("conv"), dropped)
    return network


assert len(BLOCKS) == NONE == len(KERNELS) * len(EXPANSIONS)  # numbering of blocks

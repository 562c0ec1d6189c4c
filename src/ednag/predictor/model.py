"""The accuracy predictor as a torch module with the published parameter names.

Source: meta-predictor specification.
"""

from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ednag.errors import EdnagError
from ednag.predictor.configuration import FEATURES, Configuration
from ednag.predictor.dataset_encoder import DatasetEncoder
from ednag.predictor.graph_encoder import GraphEncoder
from ednag.predictor.parameters import Parameters, check_parameters
from ednag.training.checkpoints import load_checkpoint

#: Decimals that a dataset's encoding is rounded to.
ENCODING_DECIMALS = 9


class MetaPredictor(nn.Module):
    """From encodings of a dataset and an architecture to a number that rises with accuracy."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.configuration = configuration
        # The checkpoints name the encoders' parts without the encoders. In a tuple the encoders
        # are not registered, so that each part is registered once.
        self._encoders = DatasetEncoder(configuration), GraphEncoder(configuration)
        for encoder in self._encoders:
            for name, part in encoder.named_children():
                self.add_module(name, part)
        self.pred_fc = nn.Sequential(
            nn.Linear(2 * configuration.latent, configuration.hidden),
            nn.Tanh(),
            nn.Linear(configuration.hidden, 1),
        )

    def encode_datasets(self, images: Tensor) -> Tensor:
        """Encodings Tensor[d, latent] of image features Tensor[d, classes, images, 512]."""
        return self._encoders[0](images)

    def encode_classes(self, images: Tensor) -> Tensor:
        """Prototypes Tensor[c, latent] of image features Tensor[c, images, 512] of classes.

        For datasets that share classes: `encode_prototypes` of them equals `encode_datasets`.
        """
        return self._encoders[0].intra_setpool(images)

    def encode_prototypes(self, prototypes: Tensor) -> Tensor:
        """Encodings Tensor[d, latent] of datasets' prototypes Tensor[d, classes, latent]."""
        return self._encoders[0].inter_setpool(prototypes)

    def encode_graphs(self, node_types: Tensor) -> Tensor:
        """Encodings Tensor[n, latent] of node types int64[n, V]."""
        return self._encoders[1](node_types)

    def forward(self, dataset_encodings: Tensor, graph_encodings: Tensor) -> Tensor:
        """Predictions Tensor[n], the network's own scale, of encodings Tensor[n, latent] each."""
        joined = torch.cat([dataset_encodings, graph_encodings], dim=1)
        return self.pred_fc(joined).squeeze(1)


def new_model(configuration: Configuration, seed: int) -> MetaPredictor:
    """A predictor on the CPU with initial weights of `seed`; torch's generator does not change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MetaPredictor(configuration)


def model_of(parameters: Parameters, configuration: Configuration) -> MetaPredictor:
    """The predictor with these parameters, on the CPU, in evaluation mode."""
    model = MetaPredictor(configuration)
    model.load_state_dict({name: torch.from_numpy(each) for name, each in parameters.items()})
    return model.eval()


def load_parameters(path: Path, configuration: Configuration) -> dict[str, np.ndarray]:
    """Parameters float32 by name from a file of `torch.save`.

    Raises:
        EdnagError: The file has other content; the message has the first wrong parameter.
    """
    try:
        state = load_checkpoint(path)
    except FileNotFoundError:
        raise EdnagError(
            f"{path}: there is no such file; give the predictor's checkpoint"
        ) from None
    except EdnagError as error:
        reason = str(error).removeprefix(f"{path}: ").split(";")[0]
        raise EdnagError(f"{path}: {reason}; fetch the predictor's checkpoint again") from None
    parameters = {}
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise EdnagError(
                f"{path}: {name!r} is a {type(value).__name__} and not a tensor; give the file of "
                "the parameters alone"
            )
        parameters[str(name)] = value.detach().to(torch.float32).contiguous().numpy()
    check_parameters(parameters, configuration, str(path))
    return parameters


def encode_dataset(model: MetaPredictor, images: np.ndarray) -> np.ndarray:
    """One dataset's encoding float64[latent], rounded to ENCODING_DECIMALS.

    Computed in float64 and rounded, so that it does not depend on the machine.

    Args:
        images: Features float32[classes, images, 512], as many images of every class.

    Raises:
        EdnagError: The features have another shape or are not finite.
    """
    if images.ndim != 3 or images.shape[2] != FEATURES or not images.size:
        raise EdnagError(
            f"image features: shape {images.shape}; give (classes, images, {FEATURES}) with as "
            "many images of every class"
        )
    if not np.isfinite(images).all():
        raise EdnagError("image features: NaN or infinity among them; extract the features again")
    wide = deepcopy(model).cpu().to(torch.float64)
    with torch.no_grad():
        encoding = wide.encode_datasets(torch.from_numpy(images.astype(np.float64))[None])[0]
    return encoding.numpy().round(ENCODING_DECIMALS)

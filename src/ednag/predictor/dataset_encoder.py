"""A dataset as one vector: attention over the images of each class, then over the classes.

Set Transformer blocks (Lee et al., ICML 2019) without layer norm, as in the published checkpoints:
attention is scaled by the full width, not by the width of a head. Attributes have the names of the
checkpoints. Source: meta-predictor specification.
"""

import math

import torch
from torch import Tensor, nn

from ednag.predictor.configuration import FEATURES, HEADS, Configuration


class MAB(nn.Module):
    """Multihead attention block of a query set and another set."""

    def __init__(self, query: int, keys: int, width: int) -> None:
        super().__init__()
        self.fc_q = nn.Linear(query, width)
        self.fc_k = nn.Linear(keys, width)
        self.fc_v = nn.Linear(keys, width)
        self.fc_o = nn.Linear(width, width)

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Tensor[n, q, width] of queries [n, q, query] and keys [n, k, keys]."""
        projected = self.fc_q(query)
        heads = (self._heads(each) for each in (projected, self.fc_k(keys), self.fc_v(keys)))
        of_queries, of_keys, of_values = heads
        scale = math.sqrt(projected.shape[-1])
        attention = torch.softmax(of_queries @ of_keys.transpose(-1, -2) / scale, dim=-1)
        output = (of_queries + attention @ of_values).transpose(1, 2).reshape(projected.shape)
        return output + torch.relu(self.fc_o(output))

    @staticmethod
    def _heads(values: Tensor) -> Tensor:
        """Contiguous slices of the width, Tensor[n, HEADS, s, width / HEADS]."""
        return values.unflatten(-1, (HEADS, -1)).transpose(1, 2)


class SAB(nn.Module):
    """Self-attention of a set."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.mab = MAB(inputs, inputs, width)

    def forward(self, members: Tensor) -> Tensor:
        """Tensor[n, s, width] of Tensor[n, s, inputs]."""
        return self.mab(members, members)


class PMA(nn.Module):
    """A set as one vector, by the attention of a learned seed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.S = nn.Parameter(torch.empty(1, 1, width))
        nn.init.xavier_uniform_(self.S)
        self.mab = MAB(width, width, width)

    def forward(self, members: Tensor) -> Tensor:
        """Tensor[n, 1, width] of Tensor[n, s, width]."""
        return self.mab(self.S.expand(len(members), -1, -1), members)


class SetPool(nn.Module):
    """A set as one vector; the order of its members does not matter."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.enc = nn.Sequential(SAB(inputs, width), SAB(width, width))
        self.dec = nn.Sequential(PMA(width), nn.Linear(width, width))

    def forward(self, members: Tensor) -> Tensor:
        """Tensor[n, width] of Tensor[n, s, inputs]."""
        return self.dec(self.enc(members)).squeeze(1)


class DatasetEncoder(nn.Module):
    """From images of classes to prototypes, and from prototypes to the encoding of the dataset."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        latent = configuration.latent
        self.intra_setpool = SetPool(FEATURES, latent)
        self.inter_setpool = SetPool(latent, latent)
        # Part of the checkpoints, not used.
        self.set_fc = nn.Sequential(nn.Linear(FEATURES, latent))

    def forward(self, images: Tensor) -> Tensor:
        """Encodings Tensor[d, latent] of datasets Tensor[d, classes, images, 512]."""
        prototypes: Tensor = self.intra_setpool(images.flatten(0, 1))
        return self.inter_setpool(prototypes.unflatten(0, images.shape[:2]))

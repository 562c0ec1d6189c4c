"""Quality tiers of a sample, and their embeddings.

Tiers are numbered from 0, the best. Source: specification nar.md, section Ranker.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ednag.errors import EdnagError
from ednag.ranker.model import TIERS


@dataclass(frozen=True)
class Tiers:
    """Equal fifths of a sample by accuracy.

    Attributes:
        members: int64[n], the tier of each architecture of the sample.
        lowest: float64[4], the lowest accuracy of each tier but the last, descending.
    """

    members: np.ndarray
    lowest: np.ndarray

    def of(self, accuracies: np.ndarray) -> np.ndarray:
        """Tiers int64[n] of accuracies float[n], by the bounds of the sample."""
        return (np.asarray(accuracies)[:, None] < self.lowest).sum(axis=1)


def tiers_of(accuracies: np.ndarray) -> Tiers:
    """Cut a sample into five tiers of equal size; the first tiers take the remainder.

    Of equal accuracies the first in the sample is the better one.

    Raises:
        EdnagError: There are fewer architectures than tiers, or an accuracy is not finite.
    """
    values = np.asarray(accuracies, dtype=np.float64)
    if len(values) < TIERS:
        raise EdnagError(
            f"ranker: {len(values)} architectures for {TIERS} tiers; train on at least {TIERS}"
        )
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise EdnagError(f"ranker: accuracy {row} is {values[row]}; give a number for each")
    parts = np.array_split(np.argsort(-values, kind="stable"), TIERS)
    members = np.empty(len(values), dtype=np.int64)
    for tier, part in enumerate(parts):
        members[part] = tier
    return Tiers(members, np.array([values[part[-1]] for part in parts[:-1]]))


class TierEmbeddings:
    """The running mean of the encodings assigned to each tier so far."""

    def __init__(self, patches: int, model: int) -> None:
        """Start without encodings; they will be Tensor[n, patches, model]."""
        self._sums = torch.zeros(TIERS, patches, model)
        self._counts = torch.zeros(TIERS)

    def add(self, encodings: Tensor, tiers: Tensor) -> None:
        """Add encodings Tensor[n, patches, model] of tiers int64[n]; no gradient flows back."""
        belongs = torch.nn.functional.one_hot(tiers, TIERS).to(encodings.dtype)
        self._sums += torch.einsum("nt,npm->tpm", belongs, encodings.detach())
        self._counts += belongs.sum(dim=0)

    def means(self) -> Tensor:
        """Tensor[5, patches, model], zeros for a tier without encodings."""
        return self._sums / self._counts.clamp(min=1)[:, None, None]

"""What the ranker is trained to make small. Source: specification nar.md, section Ranker."""

import torch
from torch import Tensor
from torch.nn import functional


def tier_loss(tier_logits: Tensor, tiers: Tensor) -> Tensor:
    """Cross-entropy, a scalar, of logits Tensor[n, 5] against tiers int64[n]."""
    return functional.cross_entropy(tier_logits, tiers)


def rank_loss(scores: Tensor, accuracies: Tensor) -> Tensor:
    """Pairwise logistic loss, a scalar, 0 if there is no pair.

    The mean over i != j of log(1 + exp(-(s_i - s_j) sign(a_i - a_j))). A pair of equal accuracies
    counts log 2 whatever its scores.

    Args:
        scores: Tensor[n].
        accuracies: Tensor[n], of any scale.
    """
    n = len(scores)
    if n < 2:
        return scores.sum() * 0
    order = torch.sign(accuracies[:, None] - accuracies[None, :]).to(scores.dtype)
    losses = functional.softplus(-(scores[:, None] - scores[None, :]) * order)
    pairs = ~torch.eye(n, dtype=torch.bool, device=scores.device)
    return torch.where(pairs, losses, 0).sum() / (n * (n - 1))

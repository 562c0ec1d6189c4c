"""Mapping functions: from fitness to the density that pulls individuals (paper: fitness mapping).

Each takes fitness float32[N] and returns float32[N], larger for fitter individuals.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def identity(fitness: Tensor, temperature: float = 1.0) -> Tensor:
    """g = f."""
    return fitness


def power(fitness: Tensor, temperature: float = 1.0) -> Tensor:
    """g = f^2 / temperature."""
    return fitness.square() / temperature


def energy(fitness: Tensor, temperature: float = 1.0) -> Tensor:
    """g = exp(f / T - max(f / T) + 5), the reference's choice; in (0, e^5]."""
    scaled = fitness / temperature
    return torch.exp(scaled - scaled.max() + 5)


def exponential(fitness: Tensor, temperature: float = 1.0) -> Tensor:
    """g = exp(f / (T max f)); in (1, e^(1/T)], a soft version of `energy` without its shift."""
    return torch.exp(fitness / (temperature * fitness.max().clamp(min=1e-9)))


def rescale(fitness: Tensor, temperature: float = 1.0) -> Tensor:
    """g = (f - min f) / (max f - min f), in [0, 1]; all ones when all are equal."""
    low, high = fitness.min(), fitness.max()
    if high == low:
        return torch.ones_like(fitness)
    return (fitness - low) / (high - low)


MAPPINGS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "identity": identity,
    "power": power,
    "energy": energy,
    "exponential": exponential,
    "rescale": rescale,
}

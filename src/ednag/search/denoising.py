"""Denoising as evolution: schedule, origin estimate, DDIM step, normalisation.

Populations are float32[N, D], one flattened genotype a row. Source: ednag-search specification,
sections Schedule and One iteration; paper, section on evolutionary denoising.
"""

import math

import torch
from torch import Generator, Tensor

from ednag.search.square_root import square_root as rounded_root


def cosine_schedule(num_step: int) -> Tensor:
    """alpha, float32[num_step], from 1 (no noise) down to 0 (pure noise)."""
    return (torch.cos(torch.linspace(0, math.pi, num_step)) + 1) / 2


def square_root(value: Tensor) -> Tensor:
    """Square root of a float32 scalar; torch's differs between AMD's and Intel's processors."""
    return torch.from_numpy(rounded_root(value.numpy()))


def estimate_origin(population: Tensor, density: Tensor, alpha: Tensor) -> Tensor:
    """Each individual without noise, float32[N, D]: a weighted mean of all individuals.

    The weight of j for i is the density (the mapped fitness, float32[N]) of j times the likelihood
    that i is a noised copy of j. `alpha` is the schedule at this step.
    """
    distance = torch.norm(population[:, None] - square_root(alpha) * population[None], dim=2)
    spread = square_root(1 - alpha)
    likelihood = torch.exp(-(distance**2) / (2 * spread**2))
    weight = (density + 1e-9) * (likelihood + 1e-9) / (1 / len(population) + 1e-9)
    # An elementwise product and a sum over individuals: a matrix product rounds otherwise.
    pulled = torch.stack([(row[:, None] * population).sum(dim=0) for row in weight])
    return pulled / (weight.sum(dim=1, keepdim=True) + 1e-9)


def ddim_step(
    population: Tensor,
    origin: Tensor,
    alpha: Tensor,
    alpha_previous: Tensor,
    noise_scale: float,
    generator: Generator,
) -> Tensor:
    """One step of the denoising diffusion implicit model, towards less noise; float32[N, D].

    Args:
        population: float32[N, D] at noise level `alpha`.
        origin: float32[N, D] from `estimate_origin`.
        alpha, alpha_previous: The schedule at this step and at the next one; the latter is larger.
        noise_scale: Share of fresh noise; 0 is deterministic.
        generator: Source of one draw of shape (N, D).
    """
    ratio = (1 - alpha_previous) / (1 - alpha) * (1 - alpha / alpha_previous)
    sigma = noise_scale * square_root(ratio)
    noise = (population - square_root(alpha) * origin) / square_root(1 - alpha)
    fresh = torch.randn(population.shape, generator=generator)
    return (
        square_root(alpha_previous) * origin
        + square_root(1 - alpha_previous - sigma**2) * noise
        + sigma * fresh
    )


def normalise(population: Tensor, lower: float) -> Tensor:
    """Each row scaled from its minimum and maximum to [lower, 1]."""
    low = population.min(dim=1, keepdim=True).values
    high = population.max(dim=1, keepdim=True).values
    return (1 - lower) * (population - low) / (high - low) + lower

"""Polynomial mutation as the reference applies it: one scalar for a whole individual.

Source: ednag-search specification, One iteration, step 5.
"""

import torch
from torch import Generator, Tensor


def draw_mutations(count: int, rate: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Which individuals mutate, and by which scalar.

    The draws alternate as the reference makes them: one uniform number decides, a second is drawn
    only where the first is at most `rate`.

    Returns:
        Positions int64[k], ascending, and their scalars float32[k] in [0, 1).
    """
    positions, scalars = [], []
    for position in range(count):
        if torch.rand(1, generator=generator) <= rate:
            positions.append(position)
            scalars.append(torch.rand(1, generator=generator))
    return torch.tensor(positions, dtype=torch.long), torch.cat([torch.empty(0), *scalars])


def polynomial_mutation(individuals: Tensor, scalars: Tensor, index: float) -> Tensor:
    """Individuals float32[k, D] moved within [-1, 1] by one scalar each.

    Args:
        individuals: float32[k, D].
        scalars: float32[k] in [0, 1); below a half moves down, above moves up.
        index: Distribution index eta; the larger, the smaller the move.
    """
    exponent = index + 1
    down, up = (individuals + 1) / 2, (1 - individuals) / 2
    mu = scalars[:, None]
    left = (2 * mu + (1 - 2 * mu) * (1 - down) ** exponent) ** (1 / exponent) - 1
    right = 1 - (2 * (1 - mu) + (2 * mu - 1) * (1 - up) ** exponent) ** (1 / exponent)
    return individuals + 2 * torch.where(mu <= 0.5, left, right)

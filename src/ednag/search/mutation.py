"""Polynomial mutation as the reference applies it: one scalar for a whole individual.

Source: ednag-search specification, One iteration, step 5.
"""

import torch
from torch import Generator, Tensor


def draw_mutations(count: int, rate: float, generator: Generator) -> dict[int, Tensor]:
    """Which individuals mutate, and by which scalar float32[1] in [0, 1), ascending.

    The draws alternate as the reference makes them: one uniform number decides, a second is drawn
    only where the first is at most `rate`.
    """
    drawn = {}
    for position in range(count):
        if torch.rand(1, generator=generator) <= rate:
            drawn[position] = torch.rand(1, generator=generator)
    return drawn


def polynomial_mutation(individual: Tensor, scalar: Tensor, index: float) -> Tensor:
    """One individual float32[D] moved within [-1, 1] by one scalar.

    One at a time as in the reference: torch computes the last D mod 16 powers of a call without
    vector instructions, and those differ in their last bits.

    Args:
        individual: float32[D].
        scalar: float32[1] in [0, 1); up to a half moves down, above moves up.
        index: Distribution index eta; the larger, the smaller the move.
    """
    exponent = index + 1
    if scalar <= 0.5:
        down = (individual + 1) / 2
        spread = 2 * scalar + (1 - 2 * scalar) * (1 - down) ** exponent
        return individual + 2 * (spread ** (1 / exponent) - 1)
    up = (1 - individual) / 2
    spread = 2 * (1 - scalar) + (2 * scalar - 1) * (1 - up) ** exponent
    return individual + 2 * (1 - spread ** (1 / exponent))

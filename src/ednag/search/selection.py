"""Selection from parents and offspring: elites, diverse individuals, roulette for the rest.

Source: ednag-search specification, One iteration, step 6. Sorting is `torch.argsort`, which is NOT
stable: populations have many ties, and their order decides which individuals are selected.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor


class DegeneratePool(Exception):
    """No roulette is possible, for example because all fitness values of a pool are equal.

    The reference then divides 0 by 0 and spins until a wall-clock limit.
    """


def diversity(pool: Tensor) -> Tensor:
    """Summed distance to all others, float32[M] scaled to [0, 1], of a pool float32[M, D].

    Raises:
        DegeneratePool: All individuals are equally far from the others.
    """
    total = torch.norm(pool[None] - pool[:, None], dim=2).sum(dim=1)
    low, high = total.min(), total.max()
    if high == low:
        raise DegeneratePool("all individuals of the pool are equally diverse")
    return (total - low) / (high - low)


def _fill(taken: list[int], order: list[int], count: int) -> list[int]:
    """`taken`, filled up from the top of `order`; repeats are as in the reference."""
    return taken + order[: count - len(taken)]


def take_elites(fitness: Tensor, count: int) -> list[int]:
    """The `count` fittest, without one as fit as the one taken before it."""
    order = torch.argsort(fitness, descending=True).tolist()
    values = fitness.tolist()
    taken: list[int] = []
    for position in order:
        if len(taken) == count:
            break
        if not taken or values[position] != values[taken[-1]]:
            taken.append(position)
    return _fill(taken, order, count)


def take_diverse(fitness: Tensor, diverse: Tensor, count: int) -> list[int]:
    """The `count` most diverse among those with at least a tenth of the best fitness."""
    order = torch.argsort(diverse, descending=True).tolist()
    fit_enough = (fitness >= 0.1 * fitness.max()).tolist()
    taken = [position for position in order if fit_enough[position]][:count]
    return _fill(taken, order, count)


def roulette_thresholds(fitness: Tensor, diverse: Tensor) -> Tensor:
    """Cumulative shares float32[M] of the roulette; the last is about 1.

    Raises:
        DegeneratePool: All weights are equal, or some are no numbers.
    """
    weight = fitness * (1 + diverse)
    low, high = weight.min(), weight.max()
    if high == low:
        raise DegeneratePool("all individuals of the pool weigh the same in the roulette")
    # The quotient is rounded before it is multiplied: the specification's "last bits".
    weight = 0.9 * ((weight - low) / (high - low)) + 0.1
    total = weight.sum()
    if not torch.isfinite(total):
        raise DegeneratePool("the roulette's weights are not numbers")
    return torch.cumsum(weight / total, dim=0)


def spin(thresholds: Tensor, excluded: set[int], count: int, generator: Generator) -> list[int]:
    """`count` positions by roulette, none twice and none excluded.

    A draw r takes the lowest position not yet taken whose threshold is at least r; a draw above
    all of them is repeated.
    """
    limits = thresholds.tolist()
    taken: list[int] = []
    blocked = set(excluded)
    while len(taken) < count:
        draw = torch.rand(1, generator=generator).item()
        for position, limit in enumerate(limits):
            if position not in blocked and draw <= limit:
                taken.append(position)
                blocked.add(position)
                break
    return taken


def select(
    pool: Tensor,
    fitness: Tensor,
    population: int,
    elite_rate: float,
    diver_rate: float,
    generator: Generator,
    further: Callable[[], list[int]] | None = None,
) -> list[int]:
    """Positions in the pool, `population` of them, that form the next population.

    Args:
        pool: float32[2N, D], parents before offspring.
        fitness: float32[2N].
        population: N.
        elite_rate, diver_rate: Shares of N taken by fitness and by diversity.
        generator: Of the roulette.
        further: Positions a space adds between the diverse and the roulette (MobileNetV3).

    Raises:
        DegeneratePool: The roulette is undefined.
    """
    diverse = diversity(pool)
    chosen = take_elites(fitness, int(elite_rate * population))
    chosen += take_diverse(fitness, diverse, int(diver_rate * population))
    if further is not None:
        chosen += further()
    thresholds = roulette_thresholds(fitness, diverse)
    return chosen + spin(thresholds, set(chosen), population - len(chosen), generator)

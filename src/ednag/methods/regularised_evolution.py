"""Regularised evolution (Real et al., AAAI 2019): the oldest is removed, whatever its fitness.

Each cycle draws a sample of the population with replacement, mutates its fittest member, adds the
child and removes the oldest.
"""

from collections import deque
from operator import itemgetter

from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome, first_population
from ednag.search.objective import Objective
from ednag.validation import StrictModel

#: Cycles whose samples are drawn at a time.
_CYCLES = 256
_SCORE = itemgetter(0)


class RegularisedEvolution(StrictModel):
    """Hyper-parameters of regularised evolution."""

    population_num: int = Field(100, ge=1, le=1000, description="Architectures alive at a time.")
    sample_size: int = Field(
        10, ge=1, le=1000, description="Architectures that compete to be the parent."
    )


def _search(
    objective: Objective, seed: int, budget: int, settings: RegularisedEvolution
) -> Outcome:
    spender = Spender(objective, budget, seed)
    population: deque[tuple[float, int]] = deque()
    for code in spender.sample(settings.population_num):
        if spender.spent:
            break
        population.append((spender.score(code), code))
    while not spender.spent:
        # One draw of many samples: a draw costs more than the cycle it is for.
        block = (_CYCLES, settings.sample_size)
        for drawn in spender.generator.integers(len(population), size=block).tolist():
            if spender.spent:
                break
            _, parent = max([population[position] for position in drawn], key=_SCORE)
            child = spender.mutate(parent)
            population.append((spender.score(child), child))
            population.popleft()
    return spender.outcome([code for _, code in population])


METHOD = Method(
    name="regularised-evolution",
    title="Regularised evolution",
    description="the fittest of a sample is mutated, the oldest of the population removed",
    hyperparameters=RegularisedEvolution,
    search=_search,
    random_start=first_population,
)

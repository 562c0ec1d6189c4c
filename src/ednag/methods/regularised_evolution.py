"""Regularised evolution (Real et al., AAAI 2019): the oldest is removed, whatever its fitness.

Each cycle draws a sample of the population with replacement, mutates its fittest member, adds the
child and removes the oldest.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome, first_population
from ednag.search.objective import Objective
from ednag.validation import StrictModel

#: Cycles whose samples are drawn at a time.
_CYCLES = 256


class RegularisedEvolution(StrictModel):
    """Hyper-parameters of regularised evolution."""

    population_num: int = Field(100, ge=1, le=1000, description="Architectures alive at a time.")
    sample_size: int = Field(
        10, ge=1, le=1000, description="Architectures that compete to be the parent."
    )


def evolve(
    spender: Spender,
    settings: RegularisedEvolution,
    fitness: Callable[[int, float], Any] = lambda code, score: score,
) -> list[int]:
    """Spend the budget; the codes of the last population, oldest first.

    `fitness` takes a code and its score, and returns what parents are compared by.
    """
    # The population, oldest first; to append to a full one removes its oldest.
    codes: deque[int] = deque(maxlen=settings.population_num)
    values: deque[Any] = deque(maxlen=settings.population_num)
    for code in spender.sample(settings.population_num):
        if spender.spent:
            break
        codes.append(code)
        values.append(fitness(code, spender.score(code)))
    while not spender.spent:
        # One draw of many samples: a draw costs more than the cycle it is for.
        block = (_CYCLES, settings.sample_size)
        for drawn in spender.generator.integers(len(codes), size=block).tolist():
            if spender.spent:
                break
            child = spender.mutate(codes[max(drawn, key=values.__getitem__)])
            codes.append(child)
            values.append(fitness(child, spender.score(child)))
    return list(codes)


def _search(
    objective: Objective, seed: int, budget: int, settings: RegularisedEvolution
) -> Outcome:
    spender = Spender(objective, budget, seed)
    return spender.outcome(evolve(spender, settings))


METHOD = Method(
    name="regularised-evolution",
    title="Regularised evolution",
    description="the fittest of a sample is mutated, the oldest of the population removed",
    hyperparameters=RegularisedEvolution,
    search=_search,
    random_start=first_population,
    tunable={
        "population_num": (5, 7, 10, 15, 20, 30, 45, 60, 80, 100),
        "sample_size": (2, 3, 4, 5, 7, 10, 15, 20, 30, 50),
    },
)

"""Regularised evolution (Real et al., AAAI 2019): the oldest dies, whatever its fitness.

Each cycle draws a sample of the population with replacement, mutates its fittest member, adds the
child and removes the oldest. Three settings: population 100 and sample 10, 30 and 10, 10 and 3.
"""

from collections import deque
from operator import itemgetter

from pydantic import BaseModel, ConfigDict, Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome
from ednag.search.objective import Objective

#: Cycles whose samples are drawn at a time.
_CYCLES = 256
_SCORE = itemgetter(0)


class RegularisedEvolution(BaseModel):
    """Hyper-parameters of regularised evolution."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    population_num: int = Field(100, ge=1, description="Architectures alive at a time.")
    sample_size: int = Field(10, ge=1, description="Architectures that compete to be the parent.")


class _Thirty(RegularisedEvolution):
    population_num: int = Field(30, ge=1, description="Architectures alive at a time.")


class _Ten(RegularisedEvolution):
    population_num: int = Field(10, ge=1, description="Architectures alive at a time.")
    sample_size: int = Field(3, ge=1, description="Architectures that compete to be the parent.")


def _search(objective: Objective, seed: int, budget: int, settings: BaseModel) -> Outcome:
    assert isinstance(settings, RegularisedEvolution)
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


def _method(population: int, sample: int, settings: type[BaseModel]) -> Method:
    return Method(
        name=f"regularised-evolution-{population}-{sample}",
        title=f"Regularised evolution {population}/{sample}",
        description=f"population {population}, sample {sample}, one mutation a cycle",
        hyperparameters=settings,
        search=_search,
    )


METHOD_100_10 = _method(100, 10, RegularisedEvolution)
METHOD_30_10 = _method(30, 10, _Thirty)
METHOD_10_3 = _method(10, 3, _Ten)

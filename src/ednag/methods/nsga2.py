"""NSGA-II (Deb et al., IEEE Transactions on Evolutionary Computation 2002), metric against cost.

Parents win a tournament of two, by front and then by crowding; of parents and children, the best by
the same order survive. Genes are the space's variables: uniform crossover, and one of them mutated
on average. No child was evaluated before.

The library pymoo has NSGA-II as well. Its order of equal individuals is that of an unstable sort,
whose result depends on the instruction set of the CPU, so that the same seed gives other runs on
other machines (docs/costs.md); fronts are those of the library moocore.
"""

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome, first_population
from ednag.methods.two_objectives import Breeder, WithCost, best_first, costs_for
from ednag.search.objective import Objective
from ednag.tables.interface import COSTS


class Nsga2(WithCost):
    """Hyper-parameters of NSGA-II."""

    population_num: int = Field(
        30, ge=2, le=1000, description="Parents, and children of a generation."
    )


def _search(objective: Objective, seed: int, budget: int, settings: Nsga2) -> Outcome:
    costs = costs_for(objective, settings.cost)
    spender = Spender(objective, budget, seed)
    breeder, size = Breeder(spender), settings.population_num
    points: dict[int, tuple[float, float]] = {}

    def evaluate(code: int) -> None:
        points[code] = (-spender.score(code), costs[code])

    for code in spender.sample(size):
        if not spender.spent:
            evaluate(code)
    # Best first, so that the winner of a tournament is the one of the lower position.
    population = _survivors(points, size)
    while not spender.spent:
        points = {code: points[code] for code in population}
        for _ in range(size):
            if spender.spent:
                break
            drawn = spender.generator.integers(len(population), size=(2, 2)).min(axis=1)
            evaluate(breeder.child([population[position] for position in drawn]))
        population = _survivors(points, size)
    return spender.outcome(population)


def _survivors(points: dict[int, tuple[float, float]], size: int) -> list[int]:
    """Codes of the best, best first."""
    codes = list(points)
    return [codes[position] for position in best_first(np.array(list(points.values())))[:size]]


METHOD = Method(
    name="nsga2",
    title="NSGA-II",
    description="metric against a cost: the best by front, then by crowding, survive",
    hyperparameters=Nsga2,
    search=_search,
    further=COSTS,
    random_start=first_population,
)

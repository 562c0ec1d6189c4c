"""MOEA/D (Zhang and Li, IEEE Transactions on Evolutionary Computation 2007), metric against cost.

Each individual minimises the larger of two weighted distances to the best seen of each objective
(Tchebycheff), each in units of the population's range; weights are spread evenly. A child of two
neighbours replaces those neighbours that it is better than. Crossover and mutation are those of
`nsga2`; no child was evaluated before.
"""

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome, first_population
from ednag.methods.two_objectives import Breeder, WithCost, costs_for
from ednag.search.objective import Objective
from ednag.tables.interface import COSTS

#: Least weight of an objective, so that none is ignored.
_LEAST = 1e-3


class Moead(WithCost):
    """Hyper-parameters of MOEA/D."""

    population_num: int = Field(30, ge=2, le=1000, description="Weights, each of one individual.")
    neighbours: int = Field(
        10, ge=2, le=1000, description="Weights, itself included, among which parents are drawn."
    )


def _search(objective: Objective, seed: int, budget: int, settings: Moead) -> Outcome:
    costs = costs_for(objective, settings.cost)
    spender = Spender(objective, budget, seed)
    breeder, size = Breeder(spender), settings.population_num
    weights, near = _neighbourhoods(size, settings.neighbours)
    codes: list[int] = []
    for code in spender.sample(size):
        if not spender.spent:
            spender.score(code)
            codes.append(code)
    scores = dict(zip(*(each.tolist() for each in spender.evaluated()), strict=True))
    points = np.array([(-scores[code], costs[code]) for code in codes])
    best = points.min(axis=0)
    while not spender.spent:
        for place in range(size):
            if spender.spent:
                break
            parents = spender.generator.permutation(near[place])[:2]
            child = breeder.child([codes[position] for position in parents])
            point = np.array([-spender.score(child), costs[child]])
            best = np.minimum(best, point)
            span = points.max(axis=0) - best
            scale = weights[near[place]] / np.where(span > 0, span, 1.0)
            old = (scale * (points[near[place]] - best)).max(axis=1)
            worse = near[place][(scale * (point - best)).max(axis=1) <= old]
            points[worse] = point
            for position in worse.tolist():
                codes[position] = child
    return spender.outcome(codes)


def _neighbourhoods(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights float64[size, 2], and for each the positions int[size, count] of the nearest."""
    positions = np.arange(size)
    share = np.maximum(positions / (size - 1), _LEAST)
    distance = np.abs(positions[:, None] - positions)
    near = np.argsort(distance, axis=1, kind="stable")[:, : min(count, size)]
    return np.column_stack([share, share[::-1]]), near


METHOD = Method(
    name="moead",
    title="MOEA/D",
    description="metric against a cost: a population of individuals, each with weights of its own",
    hyperparameters=Moead,
    search=_search,
    further=COSTS,
    random_start=first_population,
)

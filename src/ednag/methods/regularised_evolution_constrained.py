"""Regularised evolution below a limit of cost: an architecture above the limit loses.

As `regularised_evolution` (Real et al., AAAI 2019), but parents are chosen by the rules of Deb
(Computer Methods in Applied Mechanics and Engineering 2000): below the limit the better metric
wins, above it the lower cost, and below wins over above. The outcome is the best by these rules.
"""

from dataclasses import replace

import numpy as np
from pydantic import Field

from ednag.errors import EdnagError
from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome, first_population
from ednag.methods.regularised_evolution import RegularisedEvolution, evolve
from ednag.methods.two_objectives import WithCost, costs_for
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID
from ednag.tables.costs import limit_at
from ednag.tables.interface import COSTS


class Constrained(RegularisedEvolution, WithCost):
    """Hyper-parameters of regularised evolution below a limit."""

    limit: float | None = Field(
        None, gt=0, le=1e18, description="Highest cost, in its unit; by default that of `quantile`."
    )
    quantile: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of all architectures that cost no more than the limit.",
    )


def _limit(objective: Objective, costs: np.ndarray, settings: Constrained) -> float:
    present = objective.present
    known = costs if present is None else costs[present[:-1] != INVALID]
    limit = limit_at(known, settings.quantile) if settings.limit is None else settings.limit
    if limit < known.min():
        raise EdnagError(
            f"limit: no architecture has {settings.cost} of {limit:g} or less; the lowest is "
            f"{known.min():.3g}: give at least that"
        )
    return limit


def _search(objective: Objective, seed: int, budget: int, settings: Constrained) -> Outcome:
    costs = costs_for(objective, settings.cost)
    limit = _limit(objective, costs, settings)
    spender = Spender(objective, budget, seed)
    best: tuple[bool, float] = (False, -np.inf)
    chosen, drawn = INVALID, float("nan")

    def fitness(code: int, score: float) -> tuple[bool, float]:
        nonlocal best, chosen, drawn
        is_below = bool(costs[code] <= limit)
        value = (is_below, score if is_below else -float(costs[code]))
        if value > best:
            best, chosen, drawn = value, code, score
        return value

    population = evolve(spender, settings, fitness)
    reported = drawn if objective.higher_is_better else -drawn
    return replace(spender.outcome(population), code=chosen, drawn=reported)


METHOD = Method(
    name="regularised-evolution-constrained",
    title="Regularised evolution, limited cost",
    description="an architecture above a limit of cost loses; else as regularised evolution",
    hyperparameters=Constrained,
    search=_search,
    further=COSTS,
    random_start=first_population,
)

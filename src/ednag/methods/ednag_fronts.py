"""EDNAG with two objectives: ours, with the paper's settings and a fitness by front.

The search is that of `ednag`; only the fitness differs. Of each batch that is evaluated, the
population or the pool of parents and offspring, an architecture has as fitness the number of fronts
behind its own, plus a share below 1 that is larger the lonelier it is in its front (non-dominated
rank, then crowding; Deb et al., 2002). So the densities of one front differ by less than a factor
of e. An invalid individual has none. Nothing like it is published by EDNAG's authors.

The readable engine makes the run, because such a fitness is no function of the architecture.
"""

import numpy as np

from ednag.methods.ednag import METHOD as EDNAG
from ednag.methods.ednag import outcome_of, readable_search
from ednag.methods.interface import Method, Outcome, first_population
from ednag.methods.two_objectives import WithCost, best_first, costs_for, rank_and_crowding
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective
from ednag.tables.interface import COSTS


class EdnagFronts(SearchHyperparameters, WithCost):
    """Hyper-parameters of EDNAG with a fitness by front; those of EDNAG are the reference's."""


def fitness_by_front(points: np.ndarray) -> np.ndarray:
    """Fitness float64[n], above 0, of points float[n, 2]; equal points have the same."""
    distinct, of_point = np.unique(points, axis=0, return_inverse=True)
    ranks, _ = rank_and_crowding(distinct)
    fitness = np.empty(len(distinct))
    order = best_first(distinct)
    for rank in np.unique(ranks):
        front = order[ranks[order] == rank]
        share = np.arange(len(front), 0, -1) / (len(front) + 1)
        fitness[front] = ranks.max() - rank + share
    return fitness[of_point.ravel()]


def _search(objective: Objective, seed: int, budget: int, settings: EdnagFronts) -> Outcome:
    costs = costs_for(objective, settings.cost)
    readable_search(settings.arithmetic)
    # Importing torch takes a second, and must come after its instruction set is chosen.
    from torch import Tensor, from_numpy

    from ednag.search.engine import Search

    class ByFront(Search):
        """The search with a fitness by front."""

        def evaluate(self, population: Tensor) -> tuple[np.ndarray, np.ndarray, Tensor]:
            codes, metric, _ = super().evaluate(population)
            valid = codes >= 0
            fitness = np.zeros(len(codes), dtype=np.float32)
            if valid.any():
                loss = -metric[valid] if objective.higher_is_better else metric[valid]
                points = np.column_stack([loss.astype(np.float64), costs[codes[valid]]])
                fitness[valid] = fitness_by_front(points)
            return codes, metric, from_numpy(fitness)

    return outcome_of(ByFront(objective, seed, settings).run())


METHOD = Method(
    name="ednag-fronts",
    title="EDNAG by fronts",
    description="our EDNAG with two objectives: fitness by front, then by crowding; runs its own "
    "number of evaluations whatever the budget",
    hyperparameters=EdnagFronts,
    search=_search,
    from_space=EDNAG.from_space,
    has_own_end=True,
    further=COSTS,
    varies="ednag",
    random_start=first_population,
)

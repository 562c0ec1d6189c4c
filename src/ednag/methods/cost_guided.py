"""Search by the size of networks: the largest first, whatever was seen before.

Architectures are evaluated in descending order of FLOPs or of parameters, equal ones in random
order. Both need no training and no data, and are hard to beat as zero-cost proxies (Krishnakumar et
al., NeurIPS 2022, "NAS-Bench-Suite-Zero"). Counts are by formula (`ednag.cells`), in the spaces
whose networks these formulas know.
"""

from functools import lru_cache, partial
from typing import Literal

import numpy as np

from ednag.methods.budget import evaluate_highest_first
from ednag.methods.interface import Method, NoHyperparameters, Outcome
from ednag.methods.learnt_ranking import counted_as
from ednag.search.objective import Objective
from ednag.spaces.interface import SearchSpace

#: What networks are ordered by.
Cost = Literal["flops", "parameters"]


@lru_cache(maxsize=2)
def _of_nasbench201(space: SearchSpace, cost: Cost, dataset: str) -> np.ndarray:
    from ednag.cells.nasbench201 import counts, shape_of

    return np.asarray(getattr(counts(shape_of(dataset)), cost))


@lru_cache(maxsize=2)
def _of_nasbench101(space: SearchSpace, cost: Cost, dataset: str) -> np.ndarray:
    from ednag.cells.nasbench101 import EMPTY, CellBatch, counts
    from ednag.spaces.nasbench101 import LABELS, VERTICES
    from ednag.spaces.nasbench101_cells import edges_of

    adjacency = np.zeros((space.size, VERTICES, VERTICES), dtype=bool)
    sources, targets = np.array(edges_of(VERTICES)).T
    adjacency[:, sources, targets] = space.values_of(np.arange(space.size))
    used = adjacency.any(axis=1) | adjacency.any(axis=2)
    labels = np.where(used, np.array(LABELS), EMPTY).astype(np.int8)
    return np.asarray(getattr(counts(CellBatch(adjacency, labels)), cost))


#: Space -> costs int64[size] of its networks, of (space, cost, dataset that gives their shape).
_COSTS = {"nasbench201": _of_nasbench201, "nasbench101": _of_nasbench101}


def _search(
    objective: Objective, seed: int, budget: int, settings: NoHyperparameters, *, cost: Cost
) -> Outcome:
    costs = _COSTS[objective.space.name](objective.space, cost, counted_as(objective))
    return evaluate_highest_first(objective, costs, budget, seed)


FLOPS = Method(
    name="flops-guided",
    title="Most FLOPs first",
    description="architectures in descending order of FLOPs",
    hyperparameters=NoHyperparameters,
    search=partial(_search, cost="flops"),
    spaces=frozenset(_COSTS),
)
PARAMETERS = Method(
    name="parameters-guided",
    title="Most parameters first",
    description="architectures in descending order of parameters",
    hyperparameters=NoHyperparameters,
    search=partial(_search, cost="parameters"),
    spaces=frozenset(_COSTS),
)

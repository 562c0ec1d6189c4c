"""What methods share that look for accurate and cheap architectures: cost, dominance, offspring.

A point has two coordinates, of both of which less is better: minus the score, and the cost.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID
from ednag.tables.costs import costs_of
from ednag.validation import StrictModel

#: Attempts at a child that was not evaluated before; then an unseen architecture is drawn.
_ATTEMPTS = 10


class WithCost(StrictModel):
    """Hyper-parameters of a method with a second objective."""

    cost: str = Field(
        "edgegpu_latency",
        description="The second objective: a column of which less is better, of the table of "
        "hardware costs beside that of the dataset, or of its own.",
    )


def costs_for(objective: Objective, name: str) -> np.ndarray:
    """The cost of all architectures, float64[size]; raises EdnagError as `costs_of`."""
    present = objective.present
    needed = np.True_ if present is None else present[:-1] != INVALID
    return costs_of(objective.table, objective.further, name, np.asarray(needed))


def rank_and_crowding(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Front int[n], 0 for what nothing dominates, and crowding float64[n] of points float[n, 2].

    Crowding is the sum, over both coordinates, of the distance between the two neighbours in the
    same front, as a share of the front's range; infinite at its ends (Deb et al., 2002). Equal
    points are in the same front, in the order in which they are given.
    """
    import moocore

    ranks = np.asarray(moocore.pareto_rank(points))
    crowding = np.zeros(len(points))
    for rank in np.unique(ranks):
        front = np.flatnonzero(ranks == rank)
        for values in points[front].T:
            order = np.argsort(values, kind="stable")
            ordered = values[order]
            span = (ordered[-1] - ordered[0]) or 1.0
            crowding[front[order[[0, -1]]]] = np.inf
            crowding[front[order[1:-1]]] += (ordered[2:] - ordered[:-2]) / span
    return ranks, crowding


def best_first(points: np.ndarray) -> np.ndarray:
    """Positions int[n] of points float[n, 2] by front, then by crowding, the loneliest first."""
    ranks, crowding = rank_and_crowding(points)
    return np.lexsort((-crowding, ranks))


class Breeder:
    """Offspring of pairs of architectures: uniform crossover, then mutation of single options.

    A variable is redrawn among its other options with the chance 1 / number of variables, as in
    most genetic algorithms on such spaces.
    """

    def __init__(self, spender: Spender) -> None:
        self._spender = spender
        self._space = spender.objective.space
        self._options = np.array([len(each.options) for each in self._space.variables])

    def child(self, parents: Sequence[int]) -> int:
        """The code of a child of two parents that was not evaluated before.

        Where ten attempts give none, an unseen architecture that is drawn uniformly.
        """
        one, other = self._space.values_of(np.array(parents))
        generator, count = self._spender.generator, len(self._options)
        for _ in range(_ATTEMPTS):
            values = np.where(generator.random(count) < 0.5, one, other)
            step = 1 + (generator.random(count) * (self._options - 1)).astype(np.int64)
            redrawn = (generator.random(count) < 1 / count) & (self._options > 1)
            values = np.where(redrawn, (values + step) % self._options, values)
            code = int(self._spender.objective.code_of(values[None])[0])
            if code != INVALID and not self._spender.seen(code):
                return code
        return self._spender.sample_unseen()

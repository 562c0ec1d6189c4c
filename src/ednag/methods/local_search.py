"""Local search with restarts (White et al., UAI 2021).

Best improvement evaluates all neighbours and moves to the best of them if it is better. First
improvement evaluates them in random order and moves to the first that is better. From a local
optimum the search restarts at a random architecture that it has not evaluated.
"""

from functools import partial

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, NoHyperparameters, Outcome
from ednag.search.objective import Objective


def _climb(spender: Spender, start: int, score: float, first: bool) -> int:
    """The local optimum that is reached from `start`, or the best code when the budget ends."""
    current = start
    while True:
        best, best_score = current, score
        for neighbour in spender.neighbours(current):
            if spender.spent:
                return best
            neighbour_score = spender.score(neighbour)
            if neighbour_score > best_score:
                best, best_score = neighbour, neighbour_score
                if first:
                    break
        if best == current:
            return current
        current, score = best, best_score


def _search(
    objective: Objective, seed: int, budget: int, settings: NoHyperparameters, *, first: bool
) -> Outcome:
    spender = Spender(objective, budget, seed)
    last = -1
    while not spender.spent:
        start = spender.sample_unseen()
        last = _climb(spender, start, spender.score(start), first)
    return spender.outcome([last])


BEST = Method(
    name="local-search-best",
    title="Local search, best improvement",
    description="evaluates all neighbours, moves to the best; restarts at local optima",
    hyperparameters=NoHyperparameters,
    search=partial(_search, first=False),
)
FIRST = Method(
    name="local-search-first",
    title="Local search, first improvement",
    description="moves at the first better neighbour; restarts at local optima",
    hyperparameters=NoHyperparameters,
    search=partial(_search, first=True),
)

"""Local search with restarts (White et al., UAI 2021): climb to a local optimum, start anew.

Best improvement evaluates all neighbours and moves to the best of them if it is better; first
improvement goes through them in random order and moves at the first that is better. From a local
optimum the search restarts at a random architecture it has not seen.
"""

from pydantic import BaseModel

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, NoHyperparameters, Outcome
from ednag.search.objective import Objective


def _climb(spender: Spender, start: int, score: float, first: bool) -> int:
    """The local optimum reached from `start`, or where the budget ended."""
    here = start
    while True:
        better, best = here, score
        for neighbour in spender.neighbours(here):
            if spender.spent:
                return better
            found = spender.score(neighbour)
            if found > best:
                better, best = neighbour, found
                if first:
                    break
        if better == here:
            return here
        here, score = better, best


def _search(objective: Objective, seed: int, budget: int, *, first: bool) -> Outcome:
    spender = Spender(objective, budget, seed)
    here = -1
    while not spender.spent:
        start = spender.sample_unseen()
        here = _climb(spender, start, spender.score(start), first)
    return spender.outcome([here])


def _best(objective: Objective, seed: int, budget: int, settings: BaseModel) -> Outcome:
    return _search(objective, seed, budget, first=False)


def _first(objective: Objective, seed: int, budget: int, settings: BaseModel) -> Outcome:
    return _search(objective, seed, budget, first=True)


BEST = Method(
    name="local-search-best",
    title="Local search, best improvement",
    description="evaluates all neighbours, moves to the best; restarts at local optima",
    hyperparameters=NoHyperparameters,
    search=_best,
)
FIRST = Method(
    name="local-search-first",
    title="Local search, first improvement",
    description="moves at the first better neighbour; restarts at local optima",
    hyperparameters=NoHyperparameters,
    search=_first,
)

"""Searches by an optimiser that is asked for architectures and told what they are worth.

An optimiser of any library then is a method in ten lines: `tpe.py` is one. It sees a space as its
`variables`, and each architecture as the number of the option of each.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ednag.methods.budget import Spender
from ednag.methods.interface import Outcome
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID, SearchSpace

#: Proposals in a row that bring nothing new, after which an unseen architecture is drawn.
_FRUITLESS = 10


class Optimiser(Protocol):
    """An optimiser of one run."""

    def ask(self) -> Sequence[int]:
        """The architecture to evaluate next: the option of each of the space's `variables`."""

    def tell(self, values: Sequence[int], score: float | None) -> None:
        """What an architecture is worth, higher is better; None: it is none.

        It need not be the one that was asked for: where the optimiser repeats itself, others are
        drawn at random, and told as well.
        """


def search_by(
    new: Callable[[SearchSpace, int, Any], Optimiser],
) -> Callable[[Objective, int, int, Any], Outcome]:
    """The `search` of a method whose optimiser `new` makes of (space, seed, hyper-parameters).

    Every proposal is a look-up: also a repeated one, and one that is no architecture. After ten of
    these in a row an architecture that was not evaluated yet is drawn uniformly, so that the budget
    is spent.
    """

    def search(objective: Objective, seed: int, budget: int, settings: Any) -> Outcome:
        spender = Spender(objective, budget, seed)
        space = objective.space
        optimiser = new(space, seed, settings)
        fruitless = 0
        while not spender.spent:
            values = [int(value) for value in optimiser.ask()]
            code = int(objective.code_of(np.array([values]))[0])
            fruitless = fruitless + 1 if code == INVALID or spender.seen(code) else 0
            if code == INVALID:
                spender.score_none()
                optimiser.tell(values, None)
            else:
                optimiser.tell(values, spender.score(code))
            if fruitless >= _FRUITLESS and not spender.spent:
                fruitless, drawn = 0, spender.sample_unseen()
                chosen = space.values_of(np.array([drawn]))[0].tolist()
                optimiser.tell(chosen, spender.score(drawn))
        return spender.outcome([spender.best] if spender.best != INVALID else [])

    return search

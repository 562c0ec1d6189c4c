"""Search by a model of what was evaluated: it chooses the next architectures, in batches."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ednag.methods.budget import Spender
from ednag.methods.interface import Outcome
from ednag.search.objective import Objective


def search_in_batches(
    propose: Callable[[Spender, Any], Sequence[int]],
) -> Callable[[Objective, int, int, Any], Outcome]:
    """The `search` of a method that begins at random and then goes on in batches.

    `settings.start` random architectures come first. Each batch is what `propose` chooses by all
    evaluations, with the settings: at least one architecture that was not evaluated.
    """

    def search(objective: Objective, seed: int, budget: int, settings: Any) -> Outcome:
        spender = Spender(objective, budget, seed)
        for code in spender.sample(settings.start):
            if not spender.spent:
                spender.score(code)
        batch: Sequence[int] = []
        while not spender.spent:
            batch = propose(spender, settings)
            for code in batch:
                if not spender.spent:
                    spender.score(code)
        return spender.outcome(list(batch))

    return search


def random_start(settings: Any, budget: int) -> int:
    """The `Method.random_start` of these methods."""
    return min(int(settings.start), budget)


def mutations_of_best(spender: Spender, parents: int, mutations: int, least: int = 1) -> np.ndarray:
    """Codes int64[n] of new architectures, `mutations` of each of the best.

    The next best have mutations as well until there are `least`, so that a search whose best have
    no new neighbours goes on. At least one in any case.
    """
    codes, scores = spender.evaluated()
    ranked = codes[np.argsort(-scores, kind="stable")].tolist()
    new: dict[int, None] = {}
    for start in range(0, len(ranked), parents):
        drawn = [spender.mutate(code) for code in ranked[start : start + parents] * mutations]
        new |= dict.fromkeys(code for code in drawn if not spender.seen(code))
        if len(new) >= least:
            break
    return np.array(list(new) or [spender.sample_unseen()])


def highest(values: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Positions of the `count` highest values, descending, equal ones in random order."""
    least = np.partition(values, -count)[-count] if count < len(values) else values.min()
    positions = generator.permutation(np.flatnonzero(values >= least))
    return positions[np.argsort(-values[positions], kind="stable")][:count]

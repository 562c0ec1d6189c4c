"""Search guided by ridge regression: the architectures with the highest predictions are next.

A predictor-guided search without exploration (Wen et al., ECCV 2020, who train a graph network
once). The predictor is a ridge regression on the options of an architecture and on pairs of them,
fitted again as evaluations come. It scores every architecture of the table that was not evaluated;
in a space too large to list, mutations of the best so far. Predictions are no evaluations: only
what is evaluated is counted. All arithmetic is on whole numbers, the same on every CPU.
"""

from functools import lru_cache

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method
from ednag.methods.model_based import highest, mutations_of_best, random_start, search_in_batches
from ednag.ranker.ridge import Listing, features_of, fit_ridge
from ednag.spaces.interface import SearchSpace
from ednag.validation import StrictModel

#: In a space too large to list: parents, and mutations of each that are scored.
_PARENTS, _MUTATIONS = 10, 20


class RidgeGuided(StrictModel):
    """Hyper-parameters of the search guided by ridge regression."""

    start: int = Field(20, ge=2, le=1000, description="Random architectures evaluated first.")
    least: int = Field(
        10, ge=1, le=1000, description="Least evaluations between fits of the predictor."
    )
    share: float = Field(
        0.2, ge=0, le=1, description="The same, as a share of the evaluations so far."
    )
    sample: int = Field(
        500, ge=10, le=1000, description="Evaluations that are fitted at most: the last ones."
    )


def _propose(spender: Spender, settings: RidgeGuided) -> list[int]:
    """The new candidates with the highest predictions, the highest first."""
    codes, scores = (values[-settings.sample :] for values in spender.evaluated())
    candidates = _candidates(spender)
    space = spender.objective.space
    ridge = fit_ridge(_features(space, codes), scores, len(space.variables))
    if spender.listed is None:
        predicted = ridge.predict(_features(space, candidates))
    else:
        predicted = _listing(space).predict(ridge)[candidates]
    count = max(settings.least, round(settings.share * len(codes)))
    return candidates[highest(predicted, count, spender.generator)].tolist()


def _candidates(spender: Spender) -> np.ndarray:
    """Codes int64[n] of new architectures; at least one."""
    if spender.listed is None:
        return mutations_of_best(spender, _PARENTS, _MUTATIONS)
    codes, _ = spender.evaluated()
    new = np.ones(spender.objective.space.size, dtype=bool)
    new[codes] = False
    return spender.listed[new[spender.listed]]


@lru_cache(maxsize=1)
def _listing(space: SearchSpace) -> Listing:
    """All codes of the space."""
    return Listing(space.values_of(np.arange(space.size)), max(space.radices))


def _features(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
    """Numbers int64[n, k] of the options, and pairs of options, of codes int[n]."""
    return features_of(space.values_of(codes), pairs=True, options=max(space.radices))


METHOD = Method(
    name="ridge-guided",
    title="Ridge-guided search",
    description="a ridge regression on pairs of options scores all architectures; the highest are "
    "evaluated, and it is fitted again",
    hyperparameters=RidgeGuided,
    search=search_in_batches(_propose),
    random_start=random_start,
)

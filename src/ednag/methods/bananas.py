"""BANANAS (White et al., AAAI 2021): an ensemble of predictors, and Thompson sampling.

After ten random architectures, an ensemble of five predictors is fitted to the path encoding of all
evaluations. The best so far are mutated. Each new mutation draws its worth from a normal
distribution with mean and deviation of the ensemble's predictions (independent Thompson sampling),
and the ten highest are evaluated. In a space without paths, predictors see the options.

As in the paper: the encoding, five predictors, ten evaluations a batch, the acquisition and its
optimisation by mutation. Different: predictors are ridge regressions on paths and pairs of paths,
each on a bootstrap sample without its repeats, and not networks, whose last bits depend on the CPU;
they learn normal scores of accuracies. How many are mutated, and how often, is our choice. All
arithmetic is on whole numbers or in one order, the same on every CPU.
"""

from functools import cache

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method
from ednag.methods.model_based import highest, mutations_of_best, random_start, search_in_batches
from ednag.ranker.ridge import normal_scores, solve_dual, with_pairs
from ednag.spaces.interface import SearchSpace
from ednag.validation import StrictModel

#: Equally likely values that stand for the standard normal distribution.
_NORMAL = 4096


class Bananas(StrictModel):
    """Hyper-parameters of BANANAS."""

    start: int = Field(10, ge=2, le=1000, description="Random architectures evaluated first.")
    batch: int = Field(10, ge=1, le=1000, description="Evaluations between fits of the ensemble.")
    ensemble: int = Field(5, ge=2, le=100, description="Predictors of the ensemble.")
    parents: int = Field(10, ge=1, le=1000, description="Best architectures that are mutated.")
    mutations: int = Field(10, ge=1, le=1000, description="Mutations of each, the candidates.")


def _propose(spender: Spender, settings: Bananas) -> list[int]:
    """The candidates that draw the highest values."""
    least = settings.parents * settings.mutations
    candidates = mutations_of_best(spender, settings.parents, settings.mutations, least)
    generator, space = spender.generator, spender.objective.space
    codes, accuracies = spender.evaluated()
    paths, scores = _encoded(space, codes), normal_scores(accuracies)
    similar, to_candidates = (
        with_pairs(paths, paths),
        with_pairs(_encoded(space, candidates), paths),
    )
    predicted = []
    for _ in range(settings.ensemble):
        drawn = np.unique(generator.integers(len(codes), size=len(codes)))
        dual = solve_dual(similar[np.ix_(drawn, drawn)], scores[drawn])
        predicted.append(to_candidates[:, drawn] @ dual)
    # Sums in the order of the ensemble, and the quotients and roots that IEEE 754 prescribes.
    mean = sum(predicted) / settings.ensemble
    variance = sum((each - mean) ** 2 for each in predicted) / (settings.ensemble - 1)
    deviates = _deviates()[generator.integers(_NORMAL, size=len(candidates))]
    worth = mean + np.sqrt(variance) * deviates
    return candidates[highest(worth, settings.batch, generator)].tolist()


@cache
def _deviates() -> np.ndarray:
    """Standard normal deviates float64[_NORMAL], rounded: the same on every CPU."""
    return normal_scores(np.arange(_NORMAL))


def _encoded(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
    """The path encoding float32[n, P] of architectures int[n]; without paths, their options."""
    paths = space.paths(codes)
    return (paths if paths.shape[1] else space.features(codes)).astype(np.float32)


METHOD = Method(
    name="bananas",
    title="BANANAS",
    description="of mutations of the best, those are evaluated that draw the highest values of an "
    "ensemble of predictors on path encodings",
    hyperparameters=Bananas,
    search=search_in_batches(_propose),
    random_start=random_start,
)

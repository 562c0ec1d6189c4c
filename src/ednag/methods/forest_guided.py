"""Forest-guided search: the loop of SMAC (Hutter et al., LION 2011) with scikit-learn's forest.

A random forest predicts mean and variance of each candidate, and those with the highest expected
improvement are evaluated; in between come random architectures. Candidates are the neighbours of
the best so far, and random ones. Forest, random share and evaluations between fits are the defaults
of smac 2.4.1 for hyper-parameter optimisation (Lindauer et al., JMLR 2022).

Different from SMAC: the start is random and not a Sobol sequence; neighbours of the best are
scored once, and no local search goes on from them; options are one-hot; normal scores of values are
learnt, and not their logarithms. The method is not called SMAC for these. The package `smac` is no
dependency: a proposal of it takes 0.3 s (docs/own-method.md).
"""

import math
from functools import cache

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.forest import Forest
from ednag.methods.interface import Method
from ednag.methods.model_based import highest, random_start, search_in_batches
from ednag.validation import StrictModel

#: Standard deviations are cut to whole numbers of 1 / _STEPS, from -_FAR to _FAR.
_STEPS, _FAR = 64, 8


class ForestGuided(StrictModel):
    """Hyper-parameters of forest-guided search."""

    start: int = Field(20, ge=2, le=1000, description="Random architectures evaluated first.")
    batch: int = Field(8, ge=1, le=1000, description="Evaluations between fits of the forest.")
    trees: int = Field(10, ge=1, le=1000, description="Trees of the random forest.")
    random_share: float = Field(
        0.2, ge=0, le=1, description="Chance of an evaluation to be of a random architecture."
    )
    parents: int = Field(
        10, ge=1, le=1000, description="Best architectures whose neighbours are candidates."
    )
    random_candidates: int = Field(
        1000, ge=1, le=100000, description="Random architectures that are candidates."
    )


def _propose(spender: Spender, settings: ForestGuided) -> list[int]:
    """Random architectures, and the candidates with the highest expected improvement."""
    generator = spender.generator
    forest = Forest(spender, settings.trees)
    candidates = _candidates(spender, settings)
    mean, variance = forest.predict(candidates)
    deviation = np.sqrt(variance)
    worth = deviation * _improvement(mean - forest.scores.max(), deviation)
    chosen = iter(candidates[highest(worth, settings.batch, generator)].tolist())
    at_random = generator.random(settings.batch) < settings.random_share
    proposed = [spender.sample_unseen() if each else next(chosen, None) for each in at_random]
    return [code for code in dict.fromkeys(proposed) if code is not None]


def _candidates(spender: Spender, settings: ForestGuided) -> np.ndarray:
    """Codes int64[n] of architectures that were not evaluated; at least one."""
    codes, scores = spender.evaluated()
    best = codes[np.argsort(-scores, kind="stable")[: settings.parents]].tolist()
    near = [code for parent in best for code in spender.neighbours(parent)]
    found = dict.fromkeys([*near, *spender.sample(settings.random_candidates)])
    new = [code for code in found if not spender.seen(code)]
    return np.array(new or [spender.sample_unseen()])


def _improvement(gain: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Expected improvement float64[n] in deviations, by how far means are above the best."""
    z = np.clip(gain / np.where(deviation > 0, deviation, 1.0), -_FAR, _FAR)
    return _improvements()[np.rint(z * _STEPS).astype(np.int64) + _FAR * _STEPS]


@cache
def _improvements() -> np.ndarray:
    """E[max(0, z + normal)] float64[2 * _FAR * _STEPS + 1] for z from -_FAR to _FAR.

    To six digits, because exponentials differ in their last bits from one CPU to another.
    """
    values = []
    for z in (step / _STEPS for step in range(-_FAR * _STEPS, _FAR * _STEPS + 1)):
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        values.append(float(f"{density + z * math.erfc(-z / math.sqrt(2)) / 2:.6g}"))
    return np.array(values)


METHOD = Method(
    name="forest-guided",
    title="Forest-guided search",
    description="those neighbours of the best are evaluated that a random forest expects to be "
    "the largest improvement, and random ones in between",
    hyperparameters=ForestGuided,
    search=search_in_batches(_propose),
    random_start=random_start,
    seeds="0-29",
)

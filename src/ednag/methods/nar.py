"""NAR, small: a ranker that learns from the search's own evaluations chooses among sampled cells.

The sampler and the choice are those of `ednag.ranker.search` under its protocol `honest`. For a
comparison at equal budgets, these things differ from the published search: the ranker is small; it
is trained on cells that the search evaluated, again in each round; its last epoch is kept, for no
cells are held back to choose one; a round ends with its budget and not after 50 iterations; an
iteration that evaluates no new cell of its first tier evaluates the best new cell of its batch. No
cell is evaluated twice. Source: specification nar.md, section "Sampling and search, exactly"; see
docs/nar.md, which says that the ranker's size was chosen by time and a look at results.
"""

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method
from ednag.methods.learnt_ranking import (
    SPACES,
    RankerSettings,
    Round,
    counted_as,
    fit_ranker,
    patches_of,
    random_start,
    search_in_rounds,
)

if TYPE_CHECKING:
    from ednag.ranker.fitting import FittedRanker
    from ednag.ranker.sampling import Population
    from ednag.ranker.search import Part


class Nar(RankerSettings):
    """Hyper-parameters of the small NAR."""

    top: int = Field(
        10, ge=1, le=1000, description="Cells of each batch that are evaluated at most."
    )
    force_uniform: bool = Field(
        False,
        description="Draw guided cells uniformly, as the published configuration does, and never "
        "as the first tier of a training batch is distributed.",
    )


class _Round:
    """One round: the scores of the last batch, and evaluations within the budget."""

    def __init__(self, spender: Spender, current: Round, fitted: "FittedRanker") -> None:
        from ednag.ranker.fitting import SearchingRanker

        self._spender, self._until = spender, current.until
        patches = patches_of(counted_as(spender.objective))
        self._ranker = SearchingRanker(fitted, patches)
        self._present = spender.objective.present
        self._scores = dict(zip(current.codes.tolist(), current.scores.tolist(), strict=True))
        self.last: tuple[np.ndarray, np.ndarray] = (np.empty(0, np.int64), np.empty(0))

    @property
    def left(self) -> int:
        """Evaluations that the round still has."""
        until = min(self._until, self._spender.budget)
        return until - self._spender.objective.ledger.spent

    def score(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tier logits float32[n, 5] and scores float32[n] of a batch int64[n]."""
        logits, scores = self._ranker(codes)
        self.last = codes, scores
        return logits, scores

    def evaluate(self, codes: np.ndarray, part: "Part") -> np.ndarray:
        """Metric float64[n], higher is better; -inf for cells beyond the budget."""
        return np.array([self._value(code) for code in codes.tolist()])

    def _value(self, code: int) -> float:
        if code not in self._scores:
            absent = self._present is not None and self._present[code] < 0
            if absent or self.left <= 0:
                return float("-inf")
            self._scores[code] = self._spender.score(code)
        return self._scores[code]

    def evaluate_best_new(self) -> None:
        """Spend one evaluation: the best new cell of the last batch, or a random one if none is."""
        codes, scores = self.last
        before = self.left
        for code in codes[np.argsort(-scores, kind="stable")].tolist():
            self._value(code)
            if self.left < before:
                return
        while self.left == before:
            self._value(self._spender.sample_unseen())


@lru_cache(maxsize=1)
def _population(dataset: str) -> "Population":
    from ednag.ranker.sampling import population_of

    return population_of(dataset)


def _spend(spender: Spender, start: Round, settings: Nar) -> None:
    from ednag.ranker.sampling import RULES
    from ednag.ranker.search import RankedSearch, histograms_of_batches

    dataset = counted_as(spender.objective)
    fitted = fit_ranker(start, settings, dataset)
    current = _Round(spender, start, fitted)
    population = _population(dataset)
    search = RankedSearch(
        population,
        replace(RULES, force_uniform=settings.force_uniform),
        histograms_of_batches(population, start.codes, fitted.batches, RULES.bins),
        current.score,
        current.evaluate,
        protocol="honest",
        seed=start.seed,
        # Each iteration evaluates one new cell at least.
        iterations=current.left,
        top=(settings.top,),
    )
    while current.left > 0:
        before = current.left
        search.step()
        if current.left == before:
            current.evaluate_best_new()


METHOD = Method(
    name="nar",
    title="NAR (small)",
    description="a small ranker, trained on the search's own evaluations, chooses among sampled "
    "cells by tier and score",
    hyperparameters=Nar,
    search=partial(search_in_rounds, spend=_spend),
    spaces=SPACES,
    measured_only=True,
    seeds="0-9",
    tuned_on=("nasbench201",),
    random_start=random_start,
)

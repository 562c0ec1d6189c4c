"""Evaluations one architecture at a time, within a budget of distinct ones."""

from weakref import WeakKeyDictionary

import numpy as np

from ednag.methods.interface import Outcome
from ednag.search.objective import Objective

#: A method that asks this many times for each architecture of its budget makes no headway.
_LOOKUPS_PER_ARCHITECTURE = 100


class Architectures:
    """The architectures that a benchmark has, and which of them are one change apart.

    Computed once for all runs on an objective. Architectures of the space that the benchmark
    lacks are left out: a method is not charged for asking what nobody can answer.
    """

    def __init__(self, objective: Objective) -> None:
        self.space = objective.space
        present = objective.present
        self.codes = (
            np.arange(objective.space.size, dtype=np.int32)
            if present is None
            else present[present >= 0]
        )
        self._neighbours: dict[int, np.ndarray] = {}
        self._present = None if present is None else present >= 0

    def neighbours(self, code: int) -> np.ndarray:
        """Codes int32[k] of the benchmark's architectures one change from `code`, ascending."""
        if code not in self._neighbours:
            codes = self.space.neighbours(code)
            self._neighbours[code] = codes if self._present is None else codes[self._present[codes]]
        return self._neighbours[code]


_ARCHITECTURES: "WeakKeyDictionary[Objective, Architectures]" = WeakKeyDictionary()


def architectures_of(objective: Objective) -> Architectures:
    """The architectures of an objective, found out at the first call."""
    if objective not in _ARCHITECTURES:
        _ARCHITECTURES[objective] = Architectures(objective)
    return _ARCHITECTURES[objective]


class Spender:
    """Scores of single architectures until a budget is spent; keeps the best.

    Attributes:
        best: Code of the best architecture so far, -1 before the first.
    """

    def __init__(self, objective: Objective, budget: int, seed: int) -> None:
        self.objective = objective
        self.generator = np.random.Generator(np.random.PCG64(seed))
        self._architectures = architectures_of(objective)
        self.budget = min(budget, len(self._architectures.codes))
        self._higher_is_better = objective.higher_is_better
        self.best = -1
        self._best_score = -np.inf
        self._scores: dict[int, float] = {}

    @property
    def stalled(self) -> bool:
        """Whether look-ups have far outrun distinct architectures."""
        return self.objective.ledger.total >= _LOOKUPS_PER_ARCHITECTURE * self.budget

    @property
    def spent(self) -> bool:
        """Whether the method must stop."""
        return self.objective.ledger.distinct >= self.budget or self.stalled

    def score(self, code: int) -> float:
        """Evaluate one architecture; higher is better whatever the metric's direction."""
        metric = self.objective.evaluate_one(code)
        score = metric if self._higher_is_better else -metric
        self._scores[code] = score
        if score > self._best_score:
            self.best, self._best_score = code, score
        return score

    def seen(self, code: int) -> bool:
        """Whether this architecture has been evaluated."""
        return code in self._scores

    def sample(self, count: int) -> list[int]:
        """Codes of `count` architectures drawn uniformly and independently."""
        drawn = self.generator.integers(len(self._architectures.codes), size=count)
        return [int(code) for code in self._architectures.codes[drawn]]

    def sample_unseen(self) -> int:
        """An architecture drawn uniformly from those not evaluated yet."""
        while True:
            code = self.sample(1)[0]
            if not self.seen(code):
                return code

    def neighbours(self, code: int) -> list[int]:
        """The architectures one change away, in random order."""
        return [
            int(near) for near in self.generator.permutation(self._architectures.neighbours(code))
        ]

    def mutate(self, code: int) -> int:
        """A neighbour drawn uniformly; where there is none, any architecture."""
        near = self._architectures.neighbours(code)
        return int(near[self.generator.integers(len(near))]) if len(near) else self.sample(1)[0]

    def outcome(self, population: list[int]) -> Outcome:
        """The run's end: the best architecture seen."""
        last = np.array(population, dtype=np.int32)
        if self.stalled and self.objective.ledger.distinct < self.budget:
            detail = (
                f"{self.objective.ledger.total} look-ups gave "
                f"{self.objective.ledger.distinct} distinct architectures"
            )
            return Outcome(self.best, "stalled", detail, final_population=last)
        return Outcome(self.best, final_population=last)

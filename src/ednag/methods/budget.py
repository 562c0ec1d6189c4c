"""Evaluation of one architecture at a time, within a budget."""

import numpy as np

from ednag.methods.architectures import Listed, architectures_of
from ednag.methods.interface import Outcome
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID

#: Look-ups for each architecture of the budget after which a method counts as stalled.
LOOKUPS_PER_ARCHITECTURE = 100


class Spender:
    """Scores single architectures until a budget is spent.

    `best` is the code of the best so far, -1 before the first.
    """

    def __init__(self, objective: Objective, budget: int, seed: int) -> None:
        self.objective = objective
        self.generator = np.random.default_rng(seed)
        self._architectures = architectures_of(objective)
        self.budget = min(budget, self._architectures.most)
        self._ledger = objective.ledger
        self._most_lookups = LOOKUPS_PER_ARCHITECTURE * self.budget
        self._draws = bool(objective.protocol.drawn_metrics)
        self._higher_is_better = objective.higher_is_better
        self.best = -1
        self._best_score = -np.inf
        self._scores: dict[int, float] = {}

    @property
    def stalled(self) -> bool:
        """Whether there are far more look-ups than distinct architectures."""
        return self._ledger.total >= self._most_lookups

    @property
    def spent(self) -> bool:
        """Whether the method must stop."""
        return self._ledger.spent >= self.budget or self._ledger.total >= self._most_lookups

    def score(self, code: int) -> float:
        """Evaluate one architecture; higher is better whatever the metric's direction."""
        if code in self._scores and not self._draws:
            self._ledger.repeat()
            return self._scores[code]
        metric = self.objective.evaluate_one(code)
        score = metric if self._higher_is_better else -metric
        self._scores[code] = score
        if score > self._best_score:
            self.best, self._best_score = code, score
        return score

    def score_none(self) -> float:
        """Count a proposal that is no architecture; the score that it has."""
        (metric,), _ = self.objective.evaluate(np.array([INVALID], dtype=np.int32))
        return float(metric) if self._higher_is_better else -float(metric)

    def seen(self, code: int) -> bool:
        """Whether this architecture has been evaluated."""
        return code in self._scores

    def evaluated(self) -> tuple[np.ndarray, np.ndarray]:
        """Codes int64[n] in order of first evaluation, and their scores float64[n]."""
        codes = np.fromiter(self._scores, dtype=np.int64, count=len(self._scores))
        return codes, np.fromiter(self._scores.values(), dtype=np.float64, count=len(codes))

    def sample(self, count: int) -> list[int]:
        """Codes of `count` architectures drawn uniformly and independently."""
        return self._architectures.draw(self.generator, count).tolist()

    def sample_unseen(self) -> int:
        """An architecture drawn uniformly from those not evaluated yet."""
        while True:
            code = self.sample(1)[0]
            if not self.seen(code):
                return code

    @property
    def listed(self) -> np.ndarray | None:
        """Codes int32[n], ascending, of all architectures; None in a space too large to list."""
        return self._architectures.codes if isinstance(self._architectures, Listed) else None

    def neighbours(self, code: int) -> list[int]:
        """The architectures one change away, in random order."""
        return self.generator.permutation(self._architectures.neighbours(code)).tolist()

    def mutate(self, code: int) -> int:
        """A neighbour drawn uniformly; where there is none, any architecture."""
        return self._architectures.mutate(code, self.generator)

    def outcome(self, population: list[int]) -> Outcome:
        """The run's end: the best architecture seen."""
        last = np.array(population, dtype=np.int32)
        drawn = self._best_score if self._higher_is_better else -self._best_score
        ledger = self._ledger
        if self.stalled and ledger.spent < self.budget:
            detail = f"{ledger.total} look-ups gave {ledger.distinct} distinct architectures"
            return Outcome(self.best, "stalled", detail, drawn, last)
        return Outcome(self.best, drawn=drawn, final_population=last)


def evaluate_highest_first(
    objective: Objective, values: np.ndarray, budget: int, seed: int
) -> Outcome:
    """Evaluate all architectures of a table in descending order of values float[size] by code.

    Equal ones come in random order, those without a value (NaN) last.
    """
    architectures = architectures_of(objective)
    assert isinstance(architectures, Listed)
    shuffled = np.random.default_rng(seed).permutation(architectures.codes)
    ordered = shuffled[np.argsort(-values[shuffled], kind="stable")]
    return evaluate_in_order(objective, ordered, budget)


def evaluate_in_order(objective: Objective, codes: np.ndarray, budget: int) -> Outcome:
    """Evaluate distinct architectures int32[n] in this order until the budget is spent."""
    codes = codes[: objective.ledger.spending(codes)[:budget][-1] + 1]
    metric, _ = objective.evaluate(codes)
    best = metric.argmax() if objective.higher_is_better else metric.argmin()
    return Outcome(code=int(codes[best]), final_population=codes[-1:])

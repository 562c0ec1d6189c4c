"""The architectures of searches that are trained, each with who chose it and by which rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ednag.predictor.top_k import Chosen, honest_top_k, paper_roulette, paper_top_k
from ednag.spaces.interface import LargeSpace, SearchSpace

#: In place of a method: the best by prediction of the whole space, and architectures by chance.
PREDICTOR, CHANCE = "predictor", "chance"
#: Of the random architectures, whatever is searched.
_SEED = 0


@dataclass
class Choices:
    """Choices gathered one by one.

    Attributes:
        space: Of the architectures.
        predict: From keys to predicted accuracies in %, float64[n].
        count: Architectures chosen of each search.
        rows: One for each choice: `method`, `rule`, `run` (seed), `rank`, `key`, `predicted`.
        known: Predictions by key, in %; what stands here is not predicted again.
    """

    space: SearchSpace
    predict: Callable[[Sequence[str]], np.ndarray]
    count: int
    rows: list[dict[str, object]] = field(default_factory=list)
    known: dict[str, float] = field(default_factory=dict)

    def _predicted(self, keys: Sequence[str]) -> np.ndarray:
        """Predicted accuracies float64[n]."""
        new = [key for key in dict.fromkeys(keys) if key not in self.known]
        if new:
            self.known.update(zip(new, self.predict(new).tolist(), strict=True))
        return np.array([self.known[key] for key in keys])

    def add(
        self, method: str, run: int, population: Sequence[str], evaluated: Sequence[str]
    ) -> list[str]:
        """Choose of one search by both rules.

        Args:
            method, run: Whose search it is.
            population: Keys of the last population, "" where invalid.
            evaluated: Keys of all distinct architectures evaluated.

        Returns:
            A sentence for each rule that found fewer than asked.
        """
        said = []
        valid = [key for key in population if key]
        # A method without a population, such as random search, hands back its best alone.
        if len(population) > 1 and valid:
            said += self._keep(method, "paper", run, valid, self._by_paper(valid, run))
        if evaluated:
            chosen = honest_top_k(evaluated, self._predicted(evaluated), self.count)
            said += self._keep(method, "honest", run, evaluated, chosen)
        return said

    def _by_paper(self, keys: Sequence[str], run: int) -> Chosen:
        """By roulette in the large space, as published; else the fittest."""
        predicted = self._predicted(keys)
        if not isinstance(self.space, LargeSpace):
            return paper_top_k(keys, predicted, self.count)
        fresh = self.space.fresh()
        omitted = fresh.omitted(np.array([fresh.code(key) for key in keys]))
        return paper_roulette(keys, predicted, omitted, self.count, run)

    def _keep(
        self, method: str, rule: str, run: int, keys: Sequence[str], chosen: Chosen
    ) -> list[str]:
        self._append(method, rule, run, [keys[row] for row in chosen.rows])
        if len(chosen.rows) < self.count:
            return [f"{method} seed {run}, {rule}: {chosen.detail}"]
        return []

    def _append(self, method: str, rule: str, run: int, keys: Sequence[str]) -> None:
        if not keys:
            return
        named = {"method": method, "rule": rule, "run": run}
        self.rows += [
            {**named, "rank": rank, "key": key, "predicted": float(predicted)}
            for rank, (key, predicted) in enumerate(zip(keys, self._predicted(keys), strict=True))
        ]

    def add_best_of_space(self) -> None:
        """The best by prediction of all architectures; none where there are too many to predict."""
        if isinstance(self.space, LargeSpace):
            return
        keys = self.space.keys(np.arange(self.space.size))
        best = np.argsort(-self._predicted(keys), kind="stable")[: self.count]
        self._append(PREDICTOR, "honest", 0, [keys[code] for code in best])

    def add_random(self, count: int) -> None:
        """Some architectures drawn at random, in a small space no two equal."""
        generator = np.random.default_rng(_SEED)
        if isinstance(self.space, LargeSpace):
            fresh = self.space.fresh()
            keys = fresh.keys(fresh.sample(generator, count)) if count else []
        else:
            drawn = np.sort(generator.choice(self.space.size, size=count, replace=False))
            keys = self.space.keys(drawn)
        self._append(CHANCE, "random", 0, keys)

"""The chosen architectures of searches, with method and rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ednag.predictor.top_k import Chosen, honest_top_k, paper_roulette, paper_top_k
from ednag.spaces.interface import LargeSpace, SearchSpace

#: In place of a method: the best of the whole space by prediction, and random architectures.
PREDICTOR, CHANCE = "predictor", "chance"
#: Seed of the random architectures.
_SEED = 0


@dataclass
class Choices:
    """A table of chosen architectures.

    Attributes:
        space: Space of the architectures.
        predict: From keys to predicted accuracies in %, float64[n].
        count: Architectures chosen from each search.
        rows: One for each choice: `method`, `rule`, `run` (seed), `rank`, `key`, `predicted`.
        predictions: Predicted accuracies by key, in %; none is predicted twice.
    """

    space: SearchSpace
    predict: Callable[[Sequence[str]], np.ndarray]
    count: int
    rows: list[dict[str, object]] = field(default_factory=list)
    predictions: dict[str, float] = field(default_factory=dict)

    def _predicted(self, keys: Sequence[str]) -> np.ndarray:
        new = [key for key in dict.fromkeys(keys) if key not in self.predictions]
        if new:
            self.predictions.update(zip(new, self.predict(new).tolist(), strict=True))
        return np.array([self.predictions[key] for key in keys])

    def add(
        self, method: str, run: int, population: Sequence[str], evaluated: Sequence[str]
    ) -> list[str]:
        """Choose from the search of a method and seed (`run`) by both rules.

        Args:
            population: Keys of the last population, "" where invalid.
            evaluated: Keys of all distinct architectures evaluated.

        Returns:
            A sentence for each rule that chose fewer than `count`.
        """
        messages = []
        valid = [key for key in population if key]
        # Methods without a population, such as random search, return their best alone.
        if len(population) > 1 and valid:
            messages += self._keep(method, "paper", run, valid, self._by_paper(valid, run))
        if evaluated:
            chosen = honest_top_k(evaluated, self._predicted(evaluated), self.count)
            messages += self._keep(method, "honest", run, evaluated, chosen)
        return messages

    def _by_paper(self, keys: Sequence[str], run: int) -> Chosen:
        """By roulette in a large space, as published; otherwise the fittest."""
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
        """Add the best of all architectures by prediction; nothing in a large space."""
        if isinstance(self.space, LargeSpace):
            return
        keys = self.space.keys(np.arange(self.space.size))
        best = np.argsort(-self._predicted(keys), kind="stable")[: self.count]
        self._append(PREDICTOR, "honest", 0, [keys[code] for code in best])

    def add_random(self, count: int) -> None:
        """Add architectures drawn at random, without repetition in a small space."""
        generator = np.random.default_rng(_SEED)
        if isinstance(self.space, LargeSpace):
            fresh = self.space.fresh()
            keys = fresh.keys(fresh.sample(generator, count)) if count else []
        else:
            drawn = np.sort(generator.choice(self.space.size, size=count, replace=False))
            keys = self.space.keys(drawn)
        self._append(CHANCE, "random", 0, keys)

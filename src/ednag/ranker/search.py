"""NAR's search: batches drawn, ranked and, the best few, evaluated, iteration by iteration.

Source: specification nar.md, section Sampling and search, and its flaws:

- `paper` reports the best TEST accuracy over all iterations and the top k of each, which looks at
  the test set as often as it evaluates, and keeps guided architectures that are too large.
- `honest` never sees a test accuracy until the end: one architecture is chosen by validation
  accuracy (or by the ranker's score alone), and its test accuracy is asked for once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ednag.errors import EdnagError
from ednag.ranker.sampling import Drawn, Population, Protocol, Rules, draw_batch

Part = Literal["validation", "test"]
#: What an `honest` search chooses by.
Choice = Literal["validation", "score"]
#: Tier logits float[n, 5] and scores float[n] of codes int64[n].
Score = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
#: Accuracies float[n] of codes int64[n] on a part of the data.
Evaluate = Callable[[np.ndarray, Part], np.ndarray]

ITERATIONS = 50
#: How many of each iteration's best are evaluated.
TOP = (1, 3, 5, 7, 10)


@dataclass(frozen=True)
class Iteration:
    """One iteration.

    Attributes:
        number: From 1.
        drawn: Its batch.
        in_first_tier: Different architectures of it that the ranker put into tier 1.
        best: int64[m], the codes of those with the highest scores, descending; m is the largest
            of `top`, or fewer where tier 1 has fewer.
        scores: float64[m], theirs.
        accuracies: float64[m]: test under `paper`, validation under `honest`; NaN where none was
            asked for, since the score alone chooses.
    """

    number: int
    drawn: Drawn
    in_first_tier: int
    best: np.ndarray
    scores: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class SearchOutcome:
    """What a search ends with for one k.

    Attributes:
        top: How many of each iteration's best were looked at.
        code: The architecture chosen; None if no iteration had a predicted tier 1.
        test_accuracy: Its own, NaN without one.
        chosen_by: Its accuracy or score by which it was chosen, NaN without one.
        evaluations: Distinct architectures evaluated for this k, the choice included.
        test_evaluations: Distinct architectures whose test accuracy was asked for.
    """

    top: int
    code: int | None
    test_accuracy: float
    chosen_by: float
    evaluations: int
    test_evaluations: int


class RankedSearch:
    """A search that its caller drives, one `step` at a time; a function of its arguments alone."""

    def __init__(
        self,
        population: Population,
        rules: Rules,
        score: Score,
        evaluate: Evaluate,
        *,
        protocol: Protocol,
        seed: int,
        iterations: int = ITERATIONS,
        top: Sequence[int] = TOP,
        choice: Choice = "validation",
    ) -> None:
        """Nothing is drawn, scored or evaluated yet.

        Args:
            population: What can be drawn.
            rules: How batches are drawn.
            score: The ranker; called with each batch.
            evaluate: The benchmark; called only with architectures that it has not been called
                with for the same part.
            protocol: What is reported; see the module.
            seed: Of all draws.
            iterations: At least 1.
            top: Each at least 1.
            choice: What an `honest` search chooses by; `score` evaluates nothing but the outcome.

        Raises:
            EdnagError: A number is too small, or `paper` is to choose by score.
        """
        if iterations < 1 or not top or min(top) < 1:
            raise EdnagError(
                f"search: {iterations} iterations, top {list(top)}; give 1 or more of each"
            )
        if protocol == "paper" and choice != "validation":
            raise EdnagError(
                "search: protocol paper chooses by test accuracy; choose by score under honest"
            )
        self._population, self._rules, self._score = population, rules, score
        self._evaluate, self._protocol, self._seed = evaluate, protocol, seed
        self._top, self._choice = tuple(sorted(set(top))), choice
        self.iterations = iterations
        self.done: list[Iteration] = []
        self.scored = 0
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._known: dict[Part, dict[int, float]] = {"validation": {}, "test": {}}

    @property
    def finished(self) -> bool:
        """Whether every iteration is done."""
        return len(self.done) == self.iterations

    @property
    def evaluations(self) -> int:
        """Distinct architectures evaluated so far, on either part."""
        return len(set(self._known["validation"]) | set(self._known["test"]))

    def run(self) -> list[SearchOutcome]:
        """Do what remains; see `outcomes`."""
        while not self.finished:
            self.step()
        return self.outcomes()

    def step(self) -> Iteration:
        """One iteration.

        Raises:
            EdnagError: All are done, or the ranker answers in another shape.
        """
        if self.finished:
            raise EdnagError(f"search: all {self.iterations} iterations are done; ask `outcomes`")
        number = len(self.done) + 1
        drawn = draw_batch(
            self._population,
            self._rules,
            np.random.default_rng([self._seed, number]),
            protocol=self._protocol,
            last=self._last,
        )
        logits, scores = self._score(drawn.codes)
        if len(logits) != len(drawn.codes) or np.shape(scores) != (len(drawn.codes),):
            raise EdnagError(
                f"search: {len(drawn.codes)} architectures scored by logits of shape "
                f"{np.shape(logits)} and scores of shape {np.shape(scores)}; give one row each"
            )
        self.scored += len(drawn.codes)
        tiers = np.argmax(logits, axis=1)
        self._last = drawn.codes, tiers
        best, their_scores, count = self._best(drawn.codes, tiers, np.asarray(scores, np.float64))
        self.done.append(
            Iteration(number, drawn, count, best, their_scores, self._accuracies(best))
        )
        return self.done[-1]

    def _best(
        self, codes: np.ndarray, tiers: np.ndarray, scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Different codes of the predicted tier 1 by score, their scores, how many there are."""
        first = np.flatnonzero(tiers == 0)
        _, places = np.unique(codes[first], return_index=True)
        different = first[np.sort(places)]
        order = different[np.argsort(-scores[different], kind="stable")][: self._top[-1]]
        return codes[order], scores[order], len(different)

    def _accuracies(self, codes: np.ndarray) -> np.ndarray:
        if self._protocol == "honest" and self._choice == "score":
            return np.full(len(codes), np.nan)
        return self._ask(codes, "test" if self._protocol == "paper" else "validation")

    def _ask(self, codes: np.ndarray, part: Part) -> np.ndarray:
        """Accuracies float64[n]; only what is not known yet is evaluated."""
        known = self._known[part]
        new = np.array([code for code in codes.tolist() if code not in known], dtype=np.int64)
        if len(new):
            found = np.asarray(self._evaluate(new, part), dtype=np.float64)
            known.update(zip(new.tolist(), found.tolist(), strict=True))
        return np.array([known[code] for code in codes.tolist()], dtype=np.float64)

    def outcomes(self) -> list[SearchOutcome]:
        """What the iterations done so far end with, for each k; one, for k = 1, chosen by score.

        Under `honest` this asks for the test accuracy of each outcome: call it at the end.
        """
        by_score = self._protocol == "honest" and self._choice == "score"
        return [self._outcome(k, by_score) for k in ((1,) if by_score else self._top)]

    def _outcome(self, top: int, by_score: bool) -> SearchOutcome:
        codes = np.concatenate([each.best[:top] for each in self.done] or [np.zeros(0, np.int64)])
        if not len(codes):
            return SearchOutcome(top, None, float("nan"), float("nan"), 0, 0)
        values = np.concatenate(
            [(each.scores if by_score else each.accuracies)[:top] for each in self.done]
        )
        # The first of equal ones, so that later iterations do not matter to it.
        at = int(np.argmax(values))
        code, looked_at = int(codes[at]), len(np.unique(codes))
        test = float(self._ask(codes[at : at + 1], "test")[0])
        paper = self._protocol == "paper"
        return SearchOutcome(
            top=top,
            code=code,
            test_accuracy=test,
            chosen_by=float(values[at]),
            evaluations=1 if by_score else looked_at,
            test_evaluations=looked_at if paper else 1,
        )

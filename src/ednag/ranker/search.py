"""NAR's search: each iteration draws and ranks a batch, and evaluates the best few.

Draws are guided by the histograms of the batches of the ranker's best epoch, shuffled once; each
serves some consecutive iterations. Source: specification nar.md, section "Sampling and search,
exactly", and its flaws:

- `paper` reports the best TEST accuracy over all iterations and the top k of each, so it reads as
  many test accuracies as it evaluates cells, and it keeps guided cells that are too large.
- `honest` chooses one cell by validation accuracy and reads its test accuracy once, at the end.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ednag.errors import EdnagError
from ednag.ranker.sampling import (
    Drawn,
    Histograms,
    Population,
    Protocol,
    Rules,
    draw_batch,
    histograms_of,
)

Part = Literal["validation", "test"]
#: Tier logits float[n, 5] and scores float[n] of codes int64[n].
Score = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
#: Accuracies float[n] of codes int64[n] on a part of the data.
Evaluate = Callable[[np.ndarray, Part], np.ndarray]

#: Of the published search; n sets of histograms serve ceil(50 / n) iterations each.
ITERATIONS = 50
#: Numbers of best cells of each iteration that are reported (k).
TOP = (1, 3, 5, 7, 10)


@dataclass(frozen=True)
class Iteration:
    """One iteration.

    Attributes:
        best: int64[m], the draws of predicted tier 1 with the highest scores, in descending order;
            m is the largest of `top`, or smaller where tier 1 has fewer draws, or 0 where it has
            fewer than the rules ask for. A cell that was drawn twice is there twice.
        accuracies: float64[m]: test under `paper`, validation under `honest`.
    """

    drawn: Drawn
    best: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class SearchOutcome:
    """The result of a search for one k.

    Attributes:
        top: Number of best cells of each iteration (k).
        code: The chosen cell; None if all iterations were skipped.
        test_accuracy, chosen_by: Its test accuracy, and the one that chose it; NaN without a cell.
        evaluations: Distinct cells evaluated for this k.
        test_evaluations: Distinct cells whose test accuracy was read.
    """

    top: int
    code: int | None
    test_accuracy: float
    chosen_by: float
    evaluations: int
    test_evaluations: int


def histograms_of_batches(
    population: Population,
    codes: np.ndarray,
    batches: Sequence[tuple[np.ndarray, np.ndarray]],
    bins: int,
) -> list[Histograms]:
    """The histograms of training batches; `codes` int64[n] are the cells of the training sample.

    `batches` are rows of the sample and their tiers, as of `ednag.ranker.fitting.FittedRanker`.
    """
    return [histograms_of(population, codes[rows], tiers, bins) for rows, tiers in batches]


class RankedSearch:
    """A search that its caller drives, one `step` at a time; a function of its arguments alone."""

    def __init__(
        self,
        population: Population,
        rules: Rules,
        histograms: Sequence[Histograms],
        score: Score,
        evaluate: Evaluate,
        *,
        protocol: Protocol,
        seed: int,
        iterations: int = ITERATIONS,
        top: Sequence[int] = TOP,
    ) -> None:
        """Prepare; nothing is drawn, scored or evaluated yet.

        Args:
            histograms: Of training batches, by `histograms_of_batches`; at least one. Where more
                iterations are made than they serve, they begin again.
            score: The ranker; called once with each batch.
            evaluate: The benchmark; called once for each cell and part.
            iterations: At least 1.
            top: Each at least 1.
        """
        if iterations < 1 or not top or min(top) < 1 or not histograms:
            raise EdnagError(
                f"search: {iterations} iterations, top {list(top)}, {len(histograms)} sets of "
                "histograms; give 1 or more of each"
            )
        self._population, self._rules, self._score = population, rules, score
        self._evaluate, self._protocol = evaluate, protocol
        self._generator = random.Random(seed)
        self._histograms = list(histograms)
        self._generator.shuffle(self._histograms)
        self._served = -(-ITERATIONS // len(self._histograms))
        self._top = tuple(sorted(set(top)))
        self.iterations = iterations
        self.done: list[Iteration] = []
        self._evaluated: dict[Part, dict[int, float]] = {"validation": {}, "test": {}}

    def run(self) -> list[SearchOutcome]:
        """Do the remaining iterations; the outcomes for each k."""
        while len(self.done) < self.iterations:
            self.step()
        return [self._outcome(k) for k in self._top]

    def step(self) -> Iteration:
        """One iteration; raises EdnagError if all are done."""
        number = len(self.done)
        if number >= self.iterations:
            raise EdnagError(f"search: all {self.iterations} iterations are done")
        drawn = draw_batch(
            self._population,
            self._rules,
            self._histograms[number // self._served % len(self._histograms)],
            self._generator,
            protocol=self._protocol,
        )
        logits, scores = self._score(drawn.codes)
        if len(logits) != len(drawn.codes) or np.shape(scores) != (len(drawn.codes),):
            raise EdnagError(
                f"search: {len(drawn.codes)} cells scored by logits of shape "
                f"{np.shape(logits)} and scores of shape {np.shape(scores)}; give one row each"
            )
        tiers = np.argmax(logits, axis=1)
        best = self._best(drawn.codes, tiers, np.asarray(scores, np.float64))
        part: Part = "test" if self._protocol == "paper" else "validation"
        self.done.append(Iteration(drawn, best, self._accuracies(best, part)))
        return self.done[-1]

    def _best(self, codes: np.ndarray, tiers: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Codes of the predicted tier 1 with the highest scores, in descending order."""
        first = np.flatnonzero(tiers == 0)
        if len(first) < self._rules.fewest:
            return codes[:0]
        return codes[first[np.argsort(-scores[first], kind="stable")][: self._top[-1]]]

    def _accuracies(self, codes: np.ndarray, part: Part) -> np.ndarray:
        """Accuracies float64[n]; only cells without one are evaluated."""
        evaluated = self._evaluated[part]
        distinct = dict.fromkeys(codes.tolist())
        new = np.array([code for code in distinct if code not in evaluated], dtype=np.int64)
        if len(new):
            accuracies = np.asarray(self._evaluate(new, part), dtype=np.float64)
            evaluated.update(zip(new.tolist(), accuracies.tolist(), strict=True))
        return np.array([evaluated[code] for code in codes.tolist()], dtype=np.float64)

    def _outcome(self, top: int) -> SearchOutcome:
        codes = np.concatenate([each.best[:top] for each in self.done])
        if not len(codes):
            return SearchOutcome(top, None, float("nan"), float("nan"), 0, 0)
        accuracies = np.concatenate([each.accuracies[:top] for each in self.done])
        # The first of equal ones, so that later iterations do not change the choice.
        at = int(np.argmax(accuracies))
        evaluations = len(np.unique(codes))
        return SearchOutcome(
            top=top,
            code=int(codes[at]),
            test_accuracy=float(self._accuracies(codes[at : at + 1], "test")[0]),
            chosen_by=float(accuracies[at]),
            evaluations=evaluations,
            test_evaluations=evaluations if self._protocol == "paper" else 1,
        )

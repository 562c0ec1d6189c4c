"""Successive halving, Hyperband and ASHA: short trainings of many, longer ones of the best.

A rung is a number of epochs after which accuracies are known (4, 12, 36 and 108 of NAS-Bench-101).
Architectures are drawn at random, none twice. Each training begins anew, as the benchmark's did, so
that an architecture on the third rung has cost 4 + 12 + 36 epochs. A budget of n is as many epochs
as n trainings on the last rung have; the search stops before the training that would exceed it.
It reports the best of those that were trained longest.

- `successive-halving` (Jamieson and Talwalkar, AISTATS 2016): brackets, one after the other. Each
  begins with `start` architectures, and one in `eta` goes to the next rung.
- `hyperband` (Li et al., JMLR 2018): brackets that begin on each rung in turn, the first on the
  lowest, each with about the same epochs.
- `asha` (Li et al., MLSys 2020), of one worker: an architecture goes to the next rung as soon as it
  is among the best one in `eta` of its own; if there is none, a new one is drawn.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from pydantic import Field

from ednag.methods.architectures import Listed, architectures_of
from ednag.methods.interface import Method, Outcome
from ednag.search.objective import Objective
from ednag.validation import StrictModel


class HalvingSettings(StrictModel):
    """Hyper-parameters of Hyperband and ASHA."""

    eta: int = Field(3, ge=2, le=100, description="One in so many goes to the next rung.")


class BracketSettings(HalvingSettings):
    """Hyper-parameters of successive halving."""

    start: int = Field(
        27, ge=1, le=1_000_000, description="Architectures that a bracket begins with."
    )


class _SpentError(Exception):
    """The next training would exceed the budget, or every architecture has been drawn."""


class _Trainer:
    """Trainings of architectures on rungs until the budget of epochs is spent."""

    def __init__(self, objective: Objective, budget: int, seed: int) -> None:
        architectures = architectures_of(objective)
        assert isinstance(architectures, Listed)
        self.objective = objective
        self.rungs = tuple(objective.protocol.epochs)
        self._left = budget * self.rungs[-1]
        self._undrawn: Iterator[int] = iter(
            np.random.default_rng(seed).permutation(architectures.codes).tolist()
        )
        self._sign = 1.0 if objective.higher_is_better else -1.0
        #: (rung, score, code) of the best of those trained longest.
        self.best = (-1, -np.inf, -1)

    def draw(self, count: int) -> list[int]:
        """Codes of at most `count` architectures not drawn before, at least one."""
        drawn = list(islice(self._undrawn, count))
        if not drawn:
            raise _SpentError
        return drawn

    def train(self, code: int, rung: int) -> float:
        """Score of an architecture after a training on a rung; higher is better."""
        epochs = self.rungs[rung]
        if epochs > self._left:
            raise _SpentError
        self._left -= epochs
        (metric,) = self.objective.evaluate_after(np.array([code]), epochs)
        score = self._sign * float(metric)
        if (rung, score) > self.best[:2]:
            self.best = (rung, score, code)
        return score

    def bracket(self, count: int, eta: int, first: int = 0) -> None:
        """Train `count` new architectures on the rung `first`, one in `eta` on each next one."""
        kept = self.draw(count)
        for rung in range(first, len(self.rungs)):
            scores = {code: self.train(code, rung) for code in kept}
            kept = sorted(kept, key=lambda code: -scores[code])[: len(kept) // eta]


def _halve(trainer: _Trainer, settings: BracketSettings) -> None:
    while True:
        trainer.bracket(settings.start, settings.eta)


def _hyperband(trainer: _Trainer, settings: HalvingSettings) -> None:
    rungs = len(trainer.rungs)
    while True:
        for first in range(rungs):
            steps = rungs - 1 - first
            count = -(-rungs * settings.eta**steps // (steps + 1))
            trainer.bracket(count, settings.eta, first)


def _promote(trainer: _Trainer, settings: HalvingSettings) -> None:
    scores: list[dict[int, float]] = [{} for _ in trainer.rungs]
    while True:
        rung, code = _next_of(scores, settings.eta) or (0, *trainer.draw(1))
        scores[rung][code] = trainer.train(code, rung)


def _next_of(scores: list[dict[int, float]], eta: int) -> tuple[int, int] | None:
    """The rung and code of the next training of one seen before, from the highest rung down."""
    for rung in reversed(range(1, len(scores))):
        below = scores[rung - 1]
        best = sorted(below, key=lambda code: -below[code])[: len(below) // eta]
        for code in best:
            if code not in scores[rung]:
                return rung, code
    return None


def _search(
    objective: Objective,
    seed: int,
    budget: int,
    settings: Any,
    *,
    rule: Callable[[_Trainer, Any], None],
) -> Outcome:
    trainer = _Trainer(objective, budget, seed)
    with suppress(_SpentError):
        rule(trainer, settings)
    code = trainer.best[2]
    return Outcome(code, final_population=np.array([code], dtype=np.int32))


METHOD = Method(
    name="successive-halving",
    title="Successive halving",
    description="short trainings of many architectures, longer ones of the best third",
    hyperparameters=BracketSettings,
    search=partial(_search, rule=_halve),
    epochs=True,
)
HYPERBAND = Method(
    name="hyperband",
    title="Hyperband",
    description="successive halving that begins on each number of epochs in turn",
    hyperparameters=HalvingSettings,
    search=partial(_search, rule=_hyperband),
    epochs=True,
)
ASHA = Method(
    name="asha",
    title="ASHA, one worker",
    description="successive halving without brackets, which trains one architecture at a time",
    hyperparameters=HalvingSettings,
    search=partial(_search, rule=_promote),
    epochs=True,
)

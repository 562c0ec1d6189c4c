"""REINFORCE (Williams, 1992) on the variables of a space, as NAS-Bench-201's authors run it.

The policy draws each variable on its own, from the softmax of its logits. The gradient of the
log-probability of an architecture, times how far its metric is above a moving average, is a step of
Adam. Settings are of the benchmark's authors, in their repository AutoDL-Projects: momentum 0.9 of
the moving average (`scripts-search/NAS-Bench-201-algos/REINFORCE.sh`), Adam and its rate 0.01 (the
commands for NATS-Bench in `exps/NATS-algos/reinforce.py`; that script's example has 0.001). A draw
that is no architecture counts as an invalid evaluation and has the metric of one.

Exponentials of NumPy differ in their last bits from one CPU to another; `_exponential` does not.
"""

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID
from ednag.validation import StrictModel

#: Adam's decay rates and the constant in its denominator (Kingma and Ba, ICLR 2015).
_FIRST, _SECOND, _SMALL = 0.9, 0.999, 1e-8
#: Steps whose random numbers are drawn at a time.
_STEPS = 256
#: exp(x) is the 64th power of the series of exp(x / 64), which ends after these terms.
_SQUARINGS, _TERMS = 6, 9
#: Logits are at most this far below the largest of a variable; exp(-60) is chance zero.
_LOWEST = -60.0


class Reinforce(StrictModel):
    """Hyper-parameters of REINFORCE."""

    learning_rate: float = Field(0.01, gt=0, le=1, description="Learning rate of Adam.")
    momentum: float = Field(
        0.9, ge=0, lt=1, description="Momentum of the moving average of the metric."
    )


def _exponential(values: np.ndarray) -> np.ndarray:
    """exp of float64[...] in [-60, 0] by additions and products alone, right to 1e-14."""
    scaled, result = values / 2**_SQUARINGS, np.ones_like(values)
    for term in range(_TERMS, 0, -1):
        result = 1 + scaled / term * result
    for _ in range(_SQUARINGS):
        result = result * result
    return result


class _Policies:
    """The policies of S searches, one step at a time: V variables of O options at most."""

    def __init__(self, searches: int, radices: tuple[int, ...], settings: Reinforce) -> None:
        self._settings = settings
        self._exists = np.arange(max(radices)) < np.array(radices)[:, None]
        self._logits, self._mean, self._square = np.zeros((3, searches, *self._exists.shape))
        self._average = np.zeros(searches)
        self._left = np.ones(3)  # what is left of the first value in each moving average

    def draw(self, uniform: np.ndarray) -> np.ndarray:
        """Options int64[S, V] of numbers float64[S, V] in [0, 1)."""
        below = self._logits - self._logits.max(axis=2, keepdims=True)
        weights = _exponential(np.maximum(below, _LOWEST)) * self._exists
        # A cumulative sum has one order of additions; a sum may have several.
        until = np.cumsum(weights, axis=2)
        total = until[:, :, -1:]
        self._chances = weights / total
        drawn = (until <= uniform[:, :, None] * total).sum(axis=2)
        return np.minimum(drawn, self._exists.sum(axis=1) - 1)

    def learn(self, drawn: np.ndarray, rewards: np.ndarray) -> None:
        """One step of Adam from the options int64[S, V] and their rewards float64[S]."""
        settings = self._settings
        decays = np.array([_FIRST, _SECOND, settings.momentum])
        self._left = self._left * decays
        self._average = settings.momentum * self._average + (1 - settings.momentum) * rewards
        advantage = rewards - self._average / (1 - self._left[2])
        chosen = drawn[:, :, None] == np.arange(self._exists.shape[1])
        gradient = (self._chances - chosen) * advantage[:, None, None]
        self._mean = _FIRST * self._mean + (1 - _FIRST) * gradient
        self._square = _SECOND * self._square + (1 - _SECOND) * (gradient * gradient)
        size = np.sqrt(self._square / (1 - self._left[1])) + _SMALL
        self._logits -= settings.learning_rate * (self._mean / (1 - self._left[0])) / size

    def keep(self, searches: np.ndarray) -> None:
        """Go on with some of the searches, bool[S]."""
        for name in ("_logits", "_mean", "_square", "_average"):
            setattr(self, name, getattr(self, name)[searches])


def _search_together(
    objectives: list[Objective], seeds: list[int], budget: int, settings: Reinforce
) -> list[Outcome]:
    spenders = [
        Spender(objective, budget, seed) for objective, seed in zip(objectives, seeds, strict=True)
    ]
    radices = objectives[0].space.radices
    policies, going, step = _Policies(len(spenders), radices, settings), spenders, 0
    while going:
        if step % _STEPS == 0:
            uniform = np.stack([s.generator.random((_STEPS, len(radices))) for s in going])
        drawn = policies.draw(uniform[:, step % _STEPS])
        codes = going[0].objective.code_of(drawn).tolist()
        rewards = [
            spender.score_none() if code == INVALID else spender.score(code)
            for spender, code in zip(going, codes, strict=True)
        ]
        policies.learn(drawn, np.array(rewards))
        step += 1
        if any(spender.spent for spender in going):
            left = np.array([not spender.spent for spender in going])
            policies.keep(left)
            uniform = uniform[left]
            going = [spender for spender in going if not spender.spent]
    return [spender.outcome([spender.best]) for spender in spenders]


def _search(objective: Objective, seed: int, budget: int, settings: Reinforce) -> Outcome:
    return _search_together([objective], [seed], budget, settings)[0]


METHOD = Method(
    name="reinforce",
    title="REINFORCE",
    description="a policy that draws each variable is moved by the gradient of the metric",
    hyperparameters=Reinforce,
    search=_search,
    search_together=_search_together,
)

"""Tuning of a method: successive halving over random settings.

After Jamieson and Talwalkar (AISTATS 2016). All settings run the first seeds on every table; the
better half goes on to twice as many, until one is left. The method's own settings are the first of
them, others are drawn from the values that the method declares (`Method.tunable`). A setting's
score is the mean over tables and seeds of what a run had found after a number of distinct
evaluations, where 0 is a random architecture of the table and 1 the best.

Own code in place of a library: Optuna's pruner decides on one trial's intermediate values, and
scikit-learn's `HalvingRandomSearchCV` on folds of one estimator. A score here is over tables and
seeds, all settings of a round must have the same of both, and all of it must be the same on every
CPU.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from ednag.errors import EdnagError
from ednag.methods.interface import Method, Run
from ednag.search.objective import Objective

#: Lower seeds judge methods and never choose their settings.
FIRST_SEED = 1000
#: Scores are rounded to this, so that no library's order of summation is part of a choice.
_DECIMALS = 6

#: Hyper-parameters that differ from a method's own.
Setting = Mapping[str, Any]


@dataclass(frozen=True)
class Round:
    """One round of the halving.

    Attributes:
        seeds: How many of the seeds each setting ran, on every table.
        scores: (setting, score), the best first; of equal scores, the one that was drawn first.
    """

    seeds: int
    scores: tuple[tuple[Setting, float], ...]


def check_tuning(method: Method, settings: int, seeds: Sequence[int]) -> None:
    """Raise EdnagError unless so many settings can be halved down to one over these seeds."""
    if not method.tunable:
        raise EdnagError(
            f"method {method.name} has no settings to tune; its `tunable` names none "
            "(docs/transfer.md)"
        )
    if settings < 2 or settings & (settings - 1):
        raise EdnagError(f"--settings {settings} cannot be halved down to one; name a power of two")
    known = math.prod(map(len, method.tunable.values()))
    if settings > known:
        raise EdnagError(
            f"--settings {settings}: method {method.name} has {known}; name a lower power of two"
        )
    if low := [seed for seed in seeds if seed < FIRST_SEED]:
        raise EdnagError(
            f"--seeds: {low[0]} is one of those that judge methods; name seeds from {FIRST_SEED} on"
        )
    if len(seeds) % (settings // 2):
        raise EdnagError(
            f"--seeds: {len(seeds)} seeds cannot be halved down to the first of "
            f"{settings.bit_length() - 1} rounds; name a multiple of {settings // 2}"
        )


def draw_settings(method: Method, count: int, seed: int) -> list[Setting]:
    """The method's own settings, which are {}, and others of its declared values, all different.

    Raises:
        EdnagError: A declared value is not within the bounds of the hyper-parameter.
    """
    generator = np.random.default_rng(seed)
    drawn: dict[str, Setting] = {method.read_hyperparameters({}).model_dump_json(): {}}
    while len(drawn) < count:
        setting = {
            name: values[int(generator.integers(len(values)))]
            for name, values in method.tunable.items()
        }
        drawn.setdefault(method.read_hyperparameters(setting).model_dump_json(), setting)
    return list(drawn.values())


class _Scorer:
    """Scores of settings; a run that was made is not made again."""

    def __init__(self, method: Method, objectives: Sequence[Objective], budget: int) -> None:
        self._method, self._objectives, self._budget = method, objectives, budget
        self._worth = [worth_of(each) for each in objectives]
        self._found: dict[int, list[float]] = {}

    def score(self, place: int, setting: Setting, seeds: Sequence[int]) -> float:
        """The mean over tables and seeds; `place` is the number of the setting."""
        found = self._found.setdefault(place, [])
        new = seeds[len(found) // len(self._objectives) :]
        for objective, worth in zip(self._objectives, self._worth, strict=True):
            settings = self._settings(setting, objective)
            runs = self._method.run_all(objective, new, self._budget, settings)
            found += [worth.of(run, self._budget) for run in runs]
        return round(math.fsum(found) / len(found), _DECIMALS)

    def _settings(self, setting: Setting, objective: Objective) -> BaseModel:
        return self._method.read_hyperparameters(setting, objective.space, objective.protocol)


@dataclass(frozen=True)
class Worth:
    """The scale of a table: `low`, the mean of its architectures, is 0, and `best` is 1."""

    low: float
    best: float
    sign: float

    def of(self, run: Run, budget: int) -> float:
        """What a run had found after so many distinct evaluations; 0 where it saw nothing."""
        if not run.distinct:
            return 0.0
        value = self.sign * float(np.max(self.sign * run.metrics[:budget]))
        return (value - self.low) / ((self.best - self.low) or 1.0)


def worth_of(objective: Objective) -> Worth:
    """The scale of an objective's table; raises EdnagError where its best value is not known."""
    table, name = objective.table, objective.protocol.fitness_metric
    best = table.optimum(name)
    if math.isnan(best):
        raise EdnagError(
            f"{table.space}/{table.dataset}: the best of its values is not known, so nothing is "
            "tuned on it; name a table of measured values"
        )
    values = table.values[name]
    low = math.fsum(values[~np.isnan(values)].tolist()) / int(np.sum(~np.isnan(values)))
    return Worth(low, best, table.metrics[name].sign)


def halve(
    method: Method, objectives: Sequence[Objective], seeds: Sequence[int], count: int, budget: int
) -> list[Round]:
    """Tune a method; the last round has two settings, and the first of these is the best.

    Args:
        method: The method.
        objectives: One for each table; scored is the metric that the search sees.
        seeds: From FIRST_SEED on; the last round runs all of them, and each other one half as many
            as the next. The first one draws the settings.
        count: Settings of the first round, a power of two.
        budget: Distinct evaluations after which a run is scored.

    Raises:
        EdnagError: See `check_tuning`, `draw_settings` and `worth_of`.
    """
    check_tuning(method, count, seeds)
    alive = list(enumerate(draw_settings(method, count, seeds[0])))
    scorer = _Scorer(method, objectives, budget)
    rounds: list[Round] = []
    while len(alive) > 1:
        used = seeds[: 2 * len(seeds) // len(alive)]
        scores = {place: scorer.score(place, setting, used) for place, setting in alive}
        alive.sort(key=lambda each: (-scores[each[0]], each[0]))
        rounds.append(Round(len(used), tuple((each, scores[place]) for place, each in alive)))
        alive = alive[: len(alive) // 2]
    return rounds

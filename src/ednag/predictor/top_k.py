"""Which architectures of a run are trained in the end.

Two readings. "paper": of the final population, as published. "honest": of all that the run
evaluated, by prediction alone. Source: meta-predictor specification, top-k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ednag.errors import EdnagError

#: Architectures kept by the paper in MobileNetV3.
KEPT_IN_MOBILENETV3 = 30
#: Share of the kept that the paper reserves for the architectures that leave out most layers.
RESERVED = 0.1
#: Weight in the roulette of the least fit, where the fittest weighs 1; as in the search.
_LEAST_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class Chosen:
    """The architectures kept.

    Attributes:
        rows: int64[m], where they stand among those given; the order is the order of choice.
        asked: How many were asked for; m is smaller where there are fewer distinct ones.
        detail: One sentence on how many there are, for reports.
    """

    rows: np.ndarray
    asked: int
    detail: str


def paper_top_k(keys: Sequence[str], fitness: np.ndarray, count: int) -> Chosen:
    """The `count` fittest distinct architectures of a final population.

    Of equally fit ones the first in the population stands first; of equal ones the fittest counts.

    Args:
        keys: Valid architectures of the final population, repetitions included.
        fitness: float64[n], predicted.

    Raises:
        EdnagError: `count` is below 1, or a fitness is no number.
    """
    _refuse(keys, fitness, count)
    return _chosen(_distinct(keys, np.argsort(-fitness, kind="stable"))[:count], keys, count)


def paper_roulette(
    keys: Sequence[str],
    fitness: np.ndarray,
    omitted: np.ndarray,
    count: int = KEPT_IN_MOBILENETV3,
    seed: int = 0,
    reserved: float = RESERVED,
) -> Chosen:
    """Distinct architectures of a final population drawn by roulette: MobileNetV3.

    First come those that leave out most layers, as many as the reserved share of `count` rounded
    down, of equals the fittest; then draws without repetition among the rest. The weight of a draw
    grows in a straight line from 0.1 for the least fit to 1 for the fittest, as in the search; all
    weigh the same where all are equally fit.

    Args:
        keys, fitness: See `paper_top_k`.
        omitted: int64[n], `none` layers of each.
        seed: Of the draws.
        reserved: Share in [0, 1].
    """
    _refuse(keys, fitness, count)
    distinct = _distinct(keys, np.argsort(-fitness, kind="stable"))
    by_omitted = distinct[np.argsort(-omitted[distinct], kind="stable")]
    first = by_omitted[: int(reserved * count)]
    others = distinct[~np.isin(distinct, first)]
    drawn = min(count - len(first), len(others))
    weight = np.ones(len(others))
    if drawn and np.ptp(fitness[others]):
        weight = (fitness[others] - fitness[others].min()) / np.ptp(fitness[others])
        weight = _LEAST_WEIGHT + (1 - _LEAST_WEIGHT) * weight
    rest = np.random.default_rng(seed).choice(
        others, size=drawn, replace=False, p=weight / weight.sum() if drawn else None
    )
    return _chosen(np.concatenate([first, rest]), keys, count)


def honest_top_k(keys: Sequence[str], predictions: np.ndarray, count: int) -> Chosen:
    """The `count` distinct architectures with the best prediction among all evaluated in a run.

    Of equal predictions the key that sorts first stands first, so that the order of evaluation
    does not matter.

    Args:
        keys: Valid architectures that the run evaluated, in any order, repetitions allowed.
        predictions: float64[n].

    Raises:
        EdnagError: `count` is below 1, or a prediction is no number.
    """
    _refuse(keys, predictions, count)
    order = np.lexsort((np.array(keys, dtype=np.str_), -predictions))
    return _chosen(_distinct(keys, order)[:count], keys, count)


def _refuse(keys: Sequence[str], fitness: np.ndarray, count: int) -> None:
    """Raise EdnagError for what cannot be ranked."""
    if count < 1:
        raise EdnagError(f"top-k: {count} architectures asked for; ask for 1 or more")
    if len(keys) != len(fitness):
        raise EdnagError(
            f"top-k: {len(keys)} architectures and {len(fitness)} predictions; give one for each"
        )
    if not np.isfinite(fitness).all():
        row = int(np.flatnonzero(~np.isfinite(fitness))[0])
        raise EdnagError(
            f"top-k: the prediction of {keys[row]!r} is {fitness[row]}; predict it again or leave "
            "it out"
        )


def _distinct(keys: Sequence[str], order: np.ndarray) -> np.ndarray:
    """`order` int64[n] without the rows whose architecture stands earlier in it."""
    first: dict[str, int] = {}
    for row in order.tolist():
        first.setdefault(keys[row], row)
    return np.array(list(first.values()), dtype=np.int64)


def _chosen(rows: np.ndarray, keys: Sequence[str], count: int) -> Chosen:
    """The result, with its sentence."""
    distinct = len(set(keys))
    if len(rows) < count:
        detail = f"only {distinct} distinct architectures, {count} asked for: all are kept"
    else:
        detail = f"{count} of {distinct} distinct architectures"
    return Chosen(rows.astype(np.int64), count, detail)

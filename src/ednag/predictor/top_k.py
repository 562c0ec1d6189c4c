"""The best architectures of a run, chosen by two rules.

"paper": from the final population, as published. "honest": from all evaluated architectures, by
prediction alone. Source: meta-predictor specification, top-k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ednag.errors import EdnagError

#: Architectures that the paper keeps in MobileNetV3.
KEPT_IN_MOBILENETV3 = 30
#: Share of them that the paper reserves for the architectures with most `none` layers.
RESERVED = 0.1
#: Weight of the least fit in the roulette, as in the search; the fittest has 1.
_LEAST_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class Chosen:
    """Positions int64[m] of the chosen architectures in the input, and a sentence on their number.

    m is smaller than asked for where there are fewer distinct ones.
    """

    rows: np.ndarray
    detail: str


def paper_top_k(keys: Sequence[str], fitness: np.ndarray, count: int) -> Chosen:
    """The `count` fittest distinct architectures of a final population.

    Of equally fit architectures the first in the population is first; of equal architectures the
    fittest counts. Keys may repeat; fitness is float64[n].

    Raises:
        EdnagError: `count` is below 1, or a fitness is not finite.
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

    First those with most `none` layers, as many as the reserved share of `count` rounded down (of
    equals the fittest); then draws without repetition from the rest. The weight of a draw is linear
    in fitness, from 0.1 for the least fit to 1 for the fittest, as in the search; weights are equal
    where all are equally fit.

    Args:
        keys, fitness, count: See `paper_top_k`.
        omitted: int64[n], number of `none` layers of each.
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
    """The `count` distinct architectures with the best predictions among all evaluated in a run.

    Of equal predictions the key that sorts first is first, so that the order of evaluation does
    not matter. Keys may repeat; predictions are float64[n].

    Raises:
        EdnagError: `count` is below 1, or a prediction is not finite.
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
    """`order` int64[n] without rows that repeat the architecture of an earlier row."""
    first: dict[str, int] = {}
    for row in order.tolist():
        first.setdefault(keys[row], row)
    return np.array(list(first.values()), dtype=np.int64)


def _chosen(rows: np.ndarray, keys: Sequence[str], count: int) -> Chosen:
    distinct = len(set(keys))
    if len(rows) < count:
        detail = f"only {distinct} distinct architectures, {count} asked for: all are kept"
    else:
        detail = f"{count} of {distinct} distinct architectures"
    return Chosen(rows.astype(np.int64), detail)

"""Targets on a table that a run can reach: the best architecture, and the best few."""

from collections.abc import Mapping

import numpy as np

from ednag.tables import known_optimum
from ednag.tables.interface import Benchmark

#: Target -> its title. The names are part of a summary's columns, see DISTINCT_TO.
TARGETS = {
    "best": "the best, or tied with it",
    "0.1_percent": "one of the best 0.1 %",
    "1_percent": "one of the best 1 %",
}
#: Target -> the share of the table's architectures that are as good.
_SHARES = {"0.1_percent": 0.001, "1_percent": 0.01}
#: The summary's column of distinct evaluations until a run reaches a target.
DISTINCT_TO = "distinct_to_{}"


def target_masks(
    table: Benchmark, metric: str, tied: np.ndarray | None, tolerance: float
) -> dict[str, np.ndarray]:
    """Target -> bool[space size]: the architectures that reach it; empty where none is known.

    Equal values reach the same targets, and what reaches `best` reaches all.

    Args:
        table: Where its best value is not known, there are no targets.
        metric: The reported metric.
        tied: bool[space size] of `tied_with_best`; None: values within `tolerance` of the best one.
        tolerance: In the unit of the metric.
    """
    if np.isnan(known_optimum(table, metric)):
        return {}
    values = table.metrics[metric].sign * table.values[metric]
    present = np.sort(values[~np.isnan(values)])[::-1]
    best = values >= present[0] - tolerance if tied is None else tied
    masks = {"best": best}
    for name, share in _SHARES.items():
        last = present[int(np.ceil(share * len(present))) - 1]
        masks[name] = best | (values >= last)
    return masks


def evaluations_to_targets(
    incumbents: np.ndarray, masks: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Column -> distinct evaluations until the incumbent reaches a target; NaN if it never does.

    Args:
        incumbents: Code of the best architecture after 1, 2, ... distinct evaluations, int[n].
        masks: Of `target_masks`.
    """
    found: dict[str, float] = {}
    for name in TARGETS:
        reaches = masks[name][incumbents] if name in masks else np.zeros(0, bool)
        found[DISTINCT_TO.format(name)] = float(reaches.argmax() + 1) if reaches.any() else np.nan
    return found


def random_mean(table: Benchmark, metric: str) -> float:
    """The mean of a metric over a table, of one random architecture; NaN as its best value is."""
    if np.isnan(known_optimum(table, metric)):
        return np.nan
    values = table.values[metric]
    return float(values[~np.isnan(values)].mean())

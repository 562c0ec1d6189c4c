"""One method against each other one: the tests, and the decision that is shown everywhere.

Tables, findings and verdicts take their decisions from `comparison_table`. A family of comparisons
is corrected as a whole: all methods and budgets of one dataset, protocol and kind of budget, which
a table shows together. docs/statistics.md states each test with a worked example.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ednag.evidence.statistics import (
    difference_of_means,
    equivalence_p,
    holm,
    mann_whitney_p,
    probability_of_improvement,
)
from ednag.evidence.summaries import (
    BEST_AFTER,
    BEST_WITHIN_GRAPHS,
    BEST_WITHIN_HOURS,
    GRAPHS,
    HOURS,
    checkpoints_in,
)
from ednag.evidence.writing import counted
from ednag.methods import get_method
from ednag.study.statistics import Statistics
from ednag.tables import get_reported_metric

BETTER, WORSE, EQUIVALENT, UNDECIDED = "better", "worse", "equivalent", "undecided"
DECISIONS = (BETTER, WORSE, EQUIVALENT, UNDECIDED)
#: What names a dataset and protocol in a summary.
KEYS = ["space", "dataset", "protocol"]
#: What names a family of comparisons.
_FAMILY = [*KEYS, "counted"]


def budgets_of(runs: pd.DataFrame, statistics: Statistics) -> list[tuple[dict[str, Any], str]]:
    """What methods are compared at: names of the row, and the summary's column of the best.

    Graphs are there if the runs were summarised with them, hours where a dataset has times.
    """
    budgets: list[tuple[dict[str, Any], str]] = [
        ({"counted": counted, "budget": budget}, column.format(budget))
        for counted, column in BEST_AFTER.items()
        for budget in statistics.checkpoints
    ]
    if "graphs" in runs:
        budgets += [
            ({"counted": GRAPHS, "budget": budget}, BEST_WITHIN_GRAPHS.format(budget))
            for budget in statistics.checkpoints
        ]
    if "hours" in runs and runs["hours"].notna().all():
        budgets += [
            ({"counted": HOURS, "budget": hours}, BEST_WITHIN_HOURS.format(hours))
            for hours in statistics.hours
        ]
    return budgets


def budget_of(runs: pd.DataFrame) -> int | None:
    """The largest compared budget that at least half of the runs spend; None if there is none."""
    compared = checkpoints_in(runs)
    spent = [budget for budget in compared if (runs["distinct"] >= budget).mean() >= 0.5]
    return max(spent, default=None)


def random_start(runs: pd.DataFrame) -> int:
    """Distinct evaluations that a method draws at random first, see `Method.random_start`.

    0 where there are none such, or the summary of its `runs` does not say how they were made.
    """
    described = str(runs["described"].iloc[0]) if "described" in runs else ""
    return random_start_of(str(runs["method"].iloc[0]), described) if described else 0


@cache
def random_start_of(name: str, text: str) -> int:
    """The same of a method and the JSON that describes its runs; asked at every budget."""
    method = get_method(name)
    if method.random_start is None:
        return 0
    described = json.loads(text)
    settings = method.read_hyperparameters(described["hyperparameters"])
    return method.random_start(settings, _number(described["budget"]))


def _number(budget: int | str | None) -> int:
    """The number of a described budget: 512, `512 unique graphs`, or None."""
    return int(str(budget or 0).split()[0])


def is_still_random(runs: pd.DataFrame, place: Mapping[str, Any]) -> bool:
    """Whether a method has drawn at random only at a budget, a place of `budgets_of`."""
    start: float = random_start(runs)
    if place["counted"] == HOURS:
        start *= float((runs["hours"] / runs["distinct"]).mean())
    return bool(place["budget"] <= start)


def mark_of(runs: pd.DataFrame, place: Mapping[str, Any], column: str, most: int) -> str:
    """Why the runs of a method cannot be ranked with the others at a budget; "" if they can.

    Args:
        runs: Its runs on one dataset and protocol.
        place: The budget, as in `budgets_of`, with its `column`.
        most: Number of runs of the method that has most.
    """
    unseen = int(runs[column].isna().sum())
    saw_nothing = f"{counted(unseen, 'run')} saw nothing" if unseen else ""
    return ", ".join(filter(None, (uneven_mark(runs, place, most), saw_nothing)))


def uneven_mark(runs: pd.DataFrame, place: Mapping[str, Any], most: int) -> str:
    """The same without runs that have seen no architecture: over datasets these are ranked."""
    reasons = {
        f"{len(runs)} of {most} seeds": len(runs) < most,
        "still random search": is_still_random(runs, place),
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def compare(ours: np.ndarray, theirs: np.ndarray, statistics: Statistics) -> dict[str, Any]:
    """One comparison of unpaired runs, float[n] and float[m], higher is better.

    NaN, of a run that has seen no architecture, is worse than every value. There is then no mean,
    and the difference of means decides nothing.
    """
    one, other = (np.where(np.isnan(each), -np.inf, each) for each in (ours, theirs))
    difference = difference_of_means(ours, theirs, statistics.confidence)
    improvement = probability_of_improvement(one, other, statistics.confidence)
    return {
        "seeds": len(ours),
        "seeds_against": len(theirs),
        **difference.columns("difference"),
        **improvement.columns("improvement"),
        "p": mann_whitney_p(one, other),
        "p_equivalent": equivalence_p(ours, theirs, statistics.equivalence),
    }


def decided(rows: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """Rows of `compare` with p-values corrected by Holm as one family, and the decision.

    Two tests are made: whether the methods differ (`p_holm`) and whether their means differ by
    less than the region `statistics.equivalence` (`p_equivalent_holm`). The decision on the first
    method is `equivalent` if the second finds so; `better` or `worse` if the first finds a
    difference and probability of improvement and difference of means agree on its side;
    else `undecided`.
    """
    level = 1 - statistics.confidence
    corrected = {f"{name}_holm": holm(rows[name].to_numpy(float)) for name in ("p", "p_equivalent")}
    rows = rows.assign(**corrected)
    side = np.sign(rows["improvement"] - 0.5)
    agree = rows["difference"].isna() | (np.sign(rows["difference"]) == side)
    differs = (rows["p_holm"] <= level) & agree
    choices = [rows["p_equivalent_holm"] <= level, differs & (side > 0), differs & (side < 0)]
    decision = np.select(choices, [EQUIVALENT, BETTER, WORSE], UNDECIDED)
    return rows.assign(decision=decision.astype(object))


def comparison_table(
    summary: pd.DataFrame, statistics: Statistics, method: str | None = None
) -> pd.DataFrame:
    """A method, by default the study's first, against each other one at equal budgets.

    One row per dataset, protocol, budget and other method. `difference` and `improvement` are
    positive and above a half where the method is better, also where lower values are;
    `decision` is of `decided`, one of DECISIONS. A method that has drawn at random only is the
    random search of another row: where one of the two has, nothing is tested, so that the row does
    not count in the correction of the others. Fewer seeds are no such reason: the tests know them.
    """
    empty = pd.DataFrame(columns=[*_FAMILY, "budget", "method", "against", *_COMPARED])
    rows = []
    for names, group in summary.groupby(KEYS, sort=False):
        sign = get_reported_metric(*map(str, names)).sign
        methods = list(dict.fromkeys(group["method"]))
        first = methods[0] if method is None else method
        if first not in methods:
            continue
        others = [name for name in methods if name != first]
        by_method = list(group.groupby("method", sort=False))
        most = max(len(runs) for _, runs in by_method)
        for count, column in budgets_of(group, statistics):
            best = {name: sign * runs[column].to_numpy(dtype=float) for name, runs in by_method}
            place = {**dict(zip(KEYS, names, strict=True)), **count, "method": first}
            marks = {name: mark_of(runs, count, column, most) for name, runs in by_method}
            random = {name for name, runs in by_method if is_still_random(runs, count)}
            rows += [
                {
                    **place,
                    "against": other,
                    **compare(best[first], best[other], statistics),
                    **(_UNTESTED if random & {first, other} else {}),
                    "mark": marks[other] or marks[first],
                }
                for other in others
            ]
    families = [
        decided(family, statistics)
        for _, family in pd.DataFrame(rows or empty).groupby(_FAMILY, sort=False)
    ]
    return pd.concat(families, ignore_index=True) if families else empty


_UNTESTED = dict.fromkeys(("p", "p_equivalent"), np.nan)
_COMPARED = [
    *("seeds", "seeds_against", "difference", "difference_low", "difference_high"),
    *("improvement", "improvement_low", "improvement_high", "p", "p_equivalent"),
    *("mark", "p_holm", "p_equivalent_holm", "decision"),
]

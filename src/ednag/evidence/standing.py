"""Where EDNAG stands among the methods of a study, over all its measured datasets."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ednag.evidence.comparison import KEYS, budget_of, is_still_random
from ednag.evidence.record import PAPER
from ednag.evidence.statistics import holm, mean_ranks, ranks_by_space
from ednag.evidence.summaries import BEST_AFTER, DISTINCT
from ednag.methods import get_method
from ednag.study.comparisons import FEWEST_DATASETS
from ednag.tables import counted_datasets, get_reported_metric, is_among, measured_again

#: Means closer than this are ties: those of equal values differ in their last bits.
_DECIMALS = 9


@dataclass(frozen=True)
class Standing:
    """The mean rank of a method among others; ranks count from 1, the best.

    Attributes:
        method: The method.
        ranks: Mean rank of each ranked method, the best first.
        datasets: Number of datasets, those of `counted_datasets` on which the method was not tuned.
        spaces: Number of their search spaces.
        by_space: Mean rank of each ranked method, each space counted once (`ranks_by_space`).
        not_counted: Those (space, dataset) that measure the same as one that is counted.
        not_compared: Those on which not half of the method's runs spend a compared budget.
        budgets: Smallest and largest budget, in distinct evaluations.
        left_out: Methods that lack a dataset, were tuned on one, have another number of seeds, or
            have drawn at random only within a budget.
        friedman_p: P-value of Friedman's test that the methods do not differ; NaN for fewer than
            three methods or FEWEST_DATASETS datasets.
        p_holm: P-value of `against_control` for each other method; empty for too few datasets.
        confidence: The level of both.
    """

    method: str
    ranks: dict[str, float]
    datasets: int
    spaces: int
    by_space: dict[str, float]
    not_counted: tuple[tuple[str, str], ...]
    not_compared: tuple[tuple[str, str], ...]
    budgets: tuple[int, int]
    left_out: tuple[str, ...]
    friedman_p: float
    p_holm: dict[str, float]
    confidence: float

    @property
    def rank(self) -> float:
        """The method's mean rank."""
        return self.ranks[self.method]

    @property
    def is_tested(self) -> bool:
        """Whether there are datasets enough for a test."""
        return bool(self.p_holm)

    @property
    def better(self) -> tuple[str, ...]:
        """Methods that are found better than this one, the best first."""
        return tuple(name for name in self._differing if self.ranks[name] < self.rank)

    @property
    def worse(self) -> tuple[str, ...]:
        """Methods that are found worse."""
        return tuple(name for name in self._differing if self.ranks[name] > self.rank)

    @property
    def _differing(self) -> list[str]:
        """The methods found to differ from this one, if the methods are found to differ at all."""
        level = 1 - self.confidence
        if self.friedman_p > level:
            return []
        return [name for name in self.ranks if self.p_holm.get(name, 1.0) <= level]


def friedman_p(scores: np.ndarray) -> float:
    """P-value of Friedman's test on scores float[datasets, methods].

    1 if all methods are equal everywhere, NaN for two methods.
    """
    if scores.shape[1] < 3:
        return np.nan
    if np.all(scores == scores[:, :1]):
        return 1.0
    from scipy import stats

    return float(stats.friedmanchisquare(*scores.T).pvalue)


def against_control(ranks: dict[str, float], control: str, datasets: int) -> dict[str, float]:
    """P-values that mean ranks differ from that of a control, corrected by Holm.

    The test of Demsar (JMLR 2006, 3.2.2): under the hypothesis of no difference, the difference of
    two mean ranks of k methods over N datasets is normal with variance k (k + 1) / (6 N).
    """
    from scipy.special import ndtr

    count = len(ranks)
    scale = np.sqrt(count * (count + 1) / (6 * datasets))
    others = {name: rank for name, rank in ranks.items() if name != control}
    distances = np.abs(np.array(list(others.values())) - ranks[control]) / scale
    return dict(zip(others, map(float, holm(2 * ndtr(-distances))), strict=True))


def standing_of(summary: pd.DataFrame, method: str, confidence: float) -> Standing | None:
    """The standing of a method over the measured datasets that it searched under protocol paper.

    Those on which it was tuned are left out.

    On each dataset the methods are ranked by the mean of the best seen within the largest compared
    budget that at least half of the method's runs spend, in distinct evaluations. Methods that
    are `left_out` are not ranked.
    None if there is no such dataset or no other method to rank.
    """
    summary = without_tuned(summary, method)
    by_dataset = _by_dataset(summary, method)
    places = counted_datasets(by_dataset)
    groups = [by_dataset[place] for place in places]
    if not groups:
        return None
    everyone = list(dict.fromkeys(name for _, group in groups for name in group["method"]))
    untuned = [name for name in everyone if not tuned_on(name, places)]
    ranked = [name for name in untuned if all(_is_level(*each, name, method) for each in groups)]
    if len(ranked) < 2:
        return None
    scores = np.array([mean_scores(group, budget)[ranked] for budget, group in groups])
    scores[np.isnan(scores)] = -np.inf
    order = sorted(zip(mean_ranks(scores), ranked, strict=True), key=lambda pair: pair[0])
    ranks = {name: float(rank) for rank, name in order}
    spaces = [space for space, _ in places]
    by_space = dict(zip(ranked, map(float, ranks_by_space(scores, spaces)), strict=True))
    is_enough = len(groups) >= FEWEST_DATASETS
    budgets = [budget for budget, _ in groups]
    return Standing(
        method=method,
        ranks=ranks,
        datasets=len(groups),
        spaces=len(set(spaces)),
        by_space={name: by_space[name] for name in ranks},
        not_counted=measured_again(by_dataset),
        not_compared=_without_budget(summary, method, by_dataset),
        budgets=(min(budgets), max(budgets)),
        left_out=tuple(name for name in everyone if name not in ranked),
        friedman_p=friedman_p(scores) if is_enough else np.nan,
        p_holm=against_control(ranks, method, len(groups)) if is_enough else {},
        confidence=confidence,
    )


def tuned_on(method: str, places: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of some (space, dataset) on which a method's settings were chosen by results."""
    named = get_method(method).tuned_on
    return [place for place in places if is_among(place, named)]


def without_tuned(runs: pd.DataFrame, *methods: str) -> pd.DataFrame:
    """The runs on datasets on which none of some methods was tuned."""
    places = places_of(runs)
    tuned = {place for name in methods for place in tuned_on(name, places)}
    kept = [place not in tuned for place in zip(runs["space"], runs["dataset"], strict=True)]
    return runs[np.array(kept, dtype=bool)].reset_index(drop=True)


def places_of(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """The (space, dataset) of runs, in their order."""
    frame = runs[["space", "dataset"]].drop_duplicates()
    return list(frame.itertuples(index=False, name=None))


def _by_dataset(
    summary: pd.DataFrame, method: str
) -> dict[tuple[str, str], tuple[int, pd.DataFrame]]:
    """(space, dataset) that the method searched -> budget, and runs of all methods."""
    paper = summary[summary["protocol"] == PAPER]
    groups: dict[tuple[str, str], tuple[int, pd.DataFrame]] = {}
    for (space, dataset), group in paper.groupby(["space", "dataset"], sort=False):
        runs = group[group["method"] == method]
        budget = budget_of(runs) if len(runs) else None
        if budget is not None:
            groups[str(space), str(dataset)] = (budget, group)
    return groups


def _without_budget(
    summary: pd.DataFrame, method: str, by_dataset: Collection[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """The measured (space, dataset) that a method searched and that `by_dataset` lacks."""
    own = summary[(summary["protocol"] == PAPER) & (summary["method"] == method)]
    searched = (place for place in places_of(own) if place not in by_dataset)
    return tuple(counted_datasets(searched))


def _is_level(budget: int, group: pd.DataFrame, name: str, method: str) -> bool:
    """Whether one method has as many runs as another, and has not only drawn at random."""
    runs, others = (group[group["method"] == each] for each in (name, method))
    if len(runs) != len(others):
        return False
    return name == method or not is_still_random(runs, {"counted": DISTINCT, "budget": budget})


def mean_scores(group: pd.DataFrame, budget: int) -> pd.Series:
    """Method -> mean over seeds of the best after `budget` distinct evaluations, on one dataset.

    Higher is better. A run that has seen no architecture counts as the worst run of all methods:
    a mean over the others alone would be that of the lucky ones.
    """
    metric = get_reported_metric(*map(str, group[KEYS].iloc[0]))
    best = metric.sign * group[BEST_AFTER[DISTINCT].format(budget)]
    means = best.fillna(best.min()).groupby(group["method"], sort=False).mean()
    return means.round(_DECIMALS)

"""EDNAG guided by a predictor: the search uses predictions, and only the best are evaluated.

In each round a predictor is fitted to all cells evaluated so far, and one whole EDNAG search runs
on its scores, which cost nothing. Of the new cells that this search visited, the best by score are
evaluated. EDNAG's fitness needs accuracies, and scores have no scale: each score is replaced by the
accuracy with the same rank among the cells that the predictor was fitted to. The method evaluates
only cells that EDNAG visits, because it answers whether a predictor improves EDNAG.

The predictor is the one that ranked unseen cells best in the study of rankers on the three
validation tables of NAS-Bench-201 (docs/nar.md), or NAR's ranker.
"""

from dataclasses import replace
from functools import lru_cache, partial
from typing import Literal

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.ednag import METHOD as EDNAG
from ednag.methods.ednag import search_ednag
from ednag.methods.interface import Method
from ednag.methods.learnt_ranking import (
    SPACES,
    RankerSettings,
    Round,
    counted_as,
    fit_ranker,
    patches_of,
    random_start,
    search_in_rounds,
)
from ednag.search.hyperparameters import SearchHyperparameters, WithArithmetic
from ednag.search.objective import Objective
from ednag.tables.interface import BenchmarkTable

_METRIC = "predicted"


class EdnagRanked(RankerSettings, WithArithmetic):
    """Hyper-parameters of EDNAG guided by a predictor; those of EDNAG are the reference's."""

    predictor: Literal["ridge-pairs", "nar"] = Field(
        "ridge-pairs",
        description="Ridge regression on operations and pairs of operations, or NAR's ranker; the "
        "ridge has no use for epochs, model and layers.",
    )


def _spend(spender: Spender, current: Round, settings: EdnagRanked) -> None:
    """An EDNAG search on predictions, then the best that it visited."""
    objective = spender.objective
    predicted = predictions(objective, current, _scores(objective, current, settings))
    guided = _on_predictions(objective, predicted)
    defaults = EDNAG.defaults_in(objective.space, objective.protocol)
    reference = SearchHyperparameters(**{**defaults, "arithmetic": settings.arithmetic})
    search_ednag(guided, current.seed, 0, reference)
    visited = guided.ledger.codes()
    sign = 1 if objective.higher_is_better else -1
    for code in visited[np.argsort(-sign * predicted[visited], kind="stable")].tolist():
        if objective.ledger.spent >= min(current.until, spender.budget):
            return
        if not spender.seen(code):
            spender.score(code)


def _scores(objective: Objective, current: Round, settings: EdnagRanked) -> np.ndarray:
    """What a predictor says of each cell, float[15625]; higher is better."""
    if settings.predictor == "nar":
        from ednag.ranker.model import score

        dataset = counted_as(objective)
        return score(fit_ranker(current, settings, dataset).ranker, patches_of(dataset))
    from ednag.ranker.ridge import fit_ridge

    features = _features()
    return fit_ridge(features[current.codes], current.scores).predict(features)


@lru_cache(maxsize=1)
def _features() -> np.ndarray:
    """Operations of all cells and pairs of them, int64[15625, 21], in code order."""
    from ednag.ranker.ridge import features_of
    from ednag.spaces.interface import digits_of
    from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

    operations = digits_of(np.arange(NASBench201.size), len(OPERATIONS), len(EDGES))
    return features_of(operations, pairs=True)


def predictions(objective: Objective, current: Round, scores: np.ndarray) -> np.ndarray:
    """The predicted metric of each cell, float64[15625]; NaN where the benchmark lacks the cell.

    Scores float[15625] are in code order, by which equal ones are placed.
    """
    order = np.argsort(scores, kind="stable")
    sign = 1 if objective.higher_is_better else -1
    predicted = np.empty(len(scores))
    predicted[order] = sign * np.quantile(current.scores, np.linspace(0, 1, len(scores)))
    if objective.present is not None:
        predicted[objective.present[:-1] < 0] = np.nan
    return predicted


def _on_predictions(objective: Objective, predicted: np.ndarray) -> Objective:
    """The same objective with predictions in place of measurements, and a ledger of its own."""
    metric = objective.table.metrics[objective.protocol.fitness_metric]
    table = BenchmarkTable(
        objective.table.space,
        objective.table.dataset,
        {_METRIC: predicted},
        {_METRIC: replace(metric, name=_METRIC)},
    )
    protocol = replace(
        objective.protocol, fitness_metric=_METRIC, reported_metric=_METRIC, drawn_metrics=()
    )
    return Objective(table, protocol, objective.space)


METHOD = Method(
    name="ednag-ranked",
    title="EDNAG guided by a predictor",
    description="EDNAG on the scores of a ridge regression on pairs of operations, fitted to the "
    "search's own evaluations; the best by score are evaluated",
    hyperparameters=EdnagRanked,
    search=partial(search_in_rounds, spend=_spend),
    spaces=SPACES,
    measured_only=True,
    varies="ednag",
    tuned_on=("nasbench201",),
    random_start=random_start,
)

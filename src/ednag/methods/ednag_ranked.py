"""EDNAG guided by a ranker: the search uses the ranker's scores, and only the best are evaluated.

In each round a small ranker is trained on all cells evaluated so far, and one whole EDNAG search
runs on its scores, which cost nothing. Of the new cells that this search visited, the best by score
are evaluated. EDNAG's fitness needs accuracies, and scores have no scale: each score is replaced by
the accuracy with the same rank among the training cells. The method evaluates only cells that EDNAG
visits, because it answers whether a ranker improves EDNAG.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from ednag.methods.budget import Spender
from ednag.methods.ednag import METHOD as EDNAG
from ednag.methods.ednag import search_ednag
from ednag.methods.interface import Method
from ednag.methods.learnt_ranking import (
    SPACES,
    RankerSettings,
    Round,
    counted_as,
    patches_of,
    random_start,
    search_by_ranker,
)
from ednag.search.hyperparameters import SearchHyperparameters, WithArithmetic
from ednag.search.objective import Objective
from ednag.tables.interface import BenchmarkTable

_METRIC = "predicted"


class EdnagRanked(RankerSettings, WithArithmetic):
    """Hyper-parameters of EDNAG guided by a ranker; those of EDNAG are the reference's."""


def _spend(spender: Spender, trained: Round, settings: EdnagRanked) -> None:
    """An EDNAG search on predictions, then the best that it visited."""
    objective = spender.objective
    predicted = predictions(objective, trained)
    guided = _on_predictions(objective, predicted)
    defaults = EDNAG.defaults_in(objective.space, objective.protocol)
    reference = SearchHyperparameters(**{**defaults, "arithmetic": settings.arithmetic})
    search_ednag(guided, trained.seed, 0, reference)
    visited = guided.ledger.codes()
    sign = 1 if objective.higher_is_better else -1
    for code in visited[np.argsort(-sign * predicted[visited], kind="stable")].tolist():
        if objective.ledger.spent >= min(trained.until, spender.budget):
            return
        if not spender.seen(code):
            spender.score(code)


def predictions(objective: Objective, trained: Round) -> np.ndarray:
    """The predicted metric of each cell, float64[15625]; NaN where the benchmark lacks the cell."""
    from ednag.ranker.model import score

    scores = score(trained.fitted.ranker, patches_of(counted_as(objective)))
    order = np.argsort(scores, kind="stable")
    place = np.empty(len(scores))
    place[order] = np.linspace(0, 1, len(scores))
    sign = 1 if objective.higher_is_better else -1
    predicted = sign * np.quantile(trained.scores, place)
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
    title="EDNAG guided by a ranker",
    description="EDNAG on the scores of a small ranker, trained on the search's own evaluations; "
    "the best by score are evaluated",
    hyperparameters=EdnagRanked,
    search=partial(search_by_ranker, spend=_spend),
    spaces=SPACES,
    measured_only=True,
    seeds="0-9",
    varies="ednag",
    random_start=random_start,
)

"""Random search without replacement: as many architectures as the budget allows."""

import numpy as np

from ednag.methods.architectures import architectures_of
from ednag.methods.budget import evaluate_in_order
from ednag.methods.interface import Method, NoHyperparameters, Outcome
from ednag.search.objective import Objective


def _search(objective: Objective, seed: int, budget: int, settings: NoHyperparameters) -> Outcome:
    generator, architectures = np.random.default_rng(seed), architectures_of(objective)
    # Only a budget of graphs may need more architectures than it counts.
    most = budget if objective.graph_of_code is None else architectures.count
    return evaluate_in_order(objective, architectures.draw_distinct(generator, most), budget)


METHOD = Method(
    name="random",
    title="Random search",
    description="architectures drawn without replacement until the budget is spent",
    hyperparameters=NoHyperparameters,
    search=_search,
)

"""Random search without replacement: as many distinct architectures as the budget allows."""

import numpy as np

from ednag.methods.architectures import architectures_of
from ednag.methods.interface import Method, NoHyperparameters, Outcome
from ednag.search.objective import Objective


def _search(objective: Objective, seed: int, budget: int, settings: NoHyperparameters) -> Outcome:
    generator = np.random.default_rng(seed)
    codes = architectures_of(objective).draw_distinct(generator, budget)
    metric, _ = objective.evaluate(codes)
    best = metric.argmax() if objective.higher_is_better else metric.argmin()
    return Outcome(code=int(codes[best]), final_population=codes[-1:])


METHOD = Method(
    name="random",
    title="Random search",
    description="architectures drawn without replacement until the budget is spent",
    hyperparameters=NoHyperparameters,
    search=_search,
)

"""EDNAG: evolutionary denoising from Gaussian noise, exactly as the reference implementation.

It makes 99 denoising steps of 90 evaluations whatever the budget, asks again for architectures it
has seen, and on NAS-Bench-201 reports the best of the last population it evaluated, not the best
it saw. Source: ednag-search specification.
"""

import numpy as np
from pydantic import BaseModel

from ednag.methods.interface import Method, Outcome
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective


def search_ednag(objective: Objective, seed: int, budget: int, settings: BaseModel) -> Outcome:
    """One run of the reference search; `budget` is not read."""
    # The tensor library takes seconds to import; only this method needs it.
    import torch

    from ednag.search.engine import search

    torch.set_num_threads(1)
    assert isinstance(settings, SearchHyperparameters)
    result = search(objective, seed, settings)
    return Outcome(
        code=result.outcome,
        status=result.status,
        detail=result.detail,
        final_population=result.final_population,
        steps={
            "step_mean": np.array(result.steps.mean),
            "step_best": np.array(result.steps.best),
            "step_valid_rate": np.array(result.steps.valid_rate),
            "step_unique_rate": np.array(result.steps.unique_rate),
        },
    )


METHOD = Method(
    name="ednag",
    title="EDNAG",
    description="evolutionary denoising as the reference does it; runs its own number of "
    "evaluations whatever the budget",
    hyperparameters=SearchHyperparameters,
    search=search_ednag,
    has_own_end=True,
)

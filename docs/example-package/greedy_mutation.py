"""Greedy mutation: change the best architecture so far a little, keep what is better.

If the changed architecture was seen before, an unseen one is drawn at random.
"""

from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome
from ednag.search.objective import Objective
from ednag.validation import StrictModel


class Hyperparameters(StrictModel):
    """Hyper-parameters of greedy mutation."""

    start: int = Field(10, ge=1, description="Random architectures that are evaluated first.")


def _search(objective: Objective, seed: int, budget: int, settings: Hyperparameters) -> Outcome:
    spender = Spender(objective, budget, seed)
    for code in spender.sample(settings.start):
        if not spender.spent:
            spender.score(code)
    while not spender.spent:
        changed = spender.mutate(spender.best)
        spender.score(spender.sample_unseen() if spender.seen(changed) else changed)
    return spender.outcome([spender.best])


METHOD = Method(
    name="greedy-mutation",
    title="Greedy mutation",
    description="changes the best so far a little, or draws an unseen architecture",
    hyperparameters=Hyperparameters,
    search=_search,
)

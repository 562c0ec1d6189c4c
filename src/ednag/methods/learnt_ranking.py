"""Search in rounds by a small ranker that learns from the search's own evaluations.

A first share of the budget is spent on random cells. In each round, a ranker is trained from
scratch on all cells evaluated so far, and the method spends an equal part of the remaining budget
on cells that the ranker prefers. Torch is imported when a run begins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Outcome
from ednag.search.objective import Objective
from ednag.validation import StrictModel

if TYPE_CHECKING:
    from ednag.ranker.fitting import FittedRanker

SPACES = frozenset({"nasbench201"})
#: Least number of random cells before a ranker is trained.
FEWEST = 10
#: Dataset whose network sizes stand for those of a dataset that the benchmark does not have.
_COUNTED_AS = "cifar10"
#: One head and no dropout: both take much of the time of a small ranker.
_HEADS, _DROPOUT = 1, 0.0
#: The published recipe has batches of 128 for 1,000 cells; a few hundred need smaller ones.
_BATCH = 32


class RankerSettings(StrictModel):
    """Hyper-parameters of the ranker and of how often it is trained."""

    first_share: float = Field(
        0.4, gt=0, lt=1, description="Share of the budget that goes to random cells first."
    )
    rounds: int = Field(2, ge=1, le=100, description="How often a ranker is trained, from scratch.")
    epochs: int = Field(8, ge=1, le=1000, description="Epochs of each training.")
    model: int = Field(
        16,
        ge=2,
        le=512,
        multiple_of=2,
        description="Width of the ranker; 128 in the published one.",
    )
    layers: int = Field(
        1, ge=1, le=24, description="Layers of encoder and decoder; 6 each in the published one."
    )


@dataclass(frozen=True)
class Round:
    """A trained ranker, and the evaluations that it may spend.

    Attributes:
        fitted: The ranker.
        codes: int64[n], the cells it was trained on.
        scores: float64[n], their metric, negated where lower is better.
        until: What the run has spent when the round ends.
        seed: Of the round's own draws.
    """

    fitted: "FittedRanker"
    codes: np.ndarray
    scores: np.ndarray
    until: int
    seed: int


def random_start(settings: RankerSettings, budget: int) -> int:
    """How many random cells a run of `search_by_ranker` begins with."""
    return min(budget, max(FEWEST, round(settings.first_share * budget)))


def search_by_ranker(
    objective: Objective,
    seed: int,
    budget: int,
    settings: RankerSettings,
    spend: Callable[[Spender, Round, Any], None],
) -> Outcome:
    """One run: random cells, then rounds of training and of `spend`.

    `spend` takes the settings last. What it does not spend of a round is drawn at random.
    """
    import torch

    from ednag.training.determinism import deterministic

    torch.set_num_threads(1)
    spender = Spender(objective, budget, seed)
    draw_unseen(spender, random_start(settings, spender.budget))
    with deterministic(torch.device("cpu"), seed):
        for number in range(settings.rounds):
            left = spender.budget - objective.ledger.spent
            if left <= 0:
                break
            until = spender.budget - left + -(-left // (settings.rounds - number))
            trained = _train(spender, settings, until, seed_of(seed, number))
            spend(spender, trained, settings)
            draw_unseen(spender, until)
    return spender.outcome([])


def draw_unseen(spender: Spender, until: int) -> None:
    """Evaluate random new cells until the run has spent `until`, within the budget."""
    until = min(until, spender.budget)
    while spender.objective.ledger.spent < until:
        spender.score(spender.sample_unseen())


def seed_of(seed: int, number: int) -> int:
    """A seed of 32 bits that differs from round to round and from run to run."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def counted_as(objective: Objective) -> str:
    """The dataset whose networks give a cell's costs."""
    from ednag.cells.nasbench201 import SHAPES

    dataset = objective.table.dataset
    return dataset if dataset in SHAPES else _COUNTED_AS


@lru_cache(maxsize=1)
def patches_of(dataset: str) -> np.ndarray:
    """The ranker's encodings float32[15625, 31, 4, 4] of all cells, in code order."""
    from ednag.ranker.encoding import encode_nasbench201

    return encode_nasbench201(dataset)


def _train(spender: Spender, settings: RankerSettings, until: int, seed: int) -> Round:
    """A ranker of all cells evaluated so far."""
    from dataclasses import replace

    from ednag.ranker.encoding import NASBENCH201_PATCHES
    from ednag.ranker.fitting import RECIPES, Sample, fit
    from ednag.ranker.model import Sizes

    codes, scores = spender.evaluated()
    width = settings.model
    sizes = Sizes(
        *NASBENCH201_PATCHES,
        model=width,
        heads=_HEADS,
        key=width // _HEADS,
        feed_forward=2 * width,
        tier_hidden=2 * width,
        score_hidden=4 * width,
        layers=settings.layers,
        dropout=_DROPOUT,
    )
    recipe = replace(RECIPES["nasbench201"], epochs=settings.epochs, batch=_BATCH)
    patches = patches_of(counted_as(spender.objective))
    # A budget of a few hundred has no cells to hold back, so that the last epoch is kept.
    fitted = fit(sizes, recipe, Sample(patches[codes], scores), None, seed=seed)
    return Round(fitted, codes, scores, until, seed)

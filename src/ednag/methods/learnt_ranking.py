"""Search in rounds by a predictor that learns from the search's own evaluations.

A first share of the budget is spent on random cells. In each round, a predictor is fitted anew to
all cells evaluated so far, and the method spends an equal part of the remaining budget on cells
that the predictor prefers. Torch is imported when NAR's ranker is trained.
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
#: Least number of random cells before a predictor is fitted.
FEWEST = 10
#: Dataset whose network sizes stand for those of a dataset that the benchmark does not have.
_COUNTED_AS = "cifar10"
#: One head and no dropout: both take much of the time of a small ranker.
_HEADS, _DROPOUT = 1, 0.0
#: The published recipe has batches of 128 for 1,000 cells; a few hundred need smaller ones.
_BATCH = 32


class RoundSettings(StrictModel):
    """Hyper-parameters of how often a predictor is fitted."""

    first_share: float = Field(
        0.4, gt=0, lt=1, description="Share of the budget that goes to random cells first."
    )
    rounds: int = Field(
        2, ge=1, le=100, description="How often the predictor is fitted, from scratch."
    )


class RankerSettings(RoundSettings):
    """Those, and the hyper-parameters of NAR's ranker."""

    epochs: int = Field(8, ge=1, le=1000, description="Epochs of each training of NAR's ranker.")
    model: int = Field(
        16,
        ge=2,
        le=512,
        multiple_of=2,
        description="Width of NAR's ranker; 128 in the published one.",
    )
    layers: int = Field(
        1,
        ge=1,
        le=24,
        description="Layers of encoder and decoder of NAR's ranker; 6 each in the published one.",
    )


@dataclass(frozen=True)
class Round:
    """What a predictor is fitted to, and the evaluations that it may spend.

    Attributes:
        codes: int64[n], the cells evaluated so far.
        scores: float64[n], their metric, negated where lower is better.
        until: What the run has spent when the round ends.
        seed: Of the round's own draws.
    """

    codes: np.ndarray
    scores: np.ndarray
    until: int
    seed: int


def random_start(settings: RoundSettings, budget: int) -> int:
    """How many random cells a run of `search_in_rounds` begins with."""
    return min(budget, max(FEWEST, round(settings.first_share * budget)))


def search_in_rounds(
    objective: Objective,
    seed: int,
    budget: int,
    settings: RoundSettings,
    spend: Callable[[Spender, Round, Any], None],
) -> Outcome:
    """One run: random cells, then rounds of `spend`, which fits a predictor.

    `spend` takes the settings last. What it does not spend of a round is drawn at random.
    """
    spender = Spender(objective, budget, seed)
    draw_unseen(spender, random_start(settings, spender.budget))
    for number in range(settings.rounds):
        left = spender.budget - objective.ledger.spent
        if left <= 0:
            break
        until = spender.budget - left + -(-left // (settings.rounds - number))
        spend(spender, Round(*spender.evaluated(), until, seed_of(seed, number)), settings)
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


def fit_ranker(current: Round, settings: RankerSettings, dataset: str) -> "FittedRanker":
    """A small ranker of NAR, of all cells evaluated so far; costs of cells as on `dataset`."""
    from dataclasses import replace

    import torch

    from ednag.ranker.encoding import NASBENCH201_PATCHES
    from ednag.ranker.fitting import RECIPES, Sample, fit
    from ednag.ranker.model import Sizes

    torch.set_num_threads(1)
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
    sample = Sample(patches_of(dataset)[current.codes], current.scores)
    # A budget of a few hundred has no cells to hold back, so that the last epoch is kept.
    return fit(sizes, recipe, sample, None, seed=current.seed)

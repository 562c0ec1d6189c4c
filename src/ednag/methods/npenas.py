"""NPENAS (Wei et al., TNNLS 2022): evolution in which a predictor chooses among many children.

After ten random architectures, a predictor is fitted to all evaluations. The ten best so far are
parents, and the next best where these have no new children; each has ten mutations, and the ten
children with the highest predictions are evaluated.

Different from the paper: the predictor is a random forest of scikit-learn on the options and paths
of an architecture, and not a graph network (NPENAS-NP) or one that predicts its uncertainty
(NPENAS-BO); it learns normal scores of accuracies; a mutation is one change; parents are the best,
without a tournament. Trees compare features that are 0 or 1, and their sums are in one order.
"""

from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.forest import Forest
from ednag.methods.interface import Method
from ednag.methods.model_based import highest, mutations_of_best, random_start, search_in_batches
from ednag.validation import StrictModel


class Npenas(StrictModel):
    """Hyper-parameters of NPENAS."""

    start: int = Field(10, ge=2, le=1000, description="Random architectures evaluated first.")
    batch: int = Field(
        10, ge=1, le=1000, description="Children evaluated between fits of the predictor."
    )
    parents: int = Field(10, ge=1, le=1000, description="Best architectures that are mutated.")
    mutations: int = Field(10, ge=1, le=1000, description="Mutations of each, its children.")
    trees: int = Field(30, ge=1, le=1000, description="Trees of the random forest.")


def _propose(spender: Spender, settings: Npenas) -> list[int]:
    """The children with the highest predictions."""
    least = settings.parents * settings.mutations
    children = mutations_of_best(spender, settings.parents, settings.mutations, least)
    forest = Forest(spender, settings.trees)
    mean, _ = forest.predict(children)
    return children[highest(mean, settings.batch, spender.generator)].tolist()


METHOD = Method(
    name="npenas",
    title="NPENAS",
    description="a predictor chooses which of many mutations of the best are evaluated",
    hyperparameters=Npenas,
    search=search_in_batches(_propose),
    random_start=random_start,
    seeds="0-29",
)

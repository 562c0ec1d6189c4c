"""Search by a zero-cost proxy: the highest first, whatever was seen before.

Architectures are evaluated in descending order of a proxy, equal ones in random order, and those
without one last, in random order. A proxy scores an untrained network by one batch of images or
none; its cost is not counted. The default is synflow (Tanaka et al., NeurIPS 2020; as a proxy:
Abdelfattah et al., ICLR 2021). Proxies are those that NAS-Bench-Suite-Zero (Krishnakumar et al.,
NeurIPS 2022) computed on CIFAR-10. On NAS-Bench-201, cells that are equivalent to another one have
none; on NAS-Bench-301, a group of networks with the same first pairs has the highest of theirs.
"""

from pydantic import Field

from ednag.errors import EdnagError
from ednag.methods.budget import evaluate_highest_first
from ednag.methods.interface import Method, Outcome
from ednag.search.objective import Objective
from ednag.tables import FURTHER
from ednag.tables.zero_cost import Proxy
from ednag.validation import StrictModel

_KIND = "zero-cost"


class Hyperparameters(StrictModel):
    """Hyper-parameters of a search by a zero-cost proxy."""

    proxy: Proxy = Field("synflow", description="What architectures are ordered by.")


def _search(objective: Objective, seed: int, budget: int, settings: Hyperparameters) -> Outcome:
    further = objective.further
    assert further is not None
    if settings.proxy not in further.values:
        raise EdnagError(
            f"{further.space}/{further.dataset} has no {settings.proxy}; give the table of proxies"
        )
    return evaluate_highest_first(objective, further.values[settings.proxy], budget, seed)


METHOD = Method(
    name="zero-cost-guided",
    title="Highest synflow first",
    description="architectures in descending order of a zero-cost proxy",
    hyperparameters=Hyperparameters,
    search=_search,
    spaces=frozenset(
        space for space, tables in FURTHER.items() if any(name.endswith(_KIND) for name in tables)
    ),
    further=_KIND,
)

"""EDNAG with one part changed: what each part contributes.

Each is the reference search with other hyper-parameters, by the paper's ablations and a few the
paper does not have. All but the named part stays as in `ednag`, the draws' order included.
"""

from copy import copy
from typing import Any

from pydantic import create_model

from ednag.methods.ednag import search_ednag
from ednag.methods.interface import Method
from ednag.search.hyperparameters import SearchHyperparameters


def _variant(name: str, title: str, description: str, **changed: Any) -> Method:
    """EDNAG with other defaults; all hyper-parameters can still be set."""
    fields: dict[str, Any] = {}
    for key, value in changed.items():
        given = copy(SearchHyperparameters.model_fields[key])
        given.default = value
        fields[key] = (given.annotation, given)
    model = create_model(f"SearchHyperparameters[{name}]", __base__=SearchHyperparameters, **fields)
    return Method(
        name=f"ednag-{name}",
        title=f"EDNAG, {title}",
        description=description,
        hyperparameters=model,
        search=search_ednag,
        from_space=frozenset(SearchHyperparameters.model_fields) - changed.keys(),
        has_own_end=True,
    )


NO_MUTATION = _variant("no-mutation", "no mutation", "no individual is mutated", mutate_rate=0.0)
NO_SELECTION = _variant(
    "no-selection",
    "no selection",
    "the offspring are the next population; they are evaluated once a step",
    selection=False,
)
NO_DENOISING = _variant(
    "no-denoising",
    "no denoising",
    "parents themselves are mutated and selected",
    proposal="parents",
)
FRESH_NOISE = _variant(
    "fresh-noise",
    "noise instead of denoising",
    "offspring are fresh Gaussian noise",
    proposal="noise",
)
IDENTITY = _variant("identity", "identity mapping", "density is the fitness", mapping="identity")
POWER = _variant("power", "power mapping", "density is the squared fitness", mapping="power")
EXPONENTIAL = _variant(
    "exponential",
    "exponential mapping",
    "density is exp(fitness / best fitness)",
    mapping="exponential",
)
RESCALE = _variant("rescale", "rescale mapping", "density is min-max fitness", mapping="rescale")
STEPS_50 = _variant("steps-50", "50 steps", "a schedule of 50 steps", num_step=50)
STEPS_75 = _variant("steps-75", "75 steps", "a schedule of 75 steps", num_step=75)
POPULATION_15 = _variant("population-15", "population 15", "half the population", population_num=15)
POPULATION_60 = _variant(
    "population-60", "population 60", "twice the population", population_num=60
)

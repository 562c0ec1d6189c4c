"""Methods by name. A method is one file here and one line in METHODS."""

import importlib

from ednag.errors import EdnagError
from ednag.methods.interface import Method
from ednag.naming import suggestion

#: name -> "module:method"; imported only when asked for
METHODS = {
    "ednag": "ednag.methods.ednag:METHOD",
    "ednag-no-mutation": "ednag.methods.ednag_ablations:NO_MUTATION",
    "ednag-no-selection": "ednag.methods.ednag_ablations:NO_SELECTION",
    "ednag-no-denoising": "ednag.methods.ednag_ablations:NO_DENOISING",
    "ednag-fresh-noise": "ednag.methods.ednag_ablations:FRESH_NOISE",
    "ednag-identity": "ednag.methods.ednag_ablations:IDENTITY",
    "ednag-power": "ednag.methods.ednag_ablations:POWER",
    "ednag-exponential": "ednag.methods.ednag_ablations:EXPONENTIAL",
    "ednag-rescale": "ednag.methods.ednag_ablations:RESCALE",
    "ednag-steps-50": "ednag.methods.ednag_ablations:STEPS_50",
    "ednag-steps-75": "ednag.methods.ednag_ablations:STEPS_75",
    "ednag-population-15": "ednag.methods.ednag_ablations:POPULATION_15",
    "ednag-population-60": "ednag.methods.ednag_ablations:POPULATION_60",
    "random": "ednag.methods.random_search:METHOD",
    "regularised-evolution-100-10": "ednag.methods.regularised_evolution:METHOD_100_10",
    "regularised-evolution-30-10": "ednag.methods.regularised_evolution:METHOD_30_10",
    "regularised-evolution-10-3": "ednag.methods.regularised_evolution:METHOD_10_3",
    "local-search-best": "ednag.methods.local_search:BEST",
    "local-search-first": "ednag.methods.local_search:FIRST",
    "ednag-plus": "ednag.methods.ednag_plus:METHOD",
    "genetic-algorithm": "ednag.methods.genetic_algorithm:METHOD",
    "diffusion-evolution": "ednag.methods.diffusion_evolution:METHOD",
    "nar": "ednag.methods.nar:METHOD",
    "ednag-ranked": "ednag.methods.ednag_ranked:METHOD",
}


def get_method(name: str) -> Method:
    """The method called `name`; raises EdnagError naming the closest valid one."""
    if name not in METHODS:
        raise EdnagError(f"unknown method {name!r}{suggestion(name, METHODS)}")
    module, attribute = METHODS[name].split(":")
    method: Method = getattr(importlib.import_module(module), attribute)
    return method

"""Methods by name. A method is one file here and one line in METHODS."""

import importlib

from ednag.errors import EdnagError
from ednag.methods.interface import Method
from ednag.naming import suggestion

#: name -> "module:method"; imported only when asked for
METHODS = {
    "ednag": "ednag.methods.ednag:METHOD",
    "random": "ednag.methods.random_search:METHOD",
    "regularised-evolution-100-10": "ednag.methods.regularised_evolution:METHOD_100_10",
    "regularised-evolution-30-10": "ednag.methods.regularised_evolution:METHOD_30_10",
    "regularised-evolution-10-3": "ednag.methods.regularised_evolution:METHOD_10_3",
    "local-search-best": "ednag.methods.local_search:BEST",
    "local-search-first": "ednag.methods.local_search:FIRST",
    "ednag-plus": "ednag.methods.ednag_plus:METHOD",
    "genetic-algorithm": "ednag.methods.genetic_algorithm:METHOD",
    "diffusion-evolution": "ednag.methods.diffusion_evolution:METHOD",
}


def get_method(name: str) -> Method:
    """The method called `name`; raises EdnagError naming the closest valid one."""
    if name not in METHODS:
        raise EdnagError(f"unknown method {name!r}{suggestion(name, METHODS)}")
    module, attribute = METHODS[name].split(":")
    method: Method = getattr(importlib.import_module(module), attribute)
    return method

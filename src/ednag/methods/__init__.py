"""Methods by id. A method is one file here and one line in METHODS."""

import importlib

from ednag.errors import EdnagError
from ednag.methods.interface import Method
from ednag.naming import suggestion

#: id -> "module:method"; a module is imported when its method is needed
METHODS = {
    "ednag": "ednag.methods.ednag:METHOD",
    "random": "ednag.methods.random_search:METHOD",
    "regularised-evolution": "ednag.methods.regularised_evolution:METHOD",
    "local-search-best": "ednag.methods.local_search:BEST",
    "local-search-first": "ednag.methods.local_search:FIRST",
    "ednag-plus": "ednag.methods.ednag_plus:METHOD",
    "genetic-algorithm": "ednag.methods.genetic_algorithm:METHOD",
    "diffusion-evolution": "ednag.methods.diffusion_evolution:METHOD",
    "nar": "ednag.methods.nar:METHOD",
    "ednag-ranked": "ednag.methods.ednag_ranked:METHOD",
}


def get_method(name: str) -> Method:
    """The method with this id: of `ednag --methods`, of METHODS, or of the catalogue.

    Raises:
        EdnagError: There is no such method; the message names the closest id.
    """
    from ednag.methods import instances

    if name in instances.defined:
        return instances.defined[name].method(name)
    return shared_method(name)


def shared_method(name: str) -> Method:
    """The method with this id as all studies have it; raises EdnagError like `get_method`."""
    if name in METHODS:
        module, attribute = METHODS[name].split(":")
        method: Method = getattr(importlib.import_module(module), attribute)
        return method
    from ednag.methods.instances import catalogue, method_names

    if name not in catalogue():
        raise EdnagError(f"unknown method {name!r}{suggestion(name, method_names())}")
    return catalogue()[name].method(name)

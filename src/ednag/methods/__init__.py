"""Methods by id. A method is one file here and one line in METHODS.

Methods of the user's are named `module:attribute`, or by an entry point of an installed package in
the group `ednag.methods`.
"""

import importlib
from dataclasses import replace

from ednag.errors import EdnagError
from ednag.methods.interface import Method
from ednag.naming import suggestion
from ednag.own_code import installed, is_reference, resolve

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
    "tpe": "ednag.methods.tpe:METHOD",
    "nar": "ednag.methods.nar:METHOD",
    "ednag-ranked": "ednag.methods.ednag_ranked:METHOD",
    "ridge-guided": "ednag.methods.ridge_guided:METHOD",
    "bananas": "ednag.methods.bananas:METHOD",
    "npenas": "ednag.methods.npenas:METHOD",
    "forest-guided": "ednag.methods.forest_guided:METHOD",
    "reinforce": "ednag.methods.reinforce:METHOD",
    "flops-guided": "ednag.methods.cost_guided:FLOPS",
    "parameters-guided": "ednag.methods.cost_guided:PARAMETERS",
    "zero-cost-guided": "ednag.methods.zero_cost_guided:METHOD",
    "nsga2": "ednag.methods.nsga2:METHOD",
    "moead": "ednag.methods.moead:METHOD",
    "regularised-evolution-constrained": "ednag.methods.regularised_evolution_constrained:METHOD",
    "ednag-fronts": "ednag.methods.ednag_fronts:METHOD",
    "successive-halving": "ednag.methods.successive_halving:METHOD",
    "hyperband": "ednag.methods.successive_halving:HYPERBAND",
    "asha": "ednag.methods.successive_halving:ASHA",
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
    """The method with this id as all studies have it, or of the user's.

    Raises:
        EdnagError: As `get_method`; the reference leads to no method.
    """
    if is_reference(name):
        from ednag.methods.instances import check_method

        return replace(check_method(resolve(name, Method), name), of=name)
    if name in METHODS:
        module, attribute = METHODS[name].split(":")
        method: Method = getattr(importlib.import_module(module), attribute)
        return method
    from ednag.methods.instances import catalogue, method_names

    if name in catalogue():
        return catalogue()[name].method(name)
    if name in installed("methods"):
        return replace(shared_method(installed("methods")[name]), name=name)
    names = (*method_names(), *installed("methods"))
    raise EdnagError(f"unknown method {name!r}{suggestion(name, names)}")

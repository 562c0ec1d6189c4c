"""Search spaces by name. A space is one file here and one line in SPACES.

Spaces of the user's are named by a study, or by an entry point of an installed package: see
`ednag.own_code`.
"""

import re
from functools import cache
from pkgutil import resolve_name

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.own_code import own_spaces, resolve
from ednag.spaces.interface import LargeSpace, SearchProfile, SearchSpace

#: name -> "module:class"; imported on demand
SPACES = {
    "nasbench201": "ednag.spaces.nasbench201:NASBench201",
    "nasbench101": "ednag.spaces.nasbench101:NASBench101",
    "nasbench301": "ednag.spaces.nasbench301:NASBench301",
    "transnas-micro": "ednag.spaces.transnas:TransNASMicro",
    "transnas-macro": "ednag.spaces.transnas:TransNASMacro",
    "mobilenetv3": "ednag.spaces.mobilenetv3:MobileNetV3",
    "nasbench-graph": "ednag.spaces.nasbench_graph:NASBenchGraph",
    "nasbench-macro": "ednag.spaces.nasbench_macro:NASBenchMacro",
    "nats-size": "ednag.spaces.nats_size:NATSSize",
}

#: The next step where a name is of the user's.
OWN = "where it is of your own code, name its study: ednag --benchmarks STUDY ..."


def space_names() -> tuple[str, ...]:
    """Names of the search spaces that this process knows, registered ones first."""
    return tuple(dict.fromkeys([*SPACES, *own_spaces()]))


def is_space(name: str) -> bool:
    """Whether a search space has this name."""
    return name in SPACES or name in own_spaces()


def space_reference(name: str) -> str:
    """The `module:class` of a search space; raises EdnagError naming the closest valid one."""
    reference = SPACES.get(name) or own_spaces().get(name)
    if reference is None:
        closest = suggestion(name, space_names())
        raise EdnagError(f"unknown search space {name!r}{closest}; {OWN}")
    return reference


def get_space(name: str) -> SearchSpace:
    """The search space called `name`; raises EdnagError naming the closest valid one."""
    return _space(name, space_reference(name))


@cache
def _space(name: str, reference: str) -> SearchSpace:
    if name in SPACES:
        registered: SearchSpace = resolve_name(reference)()
        return registered
    space: SearchSpace = resolve(reference, SearchSpace, made=True)
    given = getattr(space, "name", None)
    if given != name or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise EdnagError(
            f"{reference} has the name {given!r}, not {name!r}; give both one name, of small "
            "letters, digits and -"
        )
    numbers = [] if isinstance(space, LargeSpace) else [space.size, space.raw_size]
    for what, is_right in {
        "`size` and `raw_size`": all(isinstance(each, int) and each > 0 for each in numbers),
        "`shape`": len(space.shape) == 2,
        "`profile`": isinstance(space.profile, SearchProfile),
        "`grammar`": isinstance(space.grammar, str),
    }.items():
        if not is_right:
            raise EdnagError(f"{reference}: {what} are not those of a search space; correct them")
    return space

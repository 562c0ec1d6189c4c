"""Search spaces by name. A space is one file here and one line in SPACES."""

import importlib
from functools import cache

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.spaces.interface import SearchSpace

#: name -> "module:class"; imported only when asked for
SPACES = {
    "nasbench201": "ednag.spaces.nasbench201:NASBench201",
}


@cache
def get_space(name: str) -> SearchSpace:
    """The search space called `name`; raises EdnagError naming the closest valid one."""
    if name not in SPACES:
        raise EdnagError(f"unknown search space {name!r}{suggestion(name, SPACES)}")
    module, attribute = SPACES[name].split(":")
    space: SearchSpace = getattr(importlib.import_module(module), attribute)()
    return space

"""Search spaces by name. A space is one file here and one line in SPACES."""

from functools import cache
from pkgutil import resolve_name

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.spaces.interface import SearchSpace

#: name -> "module:class"; imported on demand
SPACES = {
    "nasbench201": "ednag.spaces.nasbench201:NASBench201",
    "nasbench101": "ednag.spaces.nasbench101:NASBench101",
    "nasbench301": "ednag.spaces.nasbench301:NASBench301",
    "transnas-micro": "ednag.spaces.transnas:TransNASMicro",
    "transnas-macro": "ednag.spaces.transnas:TransNASMacro",
    "mobilenetv3": "ednag.spaces.mobilenetv3:MobileNetV3",
    "nasbench-graph": "ednag.spaces.nasbench_graph:NASBenchGraph",
}


@cache
def get_space(name: str) -> SearchSpace:
    """The search space called `name`; raises EdnagError naming the closest valid one."""
    if name not in SPACES:
        raise EdnagError(f"unknown search space {name!r}{suggestion(name, SPACES)}")
    space: SearchSpace = resolve_name(SPACES[name])()
    return space

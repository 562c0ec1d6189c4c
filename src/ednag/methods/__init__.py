"""Methods by name. A method is one file here and one line in METHODS."""

import importlib

from ednag.errors import EdnagError
from ednag.methods.interface import Method
from ednag.naming import suggestion

#: name -> module with the attribute METHOD; imported only when asked for
METHODS = {
    "ednag": "ednag.methods.ednag",
    "random": "ednag.methods.random_search",
}


def get_method(name: str) -> Method:
    """The method called `name`; raises EdnagError naming the closest valid one."""
    if name not in METHODS:
        raise EdnagError(f"unknown method {name!r}{suggestion(name, METHODS)}")
    method: Method = importlib.import_module(METHODS[name]).METHOD
    return method

"""EDNAG and NAR as a reproducible workflow: search spaces, benchmark tables, methods, evidence.

The functions of `ednag.api` are attributes of the package. That module is imported when one of
them is first used: `import ednag` loads no other package.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ("compare", "load", "read_table", "search", "table_of")


def __getattr__(name: str) -> Any:
    if name in __all__:
        # By name: every module imports this one, and the code of a job is what it can import.
        return getattr(importlib.import_module("ednag.api"), name)
    raise AttributeError(f"module 'ednag' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

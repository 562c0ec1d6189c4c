"""Evolutionary denoising: fitness, mapping, denoising, mutation, selection, and the engines.

The package is callable: `ednag.search(...)` is `ednag.api.search`, whose name it has.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return importlib.import_module("ednag.api").search(*arguments, **named)


sys.modules[__name__].__class__ = _CallablePackage

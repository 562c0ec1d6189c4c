"""The compiled engine: the runs of the readable engine, some fifty times faster.

The package has two public functions. docs/compiled-engine.md says what they promise and how the
machine code is made and kept.
"""

from ednag.search.compiled.driver import search, unsupported

__all__ = ["search", "unsupported"]

"""What of a module a job depends on: all of its source, but of a registry only what the job uses.

A registry is a mapping of names to "module:attribute". A line added to it for a new method, space
or table changes nothing of a job that imports no such module, so that runs which are there stay
valid and are not made again.
"""

import ast
import hashlib
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

#: Module -> the mapping in it that is a registry.
REGISTRIES = {"ednag.methods": "METHODS", "ednag.spaces": "SPACES", "ednag.tables": "TABLES"}


def code_of(module: str, source: bytes, imported: Container[str]) -> bytes:
    """What of a module's source a job depends on.

    Args:
        module: Its name.
        source: All of it.
        imported: Names of the modules that the job imports, or can import.
    """
    if module not in REGISTRIES:
        return source
    rest, entries = _parted(source, REGISTRIES[module])
    used = [e for e in entries if e.partition(" = ")[2].partition(":")[0] in imported]
    return rest + "".join(f"{entry}\n" for entry in used).encode()


def digest_of_code(module: str, path: Path, imported: Container[str]) -> str:
    """sha256 of what `code_of` gives of the module that stands at `path`."""
    return hashlib.sha256(code_of(module, path.read_bytes(), imported)).hexdigest()


@lru_cache(maxsize=8)
def _parted(source: bytes, registry: str) -> tuple[bytes, tuple[str, ...]]:
    """A source without its registry, and the registry's entries, sorted.

    The whole source and no entries where the registry cannot be read as a literal.
    """
    try:
        assigned = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
        (node,) = [node for node in assigned if ast.unparse(node.targets[0]) == registry]
        entries = sorted(_entries(ast.literal_eval(node.value), registry))
    except (SyntaxError, ValueError):
        return source, ()
    lines = source.splitlines(keepends=True)
    del lines[node.lineno - 1 : node.end_lineno]
    return b"".join(lines), tuple(entries)


def _entries(mapping: Mapping[str, object], place: str) -> Iterator[str]:
    """`PLACE.NAME = module:attribute` of each value of a mapping of mappings."""
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _entries(value, f"{place}.{name}")
        else:
            yield f"{place}.{name} = {value}"

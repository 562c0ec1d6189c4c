"""What counts of a module's source for a job: all of it, or the used lines of a registry.

A registry is a mapping of names to "module:attribute". A job that does not import the module of a
line does not depend on that line. So a new method, space, table or official file makes no existing
run invalid.
"""

import ast
import hashlib
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

#: Module -> the mappings in it that are registries.
REGISTRIES = {
    "ednag.methods": ("METHODS",),
    "ednag.spaces": ("SPACES",),
    "ednag.tables": ("TABLES", "FURTHER", "OFFICIAL"),
}


def code_of(module: str, source: bytes, imported: Container[str]) -> bytes:
    """What counts of a module's source for a job.

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
    """sha256 of what `code_of` gives of the module at `path`."""
    return hashlib.sha256(code_of(module, path.read_bytes(), imported)).hexdigest()


@lru_cache(maxsize=8)
def _parted(source: bytes, registries: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
    """A source without its registries, and the entries of the registries, sorted.

    The whole source and no entries where a registry is not a literal.
    """
    lines, entries = source.splitlines(keepends=True), list[str]()
    try:
        assigned = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
        mappings = {ast.unparse(node.targets[0]): node for node in assigned}
        for name in sorted(registries, key=lambda name: -mappings[name].lineno):
            node = mappings[name]
            entries += _entries(ast.literal_eval(node.value), name)
            del lines[node.lineno - 1 : node.end_lineno]
    except (SyntaxError, ValueError, KeyError):
        return source, ()
    return b"".join(lines), tuple(sorted(entries))


def _entries(mapping: Mapping[str, object], place: str) -> Iterator[str]:
    """`PLACE.NAME = module:attribute` of each value of a mapping of mappings."""
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _entries(value, f"{place}.{name}")
        else:
            yield f"{place}.{name} = {value}"

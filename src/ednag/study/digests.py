"""What code a job's result depends on: the modules its subcommand can import, and their digest.

Snakemake does not see that a module was edited; a digest of exactly the modules that a subcommand
can import, passed as a parameter of its rule, makes it run again what depends on the edit, and
nothing else. Imports are read from the source, also those inside functions; a registry names
modules in strings, so that whoever asks adds those of the method, space or table at hand.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ednag.errors import EdnagError
from ednag.methods import METHODS
from ednag.registries import REGISTRIES, code_of
from ednag.spaces import SPACES
from ednag.study.configuration import Study, method_of
from ednag.study.imports import PACKAGE, imports, imports_of_function, parents, path_of
from ednag.tables import OFFICIAL, TABLES

#: Digits of a digest; 64 bits are plenty against chance, and nobody forges one's own edits.
_DIGITS = 16


def modules_of(subcommand: str, *further: str) -> frozenset[str]:
    """Names of the package's modules that a subcommand can import.

    Args:
        subcommand: As on the command line, for example `run` or `plot dataset`.
        further: Modules, or `module:attribute` as registries have them, that it imports by name.

    Raises:
        EdnagError: There is no such subcommand.
    """
    first, *rest = subcommand.split()
    module = f"ednag.cli.{first.replace('-', '_')}"
    if path_of(module) is None:
        raise EdnagError(f"no subcommand {first!r} in ednag.cli")
    function = rest[0].replace("-", "_") if rest else "command"
    waiting = [*imports_of_function(module, function), *parents(module)]
    waiting += [name.partition(":")[0] for name in further]
    return frozenset({module}.union(*(_reached(name) for name in waiting if name != module)))


@cache
def _reached(module: str) -> frozenset[str]:
    """A module and what is imported with it, at once or through others."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [*imports(name), *parents(name)]
    return frozenset(found)


def registered(
    study: Study,
    benchmarks: Iterable[tuple[str, str]],
    methods: Iterable[str] = (),
    spaces: bool = False,
) -> tuple[str, ...]:
    """What registries name for benchmarks of a study and for methods: see `modules_of`.

    Args:
        study: Says which file a benchmark is read from.
        benchmarks: (space, dataset).
        methods: Names of methods.
        spaces: Whether the search spaces of the benchmarks are needed, too.
    """
    found: dict[str, None] = {}
    for space, dataset in benchmarks:
        official = study.official_files.get(space, {}).get(dataset)
        found[TABLES[space][dataset]] = None
        if spaces:
            found[SPACES[space]] = None
        if official is not None:
            found[OFFICIAL[official]] = None
    return (*found, *(METHODS[method_of(study, name).of or name] for name in methods))


@cache
def code_digest(subcommand: str, *further: str) -> str:
    """Digest of the modules of `modules_of` and the files of the package that they name."""
    total, modules = hashlib.sha256(), modules_of(subcommand, *further)
    for name in sorted(modules):
        digest = _digest_of(name, modules if name in REGISTRIES else frozenset())
        total.update(f"{name} {digest}\n".encode())
    return total.hexdigest()[:_DIGITS]


def lock_digest(lock: Path) -> str:
    """Digest of the file that pins every installed package."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:_DIGITS]


@cache
def _digest_of(module: str, imported: frozenset[str]) -> str:
    """Digest of what counts of a module's source, and of the package's data files that it names."""
    path = path_of(module)
    assert path is not None
    source = path.read_bytes()
    total = hashlib.sha256(code_of(module, source, imported))
    for data in _data_files():
        if data.name.encode() in source:
            total.update(data.read_bytes())
    return total.hexdigest()


@cache
def _data_files() -> tuple[Path, ...]:
    """Files of the package that are no modules, such as a style for figures."""
    return tuple(
        path
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    )

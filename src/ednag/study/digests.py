"""What code a job's result depends on: the modules its subcommand can import, and their digest.

Snakemake does not see that a module was edited; a digest of exactly the modules that a subcommand
can import, passed as a parameter of its rule, makes it run again what depends on the edit, and
nothing else. Imports are read from the source, also those inside functions; a registry names
modules in strings, so that whoever asks adds those of the method, space or table at hand.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import ednag
from ednag.errors import EdnagError
from ednag.methods import METHODS
from ednag.spaces import SPACES
from ednag.study.configuration import Study
from ednag.tables import OFFICIAL, TABLES

_PACKAGE = Path(ednag.__file__).resolve().parent
#: What `ednag` itself imports of this only watches a job: a record changes nothing that it writes.
_ENTRY, _WATCHING = "ednag.cli", "ednag.provenance"
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
    if _path_of(module) is None:
        raise EdnagError(f"no subcommand {first!r} in ednag.cli")
    function = rest[0].replace("-", "_") if rest else "command"
    waiting = [*_imports_of_function(module, function), *_parents(module)]
    waiting += [name.partition(":")[0] for name in further]
    found = {module}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [*_imports(name), *_parents(name)]
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
            found[OFFICIAL[space][dataset][official]] = None
    return (*found, *(METHODS[name] for name in methods))


@cache
def code_digest(subcommand: str, *further: str) -> str:
    """Digest of the modules of `modules_of` and the files of the package that they name."""
    total = hashlib.sha256()
    for name in sorted(modules_of(subcommand, *further)):
        total.update(f"{name} {_digest_of(name)}\n".encode())
    return total.hexdigest()[:_DIGITS]


def lock_digest(lock: Path) -> str:
    """Digest of the file that pins every installed package."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:_DIGITS]


def _parents(module: str) -> list[str]:
    """The packages that are imported before a module."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _path_of(module: str) -> Path | None:
    """Where a module of the package stands; None if it is none."""
    place = _PACKAGE.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _tree(module: str) -> ast.Module:
    path = _path_of(module)
    assert path is not None
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _digest_of(module: str) -> str:
    """Digest of a module's source and of the package's data files that it names."""
    path = _path_of(module)
    assert path is not None
    source = path.read_bytes()
    total = hashlib.sha256(source)
    for data in _data_files():
        if data.name.encode() in source:
            total.update(data.read_bytes())
    return total.hexdigest()


@cache
def _data_files() -> tuple[Path, ...]:
    """Files of the package that are no modules, such as a style for figures."""
    return tuple(
        path
        for path in sorted(_PACKAGE.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc", ".nbi", ".nbc")
    )


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of the package that a module imports anywhere but for type checking."""
    found = _imported_in([_tree(module)])
    if module == _ENTRY:
        found = {name for name in found if not name.startswith(_WATCHING)}
    return frozenset(found)


def _imports_of_function(module: str, function: str) -> frozenset[str]:
    """What one function of a module imports, with what it calls there and the module's top.

    Everything the module imports where the function comes from elsewhere.
    """
    body = _tree(module).body
    defined = {
        node.name: node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    if function not in defined:
        return _imports(module)
    used: dict[str, ast.stmt] = {}
    waiting = [function]
    while waiting:
        name = waiting.pop()
        if name in used or name not in defined:
            continue
        used[name] = defined[name]
        waiting += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]
    top = [node for node in body if node not in defined.values()]
    return frozenset(_imported_in([*top, *used.values()]))


def _imported_in(nodes: Iterable[ast.AST]) -> set[str]:
    """Modules of the package that statements import, but for type checking."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        else:
            waiting += ast.iter_child_nodes(node)
    ours = {name for name in found if name.partition(".")[0] == "ednag"}
    return {name for name in ours if _path_of(name) is not None}

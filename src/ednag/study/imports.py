"""Which modules of the package a module imports, read from its source.

Reading all of the package takes longer than what else the workflow asks for before a call that has
nothing to do. So what was read is kept beside Python's own compiled modules, by the digest of the
source; a source that changed is read again.
"""

import ast
import atexit
import contextlib
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import ednag
from ednag.files import write_text

#: The package's folder.
PACKAGE = Path(ednag.__file__).resolve().parent
#: What `ednag` itself imports of this only watches a job: a record changes nothing that it writes.
_ENTRY, _WATCHING = "ednag.cli", "ednag.provenance"
#: Module -> {"source": digest, "whole" or the name of a function: names that it imports}.
_KEPT = Path(__file__).parent / "__pycache__" / "imports.json"


def parents(module: str) -> list[str]:
    """The packages that are imported before a module."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


@cache
def path_of(module: str) -> Path | None:
    """Where a module of the package stands; None if it is none."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of the package that a module imports anywhere but for type checking."""
    found = _kept(module, "whole")
    if module == _ENTRY:
        found = {name for name in found if not name.startswith(_WATCHING)}
    return frozenset(found)


@cache
def imports_of_function(module: str, function: str) -> frozenset[str]:
    """What one function of a module imports, with what it calls there and the module's top.

    Everything the module imports where the function comes from elsewhere.
    """
    return frozenset(_kept(module, f"function {function}"))


def _kept(module: str, part: str) -> set[str]:
    """Modules that a part of a module imports, from what is kept, or read now."""
    path = path_of(module)
    assert path is not None
    source = path.read_bytes()
    digest = hashlib.sha256(_own_source() + source).hexdigest()
    entry = _read_kept().get(module)
    if not isinstance(entry, dict) or entry.get("source") != digest:
        entry = _read_kept()[module] = {"source": digest}
    if part not in entry:
        _keep_at_exit()
        body = _tree(module).body
        chosen = body if part == "whole" else _statements_of(body, part.partition(" ")[2])
        entry[part] = sorted(_imported_in(chosen))
    return {name for name in entry[part] if path_of(name) is not None}


@cache
def _own_source() -> bytes:
    """This module: what is kept is read again where the reading itself changes."""
    return Path(__file__).read_bytes()


@cache
def _read_kept() -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(_KEPT.read_text(encoding="utf-8"))
        if isinstance(kept, dict):
            return kept
    return {}


@cache
def _keep_at_exit() -> None:
    """Write what was read when the process ends; where that is not allowed, read it again."""

    def keep() -> None:
        with contextlib.suppress(OSError):
            write_text(_KEPT, json.dumps(_read_kept(), sort_keys=True))

    atexit.register(keep)


@cache
def _tree(module: str) -> ast.Module:
    path = path_of(module)
    assert path is not None
    return ast.parse(path.read_text(encoding="utf-8"))


def _statements_of(body: list[ast.stmt], function: str) -> list[ast.stmt]:
    """A function of a module with what it calls there and the module's top."""
    defined = {
        node.name: node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    if function not in defined:
        return body
    used: dict[str, ast.stmt] = {}
    waiting = [function]
    while waiting:
        name = waiting.pop()
        if name in used or name not in defined:
            continue
        used[name] = defined[name]
        waiting += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]
    return [node for node in body if node not in defined.values()] + list(used.values())


def _imported_in(nodes: Iterable[ast.AST]) -> set[str]:
    """Names under the package that statements import, but for type checking; some no modules."""
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
    return {name for name in found if name.partition(".")[0] == "ednag"}

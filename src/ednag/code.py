"""Digests of the code that the result of a job depends on.

Snakemake does not notice an edited module. Each rule has as a parameter the digest of exactly the
modules that its subcommand can import, so that an edit reruns the jobs that depend on it, and no
others. grimp reads imports from the source, also those inside functions. A registry names modules
in strings: the caller adds those of the method, space or table at hand.
"""

import hashlib
import shutil
from functools import cache, partial
from pathlib import Path

import grimp

import ednag
from ednag.errors import EdnagError
from ednag.own_code import digests_of, imported_from_ednag, is_ours
from ednag.registries import REGISTRIES, code_of

_PACKAGE = Path(ednag.__file__).resolve().parent
#: What `ednag` runs before any subcommand imports provenance only to record a job and to refuse
#: what it must not replace, which changes nothing that the job writes.
_ENTRY, _RECORDING = "ednag.cli", "ednag.provenance"
_ENTRIES = (_ENTRY, f"{_ENTRY}._options")
#: Hexadecimal digits of a digest: 64 bits.
_DIGITS = 16


def modules_of(subcommand: str, *further: str) -> frozenset[str]:
    """Names of the package's modules, and of the user's, that a subcommand can import.

    Args:
        subcommand: As on the command line, for example `run` or `plot dataset`.
        further: Modules, or `module:attribute` as in registries, that it imports by name.

    Raises:
        EdnagError: There is no such subcommand.
    """
    graph = _imports()
    module = ".".join([_ENTRY, *subcommand.replace("-", "_").split()])
    if module not in graph.modules:
        raise EdnagError(f"no subcommand {subcommand!r} in {_ENTRY}")
    names = {module, *(name.partition(":")[0] for name in further)}
    own = {name for name in names if not is_ours(name)}
    names = (names - own).union(*map(imported_from_ednag, own)) & graph.modules
    upstream = names.union(*map(graph.find_upstream_modules, names))
    return frozenset(upstream.union(*map(digests_of, own)))


@cache
def _imports() -> grimp.ImportGraph:
    """The imports of the package, without those for type checking.

    What grimp has read is kept beside Python's compiled modules, and read again when the time stamp
    of a source changes. An edit can leave that as it was, but not its time of change (ctime).
    """
    build = partial(grimp.build_graph, "ednag", exclude_type_checking_imports=True)
    kept = Path(__file__).parent / "__pycache__" / "imports"
    edited = max(path.stat().st_ctime_ns for path in _PACKAGE.rglob("*.py"))
    if any(path.stat().st_mtime_ns <= edited for path in kept.glob("*")):
        shutil.rmtree(kept, ignore_errors=True)
    try:
        graph = build(cache_dir=str(kept))
    except OSError:  # the package's folder cannot be written
        graph = build(cache_dir=None)
    for module in graph.modules:
        if package := module.rpartition(".")[0]:
            graph.add_import(importer=module, imported=package)
    for importer in _ENTRIES:
        for imported in graph.find_modules_directly_imported_by(importer):
            if imported.startswith(_RECORDING):
                graph.remove_import(importer=importer, imported=imported)
    return graph


@cache
def code_digest(subcommand: str, *further: str) -> str:
    """Digest of the modules of `modules_of` and of the package's data files that they name."""
    total, modules = hashlib.sha256(), modules_of(subcommand, *further)
    for name in sorted(modules):
        if is_ours(name):
            digest = _digest_of(name, modules if name in REGISTRIES else frozenset())
        else:
            digest = digests_of(name)[name]
        total.update(f"{name} {digest}\n".encode())
    own = sorted(name for name in further if ":" in name and not is_ours(name))
    total.update("".join(f"{name}\n" for name in own).encode())
    return total.hexdigest()[:_DIGITS]


def lock_digest(lock: Path) -> str:
    """Digest of the file that pins every installed package."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:_DIGITS]


@cache
def _digest_of(module: str, imported: frozenset[str]) -> str:
    """Digest of the part of a module's source that counts, and of the data files it names."""
    place = _PACKAGE.joinpath(*module.split(".")[1:])
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    source = path.read_bytes()
    total = hashlib.sha256(code_of(module, source, imported))
    for data in _data_files():
        if data.name.encode() in source:
            total.update(data.read_bytes())
    return total.hexdigest()


@cache
def _data_files() -> tuple[Path, ...]:
    """Files of the package that are no modules, for example a style for figures."""
    return tuple(
        path
        for path in sorted(_PACKAGE.rglob("*"))
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    )

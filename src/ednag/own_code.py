"""Code of the user's: objects that a study names as `module:attribute`, and their files.

Methods are named where they are used. Search spaces and tables have names of their own, in a study
(`own_spaces`, `own_tables`), whose processes know them by `EDNAG_BENCHMARKS`. Entry points of an
installed package, in the groups `ednag.methods`, `ednag.spaces` and `ednag.tables`, name them, too.

A module is looked for where Python looks, then in the folders of `EDNAG_CODE` and in the current
one. The workflow puts the folder of the study's file into `EDNAG_CODE`. What counts as the code of
a module is its own file and those of the modules that it imports from the same place: of a folder,
all that lies there; of what is installed, the same package.
"""

import ast
import hashlib
import importlib
import importlib.util
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError, one_line
from ednag.naming import suggestion

#: Folders with code of the user's, separated as in `$PATH`.
CODE_VARIABLE = "EDNAG_CODE"
#: Spaces and tables of the user's: `{"spaces": {NAME: REFERENCE}, "tables": {SPACE: {DATASET:
#: REFERENCE}}}`, as JSON.
BENCHMARKS_VARIABLE = "EDNAG_BENCHMARKS"
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
#: What the user's own source files are; beside the study, or in a package that names itself in the
#: group `ednag.sources`.
REGISTRY_NAME = "own-sources.yaml"
#: Folders of `search_in`.
_named: dict[str, None] = {}
#: References that this process has resolved: what a run record names.
resolved: dict[str, None] = {}


def is_reference(name: str) -> bool:
    """Whether a name is `module:attribute` and not an id."""
    return ":" in name


def is_ours(module: str) -> bool:
    """Whether a module is of this package."""
    return module.partition(".")[0] == "ednag"


def search_in(folder: Path, export: bool = False) -> None:
    """Look for modules of the user's in a folder as well.

    `export`: also in the processes that this one starts.
    """
    _named.setdefault(str(folder.resolve()))
    if export:
        os.environ[CODE_VARIABLE] = os.pathsep.join(_folders()[:-1])


def declare_benchmarks(spaces: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> None:
    """Let this process, and those that it starts, know spaces and tables by their names.

    Args:
        spaces: Name -> `module:attribute`.
        tables: Name of a space -> dataset -> `module:attribute`.
    """
    known = declared_benchmarks()
    merged = {name: {**known["tables"].get(name, {}), **own} for name, own in tables.items()}
    every = {"spaces": {**known["spaces"], **spaces}, "tables": {**known["tables"], **merged}}
    if any(every.values()):
        os.environ[BENCHMARKS_VARIABLE] = json.dumps(every, sort_keys=True)


def declared_benchmarks() -> dict[str, dict[str, Any]]:
    """What `declare_benchmarks` or the environment says; EdnagError where that is something else.

    Returns:
        "spaces": name -> reference; "tables": space -> dataset -> reference.
    """
    return _read_benchmarks(os.environ.get(BENCHMARKS_VARIABLE, ""))


@cache
def _read_benchmarks(text: str) -> dict[str, dict[str, Any]]:
    if not text:
        return {"spaces": {}, "tables": {}}
    from pydantic import Field  # here: few processes have any

    from ednag.text_files import json_value
    from ednag.validation import StrictModel, read_model

    class Benchmarks(StrictModel):
        spaces: dict[str, str] = Field({})
        tables: dict[str, dict[str, str]] = Field({})

    given = json_value(text, BENCHMARKS_VARIABLE)
    return read_model(Benchmarks, given, BENCHMARKS_VARIABLE).model_dump()


@cache
def _entry_points() -> Any:
    import importlib.metadata  # here: few processes ask

    return importlib.metadata.entry_points()


@cache
def installed(group: str) -> dict[str, str]:
    """Name -> `module:attribute` of the entry points of installed packages in a group, sorted."""
    points = _entry_points().select(group=f"ednag.{group}")
    return {point.name: point.value for point in sorted(points, key=lambda point: point.name)}


def own_spaces() -> dict[str, str]:
    """Name -> reference of the spaces of the user's that this process knows."""
    return {**installed("spaces"), **declared_benchmarks()["spaces"]}


def installed_tables(space: str) -> dict[str, str]:
    """Dataset -> reference of the tables of a space that packages bring as `SPACE.DATASET`."""
    parted = {name.partition(".")[::2]: own for name, own in installed("tables").items()}
    return {dataset: own for (place, dataset), own in parted.items() if place == space}


def own_tables(space: str) -> dict[str, str]:
    """Dataset -> reference of the tables of the user's that this process knows of a space."""
    return {**installed_tables(space), **declared_benchmarks()["tables"].get(space, {})}


def resolve(reference: str, kind: type, made: bool = False) -> Any:
    """The object of class `kind` that `module:attribute` names.

    `made`: it may also be a subclass of `kind`, of which an object is made.

    Raises:
        EdnagError: The text is no reference, the module cannot be imported, or it has no such
            object; one line that names file and next step.
    """
    if not _REFERENCE.fullmatch(reference):
        raise EdnagError(f"{reference!r} is no module:attribute, such as my_method:METHOD")
    module, _, attribute = reference.partition(":")
    value: Any = _imported(module)
    place = f"{module} ({Path(value.__file__ or module).name})"

    def fits(each: object) -> bool:
        return isinstance(each, kind) or (
            made and isinstance(each, type) and issubclass(each, kind) and each is not kind
        )

    there = [name for name, each in vars(value).items() if fits(each)]
    for name in attribute.split("."):
        if not hasattr(value, name):
            raise EdnagError(f"{place} has no {attribute!r}{suggestion(attribute, there)}")
        value = getattr(value, name)
    if not fits(value):
        raise EdnagError(
            f"{reference} is of the class {type(value).__name__}, not {kind.__module__}."
            f"{kind.__name__}{suggestion(attribute, there)}"
        )
    resolved[reference] = None
    if not isinstance(value, type):
        return value
    try:
        return value()
    except Exception as error:  # whatever a class does when an object is made
        raise EdnagError(f"{reference} cannot be made: {told(error)}; correct it") from None


def _imported(module: str) -> Any:
    _look_in_own_folders()
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        name = error.name or module
        if f"{module}.".startswith(f"{name}."):
            where = ", ".join(dict.fromkeys(_folders()))
            raise EdnagError(
                f"there is no module {name!r} in {where}, nor installed; put its file there, name "
                f"its folder in {CODE_VARIABLE}, or install its package"
            ) from None
        raise EdnagError(
            f"{module} imports {name!r}, which is not here; install it: pip install "
            f"{name.partition('.')[0]}"
        ) from None
    except EdnagError:
        raise
    except Exception as error:  # whatever a module does when it is imported
        raise EdnagError(f"{module} cannot be imported: {told(error)}; correct it") from None


def told(error: BaseException) -> str:
    """Class, message and place of an exception, without folder and addresses in memory."""
    if isinstance(error, SyntaxError):
        place = f"{Path(error.filename or '').name}, line {error.lineno}"
        return f"{type(error).__name__}: {error.msg} ({place})"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    # An address in memory is another one in each run.
    message = re.sub(r" at 0x[0-9a-f]+", "", one_line(error))
    return f"{type(error).__name__}: {message}{place}"


def fault_in(error: BaseException) -> str:
    """Module, class, message and place of an exception that code of the user's raised; else ""."""
    called = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
    for module in dict.fromkeys(reference.partition(":")[0] for reference in resolved):
        if called.intersection(map(str, files_of(module).values())):
            return f"{module} raised {told(error)}; correct it"
    return ""


def registries() -> list[Path]:
    """The files `own-sources.yaml` in the folders of the user's code and in installed packages."""
    packages = (_folder_of(module) for module in installed("sources").values())
    folders = dict.fromkeys([*map(Path, _folders()), *filter(None, packages)])
    return [path for folder in folders if (path := folder / REGISTRY_NAME).is_file()]


def _folder_of(package: str) -> Path | None:
    spec = importlib.util.find_spec(package.partition(".")[0])
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _folders() -> list[str]:
    """Folders in which modules of the user's are looked for; the current one is the last."""
    listed = os.environ.get(CODE_VARIABLE, "").split(os.pathsep)
    here = str(Path.cwd())
    return [*(each for each in dict.fromkeys([*_named, *listed]) if each not in ("", here)), here]


def _look_in_own_folders() -> None:
    """Put the user's folders last on the path of imports, where they replace nothing."""
    for folder in _folders():
        if folder not in sys.path:
            sys.path.append(folder)
    importlib.invalidate_caches()


@cache
def files_of(module: str) -> dict[str, Path]:
    """Name -> file of a module of the user's and of those it imports from the same place.

    Files are read, not imported. Empty if there is no such module.
    """
    _look_in_own_folders()
    top = module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # as of __main__ in a notebook
        spec = None
    if spec is None:
        return {}
    # A package is in one folder, or, without an __init__.py, in several.
    places = [*(spec.submodule_search_locations or ()), spec.origin or ""]
    folder = Path(places[0]).parent
    installed = "site-packages" in folder.parts or folder.is_relative_to(sys.base_prefix)
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(folder, name)
        if name in found or path is None or (installed and name.partition(".")[0] != top):
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_names_in(path, name)]
    return dict(sorted(found.items()))


def _file(folder: Path, module: str) -> Path | None:
    if not module:
        return None
    place = folder.joinpath(*module.split("."))
    candidates = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((path for path in candidates if path.is_file()), None)


def _names_in(path: Path, module: str) -> Iterator[str]:
    """What a file imports: modules, and names that may be modules."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join(filter(None, [*(above if node.level else ()), node.module]))
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def imported_from_ednag(module: str) -> frozenset[str]:
    """Names below `ednag` that the files of a module import."""
    names = (name for own, path in files_of(module).items() for name in _names_in(path, own))
    return frozenset(filter(is_ours, names))


def digests_of(module: str) -> dict[str, str]:
    """Name -> sha256 of each of `files_of`."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files_of(module).items()
    }

"""A tree of results and everything that an audit compares it with."""

import os
from collections.abc import Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import ednag
from ednag.provenance.recording import LOCK, project_folder
from ednag.provenance.records import PROJECT, name_of, path_of
from ednag.provenance.stages import is_published, source_of
from ednag.registries import digest_of_code
from ednag.sources.lock import load_lock, lock_path
from ednag.sources.registry import Source, load_registry
from ednag.sources.verification import Digests, Expected, digest


@dataclass(frozen=True)
class Setting:
    """The folders of a study, the registry of sources and the code."""

    root: Path  # the folder of `results`, `figures` and `resources`
    project: Path  # the folder of the Snakefile
    package: Path  # the folder of the package `ednag`
    registry: Mapping[str, Source]  # source id -> its entry in sources.yaml
    trusted: Mapping[str, Expected]  # source id -> its entry in sources.lock

    @classmethod
    def of_user(cls, root: Path) -> "Setting":
        """The tree at `root` with the project, registry and lock in use, which must be readable."""
        package = Path(ednag.__file__).resolve().parent
        registry, trusted = load_registry(), load_lock(lock_path())
        return cls(root.absolute(), project_folder().absolute(), package, registry, trusted)

    def path(self, name: str) -> Path:
        """The path of a file that records call `name`."""
        path = path_of(name, self.root, self.project)
        if is_published(name) and not path.is_file():
            # The results were moved out of the project's folder, or into it.
            other = self.root if name.startswith(PROJECT) else self.project
            return other / name.removeprefix(PROJECT)
        return path

    def name(self, path: Path) -> str:
        """The name of a file in records."""
        return name_of(path, self.root, self.project)

    def locate(self, path: Path) -> str:
        """The name of a file that the user names, relative to `root` or to the current folder."""
        inside = self.root / path
        return self.name(inside if inside.exists() or not path.exists() else path)

    def code_digest(self, name: str, imported: Container[str] = ()) -> str:
        """The current sha256 of a module, a data file of the package, or the lock; "" if missing.

        Of a registry, only the lines count that a job uses which imported the modules `imported`:
        see `ednag.registries`.
        """
        module = self.package.joinpath(*name.split(".")[1:])
        data = self.project / LOCK if name == LOCK else self.package / name
        for path in (data, module.with_suffix(".py"), module / "__init__.py"):
            if path.is_file():
                return digest_of_code(name, path, imported)
        return ""

    def measure(self, names: frozenset[str]) -> Mapping[str, Digests | None]:
        """The current digests of the named files, sorted; None for a missing file.

        Each file is read once. Of a source, all checksums are computed that the registry has.
        """
        paths = {name: self.path(name) for name in names}
        sizes = {name: path.stat().st_size for name, path in paths.items() if path.is_file()}
        # The largest file comes first, so that no core waits for it at the end.
        ordered = sorted(sizes, key=lambda name: (-sizes[name], name))

        def digest_one(name: str) -> Digests:
            source = source_of(name)
            return digest(paths[name], self.registry.get(source[0]) if source else None)

        # Threads suffice: hashing and reading release Python's lock.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            digests = dict(zip(ordered, pool.map(digest_one, ordered), strict=True))
        return {name: digests.get(name) for name in sorted(names)}

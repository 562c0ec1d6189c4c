"""What a tree of results is held against: its folder, the project's, the registry, the locks."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

import ednag
from ednag.provenance.recording import LOCK, project_folder
from ednag.provenance.records import PROJECT, digest_of, name_of, path_of
from ednag.provenance.stages import is_published
from ednag.registries import digest_of_code
from ednag.sources.lock import load_lock, lock_path
from ednag.sources.registry import Source, load_registry
from ednag.sources.verification import Expected


@dataclass(frozen=True)
class Setting:
    """Where a study lies and what it should agree with.

    Attributes:
        root: The folder that holds `results`, `figures` and `resources`.
        project: The folder of the Snakefile.
        package: The folder of the package `ednag`.
        registry: Source id -> its entry in sources.yaml.
        trusted: Source id -> its entry in sources.lock.
    """

    root: Path
    project: Path
    package: Path
    registry: Mapping[str, Source]
    trusted: Mapping[str, Expected]

    @classmethod
    def of_user(cls, root: Path) -> "Setting":
        """The tree at `root`, held against the project, registry and lock in force.

        Raises EdnagError where registry or lock cannot be read.
        """
        return cls(
            root=root.absolute(),
            project=project_folder().absolute(),
            package=Path(ednag.__file__).resolve().parent,
            registry=load_registry(),
            trusted=load_lock(lock_path()),
        )

    def path(self, name: str) -> Path:
        """Where the file stands that records call `name`."""
        path = path_of(name, self.root, self.project)
        if is_published(name) and not path.is_file():
            # A tree that was made in the project's folder and now lies elsewhere, or the reverse.
            other = self.root if name.startswith(PROJECT) else self.project
            return other / name.removeprefix(PROJECT)
        return path

    def name(self, path: Path) -> str:
        """What records call the file at `path`."""
        return name_of(path, self.root, self.project)

    def code_digest(self, name: str, imported: Container[str] = ()) -> str:
        """The sha256 that a module, or another file of the package, has now; "" if it is gone.

        Of a registry, what a job depends on that imported these modules: see `ednag.registries`.
        """
        inside = self.package.joinpath(*name.split(".")[1:])
        for path in (self.package / name, inside.with_suffix(".py"), inside / "__init__.py"):
            if path.is_file():
                return digest_of_code(name, path, imported)
        return ""

    def lock_digest(self) -> str:
        """The sha256 that envs/requirements.lock has now; "" without one."""
        lock = self.project / LOCK
        return digest_of(lock)[0] if lock.is_file() else ""

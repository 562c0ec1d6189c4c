"""A tree of results and everything that an audit compares it with."""

import os
import shlex
from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import ednag
from ednag.errors import listed
from ednag.own_code import digests_of, is_ours
from ednag.provenance.recording import LOCK, project_folder
from ednag.provenance.records import (
    PROJECT,
    STORE,
    BrokenRecordError,
    name_of,
    path_of,
    read_record,
)
from ednag.provenance.stages import is_published, source_of
from ednag.registries import digest_of_code
from ednag.sources.lock import load_lock, lock_path
from ednag.sources.registry import Source, load_registry
from ednag.sources.verification import Digests, Expected, digest
from ednag.stages import STUDY_FILE


@dataclass(frozen=True)
class Declared:
    """The files of a study, by name; a folder stands for all files in it."""

    targets: tuple[str, ...]  # what people read: tables, figures, pages
    files: frozenset[str]  # all that the workflow makes, records included

    def output(self, name: str) -> str | None:
        """What the workflow must be asked for to make `name`: the file or a folder above it."""
        above = (name, *map(str, PurePosixPath(name).parents))
        return next((each for each in above if each in self.files), None)


@dataclass(frozen=True)
class Setting:
    """The folders of a study, the registry of sources, the code and the study."""

    root: Path  # the folder of `results`, `figures` and `resources`
    project: Path  # the folder of the Snakefile
    package: Path  # the folder of the package `ednag`
    registry: Mapping[str, Source]  # source id -> its entry in sources.yaml
    trusted: Mapping[str, Expected]  # source id -> its entry in sources.lock
    study: Declared | None = None  # None if it is not known
    workflow: str = "snakemake --cores 2"  # the call of the workflow for this study

    @classmethod
    def of_user(cls, root: Path, study: Declared | None = None) -> "Setting":
        """The tree at `root` with the project, registry and lock in use, which must be readable."""
        package = Path(ednag.__file__).resolve().parent
        registry, trusted = load_registry(), load_lock(lock_path())
        root, project = root.absolute(), project_folder().absolute()
        workflow = f"{cls.workflow}{_options(root, project)}"
        return cls(root, project, package, registry, trusted, study, workflow)

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

    def is_left_over(self, names: Iterable[str]) -> bool:
        """Whether the study is known and makes none of the files."""
        study = self.study
        return study is not None and not any(map(study.output, names))

    def again(self, names: Iterable[str], beside: Iterable[str] = ()) -> str:
        """The next step after which the files are right.

        The workflow makes those again that the study has; where it has none, all are deleted.
        `beside` are files to delete in both cases.
        """
        names, beside = tuple(names), tuple(beside)
        if self.is_left_over(names):
            return f"delete {listed([*beside, *names])}"
        made = names if self.study is None else filter(None, map(self.study.output, names))
        before = f"delete {listed(beside)} and run: " if beside else ""
        return f"{before}{self.rerun(dict.fromkeys(made))}"

    def rerun(self, names: Iterable[str]) -> str:
        """The command that makes files again, and everything that depends on them."""
        return f"{self.workflow} --forcerun {shlex.join(names)}"

    def files_below(self, *folders: str) -> Iterator[str]:
        """Names of all files in folders. Links to folders are followed inside the study, once."""
        followed: set[str] = set()

        def enter(path: Path) -> bool:
            if not path.is_symlink():
                return True
            place = os.path.realpath(path)
            new = self.holds(path) and place not in followed
            followed.add(place)
            return new

        for folder in folders:
            for place, below, files in os.walk(self.root / folder, followlinks=True):
                below[:] = [name for name in sorted(below) if enter(Path(place, name))]
                for path in (Path(place, name) for name in sorted(files)):
                    if path.is_file():
                        yield path.relative_to(self.root).as_posix()

    def links_out(self, *folders: str) -> Iterator[str]:
        """Names of the links in folders that lead out of the study."""
        for folder in folders:
            for place, below, files in os.walk(self.root / folder):
                for path in (Path(place, name) for name in sorted((*below, *files))):
                    if path.is_symlink() and not self.holds(path):
                        yield path.relative_to(self.root).as_posix()

    def holds(self, path: Path) -> bool:
        """Whether a path, links resolved, is in the study, whose own folders may be links."""
        own = (self.root / name for name in ("", "results", "figures", "resources"))
        real = f"{os.path.realpath(path)}{os.sep}"
        return any(real.startswith(f"{os.path.realpath(folder)}{os.sep}") for folder in own)

    def code_digest(self, name: str, imported: Container[str] = ()) -> str:
        """The current sha256 of a module, a data file of the package, or the lock; "" if missing.

        A module may be of the user's (`ednag.own_code`). Of a registry, only the lines count that a
        job uses which imported the modules `imported`: see `ednag.registries`.
        """
        module = self.package.joinpath(*name.split(".")[1:])
        data = self.project / LOCK if name == LOCK else self.package / name
        modules = (module.with_suffix(".py"), module / "__init__.py") if is_ours(name) else ()
        for path in (data, *modules):
            if path.is_file():
                return digest_of_code(name, path, imported)
        return "" if is_ours(name) else digests_of(name).get(name, "")

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


def files_written(root: Path) -> tuple[str, ...]:
    """The files of the study whose results are in `root`, relative to the folder of the call.

    The run record of `results/study.json` has them; () where there is none that can be read.
    """
    try:
        record = read_record(root / STORE / f"{PurePosixPath(STUDY_FILE).name}.json")
    except BrokenRecordError:
        return ()
    return tuple(record.parameters.get("file") or ())


def _options(root: Path, project: Path) -> str:
    """What the call of the workflow needs for the study in `root`, with a space in front."""
    files = files_written(root)
    if not files:
        return ""
    if files == ("config.yaml",):
        options, is_own = [], root.resolve() == project.resolve()
    else:
        options = ["--configfile", *files]
        is_own = root.parts[-2:] == ("studies", PurePosixPath(files[0]).stem)
    if not is_own:
        options = ["--directory", os.path.relpath(root, project), *options]
    return f" {shlex.join(options)}" if options else ""

"""Making a record: what one process of `ednag` declares, opens, connects to, imports and writes."""

import json
import os
import platform
import re
import resource
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import ednag
from ednag import files
from ednag.provenance.records import Record, described, digest_of, name_of, write_record

#: Set by the workflow, so that not every job asks git: what `commit_state` returns.
COMMIT_VARIABLE = "EDNAG_COMMIT"
#: Set by the workflow: the project's folder. By hand it is where the package lies.
PROJECT_VARIABLE = "EDNAG_PROJECT"
LOCK = "envs/requirements.lock"
#: Endings of modules, of what is compiled of them, and of lists of folders that hold modules.
_CODE = (".py", ".pyc", ".so", ".nbi", ".nbc", ".pth")
#: Endings of folders that describe an installed package.
_METADATA = (".dist-info", ".egg-info")
#: Folders of a study's files.
_DATA = ("resources", "results", "figures")
#: Top-level modules whose distribution has another name.
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "dateutil": "python-dateutil",
    "google_crc32c": "google-crc32c",
    "nas_201_api": "nas-bench-201",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
#: Modules that write records, and make no result.
_WATCHING = "ednag.provenance"
_PACKAGE = Path(ednag.__file__).resolve().parent


def _below(*folders: str | Path | None) -> tuple[str, ...]:
    """How paths in these folders begin, with links followed or not; None is no folder."""
    named = (Path(each) for each in folders if each)
    places = (place for each in named for place in (each, each.resolve()))
    return tuple(dict.fromkeys(f"{place}{os.sep}" for place in places))


#: The user's folder of caches, where libraries keep fonts and compiled code.
_CACHE = files.home_folder("XDG_CACHE_HOME", ".cache")
#: Where downloaded sources may lie: data, unlike the compiled code that may lie beside them.
_DOWNLOADS = _below(_CACHE and _CACHE / "ednag")
_INSTALLATION = _below(sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())
#: Where the installation lies, the system, and what libraries keep for themselves.
_ENVIRONMENT = _INSTALLATION + _below(
    _PACKAGE,
    _CACHE,
    files.home_folder("XDG_CONFIG_HOME", ".config"),
    *(
        files.user_path(named)
        for named in map(os.environ.get, ("MPLCONFIGDIR", "NUMBA_CACHE_DIR"))
        if named
    ),
    *("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/opt", "/var/lib"),
)


def project_folder() -> Path:
    """The folder of the Snakefile, or of the package where there is none."""
    named = os.environ.get(PROJECT_VARIABLE)
    return Path(named) if named else _PACKAGE.parents[1]


def commit_state(project: Path) -> str:
    """`{commit} clean` or `{commit} dirty` (tracked files differ); "" if no commit is known.

    None is known where the imported package is not what this commit of the project holds: outside
    a repository, unpacked inside a foreign one, installed elsewhere, or where git does not answer.
    """
    # GIT_DIR and similar variables would make git read another repository.
    own = {name for name in os.environ if name.startswith("GIT_") and "CONFIG" not in name}
    kept = {name: value for name, value in os.environ.items() if name not in own}

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *arguments],
            env={**kept, "GIT_OPTIONAL_LOCKS": "0"},  # the user may be committing
            capture_output=True,
            text=True,
            check=True,
        ).stdout.removesuffix("\n")

    top = project.resolve()
    try:
        package = (_PACKAGE / "__init__.py").relative_to(top).as_posix()
        asked = git("rev-parse", "HEAD", f"HEAD:{package}", "HEAD:Snakefile", "--show-toplevel")
        commit, _, _, found = asked.split("\n", 3)
        if not Path(found).samefile(top):
            return ""
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ""
    return f"{commit} {'dirty' if changed else 'clean'}"


def commit_of(project: Path) -> tuple[str, bool | None]:
    """The project's commit, and whether tracked files differ; ("", None) where none is known.

    In a job of the workflow, what the workflow found.
    """
    named = os.environ.get(COMMIT_VARIABLE)
    commit, _, state = (commit_state(project) if named is None else named).partition(" ")
    return (commit, state == "dirty") if commit and state else ("", None)


class Recorder:
    """Watches this process from its start; `write` says what happened.

    Attributes:
        inputs: Files the command line names to read.
        outputs: Files it names to write.
        folders: Folders it names to write to.
        searched: Folders in which sources are looked for by checksum.
        parameters: The subcommand's own, once they are known.
    """

    def __init__(self, arguments: list[str]) -> None:
        self.started = datetime.now(UTC)
        self.arguments = arguments
        self.root = Path.cwd()
        self.inputs: dict[Path, None] = {}
        self.outputs: dict[Path, None] = {}
        self.folders: list[Path] = []
        self.searched: list[Path] = []
        self.parameters: dict[str, Any] = {}
        self._written: dict[Path, None] = {}
        self._opened: dict[str, None] = {}
        self._connections: dict[str, None] = {}
        files.ON_WRITTEN.append(lambda path: self._written.setdefault(path.absolute()))
        sys.addaudithook(self._watch)

    def _watch(self, event: str, details: tuple[Any, ...]) -> None:
        """Called by Python for everything; must be quick."""
        if event == "open":
            path, mode, _ = details
            if isinstance(path, str | bytes) and (mode is None or "r" in mode):
                self._opened.setdefault(os.fsdecode(path))
        elif event == "socket.connect" and isinstance(details[1], tuple):
            self._connections.setdefault(str(details[1][0]))

    @cached_property
    def project(self) -> Path:
        """The project's folder."""
        return project_folder()

    def _undeclared(self) -> list[str]:
        """What was opened for reading and is neither declared nor of project or environment."""
        declared = [*self.inputs, *self.outputs, *self._written]
        known = {Path(os.path.normpath(path.absolute())) for path in declared}
        own = {self.project / name for name in ("sources.yaml", "sources.lock", LOCK)}
        named = filter(None, map(os.environ.get, ("EDNAG_REGISTRY", "EDNAG_LOCK")))
        own |= {Path(os.path.normpath(files.user_path(path, self.root))) for path in named}
        found = []
        for text in self._opened:
            whole = os.path.normpath(text if text.startswith(os.sep) else f"{self.root}/{text}")
            # Nearly all are modules; to follow links is slow and left to the rest.
            if self._is_environment(whole):
                continue
            path = Path(whole)
            if path in known or path in own or self._is_environment(str(path.resolve())):
                continue
            if self._is_of_a_package(whole) or self._is_of_a_package(str(path.resolve())):
                continue
            if any(path.is_relative_to(folder) for folder in self.searched):
                continue
            if path.is_file() and not path.name.startswith("."):
                found.append(name_of(path, self.root, self.project))
        return sorted(found)

    @cached_property
    def _data(self) -> tuple[str, ...]:
        """Folders of the study's files: no environment, even where they lie in the system's."""
        return tuple(f"{self.root / folder}{os.sep}" for folder in _DATA)

    def _is_environment(self, path: str) -> bool:
        """Whether a file is of the system, the installation, or kept by a library for itself."""
        if path.startswith(_DOWNLOADS):
            return Path(path).suffix.startswith(".nb")
        return path.startswith(_ENVIRONMENT) and not path.startswith(self._data)

    @cached_property
    def _search_path(self) -> dict[str, list[str]]:
        """Folder of `sys.path` outside the installation -> modules that were imported from it."""
        entries = [Path(os.path.normpath(Path(entry).absolute())) for entry in sys.path]
        found: dict[str, list[str]] = {
            str(entry): []
            for entry in entries
            if entry.exists() and not f"{entry}{os.sep}".startswith(_INSTALLATION)
        }
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            holding = [folder for folder in found if file.startswith(f"{folder}{os.sep}")]
            if holding and name != "__main__" and not file.startswith(_INSTALLATION):
                found[max(holding, key=len)].append(name.partition(".")[0])
        return {folder: list(dict.fromkeys(names)) for folder, names in found.items()}

    @cached_property
    def _imported_packages(self) -> tuple[str, ...]:
        """Folders of imported packages that lie neither in the study's folder nor around it."""
        modules = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
        folders = [
            Path(file).parent
            for file in modules
            if file.endswith(f"{os.sep}__init__.py") and not file.startswith(_ENVIRONMENT)
        ]
        apart = [
            each
            for each in folders
            if not each.is_relative_to(self.root) and not self.root.is_relative_to(each)
        ]
        return _below(*apart)

    def _is_of_a_package(self, path: str) -> bool:
        """Whether a file is of an imported package, or is code or metadata in `sys.path`.

        The study's data are not, even if the folder of the study is in `sys.path`.
        """
        if path.startswith(self._data):
            return False
        for folder in self._search_path:
            if path == folder:  # an archive
                return True
            first, *_ = path.removeprefix(f"{folder}{os.sep}").partition(os.sep)
            if first and (path.endswith(_CODE) or first.endswith(_METADATA)):
                return True
        return path.startswith(self._imported_packages)

    def _code(self) -> dict[str, Any]:
        commit, dirty = commit_of(self.project)
        lock = self.project / LOCK
        modules = {
            name: Path(str(module.__file__))
            for name, module in sorted(sys.modules.items())
            if name.partition(".")[0] == "ednag" and not name.startswith(_WATCHING)
        }
        # Here, that it is not among the modules of a job that imports it for its record alone.
        from ednag.registries import digest_of_code

        return {
            "commit": commit,
            "dirty": dirty,
            "modules": {
                name: digest_of_code(name, path, modules) for name, path in modules.items()
            },
            "files": self._package_files(),
            "path": {
                name_of(Path(folder), self.root, self.project): names
                for folder, names in self._search_path.items()
            },
            "lock": digest_of(lock)[0] if lock.is_file() else "",
        }

    def _package_files(self) -> dict[str, str]:
        """sha256 of the package's files that were opened and are no modules, such as a style."""
        inside = [Path(text) for text in self._opened if text.startswith(f"{_PACKAGE}{os.sep}")]
        data = sorted(path for path in inside if path.suffix not in _CODE and path.is_file())
        return {path.relative_to(_PACKAGE).as_posix(): digest_of(path)[0] for path in data}

    def finish(self) -> Record:
        """The record of this process until now."""
        outputs = [path for path in self.outputs if path.is_file()]
        outputs += [
            path
            for path in self._written
            if path.is_file() and any(path.is_relative_to(folder) for folder in self.folders)
        ]
        reads, connections = self._undeclared(), sorted(self._connections)
        ended = datetime.now(UTC)
        return Record(
            command=("ednag", *self.arguments),
            parameters=json.loads(json.dumps(self.parameters, default=self._plain)),
            inputs=described(list(self.inputs), self.root, self.project),
            outputs=described(list(dict.fromkeys(outputs)), self.root, self.project),
            undeclared_reads=tuple(reads),
            connections=tuple(connections),
            code=self._code(),
            packages=_packages(),
            machine=_machine(),
            started=self.started.isoformat(timespec="milliseconds"),
            ended=ended.isoformat(timespec="milliseconds"),
            seconds=round((ended - self.started).total_seconds(), 3),
            peak_memory=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        )

    def write(self, path: Path) -> None:
        """Write the record."""
        write_record(self.finish(), path)

    def _plain(self, value: object) -> object:
        """A parameter that JSON does not know, as text."""
        if isinstance(value, Path):
            return name_of(value, self.root, self.project)
        return str(value)


def _packages() -> dict[str, str]:
    """Version of every installed package that was imported."""
    installed, found = _installed(), {}
    top_level = {name.partition(".")[0] for name in sys.modules}
    for name in sorted(top_level - set(sys.stdlib_module_names) - {"ednag", "__main__"}):
        distribution = _DISTRIBUTIONS.get(name, name)
        version = installed.get(_normal(distribution))
        if version is not None and not name.startswith("_"):
            found[distribution] = version
    return found


def _installed() -> dict[str, str]:
    """Normal name -> version of every installed package.

    Read from the names of the folders `{name}-{version}.dist-info` (PyPA, "Recording installed
    projects"): importlib.metadata would parse a file each, a tenth of the time of a short job.
    """
    found: dict[str, str] = {}
    for folder in map(Path, sys.path):
        for info in folder.glob("*.dist-info") if folder.is_dir() else ():
            name, _, version = info.stem.partition("-")
            found.setdefault(_normal(name), version)
    return found


def _normal(name: str) -> str:
    """A package's name however it is written."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _machine() -> dict[str, str]:
    """Python, platform, processor and, where torch was used, the accelerator."""
    torch = sys.modules.get("torch")
    gpu = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else ""
    system = os.uname()
    return {
        "python": platform.python_version(),
        # As platform.platform(), which starts another process to ask.
        "platform": "-".join((system.sysname, system.release, system.machine)),
        "cpu": _processor(),
        "gpu": gpu,
    }


def _processor() -> str:
    """The processor's name where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()

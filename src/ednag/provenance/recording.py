"""The recorder of a process: what it declares, opens, connects to, imports and writes."""

import importlib.metadata
import json
import marshal
import os
import platform
import re
import resource
import shlex
import struct
import subprocess
import sys
import sysconfig
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import ednag
from ednag import confined, files
from ednag.errors import EdnagError, listed
from ednag.provenance.records import Code, Record, digest_of, measured_files, name_of, write_record

#: The value of `commit_state`. The workflow sets it, so that its jobs need not call git.
COMMIT_VARIABLE = "EDNAG_COMMIT"
#: The project's folder. The workflow sets it; otherwise it is the clone that holds the package.
PROJECT_VARIABLE = "EDNAG_PROJECT"
LOCK = "envs/requirements.lock"
#: Endings of modules, compiled modules, and lists of folders with modules.
_CODE = (".py", ".pyc", ".so", ".nbi", ".nbc", ".pth")
#: Endings of folders with the metadata of an installed package.
_METADATA = (".dist-info", ".egg-info")
#: Folders with the files of a study.
_DATA = ("resources", "results", "figures")
#: Top-level module -> its distribution, if that has another name.
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "dateutil": "python-dateutil",
    "google_crc32c": "google-crc32c",
    "nas_201_api": "nas-bench-201",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
#: Modules that write records or start commands, and do not influence results.
_WATCHING = ("ednag.provenance", "ednag.fork_server")
_PACKAGE = Path(ednag.__file__).resolve().parent
#: Sizes and time stamps in compiled files have 32 bits.
_MASK = 0xFFFFFFFF


def _below(*folders: str | Path | None) -> tuple[str, ...]:
    """Prefixes of the paths in these folders, with and without links resolved; None is ignored."""
    paths = (Path(folder) for folder in folders if folder)
    places = (place for path in paths for place in (path, path.resolve()))
    return tuple(dict.fromkeys(f"{place}{os.sep}" for place in places))


#: The user's folder of caches, in which libraries keep fonts and compiled code.
_CACHE = files.home_folder("XDG_CACHE_HOME", ".cache")
#: Folder of downloaded sources. They are data; compiled code beside them is not.
_DOWNLOADS = _below(_CACHE and _CACHE / "ednag")
_INSTALLATION = _below(sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())
#: The installation, the system, and files that libraries keep for themselves.
_ENVIRONMENT = _INSTALLATION + _below(
    _PACKAGE,
    _CACHE,
    files.home_folder("XDG_CONFIG_HOME", ".config"),
    *(
        files.user_path(folder)
        for folder in map(os.environ.get, ("MPLCONFIGDIR", "NUMBA_CACHE_DIR"))
        if folder
    ),
    *("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/opt", "/var/lib"),
)


def project_folder() -> Path:
    """The folder of the Snakefile."""
    folder = os.environ.get(PROJECT_VARIABLE)
    return Path(folder) if folder else _PACKAGE.parents[1]


def commit_state(project: Path) -> str:
    """`{commit} clean` or `{commit} dirty` (tracked files differ); "" if no commit is known.

    No commit is known if the imported package is not part of it: outside a repository, unpacked
    inside another repository, installed elsewhere, or if git does not answer.
    """
    # GIT_DIR and similar variables would make git read another repository.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or "CONFIG" in name
    }

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *arguments],
            env={**environment, "GIT_OPTIONAL_LOCKS": "0"},  # the user may be committing
            capture_output=True,
            text=True,
            check=True,
        ).stdout.removesuffix("\n")

    top = project.resolve()
    try:
        package = (_PACKAGE / "__init__.py").relative_to(top).as_posix()
        answer = git("rev-parse", "HEAD", f"HEAD:{package}", "HEAD:Snakefile", "--show-toplevel")
        commit, _, _, repository = answer.split("\n", 3)
        if not Path(repository).samefile(top):
            return ""
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ""
    return f"{commit} {'dirty' if changed else 'clean'}"


def commit_of(project: Path) -> tuple[str, bool | None]:
    """The project's commit and whether tracked files differ; ("", None) if it is not known."""
    known = os.environ.get(COMMIT_VARIABLE)
    commit, _, state = (commit_state(project) if known is None else known).partition(" ")
    return (commit, state == "dirty") if commit and state else ("", None)


def outdated_modules() -> list[str]:
    """Imported modules of the package that Python ran from a compiled file of another source.

    Python compares only time stamp and size, and an edit can leave both as they were. Its time of
    change (ctime) cannot be set, so only compiled files that are older than it are looked into.
    """
    names = [name for name in sys.modules if name.partition(".")[0] == "ednag"]
    return sorted(name for name in names if _is_outdated(sys.modules[name]))


def _is_outdated(module: ModuleType) -> bool:
    spec = module.__spec__
    if spec is None or spec.origin is None or spec.cached is None:
        return False
    source, compiled = Path(spec.origin), Path(spec.cached)
    try:
        now = source.stat()
        if now.st_ctime_ns < compiled.stat().st_mtime_ns:
            return False
        content = compiled.read_bytes()
    except OSError:  # without a compiled file, the source ran
        return False
    # Magic number, flags (0: by time stamp and size; 1: unchecked), time stamp, size
    if len(content) < 16:
        return False
    flags, *stamp = struct.unpack_from("<4xLLL", content)
    if flags != 1 and (flags != 0 or stamp != [int(now.st_mtime) & _MASK, now.st_size & _MASK]):
        return False  # Python has compiled the source, or compared a hash of it
    try:
        return bool(marshal.loads(content[16:]) != compile(source.read_bytes(), source, "exec"))
    except (SyntaxError, ValueError):  # of a source that is being edited
        return True


class Recorder:
    """Watches this process from now on; `write` writes its record.

    The command line fills the public attributes; see ednag.cli._options.
    """

    def __init__(self, arguments: list[str]) -> None:
        self.started = datetime.now(UTC)
        self.arguments = arguments
        self.root = Path.cwd()
        self.project = project_folder()
        self.inputs: dict[Path, None] = {}
        self.outputs: dict[Path, None] = {}
        self.folders: list[Path] = []  # written to
        self.searched: list[Path] = []  # for files with known checksums
        self.parameters: dict[str, Any] = {}
        self._written: dict[Path, None] = {}
        self._opened: dict[str, None] = {}
        self._connections: dict[str, None] = {}
        # Data of the study, even if the study is in a folder of the system.
        self._data = tuple(f"{self.root / folder}{os.sep}" for folder in _DATA)
        files.ON_WRITTEN.append(lambda path: self._written.setdefault(path.absolute()))
        sys.addaudithook(self._watch)

    def declare(self, path: Path, use: str) -> None:
        """Note a path of the call; `use` is "input", "output" or "folder"."""
        if use == "folder":
            self.folders.append(path.absolute())
        elif use in ("input", "output"):
            (self.inputs if use == "input" else self.outputs).setdefault(path)

    def _watch(self, event: str, details: tuple[Any, ...]) -> None:
        """Python's audit hook; it must be fast."""
        if event == "open":
            path, mode, _ = details
            if isinstance(path, str | bytes) and (mode is None or "r" in mode):
                self._opened.setdefault(os.fsdecode(path))
        elif event == "socket.connect" and isinstance(details[1], tuple):
            self._connections.setdefault(str(details[1][0]))

    def _undeclared(self) -> list[str]:
        """Opened files that are neither declared nor of the project or the environment."""
        from ednag.own_code import registries

        allowed = [*self.inputs, *self.outputs, *self._written, *registries()]
        allowed += [self.project / name for name in ("sources.yaml", "sources.lock", LOCK)]
        named = filter(None, map(os.environ.get, ("EDNAG_REGISTRY", "EDNAG_LOCK")))
        allowed += [files.user_path(path, self.root) for path in named]
        known = {Path(os.path.normpath(path.absolute())) for path in allowed}
        undeclared = []
        for text in self._opened:
            whole = os.path.normpath(text if text.startswith(os.sep) else f"{self.root}/{text}")
            # Nearly all files are modules; they leave here, because resolving links is slow.
            if self._is_environment(whole):
                continue
            path = Path(whole)
            resolved = str(path.resolve())
            if (
                path not in known
                and not self._is_environment(resolved)
                and not any(map(self._is_of_a_package, (whole, resolved)))
                and not any(map(path.is_relative_to, self.searched))
                and path.is_file()
                and not path.name.startswith(".")
            ):
                undeclared.append(name_of(path, self.root, self.project))
        return sorted(undeclared)

    def _is_environment(self, path: str) -> bool:
        """Whether a file is of the system, of the installation, or a library's own."""
        if path.startswith(_DOWNLOADS):
            return Path(path).suffix.startswith(".nb")
        return path.startswith(_ENVIRONMENT) and not path.startswith(self._data)

    @cached_property
    def _search_path(self) -> dict[str, list[str]]:
        """Folder of `sys.path` outside the installation -> modules imported from it."""
        entries = [Path(os.path.normpath(Path(entry).absolute())) for entry in sys.path]
        imported: dict[str, list[str]] = {
            str(entry): []
            for entry in entries
            if entry.exists() and not f"{entry}{os.sep}".startswith(_INSTALLATION)
        }
        for name, file in sorted(_modules().items()):
            above = [folder for folder in imported if file.startswith(f"{folder}{os.sep}")]
            itself = name in ("__main__", "__mp_main__")  # multiprocessing has two names for it
            if above and not itself and not file.startswith(_INSTALLATION):
                imported[max(above, key=len)].append(name.partition(".")[0])
        return {folder: list(dict.fromkeys(names)) for folder, names in imported.items()}

    @cached_property
    def _imported_packages(self) -> tuple[str, ...]:
        """Folders of imported packages that are neither inside nor above the study's folder."""
        packages = [
            Path(each).parent
            for each in _modules().values()
            if each.endswith(f"{os.sep}__init__.py")
        ]
        return _below(
            *(
                folder
                for folder in packages
                if not f"{folder}{os.sep}".startswith(_ENVIRONMENT)
                and not folder.is_relative_to(self.root)
                and not self.root.is_relative_to(folder)
            )
        )

    def _is_of_a_package(self, path: str) -> bool:
        """Whether a file is of an imported package, or code or metadata in `sys.path`.

        Data of the study are not, even if the study's folder is in `sys.path`.
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

    def _code(self) -> Code:
        commit, dirty = commit_of(self.project)
        lock = self.project / LOCK
        modules = {
            name: Path(file)
            for name, file in sorted(_modules().items())
            if name.partition(".")[0] == "ednag" and not name.startswith(_WATCHING)
        }
        # Imported here, so that it is not among the modules of every recorded job.
        from ednag import own_code
        from ednag.registries import digest_of_code

        own = [name.partition(":")[0] for name in own_code.resolved]
        return Code(
            commit=commit,
            dirty=dirty,
            modules={name: digest_of_code(name, path, modules) for name, path in modules.items()}
            | {
                name: sha256
                for module in own
                for name, sha256 in own_code.digests_of(module).items()
            },
            files=self._package_files(),
            path={
                name_of(Path(folder), self.root, self.project): names
                for folder, names in self._search_path.items()
            },
            lock=digest_of(lock)[0] if lock.is_file() else "",
        )

    def _package_files(self) -> dict[str, str]:
        """sha256 of the opened data files of the package, for example a style."""
        opened = [Path(text) for text in self._opened if text.startswith(f"{_PACKAGE}{os.sep}")]
        data = sorted(path for path in opened if path.suffix not in _CODE and path.is_file())
        return {path.relative_to(_PACKAGE).as_posix(): digest_of(path)[0] for path in data}

    def write(self, path: Path) -> None:
        """Write the record of this process.

        Raises:
            EdnagError: Python ran compiled modules that are not of the sources that are here.
        """
        if outdated := outdated_modules():
            raise EdnagError(
                f"{listed(outdated)}: Python ran an older compiled file, of equal time stamp and "
                f"size; delete them and run again: find {shlex.quote(str(_PACKAGE))} -name "
                "__pycache__ -exec rm -r {} +"
            )
        outputs = [file for file in self.outputs if file.is_file()]
        outputs += [
            file
            for file in self._written
            if file.is_file() and any(file.is_relative_to(folder) for folder in self.folders)
        ]
        code = self._code()  # before own_code is imported for what follows
        undeclared = tuple(self._undeclared())
        ended = datetime.now(UTC)
        record = Record(
            command=("ednag", *self.arguments),
            parameters=json.loads(json.dumps(self.parameters, default=self._plain)),
            inputs=measured_files(self.inputs, self.root, self.project),
            outputs=measured_files(dict.fromkeys(outputs), self.root, self.project),
            undeclared_reads=undeclared,
            connections=tuple(sorted(self._connections)),
            code=code,
            packages=_packages(),
            machine=_machine(),
            started=self.started.isoformat(timespec="milliseconds"),
            ended=ended.isoformat(timespec="milliseconds"),
            seconds=round((ended - self.started).total_seconds(), 3),
            peak_memory=round(
                max(
                    resource.getrusage(who).ru_maxrss
                    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
                )
                / 1024,
                1,
            ),
        )
        write_record(record, path)

    def _plain(self, value: object) -> object:
        """The text of a parameter that is not a JSON type."""
        if isinstance(value, Path):
            return name_of(value, self.root, self.project)
        return str(value)


def _modules() -> dict[str, str]:
    """Every module that this process or a child of it that reads imported -> its file, or ""."""
    own = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    return confined.MODULES | own


def _packages() -> dict[str, str]:
    """Version of every installed package that was imported."""
    versions = {}
    names = {name.partition(".")[0] for name in _modules() if not name.startswith("_")}
    for name in sorted(names - set(sys.stdlib_module_names) - {"ednag"}):
        distribution = _DISTRIBUTIONS.get(name, name)
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[distribution] = _version(importlib.metadata.distribution(distribution))
    return versions


def _version(distribution: importlib.metadata.Distribution) -> str:
    """The version of an installed package; "" if its metadata name none."""
    # Ten times as fast as `Distribution.version`, which parses all of the metadata.
    stated = re.search("^Version: *(.+)$", distribution.read_text("METADATA") or "", re.M)
    return stated[1].strip() if stated else distribution.version or ""


def _machine() -> dict[str, str]:
    """Python, platform, processor and, if torch was used, the GPU."""
    torch = sys.modules.get("torch")
    gpu = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else ""
    system = os.uname()
    processor = None
    with suppress(OSError):
        cpu_info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        processor = re.search(r"^model name\s*:(.*)", cpu_info, re.M)
    return {
        "python": platform.python_version(),
        # Like platform.platform(), which starts another process.
        "platform": "-".join((system.sysname, system.release, system.machine)),
        "cpu": processor[1].strip() if processor else platform.processor(),
        "gpu": gpu,
    }

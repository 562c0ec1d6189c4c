"""What every job of a workflow finds in its environment."""

import os
from collections.abc import Sequence
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import user_path

#: Variables that name a file or folder of the user's.
_NAMING = ("EDNAG_CACHE", "EDNAG_LOCK", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")


def folder_of_the_call(directory: str | Path | None) -> Path:
    """The folder in which snakemake was called; paths that users name are relative to it.

    Snakemake changes into `--directory` before it reads the Snakefile. The shell's $PWD still names
    the folder of the call. It is used only if `directory` leads from there to the current folder.
    """
    here, called = Path.cwd(), os.environ.get("PWD")
    if directory is None or not called:
        return here
    return Path(called) if (Path(called) / directory).resolve() == here.resolve() else here


def study_folder(file: Path, project: Path) -> Path:
    """The folder of a study's results, relative to that of the call: of config.yaml the same.

    Args:
        file: The first file of the study; overlays do not change the folder.
        project: The folder of the Snakefile.
    """
    is_default = file.resolve() == (project / "config.yaml").resolve()
    return Path() if is_default else Path("studies", file.stem)


def refuse_another(file: Path, written: Sequence[str], called: Path) -> None:
    """Raise EdnagError if a study's folder holds results of another file of the same name.

    Args:
        file: The first file of the study.
        written: The files of the study whose results are there, relative to `called`; may be empty.
        called: The folder of the call.
    """
    if written and (called / written[0]).resolve() != (called / file).resolve():
        raise EdnagError(
            f"studies/{file.stem} holds the results of {written[0]}; give {file} another name, or "
            f"--directory with another folder. If it is the same file, moved: delete "
            f"studies/{file.stem}/results/provenance/study.json.json"
        )


def export_environment(root: Path, mirrors: Sequence[str], called: Path) -> None:
    """Tell the jobs which registry to use, which mirrors to search and where the user's files are.

    Paths become absolute, because jobs run in other folders. They are no parameters of rules: a
    file's checksum decides what it is, so another mirror is no reason to run a rule again.

    Args:
        root: The folder of the Snakefile.
        mirrors: Folders from the configuration; they come before those in EDNAG_MIRROR.
        called: What relative paths are relative to.
    """
    os.environ["EDNAG_REGISTRY"] = str(root / "sources.yaml")
    for variable in _NAMING:
        if named := os.environ.get(variable):
            os.environ[variable] = str(user_path(named, called))
    listed = [*mirrors, *os.environ.get("EDNAG_MIRROR", "").split(os.pathsep)]
    folders = dict.fromkeys(str(user_path(folder, called)) for folder in listed if folder)
    if folders:
        os.environ["EDNAG_MIRROR"] = os.pathsep.join(folders)


def as_input(named: str, called: Path) -> Path:
    """A folder that a user names, as rules name it in their inputs.

    A relative path becomes relative to the current folder, not absolute: when a study is moved
    together with the folder, no rule runs again.
    """
    folder = user_path(named, called)
    written_whole = named.startswith("~") or Path(named).is_absolute()
    return folder if written_whole else Path(os.path.relpath(folder))

"""Options that several subcommands take, and how their values are read.

All paths that a call reads or writes are declared: no file has two uses, and
`ednag.provenance.replacing` says which existing files a call may replace.
"""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.provenance.recording import Recorder


def _recorder() -> "Recorder | None":
    """The recorder of this call; None without `ednag --record`."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.find_root().obj


COUNT = click.option(
    "--count",
    default="distinct evaluations",
    type=click.Choice(["distinct evaluations", "unique graphs"]),
    help="What a budget counts.",
)

#: Key of the files of a call in the mapping that click shares among contexts.
_DECLARED = "ednag files"


class RecordedPath(click.Path):
    """A path that a call uses as "input", "output" or "folder"; the run record names it.

    Its name must end with the `suffix`.
    """

    def __init__(self, use: str, suffix: str = "", **kinds: bool) -> None:
        super().__init__(path_type=Path, **kinds)
        self._use, self._suffix = use, suffix

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, after click's checks and those of `declare`."""
        path: Path = super().convert(value, param, ctx)  # type: ignore[assignment]
        if ctx is not None:
            declare(ctx, path, self._use)
            recorder = ctx.find_root().obj
            if recorder is not None:
                # click adds parameters to this mapping while it reads the command line.
                recorder.parameters = ctx.params
        if not path.name.endswith(self._suffix):
            raise EdnagError(
                f"{path}: a file in the format of {self._suffix} is written; name it "
                f"{path.with_suffix(self._suffix)}"
            )
        return path


def declare(ctx: click.Context, path: Path, use: str) -> None:
    """Note a path of a call, and add it to the run record.

    Args:
        ctx: The context of the subcommand.
        path: A file; if `use` is "folder", a folder to whose files the call writes.
        use: "input", "output", "folder" or "record".

    Raises:
        EdnagError: The call writes a file twice, or reads and writes it, or what is there would be
            lost.
    """
    uses: dict[object, str] = ctx.meta.setdefault(_DECLARED, {})
    known = uses.setdefault(identity := _identity(path), "")
    if known and not known == use == "input":
        both = "read and written" if "input" in (known, use) else "written twice"
        raise EdnagError(f"{path}: would be {both} by one call; name another file")
    uses[identity] = use
    # What records say of a file, they say by its path without links.
    there = path if path.is_symlink() else path.resolve()
    if use in ("output", "folder") and os.path.lexists(there):
        _refuse_loss(ctx, there, use)
    recorder = ctx.find_root().obj
    if recorder is not None:
        recorder.declare(path, use)


def _identity(path: Path) -> object:
    """What is equal for two names of one file."""
    for name in (path, path.resolve()):  # `new/..` can be stated once `new` is made
        with suppress(OSError):
            status = name.stat()
            return status.st_dev, status.st_ino
    return path.resolve()


def _refuse_loss(ctx: click.Context, path: Path, use: str) -> None:
    """Raise EdnagError if the subcommand must not write to a path, which exists."""
    from ednag.provenance import replacing

    words = tuple(ctx.command_path.split()[-_depth(ctx) :])
    if store := replacing.store_of(path):
        note_searched([store])
    if use == "folder":
        replacing.refuse_loss_in(path, words)
    else:
        given = replacing.subcommand_of(sys.argv[1:])
        replacing.refuse_loss(path, given if given[: len(words)] == words else words)


def _depth(ctx: click.Context) -> int:
    """The number of words that name a subcommand."""
    return 0 if ctx.parent is None else 1 + _depth(ctx.parent)


def note_inputs(*paths: Path) -> None:
    """Add files to the call that a job reads and that no path option names."""
    ctx = click.get_current_context()
    for path in paths:
        declare(ctx, path, "input")


def note_searched(folders: Iterable[Path]) -> None:
    """Add to the run record folders in which files are searched by content.

    What is read there is verified: sources by checksum, trained networks by what they are made of.
    """
    recorder = _recorder()
    if recorder is not None:
        recorder.searched.extend(folder.absolute() for folder in folders)


#: A file that is read; for those whose absence has a next step of its own.
INPUT = RecordedPath("input", dir_okay=False)
#: A file that must exist.
EXISTING = RecordedPath("input", exists=True, dir_okay=False)
#: A file that is written.
OUTPUT = RecordedPath("output", dir_okay=False)
#: A table that a call writes for other calls.
PARQUET = RecordedPath("output", suffix=".parquet", dir_okay=False)
#: A folder that is written to; it need not exist.
FOLDER = RecordedPath("folder", file_okay=False)

#: A seed.
SEEDS = click.IntRange(0, 2**32 - 1)
DEVICE = click.Choice(["cpu", "cuda", "auto"])
#: The study that a command speaks of.
STUDY = click.option(
    "--study",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    show_default="config.yaml of the project",
    help="The study (YAML).",
)
#: The folder that holds the results.
ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="Folder that holds results, figures and resources.",
)


def table_files(
    option: str = "--output", variable: str = "outputs", what: str = "", required: bool = True
) -> Callable[[Any], Any]:
    """The option that names the files of a table; `what` says of which one, if several."""
    return click.option(
        option,
        variable,
        required=required,
        multiple=True,
        type=OUTPUT,
        help=f"{f'Table of {what}' if what else 'The table'}: .csv, .md or .tex.",
    )


def named_files(option: str, variable: str, form: str, help: str) -> Callable[[Any], Any]:
    """A repeatable option NAME=PATH, for example `ID=PATH`; its value is name -> path.

    The files are inputs of the run record.
    """

    def read(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, Path]:
        entries = {text: text.partition("=") for text in texts}
        for text, (_, separator, _) in entries.items():
            if not separator:
                raise EdnagError(f"{option} {text}: write it as {form}")
        paths = {name: Path(path) for name, _, path in entries.values()}
        note_inputs(*paths.values())
        return paths

    return click.option(option, variable, multiple=True, metavar=form, callback=read, help=help)


#: Source files that the user gives, as the workflow does; the others are obtained.
SOURCES = named_files(
    "--source", "sources", "ID=PATH", "A registered source file; those not given are fetched."
)


def parse_mapping(text: str, option: str) -> dict[str, Any]:
    """A JSON object given on the command line; raises EdnagError naming the option."""
    from ednag.text_files import json_value

    value = json_value(text, option)
    if not isinstance(value, dict):
        raise EdnagError(f"{option}: a JSON object is expected, such as {{}}, not {text}")
    return value


#: What the study runs, which the run files must be of.
SETTINGS = click.option(
    "--settings",
    metavar="JSON",
    callback=lambda context, option, text: text and parse_mapping(text, "--settings"),
    help="What the study runs: {DATASET: {PROTOCOL: {METHOD: {budget, hyperparameters}}}}; run "
    "files of anything else are refused. By default the first file of a method says it.",
)

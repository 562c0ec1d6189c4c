"""Options that several subcommands take, and how their values are read."""

import json
from collections.abc import Callable, Iterable
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


class RecordedPath(click.Path):
    """A path that the run record names as an input, an output or a folder."""

    def __init__(self, note: Callable[["Recorder", Path], object], **kinds: bool) -> None:
        super().__init__(path_type=Path, **kinds)
        self._note = note

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, after click's checks."""
        path: Path = super().convert(value, param, ctx)  # type: ignore[assignment]
        recorder = None if ctx is None else ctx.find_root().obj
        if ctx is not None and recorder is not None:
            self._note(recorder, path)
            # click adds parameters to this mapping while it reads the command line.
            recorder.parameters = ctx.params
        return path


def note_inputs(*paths: Path) -> None:
    """Add to the run record files that a job reads and that no path option names."""
    recorder = _recorder()
    if recorder is not None:
        recorder.inputs.update(dict.fromkeys(paths))


def note_searched(folders: Iterable[Path]) -> None:
    """Add to the run record folders in which files are searched by content.

    What is read there is verified: sources by checksum, trained networks by what they are made of.
    """
    recorder = _recorder()
    if recorder is not None:
        recorder.searched.extend(folder.absolute() for folder in folders)


#: A file that must exist.
EXISTING = RecordedPath(
    lambda recorder, path: recorder.inputs.setdefault(path), exists=True, dir_okay=False
)
#: A file that is written.
OUTPUT = RecordedPath(lambda recorder, path: recorder.outputs.setdefault(path), dir_okay=False)
#: A folder that is written to; it need not exist.
FOLDER = RecordedPath(
    lambda recorder, path: recorder.folders.append(path.absolute()), file_okay=False
)

DEVICE = click.Choice(["cpu", "cuda", "auto"])
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
    try:
        value = json.loads(text)
    except ValueError as error:
        raise EdnagError(f"{option}: not valid JSON: {error}") from None
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

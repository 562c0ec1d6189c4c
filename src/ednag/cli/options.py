"""Options that several subcommands take, and how their values are read."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.provenance.recording import Recorder

#: What makes this process's run record, if one is asked for (`ednag --record`).
recorders: list["Recorder"] = []


class RecordedPath(click.Path):
    """A path that the run record, if there is one, names as an input, an output or a folder."""

    def __init__(self, tell: Callable[["Recorder", Path], object], **kinds: bool) -> None:
        super().__init__(path_type=Path, **kinds)
        self._tell = tell

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, after click's checks."""
        path: Path = super().convert(value, param, ctx)  # type: ignore[assignment]
        for recorder in recorders:
            self._tell(recorder, path)
            if ctx is not None:
                # Filled by click as it goes on reading the command line.
                recorder.parameters = ctx.params
        return path


def note_inputs(*paths: Path) -> None:
    """Tell the run record of files that are read and were named in another way."""
    for recorder in recorders:
        recorder.inputs.update(dict.fromkeys(paths))


def note_searched(folders: Iterable[Path]) -> None:
    """Tell the run record where files are looked for by content: what is read there is verified.

    Sources are, by checksum, and trained networks, by what they are made of.
    """
    for recorder in recorders:
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


def table_files(
    option: str = "--output", variable: str = "outputs", what: str = "", required: bool = True
) -> Callable[[Any], Any]:
    """The option that names the files of a table; `what` it is of, where there are several."""
    words = f"Table of {what}" if what else "The table"
    return click.option(
        option,
        variable,
        required=required,
        multiple=True,
        type=OUTPUT,
        help=f"{words}: .csv, .md or .tex.",
    )


#: Source files that are given, as the workflow gives them; the others are obtained.
SOURCES = click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="ID=PATH",
    help="A registered source file; those not given are fetched.",
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

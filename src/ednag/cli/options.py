"""Options that several subcommands take, and how their values are read."""

import json
from pathlib import Path
from typing import Any

import click

from ednag.errors import EdnagError

#: A file that must exist.
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
#: A file that is written.
OUTPUT = click.Path(dir_okay=False, path_type=Path)
#: A folder that is written to; it need not exist.
FOLDER = click.Path(file_okay=False, path_type=Path)


def parse_mapping(text: str, option: str) -> dict[str, Any]:
    """A JSON object given on the command line; raises EdnagError naming the option."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise EdnagError(f"{option}: not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise EdnagError(f"{option}: a JSON object is expected, such as {{}}, not {text}")
    return value

"""What subcommands of `ednag plot` share."""

from collections.abc import Callable
from typing import Any

import click

from ednag.cli._options import OUTPUT

_PROTOCOL = click.option("--protocol", default="paper", show_default=True, help="Protocol to draw.")


def _outputs(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option of a single figure's files."""
    option = click.option(
        "--output", "outputs", required=True, multiple=True, type=OUTPUT, help=".csv, .pdf or .png."
    )
    return option(function)

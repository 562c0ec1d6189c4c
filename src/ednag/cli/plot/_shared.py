"""Options that subcommands of `ednag plot` share."""

from collections.abc import Callable
from typing import Any

import click

from ednag.cli._options import OUTPUT

PROTOCOL = click.option("--protocol", default="paper", help="Protocol to draw.")
OUTPUTS = click.option(
    "--output", "outputs", required=True, multiple=True, type=OUTPUT, help=".csv, .pdf or .png."
)


def figure_files(option: str, what: str) -> Callable[[Any], Any]:
    """The option that names the files of one of several figures."""
    return click.option(
        option, required=True, multiple=True, type=OUTPUT, help=f"{what}: .csv, .pdf or .png."
    )

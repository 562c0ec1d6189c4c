"""Options that subcommands of `ednag plot` share."""

import click

from ednag.cli._options import OUTPUT

PROTOCOL = click.option("--protocol", default="paper", help="Protocol to draw.")
OUTPUTS = click.option(
    "--output", "outputs", required=True, multiple=True, type=OUTPUT, help=".csv, .pdf or .png."
)

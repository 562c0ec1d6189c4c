"""What subcommands of `ednag top-k` share."""

import click

from ednag.cli._options import EXISTING

CHOSEN = click.argument("chosen", type=EXISTING)
TRAINED = click.option(
    "--trained", multiple=True, required=True, type=EXISTING, help="Trained networks (Parquet)."
)

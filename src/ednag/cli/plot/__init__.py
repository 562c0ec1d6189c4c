"""`ednag plot`: figures, and the CSV each is drawn from."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Draw a figure, and write the CSV it is drawn from beside it."""

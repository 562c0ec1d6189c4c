"""`ednag tables`: benchmark tables from verified source files."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Build benchmark tables from verified source files."""

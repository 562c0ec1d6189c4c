"""`ednag config`: check a study's configuration, print its schema."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Check a study's configuration, print its schema."""

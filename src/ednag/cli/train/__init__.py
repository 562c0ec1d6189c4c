"""`ednag train`: networks of chosen architectures, trained on images."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Train the networks of chosen architectures."""

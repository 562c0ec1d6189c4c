"""`ednag top-k`: choose architectures to train, and judge the trained ones."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Choose the best of searches by prediction; judge them once they are trained."""

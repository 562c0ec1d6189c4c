"""`ednag ranker`: how well NAR's ranker and plainer predictors rank cells."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Train NAR's ranker and plainer predictors, and judge how they rank unseen cells."""

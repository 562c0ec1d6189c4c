"""`ednag predictor`: features of images, the training database, the meta-predictor."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Train and judge the meta-predictor, which reads a dataset and an architecture."""

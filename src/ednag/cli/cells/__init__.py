"""`ednag cells`: what cells cost, as a dataset, and the cells of NAS-Bench-101."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """FLOPs and parameters of cells as a dataset; the cells of NAS-Bench-101."""

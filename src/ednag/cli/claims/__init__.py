"""`ednag claims`: printed tables, the authors' seeds, verdicts and findings."""

import click

from ednag.cli import LazyGroup


@click.group(cls=LazyGroup)
def command() -> None:
    """Hold the paper's numbers and claims against the study's runs."""

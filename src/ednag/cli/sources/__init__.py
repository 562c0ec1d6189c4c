"""`ednag sources`: list, fetch, verify, lock and add upstream files."""

import logging

import click

from ednag.cli import LazyGroup


class _StderrHandler(logging.Handler):
    """Log messages as lines on stderr.

    `click.echo` looks stderr up for each line, because a progress bar replaces it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        click.echo(f"ednag: {record.getMessage()}", err=True)


@click.group(cls=LazyGroup, package=__name__)
def command() -> None:
    """Upstream files: see what there is, fetch, verify, trust and add."""
    log = logging.getLogger("ednag.sources")
    log.handlers = [_StderrHandler()]
    log.setLevel(logging.INFO)

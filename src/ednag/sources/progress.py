"""Progress of downloads: bars on a terminal, lines in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ednag.sources.sizes import size_in_words
from ednag.sources.transfer import Report

#: Seconds between two lines in a log.
_INTERVAL = 10.0


@contextmanager
def following() -> Iterator[Callable[[str], Report]]:
    """A function from the name of a download to its report: a bar or lines in the log."""
    if not sys.stderr.isatty():
        yield _lines
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as bars:

        def named(name: str) -> Report:
            task = bars.add_task(name, visible=False)  # no bar before the first bytes
            return lambda received, total: bars.update(
                task, completed=received, total=total, visible=True
            )

        yield named


def _lines(name: str) -> Report:
    begun = shown = time.monotonic()
    first: int | None = None

    def report(received: int, total: int | None) -> None:
        nonlocal shown, first
        first = received if first is None else first
        now = time.monotonic()
        if now - shown < _INTERVAL and received != total:
            return
        shown = now
        rate = (received - first) / max(now - begun, 1e-3)
        of = f" of {size_in_words(total)}" if total is not None else ""
        click.echo(
            f"ednag: {name}: {size_in_words(received)}{of}, {size_in_words(int(rate))}/s", err=True
        )

    return report

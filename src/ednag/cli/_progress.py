"""Progress of long work: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

Item = TypeVar("Item")

#: Seconds between two plain lines.
_PLAIN_INTERVAL = 5.0


def track(items: Iterable[Item], label: str, count: int) -> Iterator[Item]:
    """Yield the items and show on stderr how many of `count` are done, after the label."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, label, total=count, console=Console(stderr=True))
        return
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= _PLAIN_INTERVAL or done == count:
            last = time.monotonic()
            log(f"{label}: {done}/{count}")


def log(line: str) -> None:
    """Print a line on stderr; click flushes it, so that a log shows it at once."""
    click.echo(line, err=True)

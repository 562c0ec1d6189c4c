"""Progress of long work: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

import click

Item = TypeVar("Item")

#: Seconds between two plain lines.
_PLAIN_INTERVAL = 5.0


def track(items: Sequence[Item], label: str) -> Iterator[Item]:
    """Yield the items, showing on stderr how many are done."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, description=label, console=Console(stderr=True))
        return
    shown = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - shown >= _PLAIN_INTERVAL or done == len(items):
            shown = time.monotonic()
            say(f"{label}: {done}/{len(items)}")


def say(line: str) -> None:
    """One line on stderr, flushed: a log shows it at once."""
    click.echo(line, err=True)
    sys.stderr.flush()

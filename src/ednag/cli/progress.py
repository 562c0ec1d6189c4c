"""Progress of long work: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

import click

Item = TypeVar("Item")

#: Seconds between two plain lines.
_PLAIN_INTERVAL = 5.0


def track(items: Iterable[Item], label: str, count: int | None = None) -> Iterator[Item]:
    """Yield the items, showing on stderr how many are done.

    Args:
        items: What is worked through.
        label: What it is.
        count: How many there are, where they do not say so themselves.
    """
    if count is None:
        assert isinstance(items, Sized)
        count = len(items)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, label, total=count, console=Console(stderr=True))
        return
    shown = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - shown >= _PLAIN_INTERVAL or done == count:
            shown = time.monotonic()
            say(f"{label}: {done}/{count}")


def say(line: str) -> None:
    """One line on stderr, flushed: a log shows it at once."""
    click.echo(line, err=True)
    sys.stderr.flush()

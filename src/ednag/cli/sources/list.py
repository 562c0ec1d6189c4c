"""`ednag sources list`."""

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli.sources._shared import with_places

if TYPE_CHECKING:
    from ednag.sources.inventory import Holding
    from ednag.sources.obtain import Surroundings
    from ednag.sources.registry import Source


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--needed-for", multiple=True, help="Only what this purpose needs; repeatable.")
@with_places
def command(
    as_json: bool, needed_for: tuple[str, ...], registry: Path | None, around: "Surroundings"
) -> None:
    """List all files, what they are needed for and how they stand here; hashes nothing."""
    from ednag.sources.inventory import take_stock
    from ednag.sources.lock import load_lock
    from ednag.sources.registry import load_registry, select_sources

    sources = select_sources(load_registry(registry), (), needed_for)
    holdings, locked = take_stock(sources, around), load_lock(around.lock)
    if as_json:
        click.echo(json.dumps([_as_record(each, locked) for each in holdings], indent=2))
    else:
        _print_table(holdings, locked)


def _held_by(source: "Source", locked: Collection[str]) -> str:
    """What the bytes of a source are checked against: the name of a checksum, or trust."""
    if source.checksum and source.has_checksum:
        return source.checksum
    trust = "trust, recorded" if source.id in locked else "trust on first use"
    return f"{source.only_part}, {trust}" if source.only_part else trust


def _as_record(holding: "Holding", locked: Collection[str]) -> dict[str, Any]:
    """A holding for machines; no path, which would differ from machine to machine."""
    fields = holding.source.model_dump(mode="json")
    held_by = _held_by(holding.source, locked)
    return {**fields, "state": holding.state.value, "place": holding.place, "held_by": held_by}


def _print_table(holdings: list["Holding"], locked: Collection[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Column, Table

    from ednag.sources.sizes import size_in_words

    folded = [Column(heading, overflow="fold") for heading in ("id", "file")]
    size = Column("size", justify="right", no_wrap=True)
    table = Table(*folded, size, "licence", "state", "held by", "needed for", box=SIMPLE_HEAD)
    for each in holdings:
        source = each.source
        table.add_row(
            source.id,
            source.file,
            size_in_words(source.size),
            source.licence or "unknown",
            each.state.value,
            _held_by(source, locked),
            ", ".join(source.needed_for),
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200  # a log or a pipe has no width of its own
    console.print(table)
    for each in holdings:
        if each.state.value == "unobtainable":
            stand_in = each.source.stand_in or "nothing"
            click.echo(f"{each.source.id} is published nowhere; in its place: {stand_in}")
    counts = Counter(each.state.value for each in holdings)
    click.echo(", ".join(f"{number} {state}" for state, number in sorted(counts.items())))

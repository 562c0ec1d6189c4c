"""`ednag sources lock`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.sources._shared import with_places
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.sources.obtain import Surroundings


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--accept", is_flag=True, help="Trust the bytes here in place of those recorded.")
@with_places
def command(
    ids: tuple[str, ...], accept: bool, registry: Path | None, around: "Surroundings"
) -> None:
    """Record the sha256 of files that are here and have none in the registry."""
    from ednag.sources.inventory import lock_present
    from ednag.sources.registry import load_registry, select_sources

    if accept and not ids:
        raise click.UsageError("--accept takes the IDs whose new bytes are right")
    selected = select_sources(load_registry(registry), ids, ())
    recorded = lock_present(selected, around, accept=accept)
    for id, sha256 in recorded.items():
        click.echo(f"{sha256}  {id}")
    if recorded:
        click.echo(f"recorded in {around.lock}; commit it")
    if left_out := sorted(set(ids) - set(recorded)):
        raise EdnagError(
            f"not recorded: {', '.join(left_out)}; a file must be in the cache or a mirror "
            "(--mirror FOLDER), and one with a published sha256 needs no record"
        )

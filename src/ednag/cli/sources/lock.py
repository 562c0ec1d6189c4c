"""`ednag sources lock`."""

from pathlib import Path

import click

from ednag.cli.sources._shared import _around, _places, _selected
from ednag.errors import EdnagError


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--accept", is_flag=True, help="Trust the bytes here in place of those recorded.")
@_places
def command(
    ids: tuple[str, ...],
    accept: bool,
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """Record the sha256 of files that are here and have none in the registry."""
    from ednag.sources.inventory import lock_present
    from ednag.sources.registry import load_registry

    if accept and not ids:
        raise click.UsageError("--accept takes the IDs whose new bytes are right")
    around = _around(registry, cache, mirrors)
    chosen = _selected(load_registry(registry), ids, ())
    recorded = lock_present(chosen, around, accept=accept)
    for id, sha256 in recorded.items():
        click.echo(f"{sha256}  {id}")
    if recorded:
        click.echo(f"recorded in {around.lock}; commit it")
    if left_out := sorted(set(ids) - set(recorded)):
        raise EdnagError(
            f"not recorded: {', '.join(left_out)}; a file must be in the cache or a mirror "
            "(--mirror FOLDER), and one with a published sha256 needs no record"
        )

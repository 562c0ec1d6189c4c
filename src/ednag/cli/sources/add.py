"""`ednag sources add`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli.sources._shared import with_places

if TYPE_CHECKING:
    from ednag.sources.obtain import Surroundings


@click.command()
@click.argument("id")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--file", required=True, help="Its name in the cache and in mirrors.")
@click.option(
    "--path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file itself, where it is here already; otherwise it is fetched.",
)
@click.option("--licence", help="As its publisher states it.")
@click.option("--needed-for", multiple=True, required=True, help="A purpose; repeatable.")
@click.option("--note", help="What people should know about it.")
@with_places
def command(
    path: Path | None, registry: Path | None, around: "Surroundings", **fields: Any
) -> None:
    """Add a file to the registry, with the size and sha256 of its bytes today."""
    from ednag.sources.addition import add_source
    from ednag.sources.registry import registry_path

    written = registry or registry_path()
    source = add_source(written, fields, path, around)
    click.echo(f"{source.sha256}  {source.id} ({source.size:,} bytes) added to {written}")

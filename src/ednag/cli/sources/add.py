"""`ednag sources add`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli.sources._shared import with_places

if TYPE_CHECKING:
    from ednag.sources.obtain import Surroundings


@click.command()
@click.argument("id")
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@click.option(
    "--file", help="Its name in the cache and in mirrors; by default --path, from the registry on."
)
@click.option(
    "--path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file itself, where it is here already; otherwise it is fetched.",
)
@click.option("--licence", help="As its publisher states it.")
@click.option("--needed-for", multiple=True, default=["tables"], help="A purpose; repeatable.")
@click.option("--note", help="What people should know about it.")
@with_places
def command(
    path: Path | None, registry: Path | None, around: "Surroundings", **fields: Any
) -> None:
    """Add a file to the registry, with the size and sha256 of its bytes today.

    Without an ADDRESS, a file of your own: its entry is in own-sources.yaml of the current folder,
    and replaces an earlier one. Studies in this folder read it.
    """
    from ednag.own_code import REGISTRY_NAME
    from ednag.sources.addition import add_own_source, add_source
    from ednag.sources.registry import registry_path

    if fields["addresses"]:
        written = registry or registry_path()
        source = add_source(written, fields, path, around)
    else:
        written = registry or Path(REGISTRY_NAME)
        source = add_own_source(written, fields, path)
    click.echo(f"{source.sha256}  {source.id} ({source.size:,} bytes) added to {written}")

"""`ednag sources fetch`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT, note_searched
from ednag.cli.sources._shared import _FOLDER, _around, _places, _selected


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--needed-for", multiple=True, help="All that this purpose needs; repeatable.")
@click.option("--output", type=OUTPUT, help="Put the verified file here (one ID).")
@click.option("--extract", type=_FOLDER, help="Unpack the verified archive here (one ID).")
@click.option("--offline", is_flag=True, help="Ask no address.")
@click.option(
    "--jobs", default=4, show_default=True, type=click.IntRange(1, 32), help="Downloads at once."
)
@_places
def command(
    ids: tuple[str, ...],
    needed_for: tuple[str, ...],
    output: Path | None,
    extract: Path | None,
    offline: bool,
    jobs: int,
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """Obtain files, verify them and print where they are."""
    from ednag.sources.archives import extract as unpack
    from ednag.sources.obtain import deliver, fetch_all
    from ednag.sources.progress import following
    from ednag.sources.registry import load_registry

    if not ids and not needed_for:
        raise click.UsageError("name an ID or a purpose (--needed-for)")
    chosen = list(_selected(load_registry(registry), ids, needed_for).values())
    if len(chosen) != 1 and (output or extract):
        raise click.UsageError("--output and --extract take one ID")
    around = _around(registry, cache, mirrors, offline)
    note_searched([around.cache, *around.mirrors])
    with following() as named:
        if output is not None:
            deliver(chosen[0], output, around, named(chosen[0].id))
            found = [output]
        else:
            found = fetch_all(chosen, around, named, jobs)
    if extract is not None:
        unpack(found[0], extract)
        found = [extract]
    for path in found:
        click.echo(path)

"""`ednag sources fetch`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import OUTPUT, note_searched
from ednag.cli.sources._shared import FOLDER, with_places

if TYPE_CHECKING:
    from ednag.sources.obtain import Surroundings


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--needed-for", multiple=True, help="All that this purpose needs; repeatable.")
@click.option(
    "--study",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What this study reads, and what it would take up (if_present) of up to 100 MB in all.",
)
@click.option(
    "--optional",
    is_flag=True,
    help="With --study: only what it can do without; what does not come is no error.",
)
@click.option("--output", type=OUTPUT, help="Put the verified file here (one ID).")
@click.option("--extract", type=FOLDER, help="Unpack the verified archive here (one ID).")
@click.option("--offline", is_flag=True, help="Ask no address.")
@click.option("--jobs", default=4, type=click.IntRange(1, 32), help="Downloads at once.")
@with_places
def command(
    ids: tuple[str, ...],
    needed_for: tuple[str, ...],
    study: Path | None,
    optional: bool,
    output: Path | None,
    extract: Path | None,
    offline: bool,  # in `around`
    jobs: int,
    registry: Path | None,
    around: "Surroundings",
) -> None:
    """Obtain files, verify them and print where they are."""
    from ednag.cli.sources._of_study import fetch_for_study
    from ednag.own_code import search_in
    from ednag.sources.archives import extract as unpack
    from ednag.sources.obtain import deliver, fetch_all
    from ednag.sources.progress import following
    from ednag.sources.registry import load_registry, select_sources

    if study is not None:
        search_in(study.parent)
        if ids or needed_for or output or extract:
            raise click.UsageError("--study takes no ID, --needed-for, --output and --extract")
        for path in fetch_for_study(study, optional, load_registry(registry), around, jobs):
            click.echo(path)
        return
    if optional:
        raise click.UsageError("--optional goes with --study")
    if not ids and not needed_for:
        raise click.UsageError("name an ID, a purpose (--needed-for) or a study (--study)")
    selected = list(select_sources(load_registry(registry), ids, needed_for).values())
    if len(selected) != 1 and (output or extract):
        raise click.UsageError("--output and --extract take one ID")
    own = {source.folder for source in selected if source.folder is not None}
    note_searched([around.cache, *around.mirrors, *own])
    with following() as report_of:
        if output is not None:
            deliver(selected[0], output, around, report_of(selected[0].id))
            paths = [output]
        else:
            paths = fetch_all(selected, around, report_of, jobs)
    if extract is not None:
        unpack(paths[0], extract)
        paths = [extract]
    for path in paths:
        click.echo(path)

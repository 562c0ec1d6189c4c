"""`ednag sources verify`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import OUTPUT
from ednag.cli.sources._shared import FOLDER, with_places
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.sources.inventory import Check
    from ednag.sources.obtain import Surroundings


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--resources", type=FOLDER, default=Path("resources"), help="Files of a study, checked as well."
)
@click.option(
    "--sums",
    type=OUTPUT,
    help="Where to write SHA256SUMS; default: in the cache folder.",
)
@with_places
def command(
    ids: tuple[str, ...],
    resources: Path,
    sums: Path | None,
    registry: Path | None,
    around: "Surroundings",
) -> None:
    """Hash every file that is here again; status 1 and a list if any differs."""
    from ednag.files import write_text
    from ednag.sources.inventory import check_all, checksum_file
    from ednag.sources.registry import load_registry, select_sources

    checks = check_all(select_sources(load_registry(registry), ids, ()), around, resources)
    right = [each for each in checks if each.fault is None]
    if right:
        sums = sums or around.cache / "SHA256SUMS"
        write_text(sums, checksum_file(right, sums.parent))
        click.echo(f"{len(right)} files are what they should be; sums in {sums}")
    else:
        click.echo("no file is here that is what it should be")
    _print_trusted(right, around)
    wrong = [each.fault for each in checks if each.fault is not None]
    for fault in wrong:
        click.echo(f"differs: {fault}", err=True)
    if wrong:
        raise EdnagError(f"{len(wrong)} of {len(checks)} files differ; fetch them again")


def _print_trusted(checks: list["Check"], around: "Surroundings") -> None:
    """Print which sources have no whole checksum: those in the lock file, then all others."""
    from ednag.sources.lock import load_lock

    locked = load_lock(around.lock)
    recorded: set[str] = set()
    others: set[str] = set()
    for source in (each.source for each in checks if not each.source.has_checksum):
        named = f"{source.id} ({source.only_part})" if source.only_part else source.id
        (recorded if source.id in locked else others).add(named)
    if recorded:
        click.echo(f"no whole checksum, trusted on first use: {', '.join(sorted(recorded))}")
    if others:
        click.echo(f"vouched for by nobody: {', '.join(sorted(others))}; see ednag sources lock")

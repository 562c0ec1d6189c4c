"""`ednag cells compare`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log
from ednag.cli.cells._shared import _MEASURED, _measured
from ednag.errors import EdnagError

#: Records between two lines of progress.
_TOLD = 50_000


@click.command()
@click.argument("published", type=EXISTING)
@_MEASURED
@click.option("--limit", default=10, show_default=True, help="Differences that are printed.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    type=OUTPUT,
    help="Table of how many records agree: .csv, .md or .tex; then differences are no failure.",
)
def command(
    published: Path, measured: tuple[Path, ...], limit: int, outputs: tuple[Path, ...]
) -> None:
    """Hold each record of NAR's PUBLISHED file (JSON) against what its own cell must give.

    Read as a stream. Exit status 1 if any record differs; accuracies and times are compared only
    where a table is given.
    """
    from ednag.cells.published import compare_nasbench101, compare_nasbench201
    from ednag.evidence.cells import write_records

    space = _space_of(published)
    told = 0

    def tell(records: int) -> None:
        nonlocal told
        if records >= told + _TOLD:
            told = records
            log(f"{records} records compared")

    comparing = {"nasbench101": compare_nasbench101, "nasbench201": compare_nasbench201}[space]
    found = comparing(published, _measured(space, measured), limit=limit, progress=tell)
    for difference in found.differences:
        click.echo(str(difference))
    log(f"{published}: {found.agreeing} of {found.records} records agree, {found.repeated} repeat")
    write_records(space, published.name, found.records, found.agreeing, outputs)
    if found.agreeing < found.records and not outputs:
        raise EdnagError(
            f"{published}: {found.records - found.agreeing} of {found.records} records differ; "
            "the first are on stdout (--limit)"
        )


def _space_of(published: Path) -> str:
    """The search space of NAR's published records; raises EdnagError if they are none."""
    from ednag.cells.published import stream_records

    _, first = next(stream_records(published), ("", {}))
    if "arch_str" not in first and "module_adjacency" not in first:
        raise EdnagError(
            f"{published}: its first record has neither arch_str nor module_adjacency; give NAR's "
            "nasbench101_vertice_*.json or nasbench201_vertice_*.json"
        )
    return "nasbench201" if "arch_str" in first else "nasbench101"

"""`ednag cells compare`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log
from ednag.cli.cells._shared import MEASURED
from ednag.errors import EdnagError

#: Records between two lines of progress.
_LOGGED = 50_000


@click.command()
@click.argument("published", type=EXISTING)
@MEASURED
@click.option(
    "--limit", default=10, type=click.IntRange(0, 1_000_000), help="Differences that are printed."
)
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
    from ednag.cells.lists import space_of_records
    from ednag.cells.published import compare
    from ednag.evidence.cells import write_records
    from ednag.tables.measured_fields import measured_fields

    space = space_of_records(published)
    logged = 0

    def progress(records: int) -> None:
        nonlocal logged
        if records >= logged + _LOGGED:
            logged = records
            log(f"{records} records compared")

    comparison = compare(
        published, space, measured_fields(space, measured), limit=limit, progress=progress
    )
    for difference in comparison.differences:
        click.echo(str(difference))
    agreeing, records = comparison.agreeing, comparison.records
    log(f"{published}: {agreeing} of {records} records agree, {comparison.repeated} repeat")
    write_records(space, published.name, records, agreeing, outputs)
    if agreeing < records and not outputs:
        raise EdnagError(
            f"{published}: {records - agreeing} of {records} records differ; "
            "the first are on stdout (--limit)"
        )

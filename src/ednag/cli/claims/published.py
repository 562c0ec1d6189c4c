"""`ednag claims published`."""

from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, table_files
from ednag.cli._progress import log
from ednag.cli.claims._shared import measured, read_measurements


@click.command()
@click.argument("table")
@click.option("--printed", required=True, type=EXISTING, help="The printed table (CSV).")
@measured
@table_files()
def command(table: str, printed: Path, outputs: tuple[Path, ...], **files: Any) -> None:
    """Put the printed TABLE beside what the study regenerates."""
    from ednag.errors import EdnagError
    from ednag.evidence.paper_layout import write_published
    from ednag.evidence.published import PRINTED, published_table
    from ednag.naming import suggestion

    if table not in PRINTED:
        raise EdnagError(f"unknown table {table!r}{suggestion(table, PRINTED)}")
    record = read_measurements(files)
    frame = published_table(PRINTED[table](printed), record)
    write_published(frame, table, outputs)
    log(f"{table}: {int(frame['ours'].notna().sum())} of {len(frame)} printed numbers regenerated")

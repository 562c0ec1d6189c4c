"""`ednag top-k table`."""

from pathlib import Path

import click

from ednag.cli._options import table_files
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.top_k._shared import CHOSEN, TRAINED


@click.command()
@CHOSEN
@TRAINED
@click.option(
    "--k", "count", required=True, type=click.IntRange(1, 1000), help="Of a random group."
)
@click.option("--what", required=True, help="What was trained: a sentence.")
@STATISTICS
@table_files()
def command(
    chosen: Path,
    trained: tuple[Path, ...],
    count: int,
    what: str,
    statistics: str,
    outputs: tuple[Path, ...],
) -> None:
    """What training the CHOSEN architectures gave, beside random ones (.csv, .md, .tex)."""
    from ednag.evidence.trained_architectures import top_k_table, write_top_k
    from ednag.files import read_rows

    settings = statistics_of(statistics)
    rows = top_k_table(read_rows(chosen), read_rows(*trained), count, settings)
    write_top_k(rows, what, settings, outputs)
    for row in rows.itertuples():
        log(f"{row.method}, {row.rule}: {row.validation:.2f} % by validation, {row.paper:.2f} %")

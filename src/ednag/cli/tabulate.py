"""`ednag tabulate`: summaries into a table as CSV, Markdown and LaTeX."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, table_files
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of


@click.command()
@click.argument("kind", type=click.Choice(["own-end", "equal-budget", "comparison"]))
@click.argument("summaries", nargs=-1, required=True, type=EXISTING)
@STATISTICS
@table_files()
def command(
    kind: str, summaries: tuple[Path, ...], statistics: str, outputs: tuple[Path, ...]
) -> None:
    """Make a table of KIND from one or more SUMMARIES."""
    from ednag.evidence.summaries import require_checkpoints
    from ednag.evidence.tables import TABLES, note_under, write_evidence
    from ednag.files import read_rows

    settings = statistics_of(statistics)
    summary = read_rows(*summaries)
    if kind != "own-end":
        require_checkpoints(summary, settings.checkpoints)
    frame = TABLES[kind](summary, settings)
    write_evidence(frame, note_under(kind, summary, settings), outputs)
    log(f"{kind}: {len(frame)} rows from {len(summary)} runs")

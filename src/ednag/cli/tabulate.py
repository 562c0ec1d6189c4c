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
    from ednag.evidence.tables import NOTES, TABLES, write_evidence
    from ednag.files import read_rows

    settings = statistics_of(statistics)
    summary = read_rows(*summaries)
    if kind != "own-end":
        require_checkpoints(summary, settings.checkpoints)
    frame = TABLES[kind](summary, settings)
    note = NOTES[kind].format(
        level=f"{100 * settings.confidence:g} %", equivalence=settings.equivalence
    )
    write_evidence(frame, note, outputs)
    log(f"{kind}: {len(frame)} rows from {len(summary)} runs")

"""`ednag plot ranks`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.plot._shared import OUTPUTS, PROTOCOL


@click.command()
@click.argument("summaries", nargs=-1, required=True, type=EXISTING)
@PROTOCOL
@STATISTICS
@OUTPUTS
def command(
    summaries: tuple[Path, ...], protocol: str, statistics: str, outputs: tuple[Path, ...]
) -> None:
    """Draw mean ranks over the datasets of SUMMARIES, with their critical difference."""
    from ednag.evidence.figures import ranks as figure_of
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.summaries import require_checkpoints
    from ednag.files import read_rows
    from ednag.study.comparisons import main_methods

    settings = statistics_of(statistics)
    runs = read_rows(*summaries)
    require_checkpoints(runs, settings.checkpoints)
    runs = runs[runs["protocol"] == protocol]
    methods = main_methods(figure_of.common_methods(runs))
    rows = figure_of.ranks_frame(runs, methods, settings.checkpoints, settings.confidence)
    title = f"Mean rank over datasets, protocol {protocol} (1 is best)"
    save_drawing(figure_of.ranks(rows, settings.confidence, title), rows, outputs)
    log(f"ranks: {len(methods)} methods on {int(rows['datasets'].max())} datasets")

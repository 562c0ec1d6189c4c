"""`ednag plot dataset`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, FOLDER
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.plot._shared import PROTOCOL


@click.command()
@click.argument("figures", nargs=-1, required=True)
@click.option("--summary", required=True, type=EXISTING, help="One row per run (Parquet).")
@click.option("--anytime", required=True, type=EXISTING, help="Best so far (Parquet).")
@click.option("--steps", required=True, type=EXISTING, help="Denoising steps (Parquet).")
@click.option("--folder", required=True, type=FOLDER, help="Where FIGURE.csv, .pdf and .png go.")
@PROTOCOL
@STATISTICS
def command(
    figures: tuple[str, ...],
    summary: Path,
    anytime: Path,
    steps: Path,
    folder: Path,
    protocol: str,
    statistics: str,
) -> None:
    """Draw FIGURES of one dataset: convergence, denoising, anytime, outcomes, ...

    Also mapping, steps, population and ablation, where the runs of these variants are there.
    """
    from ednag.errors import EdnagError
    from ednag.evidence.figures import save_in
    from ednag.evidence.figures.dataset import read_dataset
    from ednag.evidence.figures.drawings import DRAWINGS
    from ednag.naming import suggestion

    for figure in figures:
        if figure not in DRAWINGS:
            raise EdnagError(f"unknown figure {figure!r}{suggestion(figure, DRAWINGS)}")
    summaries = read_dataset(summary, anytime, steps, protocol, statistics_of(statistics))
    for figure in figures:
        drawing, frame = DRAWINGS[figure](summaries)
        save_in(folder, figure, drawing, frame)
        log(f"{figure}: {len(frame)} rows drawn")

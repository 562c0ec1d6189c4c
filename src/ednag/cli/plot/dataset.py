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
    from ednag.evidence.figures import drawing_of, save_in
    from ednag.evidence.figures.dataset import read_dataset

    drawings = {figure: drawing_of(figure) for figure in figures}
    summaries = read_dataset(summary, anytime, steps, protocol, statistics_of(statistics))
    for figure, draw in drawings.items():
        drawing, frame = draw(summaries)
        save_in(folder, figure, drawing, frame)
        log(f"{figure}: {len(frame)} rows drawn")

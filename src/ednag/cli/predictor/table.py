"""`ednag predictor table`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, table_files
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of


@click.command()
@click.argument("judged", type=EXISTING)
@click.option("--coreset", "repeated", required=True, type=EXISTING, help="Repeats (Parquet).")
@click.option("--trained-on", required=True, help="What the predictor was trained on: a sentence.")
@STATISTICS
@table_files()
@table_files("--coreset-output", "repeats", "coresets")
def command(
    judged: Path,
    repeated: Path,
    trained_on: str,
    statistics: str,
    outputs: tuple[Path, ...],
    repeats: tuple[Path, ...],
) -> None:
    """Correlations of JUDGED predictions, and coreset beside random images (.csv, .md, .tex)."""
    from ednag.evidence import predictions
    from ednag.files import read_rows

    settings = statistics_of(statistics)
    correlations = predictions.quality_table(read_rows(judged), settings)
    predictions.write_quality(correlations, trained_on, settings, outputs)
    coresets = predictions.coreset_table(read_rows(repeated), settings)
    predictions.write_coreset(coresets, settings, repeats)
    for sentence in predictions.sentences_on(correlations):
        log(sentence)

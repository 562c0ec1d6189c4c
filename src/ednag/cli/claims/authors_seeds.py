"""`ednag claims authors-seeds`."""

from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, OUTPUT, SETTINGS, table_files
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of


@click.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--reference", required=True, type=EXISTING, help="The seeds the authors list.")
@click.option("--seeds", required=True, help="The study's seeds, for example 0-99.")
@SETTINGS
@STATISTICS
@click.option("--title", default="The authors' seeds", help="Of the figure.")
@table_files("--listed", "listed", "seeds", required=False)
@table_files("--sets", "sets", "sets", required=False)
@click.option("--figure", multiple=True, type=OUTPUT, help="Figure: .csv, .pdf or .png.")
def command(
    runs: tuple[Path, ...],
    reference: Path,
    seeds: str,
    settings: dict[str, Any] | None,
    statistics: str,
    title: str,
    listed: tuple[Path, ...],
    sets: tuple[Path, ...],
    figure: tuple[Path, ...],
) -> None:
    """Compare the authors' seeds with the study's in the run files RUNS of EDNAG."""
    import pandas as pd

    from ednag.evidence import authors_seeds as made
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.authors_seeds import authors_seeds_figure
    from ednag.evidence.writing import write_frame
    from ednag.study.published import read_listed_seeds
    from ednag.study.seeds import parse_seeds

    outcomes = made.collect_outcomes(
        runs, read_listed_seeds(reference), parse_seeds(seeds.split(","), "--seeds"), settings
    )
    intervals = statistics_of(statistics)
    rows, means = [], {}
    for each in outcomes:
        row, means[each.space, each.dataset] = made.set_row(each, intervals)
        rows.append(row)
    frame, seed_frame = pd.DataFrame(rows), made.seeds_table(outcomes)
    write_frame(seed_frame, made.readable_seeds(seed_frame), made.SEEDS_NOTE, listed)
    write_frame(frame, made.readable_sets(frame), made.SETS_NOTE, sets)
    histogram = made.means_histogram(means, frame)
    save_drawing(authors_seeds_figure(histogram, frame, title), histogram, figure)
    log(f"{len(seed_frame)} listed seeds on {len(frame)} benchmarks")

"""`ednag ranker table`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, table_files
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.ranker._shared import JUDGED, PRECISION, SIZE, TIERS, TITLE
from ednag.errors import EdnagError


@click.command()
@JUDGED
@TIERS
@click.option("--search", "searches", multiple=True, type=EXISTING, help="Searches, of `study`.")
@TITLE
@STATISTICS
@click.option(
    "--space",
    default="nasbench201",
    type=click.Choice(("nasbench101", "nasbench201")),
    help="Whose cells; the tables' notes say what is known of them.",
)
@SIZE
@PRECISION
@table_files()
@table_files("--tiers-output", "tier_outputs", "tiers")
@table_files("--search-output", "search_outputs", "searches", required=False)
def command(
    judged: tuple[Path, ...],
    tiers: tuple[Path, ...],
    searches: tuple[Path, ...],
    title: str,
    statistics: str,
    space: str,
    size: str,
    precision: str,
    outputs: tuple[Path, ...],
    tier_outputs: tuple[Path, ...],
    search_outputs: tuple[Path, ...],
) -> None:
    """Tables (.csv, .md, .tex) of JUDGED predictors, of tiers, and of searches by the ranker.

    Without --search there is no table of searches.
    """
    from ednag.evidence import ranking
    from ednag.files import read_rows

    if bool(searches) != bool(search_outputs):
        raise EdnagError("ranker table: give --search and --search-output, or neither")
    settings = statistics_of(statistics)
    curves = ranking.learning_table(read_rows(*judged), settings)
    ranking.write_learning(curves, title, settings, outputs, space, size, precision)
    confusion = ranking.tier_table(read_rows(*tiers))
    ranking.write_tiers(confusion, title, tier_outputs, space, size, precision)
    if searches:
        searched = ranking.search_table(read_rows(*searches), settings)
        ranking.write_search(searched, title, settings, search_outputs, size, precision)
    largest = curves[curves["training"] == curves["training"].max()]
    for row in largest.itertuples():
        log(f"{row.predictor} of {row.training} cells: tau-b {row.tau_b:.3f}")

"""`ednag ranker figures`."""

from pathlib import Path

import click

from ednag.cli._options import FOLDER
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.ranker._shared import JUDGED, TIERS, TITLE


@click.command()
@JUDGED
@TIERS
@TITLE
@STATISTICS
@click.option("--folder", required=True, type=FOLDER, help="Where FIGURE.csv, .pdf and .png go.")
def command(
    judged: tuple[Path, ...], tiers: tuple[Path, ...], title: str, statistics: str, folder: Path
) -> None:
    """Draw learning and tiers: learning curves of JUDGED predictors, and confusions of tiers."""
    from ednag.evidence.figures import ranking as drawing
    from ednag.evidence.figures import save_in
    from ednag.evidence.ranking import learning_table, tier_table
    from ednag.files import read_rows

    settings = statistics_of(statistics)
    curves = learning_table(read_rows(*judged), settings)
    confusion = tier_table(read_rows(*tiers))
    drawn = {
        "learning": (drawing.learning(curves, f"{title}: ranking unseen cells"), curves),
        "tiers": (drawing.tiers(confusion, f"{title}: tiers of unseen cells"), confusion),
    }
    for name, (figure, frame) in drawn.items():
        save_in(folder, name, figure, frame)
        log(f"{name}: {len(frame)} rows drawn")

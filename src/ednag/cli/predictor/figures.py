"""`ednag predictor figures`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, FOLDER
from ednag.cli._progress import log


@click.command()
@click.argument("judged", type=EXISTING)
@click.option("--coreset", "repeated", required=True, type=EXISTING, help="Repeats (Parquet).")
@click.option("--images", "shown", required=True, type=EXISTING, help="Images in a plane.")
@click.option("--curve", required=True, type=EXISTING, help="Learning curve (CSV).")
@click.option("--title", required=True, help="Of what the predictor is.")
@click.option("--folder", required=True, type=FOLDER, help="Where FIGURE.csv, .pdf and .png go.")
def command(
    judged: Path, repeated: Path, shown: Path, curve: Path, title: str, folder: Path
) -> None:
    """Draw quality (predicted, measured), learning and coreset of a predictor."""
    from ednag.evidence.figures import predictions as drawing
    from ednag.evidence.figures import save_in
    from ednag.files import read_rows

    pairs = drawing.quality_frame(read_rows(judged))
    learnt = read_rows(curve)
    images = drawing.coreset_frame(read_rows(repeated), read_rows(shown))
    drawn = {
        "quality": (drawing.quality(pairs, f"{title}: tasks of unseen classes"), pairs),
        "learning": (drawing.learning(learnt, f"{title}: learning"), learnt),
        "coreset": (drawing.coreset(images, f"{title}: coreset beside random images"), images),
    }
    for name, (figure, frame) in drawn.items():
        save_in(folder, name, figure, frame)
        log(f"{name}: {len(frame)} rows drawn")

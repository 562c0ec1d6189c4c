"""`ednag top-k figure`."""

from pathlib import Path

import click

from ednag.cli._options import FOLDER
from ednag.cli._progress import log
from ednag.cli.top_k._shared import CHOSEN, TRAINED


@click.command()
@CHOSEN
@TRAINED
@click.option("--title", required=True, help="Of the dataset.")
@click.option("--folder", required=True, type=FOLDER, help="Where top-k.csv, .pdf and .png go.")
def command(chosen: Path, trained: tuple[Path, ...], title: str, folder: Path) -> None:
    """Draw what training the CHOSEN architectures gave, beside random ones."""
    from ednag.evidence.figures import save_in
    from ednag.evidence.figures.trained_architectures import top_k, top_k_frame
    from ednag.files import read_rows

    rows = top_k_frame(read_rows(chosen), read_rows(*trained))
    save_in(folder, "top-k", top_k(rows, title), rows)
    log(f"top-k: {len(rows)} rows drawn")

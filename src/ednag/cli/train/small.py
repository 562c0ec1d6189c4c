"""`ednag train small`."""

from pathlib import Path

import click

from ednag.cli._options import PARQUET, SOURCES
from ednag.cli._progress import log
from ednag.cli.train._shared import CHOSEN, SEED, log_progress


@click.command()
@CHOSEN
@SOURCES
@SEED
@click.option("--output", required=True, type=PARQUET, help="Trained networks to write (Parquet).")
def command(chosen: Path, sources: dict[str, Path], seed: int, output: Path) -> None:
    """Train each architecture of CHOSEN (Parquet with a column `key`) on the unseen digits."""
    import torch

    from ednag.files import read_rows, write_parquet
    from ednag.predictor.small_database import train_unseen
    from ednag.predictor.small_tasks import SmallImages
    from ednag.sources.lookup import locate
    from ednag.training.places import SMALL_SOURCES

    torch.set_num_threads(1)
    keys = sorted(read_rows(chosen)["key"].unique())
    images = SmallImages.read(locate(SMALL_SOURCES, sources))
    rows = train_unseen(images, keys, seed, log_progress)
    write_parquet(rows, output)
    diverged = int((rows["status"] != "complete").sum())
    log(f"{len(keys)} networks trained with seed {seed}, {diverged} diverged")

"""`ednag train small`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT, SOURCES
from ednag.cli._progress import log
from ednag.cli.train._shared import _CHOSEN, _SEED, _say_progress


@click.command()
@_CHOSEN
@SOURCES
@_SEED
@click.option("--output", required=True, type=OUTPUT, help="Trained networks to write (Parquet).")
def command(chosen: Path, sources: dict[str, Path], seed: int, output: Path) -> None:
    """Train each architecture of CHOSEN (Parquet with a column `key`) on the unseen digits."""
    import pandas as pd
    import torch

    from ednag.files import write_parquet
    from ednag.predictor.small_tasks import NETWORK, RECIPE, SmallImages, Task
    from ednag.predictor.unseen_task import UNSEEN_CLASSES
    from ednag.sources.lookup import locate
    from ednag.training.places import SMALL_SOURCES
    from ednag.training.side_by_side import train_side_by_side

    torch.set_num_threads(1)
    keys = sorted(pd.read_parquet(chosen)["key"].unique())
    data = SmallImages.read(locate(SMALL_SOURCES, sources)).split_of(Task(UNSEEN_CLASSES))
    histories = train_side_by_side(
        keys,
        NETWORK,
        data,
        RECIPE,
        seed,
        progress=_say_progress,
    )
    rows = []
    for key, history in zip(keys, histories, strict=True):
        last = history.epochs[-1] if history.epochs else None
        rows.append(
            {
                "key": key,
                "seed": seed,
                "status": history.status,
                "epochs": len(history.epochs),
                "train_accuracy": last.train_accuracy if last else None,
                "validation_accuracy": last.validation_accuracy if last else None,
                "test_accuracy": last.test_accuracy if last else None,
                "paper_accuracy": last.test_accuracy if last else None,
                "data": history.data,
                "weights": history.weights,
            }
        )
    write_parquet(pd.DataFrame(rows), output)
    diverged = sum(history.status != "complete" for history in histories)
    log(f"{len(keys)} networks trained with seed {seed}, {diverged} diverged")

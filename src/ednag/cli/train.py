"""`ednag train`: networks of chosen architectures, trained on a dataset's images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import EXISTING, OUTPUT
from ednag.cli.progress import say

if TYPE_CHECKING:
    from ednag.training.loop import Progress


@click.command()
@click.argument("chosen", type=EXISTING)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="ID=PATH",
    help="A registered source file; those not given are fetched.",
)
@click.option("--seed", required=True, type=click.IntRange(0), help="Of weights and order.")
@click.option("--output", required=True, type=OUTPUT, help="Trained networks to write (Parquet).")
def command(chosen: Path, sources: tuple[str, ...], seed: int, output: Path) -> None:
    """Train each architecture of CHOSEN (Parquet with a column `key`) on the unseen digits."""
    import pandas as pd
    import torch

    from ednag.cli.predictor import small_images
    from ednag.files import write_parquet
    from ednag.predictor.small_tasks import NETWORK, RECIPE, Task
    from ednag.tables.meta_predictor import UNSEEN_CLASSES
    from ednag.training.side_by_side import train_side_by_side

    torch.set_num_threads(1)
    keys = sorted(pd.read_parquet(chosen)["key"].unique())
    data = small_images(sources).split_of(Task(UNSEEN_CLASSES))
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
                "best_test_accuracy": max(
                    (e.test_accuracy for e in history.epochs if e.test_accuracy is not None),
                    default=None,
                ),
                "data": history.data,
                "weights": history.weights,
            }
        )
    write_parquet(pd.DataFrame(rows), output)
    diverged = sum(history.status != "complete" for history in histories)
    say(f"{len(keys)} networks trained with seed {seed}, {diverged} diverged")


def _say_progress(progress: "Progress") -> None:
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    say(f"epoch {progress.epochs_done} of {progress.epochs}{left}")

"""What subcommands of `ednag train` share."""

from typing import TYPE_CHECKING

import click

from ednag.cli._options import EXISTING, SEEDS
from ednag.cli._progress import log

if TYPE_CHECKING:
    from ednag.training.loop import TrainingProgress

CHOSEN = click.argument("chosen", type=EXISTING)
SEED = click.option("--seed", required=True, type=SEEDS, help="Of weights and order.")


def log_progress(progress: "TrainingProgress") -> None:
    """Print how far a training is."""
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    log(f"epoch {progress.epochs_done} of {progress.epochs}{left}")

"""`ednag predictor fit`."""

from pathlib import Path

import click

from ednag.cli._options import DEVICE, EXISTING, OUTPUT, parse_mapping
from ednag.cli._progress import log
from ednag.errors import EdnagError


@click.command()
@click.argument("databases", nargs=-1, type=EXISTING)
@click.option("--held-out", multiple=True, type=EXISTING, help="Entries that only judge.")
@click.option(
    "--published",
    nargs=3,
    type=EXISTING,
    metavar="ENTRIES TASKS ORDER",
    help="The three published files (meta_train_*.pt) in place of DATABASES.",
)
@click.option("--features", "images", required=True, type=EXISTING, help="Features by class.")
@click.option("--recipe", default="{}", help="JSON object; what differs from the published recipe.")
@click.option("--device", type=DEVICE, default="cpu", help="auto: a GPU if there is one.")
@click.option(
    "--checkpoint",
    type=OUTPUT,
    help="Where the state is kept, to go on from.",
)
@click.option("--output", required=True, type=OUTPUT, help="Predictor to write (.pt).")
@click.option("--curve", required=True, type=OUTPUT, help="Learning curve to write (CSV).")
def command(
    databases: tuple[Path, ...],
    held_out: tuple[Path, ...],
    published: tuple[Path, Path, Path] | None,
    images: Path,
    recipe: str,
    device: str,
    checkpoint: Path | None,
    output: Path,
    curve: Path,
) -> None:
    """Train the predictor on DATABASES; a call that finds its CHECKPOINT goes on from there.

    The weights of the last epoch are kept: what is held out judges them and chooses nothing.
    """
    import torch

    from ednag.files import write_text
    from ednag.predictor import fitting
    from ednag.predictor.database import leakage, read_entries, read_published
    from ednag.predictor.features import read_features
    from ednag.predictor.trained import write_predictor

    torch.set_num_threads(1)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if published is not None:
        entries, split = read_published(*published)
    elif databases:
        entries, split = read_entries(databases, held_out)
    else:
        raise EdnagError("predictor fit: give a database, or the published files (--published)")
    settings = fitting.recipe_with(parse_mapping(recipe, "--recipe"), "--recipe")
    log(f"{len(split.training)} entries train, {len(split.test)} judge")
    log(f"what they share: {leakage(entries, split)}")
    log(f"{settings}")

    def progress(row: dict[str, float]) -> None:
        epoch = int(row["epoch"])
        if epoch % max(1, settings.epochs // 20) == 0:
            log(
                f"epoch {epoch}/{settings.epochs}: loss {row['training_loss']:.3g}, held out "
                f"{row['validation_loss']:.3g}, Spearman {row['spearman']:.3f}"
            )

    fitted = fitting.fit(
        entries, read_features(images), split, settings, checkpoint, device, progress
    )
    write_predictor(fitted, output)
    write_text(curve, fitted.curve.to_csv(index=False, lineterminator="\n"))
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)

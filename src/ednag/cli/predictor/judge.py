"""`ednag predictor judge`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, PARQUET
from ednag.cli._progress import log


@click.command()
@click.argument("databases", nargs=-1, required=True, type=EXISTING)
@click.option(
    "--training", multiple=True, required=True, type=EXISTING, help="What PREDICTOR learnt from."
)
@click.option(
    "--reference",
    multiple=True,
    required=True,
    type=EXISTING,
    help="The cells of DATABASES on training tasks.",
)
@click.option("--predictor", "trained", required=True, type=EXISTING, help="Predictor (.pt).")
@click.option("--features", "images", required=True, type=EXISTING, help="Features by class.")
@click.option(
    "--repeats",
    default=100,
    type=click.IntRange(1, 100_000),
    help="Predictions from random images.",
)
@click.option("--output", required=True, type=PARQUET, help="Predicted and measured (Parquet).")
@click.option("--coreset", "repeated", required=True, type=PARQUET, help="Repeats (Parquet).")
@click.option("--images", "shown", required=True, type=PARQUET, help="Images in a plane (Parquet).")
def command(
    databases: tuple[Path, ...],
    training: tuple[Path, ...],
    reference: tuple[Path, ...],
    trained: Path,
    images: Path,
    repeats: int,
    output: Path,
    repeated: Path,
    shown: Path,
) -> None:
    """Predict the entries of DATABASES, by a coreset of their images and by random images.

    Scores that need no meta-predictor stand beside: FLOPs, the mean over REFERENCE tasks, and ridge
    regression on operations.
    """
    import torch

    from ednag.files import write_parquet
    from ednag.predictor.database import joined, read_database
    from ednag.predictor.features import read_features
    from ednag.predictor.judgement import images_in_a_plane, judge, repeat_predictions
    from ednag.predictor.trained import read_predictor

    torch.set_num_threads(1)
    entries, learnt, known = (
        joined([read_database(path) for path in paths])
        for paths in (databases, training, reference)
    )
    predictor, features = read_predictor(trained), read_features(images)
    judged = judge(predictor, entries, learnt, known, features)
    write_parquet(judged, output)
    write_parquet(repeat_predictions(predictor, entries, features, repeats), repeated)
    write_parquet(images_in_a_plane(entries, features), shown)
    log(f"{len(judged)} cells of {len(entries.tasks)} tasks; {repeats} repeats with random images")

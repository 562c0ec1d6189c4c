"""`ednag predictor features`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT, SOURCES, note_inputs
from ednag.cli._progress import log


@click.command()
@SOURCES
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Own images, a folder for each class, instead of the digits.",
)
@click.option("--weights", type=EXISTING, help="ResNet-18 weights; without them a substitute.")
@click.option("--output", required=True, type=OUTPUT, help="Features by class to write (.pt).")
def command(
    sources: dict[str, Path], folder: Path | None, weights: Path | None, output: Path
) -> None:
    """Turn images into features by class: of FOLDER, or of the packaged digits.

    In FOLDER each subfolder is a class and holds its images.
    """
    from ednag.predictor.feature_extraction import SIZE, features_of
    from ednag.predictor.features import write_features

    if folder is not None:
        from ednag.training.image_files import read_folder

        note_inputs(*sorted(path for path in folder.rglob("*") if path.is_file()))
        images = read_folder(folder, SIZE)
    else:
        from ednag.predictor.small_tasks import SmallImages
        from ednag.sources.lookup import locate
        from ednag.training.places import SMALL_SOURCES

        # The encoding of a task uses no test images: only those on which networks are trained.
        images = SmallImages.read(locate(SMALL_SOURCES, sources)).whole.train
    classes = features_of(images, weights)
    write_features(dict(enumerate(classes)), output)
    how = "published weights" if weights else "the substitute's weights"
    log(f"{images.source}: {len(images)} images of {len(classes)} classes, {how}")

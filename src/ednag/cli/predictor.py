"""`ednag predictor`: features of images, the training database, the predictor, its judgement."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import (
    EXISTING,
    FOLDER,
    OUTPUT,
    SOURCES,
    note_inputs,
    parse_mapping,
    table_files,
)
from ednag.cli.progress import say, track
from ednag.cli.small_images import small_images
from ednag.cli.statistics import STATISTICS, statistics_of
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.predictor import fitting
    from ednag.predictor.database import Database
    from ednag.predictor.splits import EntrySplit


@click.group()
def command() -> None:
    """Train and judge the meta-predictor, which reads a dataset and an architecture."""


@command.command()
@SOURCES
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Own images, a folder for each class, instead of the digits.",
)
@click.option("--weights", type=EXISTING, help="ResNet-18 weights; without them a substitute.")
@click.option("--output", required=True, type=OUTPUT, help="Features by class to write (.pt).")
def features(
    sources: tuple[str, ...], folder: Path | None, weights: Path | None, output: Path
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
        # Only what networks are trained on: the encoding of a task is to know no test image.
        images = small_images(sources).whole.train
    found = features_of(images, weights)
    write_features(dict(enumerate(found)), output)
    how = "published weights" if weights else "the substitute's weights"
    say(f"{images.source}: {len(images)} images of {len(found)} classes, {how}")


@command.command()
@SOURCES
@click.option(
    "--part",
    type=click.Choice(["training", "held-out"]),
    required=True,
    help="What the predictor learns from, or is judged by.",
)
@click.option("--seeds", required=True, help="Tasks, for example 0-9.")
@click.option("--cells", required=True, type=click.IntRange(1), help="Cells trained on each task.")
@click.option("--output", required=True, type=OUTPUT, help="Database to write (Parquet).")
def database(sources: tuple[str, ...], part: str, seeds: str, cells: int, output: Path) -> None:
    """Train random cells on tasks of handwritten digits: entries of the training database."""
    import torch

    from ednag.predictor.database import make_database, write_database
    from ednag.predictor.small_tasks import NETWORK, PARTS, RECIPE
    from ednag.spaces import get_space
    from ednag.study.seeds import parse_seeds
    from ednag.training.side_by_side import train_side_by_side

    torch.set_num_threads(1)
    images, space = small_images(sources), get_space("nasbench201")
    side = next(each for each in PARTS if each == part)
    keys: list[str] = []
    tasks: list[str] = []
    classes: dict[str, tuple[int, ...]] = {}
    accuracy: list[float] = []
    entries: list[int] = []
    for seed in track(parse_seeds(seeds, "--seeds"), f"{part} tasks"):
        task, codes = images.draw(side, seed, cells)
        drawn = space.keys(codes)
        histories = train_side_by_side(drawn, NETWORK, images.split_of(task), RECIPE, seed)
        classes[task.name], before = task.classes, len(accuracy)
        for key, history in zip(drawn, histories, strict=True):
            if history.status != "complete":
                say(f"task {task.name}, {key}: diverged, left out")
                continue
            keys.append(key)
            tasks.append(task.name)
            reached = history.epochs[-1].test_accuracy
            assert reached is not None  # every task has test images
            accuracy.append(reached)
            entries.append(seed)
        here = accuracy[before:]
        between = f", {min(here):.1f} to {max(here):.1f} %" if here else ""
        say(f"task {task.name}: {len(here)} cells{between}")
    write_database(make_database("nasbench201", keys, tasks, classes, accuracy, entries), output)
    say(f"{len(keys)} entries on {len(classes)} tasks")


@command.command()
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
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    show_default=True,
    help="auto: a GPU if there is one.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the state is kept, to go on from.",
)
@click.option("--output", required=True, type=OUTPUT, help="Predictor to write (.pt).")
@click.option("--curve", required=True, type=OUTPUT, help="Learning curve to write (CSV).")
def fit(
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
    from ednag.predictor.features import read_features
    from ednag.predictor.splits import leakage
    from ednag.predictor.trained import write_predictor

    torch.set_num_threads(1)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    entries, split = _entries(databases, held_out, published)
    settings = _recipe_of(recipe)
    say(f"{len(split.training)} entries train, {len(split.test)} judge")
    say(f"what they share: {leakage(entries, split)}")
    say(f"{settings}")

    def progress(row: dict[str, float]) -> None:
        epoch = int(row["epoch"])
        if epoch % max(1, settings.epochs // 20) == 0:
            say(
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


def _recipe_of(text: str) -> "fitting.PredictorRecipe":
    """What `--recipe` says; EdnagError where it names what a recipe has not."""
    from dataclasses import fields

    from ednag.naming import suggestion
    from ednag.predictor import fitting

    given = parse_mapping(text, "--recipe")
    known = [field.name for field in fields(fitting.PredictorRecipe)]
    for name in given:
        if name not in known:
            raise EdnagError(f"--recipe: unknown key {name!r}{suggestion(name, known)}")
    return fitting.PredictorRecipe(**given)


def _entries(
    databases: tuple[Path, ...],
    held_out: tuple[Path, ...],
    published: tuple[Path, Path, Path] | None,
) -> "tuple[Database, EntrySplit]":
    """What to train on, and which entries train and which judge."""
    import numpy as np

    from ednag.predictor.database import joined, read_database, read_published
    from ednag.predictor.splits import EntrySplit

    if published:
        return read_published(*published)
    if not databases:
        raise EdnagError("predictor fit: give a database, or the published files (--published)")
    parts = [read_database(path) for path in (*databases, *held_out)]
    entries, training = joined(parts), sum(len(part) for part in parts[: len(databases)])
    return entries, EntrySplit(np.arange(training), np.arange(training, len(entries)))


@command.command()
@click.argument("databases", nargs=-1, required=True, type=EXISTING)
@click.option("--predictor", "trained", required=True, type=EXISTING, help="Predictor (.pt).")
@click.option("--features", "images", required=True, type=EXISTING, help="Features by class.")
@click.option("--repeats", default=100, show_default=True, help="Predictions from random images.")
@click.option("--output", required=True, type=OUTPUT, help="Predicted and measured (Parquet).")
@click.option("--coreset", "repeated", required=True, type=OUTPUT, help="Repeats (Parquet).")
@click.option("--images", "shown", required=True, type=OUTPUT, help="Images in a plane (Parquet).")
def judge(
    databases: tuple[Path, ...],
    trained: Path,
    images: Path,
    repeats: int,
    output: Path,
    repeated: Path,
    shown: Path,
) -> None:
    """Predict the entries of DATABASES, by a coreset of their images and by random images."""
    import torch

    from ednag.files import write_parquet
    from ednag.predictor.database import joined, read_database
    from ednag.predictor.features import read_features
    from ednag.predictor.judgement import images_in_a_plane, predict_entries, repeat_predictions
    from ednag.predictor.trained import read_predictor

    torch.set_num_threads(1)
    entries = joined([read_database(path) for path in databases])
    predictor, features = read_predictor(trained), read_features(images)
    judged = predict_entries(predictor, entries, features)
    write_parquet(judged, output)
    write_parquet(repeat_predictions(predictor, entries, features, repeats), repeated)
    write_parquet(images_in_a_plane(entries, features), shown)
    say(
        f"{len(judged)} entries of {len(entries.tasks)} tasks; {repeats} repeats with random images"
    )


@command.command()
@click.argument("judged", type=EXISTING)
@click.option("--coreset", "repeated", required=True, type=EXISTING, help="Repeats (Parquet).")
@click.option("--trained-on", required=True, help="What the predictor was trained on: a sentence.")
@STATISTICS
@table_files()
@table_files("--coreset-output", "repeats", "coresets")
def table(
    judged: Path,
    repeated: Path,
    trained_on: str,
    statistics: str,
    outputs: tuple[Path, ...],
    repeats: tuple[Path, ...],
) -> None:
    """Correlations of JUDGED predictions, and coreset beside random images (.csv, .md, .tex)."""
    import pandas as pd

    from ednag.evidence.predictions import (
        coreset_table,
        quality_table,
        write_coreset,
        write_quality,
    )

    settings = statistics_of(statistics)
    found = quality_table(pd.read_parquet(judged), settings)
    write_quality(found, trained_on, settings, outputs)
    write_coreset(coreset_table(pd.read_parquet(repeated), settings), settings, repeats)
    whole = found.iloc[0]
    say(f"{len(found) - 1} tasks: Pearson {whole['pearson']:.2f}, Spearman {whole['spearman']:.2f}")


@command.command()
@click.argument("judged", type=EXISTING)
@click.option("--coreset", "repeated", required=True, type=EXISTING, help="Repeats (Parquet).")
@click.option("--images", "shown", required=True, type=EXISTING, help="Images in a plane.")
@click.option("--curve", required=True, type=EXISTING, help="Learning curve (CSV).")
@click.option("--title", required=True, help="Of what the predictor is.")
@click.option("--folder", required=True, type=FOLDER, help="Where FIGURE.csv, .pdf and .png go.")
def figures(
    judged: Path, repeated: Path, shown: Path, curve: Path, title: str, folder: Path
) -> None:
    """Draw quality (predicted, measured), learning and coreset of a predictor."""
    import pandas as pd

    from ednag.evidence.figures import predictions as drawing
    from ednag.evidence.figures import save_in

    pairs = drawing.quality_frame(pd.read_parquet(judged))
    learnt = pd.read_csv(curve)
    images = drawing.coreset_frame(pd.read_parquet(repeated), pd.read_parquet(shown))
    drawn = {
        "quality": (drawing.quality(pairs, f"{title}: tasks of unseen classes"), pairs),
        "learning": (drawing.learning(learnt, f"{title}: learning"), learnt),
        "coreset": (drawing.coreset(images, f"{title}: coreset beside random images"), images),
    }
    for name, (figure, frame) in drawn.items():
        save_in(folder, name, figure, frame)
        say(f"{name}: {len(frame)} rows drawn")

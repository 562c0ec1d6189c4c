"""`ednag predictor database`."""

from pathlib import Path

import click

from ednag.cli._options import PARQUET, SOURCES
from ednag.cli._progress import log, track


@click.command()
@SOURCES
@click.option(
    "--part",
    type=click.Choice(["training", "held-out", "reference"]),
    required=True,
    help="What the predictor learns from, is judged by, or the cells of the latter on training "
    "tasks.",
)
@click.option("--seeds", required=True, help="Tasks, for example 0-9.")
@click.option(
    "--cells", required=True, type=click.IntRange(1, 15_625), help="Cells trained on each task."
)
@click.option("--output", required=True, type=PARQUET, help="Database to write (Parquet).")
def command(sources: dict[str, Path], part: str, seeds: str, cells: int, output: Path) -> None:
    """Train random cells on tasks of handwritten digits: entries of the training database."""
    import torch

    from ednag.predictor.database import write_database
    from ednag.predictor.small_database import database_of, train_cells
    from ednag.predictor.small_tasks import PARTS, SmallImages
    from ednag.sources.lookup import locate
    from ednag.study.seeds import parse_seeds
    from ednag.training.places import SMALL_SOURCES

    torch.set_num_threads(1)
    images = SmallImages.read(locate(SMALL_SOURCES, sources))
    side = next(each for each in PARTS if each == part)
    trained = []
    tasks = parse_seeds(seeds, "--seeds")
    for seed in track(tasks, f"{part} tasks", len(tasks)):
        cells_of_seed = train_cells(images, side, seed, cells)
        task, accuracy = cells_of_seed.task.name, cells_of_seed.accuracy.values()
        for key in cells_of_seed.diverged:
            log(f"task {task}, {key}: diverged, left out")
        between = f", {min(accuracy):.1f} to {max(accuracy):.1f} %" if accuracy else ""
        log(f"task {task}: {len(accuracy)} cells{between}")
        trained.append(cells_of_seed)
    database = database_of(trained)
    write_database(database, output)
    log(f"{len(database)} entries on {len(database.tasks)} tasks")

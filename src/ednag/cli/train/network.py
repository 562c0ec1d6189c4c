"""`ednag train network`."""

from pathlib import Path

import click

from ednag.cli._options import DEVICE, OUTPUT, SOURCES, note_searched, parse_mapping
from ednag.cli._progress import log
from ednag.cli.train._shared import CHOSEN, SEED, log_progress


@click.command()
@CHOSEN
@click.option("--space", required=True, help="Search space of the architectures.")
@click.option("--dataset", required=True, help="Predicted benchmark they were chosen on.")
@click.option(
    "--slot", required=True, type=click.IntRange(0, 1_000_000), help="Which of CHOSEN, from 0."
)
@SOURCES
@SEED
@click.option("--recipe", default="{}", help="JSON object; what differs from the paper's recipe.")
@click.option(
    "--images", type=click.IntRange(2, 1_000_000), help="First images of each class alone."
)
@click.option("--device", type=DEVICE, default="auto", help="auto: a GPU if there is one.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of trained networks instead of the one beside the sources' cache.",
)
@click.option("--output", required=True, type=OUTPUT, help="How it learnt, to write (JSON).")
def command(
    chosen: Path,
    space: str,
    dataset: str,
    slot: int,
    sources: dict[str, Path],
    seed: int,
    recipe: str,
    images: int | None,
    device: str,
    cache: Path | None,
    output: Path,
) -> None:
    """Train one architecture of CHOSEN (Parquet with a column `key`) as the paper trains it.

    Distinct architectures are counted in the order of CHOSEN; a slot beyond the last is written
    down as empty. A network that any study has trained is taken from the cache.
    """
    import json

    import torch

    from ednag.code import code_digest
    from ednag.files import write_text
    from ednag.sources.lookup import locate
    from ednag.sources.places import cache_folder
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import changed_recipe
    from ednag.training.trained_network import key_of_slot, train_network

    task = image_task(space, dataset)
    key = key_of_slot(chosen, slot)
    if key is None:
        write_text(output, json.dumps({"slot": slot, "status": "empty"}) + "\n")
        log(f"slot {slot} is empty: fewer distinct architectures were chosen")
        return
    settings = changed_recipe(task.recipe, parse_mapping(recipe, "--recipe"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    paths = locate(task.sources, sources)
    cache = cache or cache_folder() / "trained"
    note_searched([cache])
    code = code_digest("train network")
    record, cached = train_network(
        task, key, settings, paths, images, seed, device, code, cache, log_progress
    )
    write_text(output, json.dumps({"slot": slot, **record}, sort_keys=True, indent=1) + "\n")
    notes = record["history"]["notes"]
    log(f"{key}: {record['status']}, {'from the cache' if cached else 'trained'}; {notes}")

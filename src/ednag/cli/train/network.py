"""`ednag train network`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT, SOURCES, note_searched, parse_mapping
from ednag.cli._progress import log
from ednag.cli.train._shared import _CHOSEN, _SEED, _say_progress
from ednag.errors import EdnagError


@click.command()
@_CHOSEN
@click.option("--space", required=True, help="Search space of the architectures.")
@click.option("--dataset", required=True, help="Predicted benchmark they were chosen on.")
@click.option("--slot", required=True, type=click.IntRange(0), help="Which of CHOSEN, from 0.")
@SOURCES
@_SEED
@click.option("--recipe", default="{}", help="JSON object; what differs from the paper's recipe.")
@click.option("--images", type=click.IntRange(2), help="First images of each class alone.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="auto",
    help="What to train on; auto: a GPU if there is one.",
)
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
    down as empty. What was trained before, by whatever study, is taken from the cache.
    """
    import json

    import torch

    from ednag.files import write_text
    from ednag.sources.lookup import locate
    from ednag.sources.verification import digest
    from ednag.study.digests import code_digest
    from ednag.training.image_tasks import image_task
    from ednag.training.loop import train
    from ednag.training.places import SUPERNET
    from ednag.training.recipe import changed_recipe
    from ednag.training.trained_cache import TrainedCache

    task = image_task(space, dataset)
    key = _key_of_slot(chosen, slot)
    if key is None:
        write_text(output, json.dumps({"slot": slot, "status": "empty"}) + "\n")
        log(f"slot {slot} is empty: fewer distinct architectures were chosen")
        return
    settings = changed_recipe(task.recipe, parse_mapping(recipe, "--recipe"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    paths = locate(task.sources, sources)
    data, supernet = task.split(paths, images), paths.get(SUPERNET)
    made_of = {
        "space": space,
        "architecture": key,
        "recipe": settings.model_dump(mode="json"),
        "data": data.digest,
        "supernet": digest(supernet).sha256 if supernet else None,
        "seed": seed,
        "code": code_digest("train network"),
        "device": device,
    }
    cache = cache or _trained_folder()
    note_searched([cache])
    history, kept = TrainedCache(cache).obtain(
        made_of,
        lambda checkpoint: train(
            lambda: task.build(key, settings, supernet),
            data,
            settings,
            seed,
            device=device,
            checkpoint=checkpoint,
            progress=_say_progress,
        ),
    )
    record = {
        "slot": slot,
        "status": history.status,
        "made_of": made_of,
        "flops": int(task.flops([key])[0]),
        "history": history.to_record(),
    }
    write_text(output, json.dumps(record, sort_keys=True, indent=1) + "\n")
    log(f"{key}: {history.status}, {'from the cache' if kept else 'trained'}; {history.notes}")


def _trained_folder() -> Path:
    from ednag.sources.places import cache_folder

    return cache_folder() / "trained"


def _key_of_slot(chosen: Path, slot: int) -> str | None:
    """The architecture in a slot; None beyond the last."""
    import pandas as pd

    frame = pd.read_parquet(chosen)
    if "key" not in frame:
        raise EdnagError(f"{chosen}: no column `key`; give what `ednag top-k choose` writes")
    keys = list(dict.fromkeys(frame["key"]))
    return str(keys[slot]) if slot < len(keys) else None

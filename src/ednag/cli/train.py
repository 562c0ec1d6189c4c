"""`ednag train`: networks of chosen architectures, trained on a dataset's images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import EXISTING, OUTPUT, SOURCES, note_searched, parse_mapping
from ednag.cli.progress import say
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.training.loop import TrainingProgress

_CHOSEN = click.argument("chosen", type=EXISTING)
_SEED = click.option("--seed", required=True, type=click.IntRange(0), help="Of weights and order.")


@click.group()
def command() -> None:
    """Train the networks of chosen architectures."""


@command.command()
@_CHOSEN
@SOURCES
@_SEED
@click.option("--output", required=True, type=OUTPUT, help="Trained networks to write (Parquet).")
def small(chosen: Path, sources: tuple[str, ...], seed: int, output: Path) -> None:
    """Train each architecture of CHOSEN (Parquet with a column `key`) on the unseen digits."""
    import pandas as pd
    import torch

    from ednag.cli.small_images import small_images
    from ednag.files import write_parquet
    from ednag.predictor.small_tasks import NETWORK, RECIPE, Task
    from ednag.predictor.unseen_task import UNSEEN_CLASSES
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
                "paper_accuracy": last.test_accuracy if last else None,
                "data": history.data,
                "weights": history.weights,
            }
        )
    write_parquet(pd.DataFrame(rows), output)
    diverged = sum(history.status != "complete" for history in histories)
    say(f"{len(keys)} networks trained with seed {seed}, {diverged} diverged")


def _say_progress(progress: "TrainingProgress") -> None:
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    say(f"epoch {progress.epochs_done} of {progress.epochs}{left}")


@command.command()
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
def network(
    chosen: Path,
    space: str,
    dataset: str,
    slot: int,
    sources: tuple[str, ...],
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

    from ednag.cli.tables import digests_of, locate
    from ednag.files import write_text
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
        say(f"slot {slot} is empty: fewer distinct architectures were chosen")
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
        "supernet": digests_of({SUPERNET: supernet})[SUPERNET] if supernet else None,
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
    say(f"{key}: {history.status}, {'from the cache' if kept else 'trained'}; {history.notes}")


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


@command.command()
@click.argument("networks", nargs=-1, required=True, type=EXISTING)
@click.option("--space", required=True, help="Search space of the architectures.")
@click.option("--dataset", required=True, help="Predicted benchmark they were chosen on.")
@click.option("--output", required=True, type=OUTPUT, help="All of them (Parquet).")
def gather(networks: tuple[Path, ...], space: str, dataset: str, output: Path) -> None:
    """Gather NETWORKS (JSON) into one table, scored by both protocols."""
    import json

    import pandas as pd

    from ednag.files import write_parquet
    from ednag.training.image_tasks import image_task
    from ednag.training.scores import score

    told = [json.loads(path.read_text(encoding="utf-8")) for path in networks]
    rows = [score(each, image_task(space, dataset)) for each in told if each["status"] != "empty"]
    if not rows:
        raise EdnagError(f"{space}/{dataset}: no network was trained; choose some (top_k)")
    write_parquet(pd.DataFrame(rows), output)
    diverged = sum(row["status"] == "diverged" for row in rows)
    say(f"{len(rows)} trained networks, {diverged} diverged")

"""`ednag estimate`: how long a study will train, measured on the machine at hand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.progress import say
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.study.configuration import Study


@click.command()
@click.argument("study", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="auto")
def command(study: Path, device: str) -> None:
    """Print how long the networks of STUDY (YAML) take to train; refuse what takes too long.

    A few steps of a cheap and of a costly network are timed. Exit status 1 if there is no GPU and
    the study trains longer than its `training.cpu_hours`.
    """
    from ednag.study.configuration import load_study

    refuse_too_long(load_study(study), device)


def refuse_too_long(study: "Study", device: str = "auto") -> None:
    """Say how long the networks of a study take; raise EdnagError if that is refused.

    Networks that another study has trained already are counted as well: the cache is not asked.
    """
    from ednag.training.places import IMAGE_SOURCES

    places = [
        (space, dataset)
        for space, datasets in study.benchmarks.items()
        for dataset in datasets
        if (space, dataset) in IMAGE_SOURCES
    ]
    if not places:
        say("nothing of this study is trained on registered images")
        return
    device, total = _device(device), 0.0
    for place in places:
        hours, count, seconds = _hours(study, place, device)
        total += hours
        say(
            f"{'/'.join(place)}: at most {count} trainings, {hours:,.1f} hours on this {device} "
            f"({seconds:.1f} s an epoch of a costly network)"
        )
    say(f"in all at most {total:,.1f} hours on one {device}; with n of them at once, a n-th")
    limit = study.training.cpu_hours
    if device == "cpu" and total > limit:
        raise EdnagError(
            f"no GPU is here, and training takes up to {total:,.0f} hours on one core; the limit "
            f"is {limit:g} (training.cpu_hours). Train a part: training.scale below 1, "
            "training.images, fewer top_k.runs, top_k.random or top_k.seeds; or run on a GPU"
        )


def _device(named: str) -> str:
    import torch

    if named == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return named


def _hours(study: "Study", place: tuple[str, str], device: str) -> tuple[float, int, float]:
    """Hours, number of trainings, and seconds of one epoch of a costly network."""
    from ednag.study.configuration import trained_slots
    from ednag.training.cost import measure, typical_flops
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import scaled_recipe

    task = image_task(*place)
    model, recipe = measure(task, device), scaled_recipe(task.recipe, study.training.scale)
    count = trained_slots(study) * len(study.top_k.seeds)
    share = task.images_used(study.training.images) / task.training_images
    flops = typical_flops(task, count)
    hours = model.hours(task, flops, recipe.epochs, share)
    return hours, count, model.hours(task, flops[:1], 1, share) * 3600

"""`ednag estimate`: how long a study will train, measured on the machine at hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._progress import log
from ednag.errors import EdnagError
from ednag.files import user_path

if TYPE_CHECKING:
    from ednag.study.configuration import Study

Place = tuple[str, str]


@click.command()
@click.argument("study", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="auto",
    help="What to measure; auto: a GPU if there is one.",
)
def command(study: Path, device: str) -> None:
    """Print how long the networks of STUDY (YAML) take to train; refuse what takes too long.

    A few steps of a cheap and of a costly network are timed, on one core or on the GPU. Datasets
    of `if_present` count where their data is here, as in the workflow. Exit status 1 if there is
    no GPU and the study trains longer than its `training.cpu_hours`.
    """
    from ednag.study.configuration import load_study

    told = load_study(study)
    refuse_too_long(told, searched_places(told), device)


def searched_places(study: "Study") -> list[Place]:
    """(space, dataset) that the workflow would search on this machine, in the study's order.

    Raises:
        EdnagError: The registry or the lock file of sources cannot be read.
    """
    from ednag.sources.inventory import take_stock
    from ednag.sources.obtain import Surroundings
    from ednag.sources.places import mirror_folders
    from ednag.sources.registry import load_registry
    from ednag.study.benchmarks import split_benchmarks

    named = [user_path(folder) for folder in study.mirrors]
    around = Surroundings.of_user([*named, *mirror_folders()])
    here = {held.source.id for held in take_stock(load_registry(), around) if held.path is not None}
    return split_benchmarks(study, here.__contains__)[0]


def refuse_too_long(study: "Study", searched: Sequence[Place], device: str = "auto") -> None:
    """Say how long the networks of a study take.

    Networks that another study has trained already are counted as well: the cache is not asked.

    Args:
        study: The study.
        searched: (space, dataset) that are really searched, see `searched_places`.
        device: cpu, cuda, or auto for cuda where there is a GPU.

    Raises:
        EdnagError: There is no GPU, and they take longer than `training.cpu_hours`.
    """
    from ednag.training.places import IMAGE_SOURCES

    places = [place for place in searched if place in IMAGE_SOURCES]
    if not places:
        log("nothing of this study is trained on registered images")
        return
    device = _device(device)
    total, limit = _total_hours(study, places, device), study.training.cpu_hours
    if device == "cpu" and total > limit:
        raise EdnagError(
            f"no GPU is here, and training takes up to {total:,.1f} hours on one core; the limit "
            f"is {limit:g} (training.cpu_hours). Train a part: training.scale below 1, "
            "training.images, fewer top_k.runs, top_k.random or top_k.seeds; or run on a GPU"
        )


#: Device -> what the hours are hours of.
_ONE = {"cpu": "one core", "cuda": "one GPU"}


def _total_hours(study: "Study", places: Sequence[Place], device: str) -> float:
    """Hours of all trainings, one after the other; says those of each place."""
    from ednag.study.trained import networks_trained, training_hours
    from ednag.training.cost import measure
    from ednag.training.image_tasks import image_task

    # Networks of one space differ between datasets by their classifier alone: one dataset is timed.
    timed = dict(places)
    models = {space: measure(image_task(space, name), device) for space, name in timed.items()}
    total, count = 0.0, networks_trained(study)
    for space, dataset in places:
        hours, of_an_epoch = training_hours(study, space, dataset, models[space])
        total += hours
        log(
            f"{space}/{dataset}: at most {count} trainings, {hours:,.1f} hours on {_ONE[device]} "
            f"({3600 * of_an_epoch:.1f} s an epoch of a costly network)"
        )
    log(f"in all at most {total:,.1f} hours on {_ONE[device]}; with n of them at once, a n-th")
    return total


def _device(named: str) -> str:
    import torch

    if named == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return named

"""`ednag estimate`: how long a study will train, measured on the machine at hand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._progress import log

if TYPE_CHECKING:
    from ednag.study.configuration import Study


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
    from ednag.study.training_time import refuse_too_long

    configuration = load_study(study)
    refuse_too_long(configuration, searched_places(configuration), device, log)


def searched_places(study: "Study") -> list[tuple[str, str]]:
    """(space, dataset) that the workflow would search on this machine, in the study's order.

    Raises:
        EdnagError: The registry or the lock file of sources cannot be read.
    """
    from ednag.files import user_path
    from ednag.sources.inventory import take_stock
    from ednag.sources.obtain import Surroundings
    from ednag.sources.places import mirror_folders
    from ednag.sources.registry import load_registry
    from ednag.study.benchmarks import split_benchmarks

    named = [user_path(folder) for folder in study.mirrors]
    around = Surroundings.of_user([*named, *mirror_folders()])
    present = {
        held.source.id for held in take_stock(load_registry(), around) if held.path is not None
    }
    return split_benchmarks(study, present.__contains__)[0]

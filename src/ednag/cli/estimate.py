"""`ednag estimate`: how long a study will train, measured on the machine at hand."""

from pathlib import Path

import click

from ednag.cli._progress import log


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
    from ednag.provenance.recording import project_folder
    from ednag.sources.registry import load_registry
    from ednag.study.configuration import load_study
    from ednag.study.plan import checked_plan
    from ednag.study.training_time import refuse_too_long

    configuration = load_study(study)
    plan = checked_plan(configuration, load_registry(), project_folder())
    refuse_too_long(configuration, plan.searched, device, log)

"""`ednag doctor`: whether this machine is as it should be, and which studies it can run."""

from pathlib import Path

import click


@click.command()
@click.argument(
    "studies",
    nargs=-1,
    metavar="[STUDY]...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--online", is_flag=True, help="Ask each server of upstream files if it answers.")
@click.option(
    "--json", "for_programs", is_flag=True, help="For machines, and for reports of faults."
)
def command(studies: tuple[Path, ...], online: bool, for_programs: bool) -> None:
    """Check Python, packages, disk, memory, GPU, mirrors and cache, and what each STUDY needs.

    STUDY is a configuration file (YAML); without any, config.yaml and config/*.yaml are taken.
    Nothing is run or downloaded, and no server is asked without --online. Exit status 1 if
    something is broken: Python too old, a package missing or other than pinned, an invalid study.
    """
    from ednag.doctor.diagnosis import diagnose, project_studies
    from ednag.doctor.report import as_json, as_text

    diagnosis = diagnose(studies or project_studies(), online)
    click.echo(as_json(diagnosis) if for_programs else as_text(diagnosis))
    if diagnosis.faults:
        raise SystemExit(1)

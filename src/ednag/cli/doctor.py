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
@click.option("--json", "as_json", is_flag=True, help="For machines, and for reports of faults.")
def command(studies: tuple[Path, ...], online: bool, as_json: bool) -> None:
    """Check Python, packages, disk, memory, GPU, mirrors and cache, and what each STUDY needs.

    STUDY is a configuration file (YAML); without any, config.yaml and config/*.yaml are taken.
    Nothing is run or downloaded, and no server is asked without --online. Exit status 1 if
    something is broken: Python too old, a package missing or other than pinned, an invalid study.
    """
    from ednag.doctor.diagnosis import diagnose, project_studies
    from ednag.doctor.report import as_record, as_text

    found = diagnose(studies or project_studies(), online)
    if as_json:
        import json

        click.echo(json.dumps(as_record(found), indent=2))
    else:
        click.echo(as_text(found), nl=False)
    if found.faults:
        raise SystemExit(1)

"""`ednag config check`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING)
def command(files: tuple[Path, ...]) -> None:
    """Check that each configuration FILE can be planned here; one line and status 1 if not."""
    from ednag.errors import EdnagError
    from ednag.provenance.recording import project_folder
    from ednag.sources.registry import load_registry
    from ednag.study.configuration import load_study
    from ednag.study.plan import checked_plan

    for path in files:
        study = load_study(path)
        try:
            plan = checked_plan(study, load_registry(), project_folder())
        except EdnagError as error:
            raise EdnagError(f"{path}: {error}") from None
        methods = ", ".join(entry.id for entry in study.methods)
        for name, reason in plan.idle.items():
            click.echo(f"{path}: {name} runs on nothing here ({reason})", err=True)
        click.echo(f"{path}: {len(study.seeds)} seeds, methods {methods}")

"""`ednag config check`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING)
def command(files: tuple[Path, ...]) -> None:
    """Check that each configuration FILE is valid; one line and exit status 1 if not."""
    from ednag.study.configuration import load_study

    for path in files:
        study = load_study(path)
        methods = ", ".join(entry.id for entry in study.methods)
        click.echo(f"{path}: {len(study.seeds)} seeds, methods {methods}")

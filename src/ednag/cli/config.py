"""`ednag config`: check a study's configuration, print its schema."""

from pathlib import Path

import click

from ednag.cli.options import EXISTING


@click.group()
def command() -> None:
    """Check a study's configuration, print its schema."""


@command.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING)
def check(files: tuple[Path, ...]) -> None:
    """Check that each configuration FILE is valid; one line and exit status 1 if not."""
    from ednag.study.configuration import load_study

    for path in files:
        study = load_study(path)
        names = [entry.id for entry in study.methods]
        click.echo(f"{path}: {len(study.seeds)} seeds, methods {', '.join(names)}")


@command.command()
def schema() -> None:
    """Print the JSON schema of the configuration (kept in config/schema.json)."""
    from ednag.study.configuration import schema as text

    click.echo(text(), nl=False)

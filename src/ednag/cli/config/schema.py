"""`ednag config schema`."""

import click


@click.command()
def command() -> None:
    """Print the JSON schema of the configuration (kept in config/schema.json)."""
    from ednag.study.configuration import schema as text

    click.echo(text(), nl=False)

"""`ednag config write`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT


@click.command()
@click.option(
    "--study", required=True, help="JSON: the study with every key, and the sources it reads."
)
@click.option("--output", required=True, type=OUTPUT, help="File to write (JSON).")
def command(study: str, output: Path) -> None:
    """Write the study that results belong to, as the workflow plans it.

    `ednag audit` holds the results against this file.
    """
    from ednag.study.declared import write_declared

    write_declared(study, output)

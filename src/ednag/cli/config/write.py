"""`ednag config write`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT


@click.command()
@click.option(
    "--study", required=True, help="JSON: the study with every key, and the sources it reads."
)
@click.option(
    "--file", multiple=True, help="File of the study, and of each overlay, for the run record."
)
@click.option("--output", required=True, type=OUTPUT, help="File to write (JSON).")
def command(study: str, file: tuple[str, ...], output: Path) -> None:
    """Write the study that results belong to, as the workflow plans it.

    `ednag audit` holds the results against this file. The run record says of which files it is: the
    next steps of the audit name them.
    """
    from ednag.study.declared import write_declared

    write_declared(study, output)

"""`ednag crate`: the study as a Workflow Run RO-Crate."""

import shlex
from pathlib import Path

import click

from ednag.cli._options import FOLDER, ROOT


@click.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--figures/--no-figures",
    default=True,
    help="Put the figures into the crate, or only name them by checksum.",
)
@ROOT
def command(folder: Path, figures: bool, root: Path) -> None:
    """Write the study as an RO-Crate to FOLDER, if an audit finds no fault.

    It holds evidence, figures, records and the workflow, with SHA256SUMS; sources and all between
    are named by address and checksum.
    """
    from ednag.cli._audit import audit_tree
    from ednag.provenance.crate import write_crate

    size = write_crate(audit_tree(root), folder, figures)
    check = f"cd {shlex.quote(str(folder))} && sha256sum -c SHA256SUMS"
    click.echo(f"{folder}: {size / 1e6:.1f} MB; check it with: {check}")

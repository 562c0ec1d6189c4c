"""`ednag lock`: sha256 and size of every source and output, to commit."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT, ROOT


@click.command()
@ROOT
@click.option("--output", type=OUTPUT, default=Path("results.lock"), help="File to write.")
def command(root: Path, output: Path) -> None:
    """Write sha256 and size of all that the study's results rest on, if an audit finds no fault.

    Commit the file; `ednag audit --against results.lock` tells on another machine what differs.
    """
    from ednag.cli._audit import audit_tree
    from ednag.provenance.results_lock import write_lock

    count = write_lock(audit_tree(root), output)
    click.echo(f"{output}: {count} files; commit it")

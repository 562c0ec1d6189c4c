"""`ednag chains`: a page on which every number of some tables leads to what it was made of."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT, ROOT, note_searched
from ednag.cli._progress import log


@click.command()
@click.argument("tables", nargs=-1, required=True, type=EXISTING)
@click.option("--title", default="Tables and their chains", help="Of the page.")
@click.option("--output", required=True, type=OUTPUT, help="The page (HTML).")
@ROOT
def command(tables: tuple[Path, ...], title: str, output: Path, root: Path) -> None:
    """Write a page of TABLES (CSV) with the chain of every number."""
    from ednag.files import write_text
    from ednag.provenance.chain_page import chain_page
    from ednag.provenance.records import STORE
    from ednag.provenance.setting import Setting

    note_searched([root / STORE])
    write_text(output, chain_page(Setting.of_user(root), tables, title))
    log(f"{output}: written")

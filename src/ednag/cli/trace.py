"""`ednag trace`: the chain of one number or figure, down to addresses and checksums."""

from pathlib import Path

import click

from ednag.cli._options import ROOT
from ednag.errors import EdnagError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--row",
    "rows",
    multiple=True,
    metavar="TEXT",
    help="A cell of the row, such as a method, dataset or protocol; repeatable.",
)
@click.option(
    "--column",
    metavar="TEXT",
    help="Column to trace; if it names a row, that row is selected and its mean is traced.",
)
@click.option("--json", "for_programs", is_flag=True, help="For machines.")
@ROOT
def command(
    file: Path, rows: tuple[str, ...], column: str | None, for_programs: bool, root: Path
) -> None:
    """Show what one number of the table FILE, or the figure FILE, was made of.

    For example: ednag trace results/evidence/nasbench201.csv --row cifar10-analog
    --row EDNAG --column mean
    """
    from ednag.cli._audit import plan_at, setting_of
    from ednag.provenance.trace import as_json, as_text, trace

    setting = setting_of(root, plan_at(root))
    aliases = _printed_titles(root) if rows or column else {}
    chain = trace(setting, file, rows, column, aliases)
    for line in [as_json(chain)] if for_programs else as_text(chain):
        click.echo(line)
    if chain.faults:
        fault = chain.faults[0]
        raise EdnagError(f"the chain is broken: {fault.link}; next: {fault.next_step}")


def _printed_titles(root: Path) -> dict[str, str]:
    """Title of a method as tables print it, in lower case -> name of the method."""
    from ednag.methods import get_method
    from ednag.methods.instances import define_methods, defined, method_names
    from ednag.provenance.store import methods_of, read_store

    define_methods(methods_of(read_store(root)))
    return {get_method(name).title.casefold(): name for name in (*method_names(), *defined)}

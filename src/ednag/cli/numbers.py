"""`ednag numbers`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log


@click.command()
@click.argument("tables", nargs=-1, required=True, type=EXISTING)
@click.option("--macros", required=True, type=OUTPUT, help="Macros (LaTeX).")
@click.option("--data", required=True, type=OUTPUT, help="The same for programs (JSON).")
def command(tables: tuple[Path, ...], macros: Path, data: Path) -> None:
    """Write the numbers of TABLES (CSV) that a manuscript may cite.

    TABLES are those of `ednag tabulate own-end | equal-budget`, and over all datasets.
    """
    from ednag.evidence.numbers import as_json, as_macros, numbers_of
    from ednag.files import read_rows, write_text

    numbers = numbers_of({path.as_posix(): read_rows(path) for path in tables})
    write_text(macros, as_macros(numbers))
    write_text(data, as_json(numbers))
    log(f"{len(numbers)} numbers")

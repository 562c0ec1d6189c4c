"""`ednag cells enumerate`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT, PARQUET
from ednag.cli._progress import log
from ednag.cli.cells._shared import all_cells


@click.command()
@click.option("--output", required=True, type=PARQUET, help="Parquet file to write, a row a cell.")
@click.option(
    "--hashes",
    type=EXISTING,
    help="nasbench101_vis_20k.json: write only its cells, with what it measured.",
)
@click.option(
    "--summary",
    "summaries",
    multiple=True,
    type=OUTPUT,
    help="Table of how many cells there are: .csv, .md or .tex.",
)
def command(output: Path, hashes: Path | None, summaries: tuple[Path, ...]) -> None:
    """Enumerate all 423,624 cells and mark the 6,399 that EDNAG's search can reach.

    About a minute and a half on one core. Columns: key (module hash), vertices, edges, adjacency
    and operations as in the benchmark's records, code in the space nasbench101 (-1: out of reach),
    flops and counted_parameters of the network by formula, for vertices numbered as here.
    """
    from ednag.cells.lists import with_counts
    from ednag.evidence.cells import enumeration_table, write_enumeration
    from ednag.files import write_parquet
    from ednag.tables.nasbench101_cell_list import list_cells, recover
    from ednag.tables.nasbench101_vis import read

    measured = None if hashes is None else read(hashes)
    cells = all_cells()
    rows = list_cells(cells)
    counted = {"enumerated": len(rows), "within_reach": int((rows["code"] >= 0).sum())}
    if measured is not None:
        rows = recover(rows, measured)
    rows = with_counts(rows, cells)
    if measured is not None:
        agree = rows["counted_parameters"] == rows["parameters"]
        counted |= {"measured": len(rows), "parameters_agree": int(agree.sum())}
    write_parquet(rows, output)
    write_enumeration(enumeration_table(counted), summaries)
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counted.items())
    log(f"cells: {counts}")
    log(f"{output}: {len(rows)} rows")

"""`ednag cells`: the cells of NAS-Bench-101, which its files name by a hash."""

from pathlib import Path

import click

from ednag.cli.options import EXISTING, OUTPUT
from ednag.cli.progress import say, track
from ednag.errors import EdnagError


@click.group()
def command() -> None:
    """The cells of NAS-Bench-101, which its files name by a hash."""


@command.command(name="enumerate")
@click.option("--output", required=True, type=OUTPUT, help="Parquet file to write, a row a cell.")
@click.option(
    "--hashes",
    type=EXISTING,
    help="nasbench101_vis_20k.json: write only its cells, with what it measured.",
)
def enumerate_all(output: Path, hashes: Path | None) -> None:
    """Enumerate all 423,624 cells and mark the 6,399 that EDNAG's search can reach.

    About a minute on one core. Columns: key (module hash), vertices, edges, adjacency and
    operations as in the benchmark's records, code in the space nasbench101 (-1: out of reach).
    """
    from ednag.files import write_parquet
    from ednag.spaces.nasbench101_cells import CELL_COUNT, enumerate_cells
    from ednag.tables.nasbench101_cell_list import list_cells, recover
    from ednag.tables.nasbench101_vis import read

    measured = None if hashes is None else read(hashes)
    cells = enumerate_cells(lambda forms: track(forms, "forms of cells"))
    rows = list_cells(cells)
    if len(rows) != CELL_COUNT:
        raise EdnagError(f"{len(rows)} cells were found where NAS-Bench-101 has {CELL_COUNT}")
    reached = int((rows["code"] >= 0).sum())
    say(f"{len(rows)} cells, {reached} of them within reach of EDNAG's fixed operations")
    if measured is not None:
        rows = recover(rows, measured)
        reached = int((rows["code"] >= 0).sum())
        say(f"all {len(rows)} hashes of {hashes} resolved, {reached} of them within reach")
    write_parquet(rows, output)
    say(f"{output}: {len(rows)} rows")

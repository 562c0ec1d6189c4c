"""`ednag cells build`."""

import math
from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log, track
from ednag.cli.cells._shared import MEASURED, all_cells
from ednag.errors import EdnagError

_SPACES = ("nasbench101", "nasbench201")


@click.command()
@click.option("--space", required=True, type=click.Choice(_SPACES), help="Whose cells.")
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    help="NAS-Bench-201: count networks of this dataset only, as Parquet; else of all three.",
)
@MEASURED
@click.option(
    "--cells",
    "listed",
    type=EXISTING,
    help="NAS-Bench-101: only the cells of this file of `ednag cells enumerate`.",
)
@click.option(
    "--order",
    type=EXISTING,
    help="NAS-Bench-201: nasbench201_cifar10.csv, in whose order the benchmark numbers its cells; "
    "without it, they are numbered by code.",
)
@click.option("--output", required=True, type=OUTPUT, help=".parquet, or .json as published.")
def command(
    space: str,
    datasets: tuple[str, ...],
    measured: tuple[Path, ...],
    listed: Path | None,
    order: Path | None,
    output: Path,
) -> None:
    """Write FLOPs and parameters of every vertex or edge of cells, and of whole networks.

    Computed by formula; memory does not grow with the file. What was measured is joined where a
    table is given, and absent otherwise.
    """
    from ednag.cells import published
    from ednag.cells.lists import read_cell_list
    from ednag.tables.measured_fields import measured_fields

    writers = {".parquet": published.write_parquet, ".json": published.write_json}
    if output.suffix not in writers:
        raise EdnagError(f"--output {output}: name a file that ends in .parquet or .json")
    if datasets and output.suffix == ".json":
        raise EdnagError(
            "--dataset: published records hold all three datasets; leave it out, or write .parquet"
        )
    joined = measured_fields(space, measured)
    if space == "nasbench101":
        cells = all_cells() if listed is None else read_cell_list(listed)
        count = len(cells)
        batches = published.nasbench101_batches(cells, joined)
    else:
        keys = _ordered_keys(order)
        count = len(keys)
        batches = published.of_datasets(published.nasbench201_batches(keys, joined), datasets)
    parts = math.ceil(count / published.CHUNK)
    writers[output.suffix](track(batches, f"parts of {published.CHUNK} cells", parts), output)
    fields = "nothing" if joined is None else ", ".join(map(str, joined))
    log(f"{output}: {count} cells of {space}; joined of what was measured: {fields}")


def _ordered_keys(order: Path | None) -> list[str]:
    """Architecture strings in the order of a CSV's column `arch str`, or of codes."""
    import numpy as np

    from ednag.spaces import get_space
    from ednag.tables.columns import read_csv

    if order is None:
        space = get_space("nasbench201")
        return space.keys(np.arange(space.size))
    frame = read_csv(order, f"--order {order}", text=["arch str"])
    return [str(key) for key in frame["arch str"]]

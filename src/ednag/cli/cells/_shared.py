"""What subcommands of `ednag cells` share."""

from typing import TYPE_CHECKING

import click

from ednag.cli._options import EXISTING
from ednag.cli._progress import track
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.spaces.nasbench101_cells import NASBench101Cell

MEASURED = click.option(
    "--measured",
    multiple=True,
    type=EXISTING,
    help="Benchmark table (`ednag tables build`) whose accuracies are joined; may be repeated.",
)


def all_cells() -> "dict[str, NASBench101Cell]":
    """All cells of NAS-Bench-101 by their hashes; raises EdnagError if the number is wrong."""
    from ednag.spaces.nasbench101_cells import CELL_COUNT, enumerate_cells

    cells = enumerate_cells(lambda forms: track(forms, "forms of cells", len(forms)))
    if len(cells) != CELL_COUNT:
        raise EdnagError(f"{len(cells)} cells were found where NAS-Bench-101 has {CELL_COUNT}")
    return cells

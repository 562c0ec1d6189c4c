"""What subcommands of `ednag ranker` share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli._options import EXISTING, SEEDS
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.ranker.study import Cells

JUDGED = click.argument("judged", nargs=-1, required=True, type=EXISTING)
TIERS = click.option(
    "--tiers", multiple=True, required=True, type=EXISTING, help="Tiers, of `study` (Parquet)."
)
SIZE = click.option(
    "--size",
    default="small",
    type=click.Choice(("small", "published")),
    help="Of the ranker, with its epochs and iterations.",
)
PRECISION = click.option(
    "--precision",
    default="float32",
    type=click.Choice(("float32", "bfloat16")),
    help="Of the passes in the ranker's training; bfloat16 is for CPUs that multiply it.",
)
TITLE = click.option("--title", required=True, help="Of the dataset.")


def cells_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which cells a predictor is trained on and judged by."""
    for option in (
        click.option("--seed", default=0, type=SEEDS, help="Of the draw of cells, and all."),
        click.option(
            "--held-out",
            default=2000,
            type=click.IntRange(5, 423_624),
            help="Cells to judge by; none is trained on.",
        ),
        click.option(
            "--training",
            multiple=True,
            type=click.IntRange(1, 423_624),
            default=(1000,),
            help="Cells to train on; repeated for a learning curve.",
        ),
        click.option(
            "--cells",
            "listed",
            type=EXISTING,
            help="In place of a table: cells of NAS-Bench-101, "
            "of `ednag cells enumerate --hashes`.",
        ),
        click.option("--table", type=EXISTING, help="Benchmark table of NAS-Bench-201 (Parquet)."),
    ):
        function = option(function)
    return function


def read_cells(table: Path | None, listed: Path | None) -> "Cells":
    """The cells of a table or of a list; raises EdnagError unless exactly one of them is given."""
    from ednag.ranker.study import cells_of, read_listed_cells
    from ednag.tables.measured_accuracies import measured_accuracies

    if table is not None and listed is None:
        return cells_of(*measured_accuracies(table))
    if listed is not None and table is None:
        return read_listed_cells(listed)
    raise EdnagError("ranker: give either --table, of NAS-Bench-201, or --cells, of NAS-Bench-101")

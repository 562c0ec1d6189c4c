"""`ednag ranker study`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import PARQUET
from ednag.cli._progress import log
from ednag.cli.ranker._shared import PRECISION, SIZE, cells_options, read_cells
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.ranker.fitting import Precision
    from ednag.ranker.study import RankerSize

#: The k of the outcomes that are logged.
_LOGGED_TOP = 5


@click.command()
@cells_options
@SIZE
@PRECISION
@click.option(
    "--iterations",
    type=click.IntRange(1, 100_000),
    help="Of each search by the ranker of the largest training set; 20, or 50 as published.",
)
@click.option("--output", required=True, type=PARQUET, help="A row per size.")
@click.option("--tiers", required=True, type=PARQUET, help="True and predicted tiers.")
@click.option(
    "--search", type=PARQUET, help="What the sampler gave; without it, nothing is searched."
)
def command(
    table: Path | None,
    listed: Path | None,
    training: tuple[int, ...],
    held_out: int,
    seed: int,
    size: "RankerSize",
    precision: "Precision",
    iterations: int | None,
    output: Path,
    tiers: Path,
    search: Path | None,
) -> None:
    """Train a ranker, judge it by cells it never saw, and search by it.

    small: width 32, 1 layer, 30 epochs at batch 64. published: width 128 (NAS-Bench-101: 256), 6
    layers, 55 (35) epochs at batch 128 (256). Tiers and searches are of the ranker of the largest
    training set.
    """
    import pandas as pd
    import torch

    from ednag.files import write_parquet
    from ednag.ranker.study import ITERATIONS, study_ranker
    from ednag.search.instruction_set import multiplies_bfloat16

    torch.set_num_threads(1)
    if precision == "bfloat16" and not multiplies_bfloat16():
        log(
            "warning: this CPU does not multiply bfloat16 (no AMX or AVX-512 BF16); training is "
            "faster with --precision float32"
        )
    cells = read_cells(table, listed)
    if search is not None and cells.test is None:
        raise EdnagError(
            f"{listed}: these cells have no test accuracy, so that no search of them can be "
            "reported; leave --search out"
        )
    searched = None if search is None else iterations or ITERATIONS[size]
    result = study_ranker(cells, training, held_out, seed, searched, log, size, precision)
    write_parquet(pd.DataFrame(result.judged).assign(seed=seed), output)
    write_parquet(pd.DataFrame(result.tiers).assign(seed=seed), tiers)
    if search is not None:
        rows = pd.DataFrame(result.searches)
        write_parquet(rows.assign(space=cells.space, dataset=cells.dataset, seed=seed), search)
    for row in result.searches:
        if row["top"] == _LOGGED_TOP:
            log(f"{row['draws']}, {row['protocol']}: test accuracy {row['test_accuracy']:.2f} %")

"""`ednag ranker study`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT
from ednag.cli._progress import log
from ednag.cli.ranker._shared import cells_options, read_cells
from ednag.errors import EdnagError

#: The k of the outcomes that are logged.
_LOGGED_TOP = 5


@click.command()
@cells_options
@click.option(
    "--iterations",
    default=20,
    type=click.IntRange(1, 100_000),
    help="Of each search by the ranker of the largest size; the published search makes 50.",
)
@click.option("--output", required=True, type=OUTPUT, help="A row per size.")
@click.option("--tiers", required=True, type=OUTPUT, help="True and predicted tiers.")
@click.option(
    "--search", type=OUTPUT, help="What the sampler gave; without it, nothing is searched."
)
def command(
    table: Path | None,
    listed: Path | None,
    training: tuple[int, ...],
    held_out: int,
    seed: int,
    iterations: int,
    output: Path,
    tiers: Path,
    search: Path | None,
) -> None:
    """Train a small ranker, judge it by cells it never saw, and search by it.

    Width 32, 1 layer, 30 epochs at batch 64; the published ones have width 128 (NAS-Bench-101:
    256), 6 layers, 55 (35) epochs at batch 128 (256). Tiers and searches are of the ranker of the
    largest size.
    """
    import pandas as pd
    import torch

    from ednag.files import write_parquet
    from ednag.ranker.study import study_ranker

    torch.set_num_threads(1)
    cells = read_cells(table, listed)
    if search is not None and cells.test is None:
        raise EdnagError(
            f"{listed}: these cells have no test accuracy, so that no search of them can be "
            "reported; leave --search out"
        )
    searched = None if search is None else iterations
    result = study_ranker(cells, training, held_out, seed, searched, log)
    write_parquet(pd.DataFrame(result.judged).assign(seed=seed), output)
    write_parquet(pd.DataFrame(result.tiers).assign(seed=seed), tiers)
    if search is not None:
        rows = pd.DataFrame(result.searches)
        write_parquet(rows.assign(space=cells.space, dataset=cells.dataset, seed=seed), search)
    for row in result.searches:
        if row["top"] == _LOGGED_TOP:
            log(f"{row['draws']}, {row['protocol']}: test accuracy {row['test_accuracy']:.2f} %")

"""`ednag ranker baselines`."""

from pathlib import Path

import click

from ednag.cli._options import PARQUET
from ednag.cli._progress import log
from ednag.cli.ranker._shared import cells_options, read_cells


@click.command()
@cells_options
@click.option("--output", required=True, type=PARQUET, help="A row per predictor and size.")
def command(
    table: Path | None,
    listed: Path | None,
    training: tuple[int, ...],
    held_out: int,
    seed: int,
    output: Path,
) -> None:
    """Judge plain predictors, such as ridge regression and FLOPs alone, by cells they never saw."""
    import pandas as pd

    from ednag.files import write_parquet
    from ednag.ranker.study import baseline_rows, split_cells

    cells = read_cells(table, listed)
    split = split_cells(cells, max(training), held_out, seed)
    rows = []
    for row in baseline_rows(cells, split, training, seed):
        log(f"{row['predictor']} of {row['training']} cells: tau-b {row['tau_b']:.3f}")
        rows.append({**row, "seed": seed})
    write_parquet(pd.DataFrame(rows), output)

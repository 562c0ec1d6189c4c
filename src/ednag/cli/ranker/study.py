"""`ednag ranker study`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import OUTPUT
from ednag.cli._progress import log
from ednag.cli.ranker._shared import _CELLS, _HELD_OUT, _SEED, _TABLE, _TRAINING, _cells
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.ranker.fitting import RankerEpoch

#: Held-out cells that an epoch is judged by for the log, and the k of the outcomes it tells.
_WATCHED, _TOLD_TOP = 200, 5


@click.command()
@_TABLE
@_CELLS
@_TRAINING
@_HELD_OUT
@_SEED
@click.option(
    "--iterations",
    default=20,
    show_default=True,
    type=click.IntRange(1),
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
    from ednag.ranker.study import (
        RANKER,
        Lookup,
        fit_ranker,
        judged,
        search_rows,
        split_cells,
        tier_rows,
    )
    from ednag.training.determinism import deterministic

    torch.set_num_threads(1)
    cells = _cells(table, listed)
    if search is not None and cells.test is None:
        raise EdnagError(
            f"{listed}: these cells have no test accuracy, so that no search of them can be "
            "reported; leave --search out"
        )
    split = split_cells(cells, max(training), held_out, seed)
    unseen = split.held_out
    rows = []
    with deterministic(torch.device("cpu"), seed):
        for size in sorted(training):
            fitted = fit_ranker(cells, split.pool[:size], unseen[:_WATCHED], seed, _tell)
            look = Lookup(fitted, cells.patches)
            logits, scores = look(unseen)
            row = judged(RANKER, size, scores, cells.validation[unseen])
            log(f"ranker of {size} cells: tau-b {row['tau_b']:.3f} on {len(unseen)} held out")
            rows.append({**row, "seed": seed})
        told = tier_rows(cells, split, size, logits, scores, seed)
        found = search_rows(cells, split, size, look, iterations, seed) if search else []
    write_parquet(pd.DataFrame(rows), output)
    write_parquet(pd.DataFrame(told).assign(seed=seed), tiers)
    if search is not None:
        made = pd.DataFrame(found).assign(space=cells.space, dataset=cells.dataset, seed=seed)
        write_parquet(made, search)
    for line in found:
        if line["top"] == _TOLD_TOP:
            log(f"{line['draws']}, {line['protocol']}: test accuracy {line['test_accuracy']:.2f} %")


def _tell(record: "RankerEpoch") -> None:
    """One epoch, for the log."""
    tau = float("nan") if record.tau_b is None else record.tau_b
    log(
        f"epoch {record.epoch}: tier loss {record.tier_loss:.3f}, rank loss "
        f"{record.rank_loss:.3f}, tier accuracy {record.tier_accuracy:.2f}, tau-b {tau:.3f}"
    )

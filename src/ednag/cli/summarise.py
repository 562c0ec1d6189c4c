"""`ednag summarise`: run files of one space and dataset into one row per run, and curves."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli._options import COUNT, EXISTING, PARQUET
from ednag.cli._progress import log
from ednag.cli._runs import reported_runs, which_runs
from ednag.cli._statistics import STATISTICS, statistics_of

if TYPE_CHECKING:
    from ednag.search.objective import Count


@click.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Benchmark table (Parquet).")
@which_runs
@STATISTICS
@COUNT
@click.option("--output", required=True, type=PARQUET, help="One row per run (Parquet).")
@click.option("--anytime", required=True, type=PARQUET, help="Best so far (Parquet).")
@click.option("--steps", required=True, type=PARQUET, help="Denoising steps (Parquet).")
def command(
    runs: tuple[Path, ...],
    table: Path,
    seeds: str,
    method_seeds: str,
    settings: dict[str, Any] | None,
    statistics: str,
    count: "Count",
    output: Path,
    anytime: Path,
    steps: Path,
) -> None:
    """Summarise the run files RUNS of one benchmark table.

    Files of another table, study or method's settings, or with other values than the table, are
    refused.
    """
    from ednag.evidence.summaries import (
        anytime_curves,
        described_settings,
        step_curves,
        summarise_runs,
    )
    from ednag.files import write_parquet
    from ednag.tables.parquet import read_benchmark

    budgets = statistics_of(statistics)
    benchmark = read_benchmark(table)
    collected = reported_runs(runs, seeds, method_seeds, settings, benchmark)
    frames = {
        output: summarise_runs(
            collected,
            benchmark,
            budgets.checkpoints,
            budgets.hours,
            described_settings(runs),
            count,
        ),
        anytime: anytime_curves(collected, benchmark),
        steps: step_curves(collected),
    }
    for path, frame in frames.items():
        write_parquet(frame, path)
        log(f"{path}: {len(frame)} rows")

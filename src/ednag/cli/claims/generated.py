"""`ednag claims generated`."""

from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, OUTPUT, SETTINGS
from ednag.cli._progress import log


@click.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--seeds", required=True, help="The study's seeds, for example 0-99.")
@SETTINGS
@click.option("--output", required=True, type=OUTPUT, help="One row per run (Parquet).")
def command(
    runs: tuple[Path, ...], seeds: str, settings: dict[str, Any] | None, output: Path
) -> None:
    """Describe what the run files RUNS of one benchmark have generated."""
    from ednag.evidence.authors_seeds import benchmark_of
    from ednag.evidence.generated import generated_table
    from ednag.files import write_parquet
    from ednag.study.seeds import parse_seeds
    from ednag.tables import get_metric, get_protocol

    space, dataset = benchmark_of(runs[0])
    metric = get_metric(space, dataset, get_protocol(space, dataset, "paper").fitness_metric)
    numbers = parse_seeds(seeds.split(","), "--seeds")
    frame = generated_table(runs, space, dataset, numbers, metric.higher_is_better, settings)
    write_parquet(frame, output)
    log(f"{output}: {len(frame)} rows")

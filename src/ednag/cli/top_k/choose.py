"""`ednag top-k choose`."""

from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, PARQUET, SETTINGS
from ednag.cli._progress import log


@click.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Table of predictions (Parquet).")
@click.option("--seeds", required=True, help="Searches whose best are chosen, for example 0-9.")
@SETTINGS
@click.option(
    "--k", "count", required=True, type=click.IntRange(1, 1000), help="Chosen of each search."
)
@click.option(
    "--random", "drawn", default=0, type=click.IntRange(0, 10_000), help="Random ones beside."
)
@click.option("--output", required=True, type=PARQUET, help="Architectures to write (Parquet).")
def command(
    runs: tuple[Path, ...],
    table: Path,
    seeds: str,
    settings: dict[str, Any] | None,
    count: int,
    drawn: int,
    output: Path,
) -> None:
    """Choose the best by prediction of each search in RUNS, by two rules.

    paper: of the last population. honest: of all that the search evaluated. Beside them stand the
    best of the whole table and some drawn at random.
    """
    import pandas as pd

    from ednag.evidence.summaries import collect_runs
    from ednag.files import write_parquet
    from ednag.predictor.choice import Choices
    from ednag.spaces import get_space
    from ednag.study.seeds import parse_seeds
    from ednag.tables.parquet import read_benchmark
    from ednag.tables.predictions import predictions_of

    benchmark = read_benchmark(table)
    space = get_space(benchmark.space)
    choices = Choices(space, predictions_of(benchmark, space), count)
    collected = collect_runs(
        runs, parse_seeds(seeds, "--seeds"), settings=settings, benchmark=benchmark
    )
    for (_, method), group in collected.items():
        for run in group:
            population = [run.key(code, space) for code in run.final_population.tolist()]
            evaluated = [run.key(code, space) for code in run.codes.tolist()]
            # Metrics of the search are predictions: MobileNetV3 is not predicted again.
            choices.predictions.update(zip(evaluated, run.metrics.tolist(), strict=True))
            for message in choices.add(method, run.seed, population, evaluated):
                log(message)
    choices.add_best_of_space()
    choices.add_random(drawn)
    write_parquet(pd.DataFrame(choices.rows), output)
    log(f"{len(choices.rows)} choices, {len({row['key'] for row in choices.rows})} architectures")

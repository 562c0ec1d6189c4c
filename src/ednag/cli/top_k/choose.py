"""`ednag top-k choose`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from ednag.spaces.interface import SearchSpace
    from ednag.tables.interface import Benchmark


@click.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Table of predictions (Parquet).")
@click.option("--seeds", required=True, help="Searches whose best are chosen, for example 0-9.")
@click.option("--k", "count", required=True, type=click.IntRange(1), help="Chosen of each search.")
@click.option("--random", "drawn", default=0, type=click.IntRange(0), help="Random ones beside.")
@click.option("--output", required=True, type=OUTPUT, help="Architectures to write (Parquet).")
def command(
    runs: tuple[Path, ...], table: Path, seeds: str, count: int, drawn: int, output: Path
) -> None:
    """Choose the best by prediction of each search in RUNS, by two rules.

    paper: of the last population. honest: of all that the search evaluated. Beside them stand the
    best of the whole table and some drawn at random.
    """
    import pandas as pd

    from ednag.files import write_parquet
    from ednag.methods.storage import read_runs
    from ednag.predictor.choice import Choices
    from ednag.spaces import get_space
    from ednag.study.seeds import parse_seeds
    from ednag.tables.parquet import read_benchmark

    benchmark = read_benchmark(table)
    space = get_space(benchmark.space)
    wanted = set(parse_seeds(seeds, "--seeds"))
    choices = Choices(space, _predictions_of(benchmark, space), count)
    for path in runs:
        held = read_runs(path)
        for run in held.runs:
            if run.seed in wanted:
                population = [run.key(code, space) for code in run.final_population.tolist()]
                seen = [run.key(code, space) for code in run.codes.tolist()]
                # The search looked its predictions up: MobileNetV3 need not be predicted again.
                choices.known.update(zip(seen, run.metrics.tolist(), strict=True))
                for said in choices.add(held.described["method"], run.seed, population, seen):
                    log(said)
    choices.add_best_of_space()
    choices.add_random(drawn)
    write_parquet(pd.DataFrame(choices.rows), output)
    log(f"{len(choices.rows)} choices, {len({row['key'] for row in choices.rows})} architectures")


def _predictions_of(
    benchmark: "Benchmark", space: "SearchSpace"
) -> "Callable[[Sequence[str]], np.ndarray]":
    """From keys to predicted accuracies, looked up or predicted now."""
    import numpy as np

    from ednag.tables.interface import PredictedBenchmark

    def codes_of(keys: "Sequence[str]", space: "SearchSpace") -> "np.ndarray":
        return np.array([space.code(key) for key in keys], dtype=np.int64)

    if isinstance(benchmark, PredictedBenchmark):
        predict = benchmark.predict

        def predicted(keys: "Sequence[str]") -> "np.ndarray":
            fresh = space.fresh()
            return predict(fresh, codes_of(keys, fresh))

        return predicted
    (values,) = benchmark.values.values()
    return lambda keys: values[codes_of(keys, space)]

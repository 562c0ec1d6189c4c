"""`ednag tune`: settings of a method, chosen by successive halving on some datasets."""

import json
import os
from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log
from ednag.errors import EdnagError


@click.command()
@click.argument("method_name", metavar="METHOD")
@click.option(
    "--table",
    "tables",
    required=True,
    multiple=True,
    type=EXISTING,
    help="Benchmark table (Parquet) to tune on; repeatable.",
)
@click.option("--seeds", default="1000-1127", help="Seeds, from 1000 on: lower ones judge.")
@click.option(
    "--settings",
    default=64,
    type=click.IntRange(2, 4096),
    help="Settings of the first round, a power of two; the method's own are one of them.",
)
@click.option(
    "--budget",
    default=300,
    type=click.IntRange(1, 1_000_000),
    help="Distinct evaluations after which a run is scored.",
)
@click.option("--output", required=True, type=OUTPUT, help="Rounds and choice to write (JSON).")
def command(
    method_name: str, tables: tuple[Path, ...], seeds: str, settings: int, budget: int, output: Path
) -> None:
    """Choose settings of METHOD by successive halving, under protocol paper.

    Every setting of a round runs the same seeds on every table; the better half goes on to twice as
    many. What is printed is an entry for `methods` of a study that judges the settings on other
    datasets (docs/transfer.md).
    """
    # As in `ednag run`.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

    from ednag.files import write_text
    from ednag.methods import get_method
    from ednag.methods.tuning import check_tuning, halve
    from ednag.search.objective import objective_on
    from ednag.spaces import get_space
    from ednag.study.seeds import parse_seeds
    from ednag.tables import get_protocol
    from ednag.tables.parquet import read_benchmark

    method, numbers = get_method(method_name), parse_seeds(seeds, "--seeds")
    check_tuning(method, settings, numbers)
    benchmarks = [read_benchmark(table) for table in tables]
    places = [f"{each.space}/{each.dataset}" for each in benchmarks]
    if twice := [place for place in places if places.count(place) > 1]:
        raise EdnagError(f"--table: {twice[0]} is given twice; give each dataset once")
    objectives = [
        objective_on(each, get_protocol(each.space, each.dataset, "paper"), get_space(each.space))
        for each in benchmarks
    ]
    rounds = halve(method, objectives, numbers, settings, budget)
    (best, score), *_ = rounds[-1].scores
    found = {
        "method": method_name,
        "tuned_on": places,
        "tables": [each.digest for each in benchmarks],
        "seeds": seeds,
        "budget": budget,
        "hyperparameters": best,
        "score": score,
        "rounds": [{"seeds": each.seeds, "scores": each.scores} for each in rounds],
    }
    write_text(output, json.dumps(found, indent=1) + "\n")
    for each in rounds:
        log(f"{len(each.scores)} settings, {each.seeds} seeds: best {each.scores[0][1]:.4f}")
    own = next(score for setting, score in rounds[0].scores if not setting)
    log(f"its own settings, {rounds[0].seeds} seeds: {own:.4f}")
    entry = {"id": f"{method_name}-tuned", "of": method_name, "hyperparameters": best}
    click.echo(json.dumps(entry | {"tuned_on": places}))

"""`ednag top-k`: which architectures of a search are trained, and what training them gave."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import EXISTING, FOLDER, OUTPUT, parse_mapping
from ednag.cli.progress import say

if TYPE_CHECKING:
    import pandas as pd

    from ednag.methods.interface import Run
    from ednag.spaces.interface import SearchSpace
    from ednag.tables.interface import BenchmarkTable


@click.group()
def command() -> None:
    """Choose the best of searches by prediction; judge them once they are trained."""


@command.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Table of predictions (Parquet).")
@click.option("--seeds", required=True, help="Searches whose best are chosen, for example 0-9.")
@click.option("--k", "count", required=True, type=click.IntRange(1), help="Chosen of each search.")
@click.option("--random", "drawn", default=0, type=click.IntRange(0), help="Random ones beside.")
@click.option("--output", required=True, type=OUTPUT, help="Architectures to write (Parquet).")
def choose(
    runs: tuple[Path, ...], table: Path, seeds: str, count: int, drawn: int, output: Path
) -> None:
    """Choose the best by prediction of each search in RUNS, by two rules.

    paper: of the last population. honest: of all that the search evaluated. Beside them stand the
    best of the whole table and some drawn at random.
    """
    import numpy as np
    import pandas as pd

    from ednag.files import write_parquet
    from ednag.methods.storage import read_runs
    from ednag.spaces import get_space
    from ednag.study.seeds import parse_seeds
    from ednag.tables.parquet import read_table

    benchmark = read_table(table)
    space = get_space(benchmark.space)
    wanted = set(parse_seeds(seeds, "--seeds"))
    rows = []
    for path in runs:
        held = read_runs(path)
        for run in held.runs:
            if run.seed in wanted:
                rows += _chosen_of(run, held.described["method"], space, benchmark, count)
    predictions = benchmark.values["predicted_accuracy"]
    best = np.argsort(-predictions, kind="stable")[:count]
    chance = np.sort(np.random.default_rng(0).choice(space.size, size=drawn, replace=False))
    for method, rule, codes in (("predictor", "honest", best), ("chance", "random", chance)):
        rows += [
            _row(method, rule, 0, rank, space.key(int(code)), predictions[code])
            for rank, code in enumerate(codes)
        ]
    write_parquet(pd.DataFrame(rows), output)
    say(f"{len(rows)} choices, {len({row['key'] for row in rows})} distinct architectures")


def _row(
    method: str, rule: str, run: int, rank: int, key: str, predicted: float
) -> dict[str, object]:
    named = {"method": method, "rule": rule, "run": run, "rank": rank}
    return {**named, "key": key, "predicted": float(predicted)}


def _chosen_of(
    run: "Run", method: str, space: "SearchSpace", benchmark: "BenchmarkTable", count: int
) -> list[dict[str, object]]:
    """What both rules choose of one search; what there is less of than asked is said."""
    from ednag.predictor.top_k import honest_top_k, paper_top_k

    predictions = benchmark.values["predicted_accuracy"]
    rows = []
    for rule, choose_of, codes in (
        ("paper", paper_top_k, run.final_population[run.final_population >= 0]),
        ("honest", honest_top_k, run.codes),
    ):
        if len(codes) < 2:
            # A method without a population, such as random search, hands back its best alone.
            continue
        keys = [space.key(int(code)) for code in codes]
        chosen = choose_of(keys, predictions[codes], count)
        if len(chosen.rows) < count:
            say(f"{method} seed {run.seed}, {rule}: {chosen.detail}")
        rows += [
            _row(method, rule, run.seed, rank, keys[row], predictions[codes[row]])
            for rank, row in enumerate(chosen.rows)
        ]
    return rows


_CHOSEN = click.argument("chosen", type=EXISTING)
_TRAINED = click.option(
    "--trained", multiple=True, required=True, type=EXISTING, help="Trained networks (Parquet)."
)


def _read(chosen: Path, trained: tuple[Path, ...]) -> "tuple[pd.DataFrame, pd.DataFrame]":
    import pandas as pd

    networks = [pd.read_parquet(path) for path in trained]
    return pd.read_parquet(chosen), pd.concat(networks, ignore_index=True)


@command.command()
@_CHOSEN
@_TRAINED
@click.option("--k", "count", required=True, type=click.IntRange(1), help="Of a random group.")
@click.option("--what", required=True, help="What was trained: a sentence.")
@click.option("--statistics", default="{}", help="JSON object; see `statistics` in config.yaml.")
@click.option("--output", "outputs", required=True, multiple=True, type=OUTPUT)
def table(
    chosen: Path,
    trained: tuple[Path, ...],
    count: int,
    what: str,
    statistics: str,
    outputs: tuple[Path, ...],
) -> None:
    """What training the CHOSEN architectures gave, beside random ones (.csv, .md, .tex)."""
    from ednag.evidence.trained_architectures import top_k_table, write_top_k
    from ednag.study.configuration import Statistics

    settings = Statistics(**parse_mapping(statistics, "--statistics"))
    found = top_k_table(*_read(chosen, trained), count, settings)
    write_top_k(found, what, settings, outputs)
    for row in found.itertuples():
        say(f"{row.method}, {row.rule}: {row.validation:.2f} % by validation, {row.paper:.2f} %")


@command.command()
@_CHOSEN
@_TRAINED
@click.option("--title", required=True)
@click.option("--folder", required=True, type=FOLDER, help="Where top-k.csv, .pdf and .png go.")
def figure(chosen: Path, trained: tuple[Path, ...], title: str, folder: Path) -> None:
    """Draw what training the CHOSEN architectures gave, beside random ones."""
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.trained_architectures import top_k, top_k_frame

    drawn = top_k_frame(*_read(chosen, trained))
    paths = [folder / f"top-k.{suffix}" for suffix in ("csv", "pdf", "png")]
    save_drawing(top_k(drawn, title), drawn, paths)
    say(f"top-k: {len(drawn)} rows drawn")

"""`ednag run`: a block of seeds of one method on one benchmark table."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import COUNT, EXISTING, PARQUET, parse_mapping
from ednag.cli._progress import log, track
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.search.objective import Count


@click.command()
@click.option("--table", required=True, type=EXISTING, help="Benchmark table (Parquet).")
@click.option("--protocol", default="paper", help="Protocol of the table.")
@click.option("--method", "method_name", required=True, help="Search method.")
@click.option("--seeds", required=True, help="Seeds, for example 0-49 or 7.")
@click.option(
    "--budget", default=512, type=click.IntRange(1, 1_000_000), help="How many of --count."
)
@COUNT
@click.option(
    "--further", type=EXISTING, help="Table (Parquet) that the method reads beside the benchmark's."
)
@click.option(
    "--hyperparameters", default="{}", help="JSON object; what differs from the defaults."
)
@click.option(
    "--threads", default=1, type=click.IntRange(1, 1024), help="Cores to share the seeds among."
)
@click.option("--output", required=True, type=PARQUET, help="Run file to write (Parquet).")
def command(
    table: Path,
    protocol: str,
    method_name: str,
    seeds: str,
    budget: int,
    count: "Count",
    further: Path | None,
    hyperparameters: str,
    threads: int,
    output: Path,
) -> None:
    """Run a block of seeds of one method on one benchmark table."""
    # Each process has one core: linear algebra of small arrays waits for the threads of several.
    # Snakemake sets both to the threads of the job.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

    import numpy as np

    from ednag.methods import get_method
    from ednag.methods.parallel import run_on_cores
    from ednag.methods.storage import write_runs
    from ednag.search.objective import objective_on
    from ednag.spaces import get_space
    from ednag.study.seeds import parse_seeds
    from ednag.tables import get_protocol
    from ednag.tables.parquet import read_benchmark, read_table

    method = get_method(method_name)
    changes = parse_mapping(hyperparameters, "--hyperparameters")
    benchmark = read_benchmark(table)
    space = get_space(benchmark.space)
    definition = get_protocol(benchmark.space, benchmark.dataset, protocol)
    settings = method.read_hyperparameters(changes, space, definition)
    if further and not method.further:
        raise EdnagError(f"--further: {method_name} reads no further table; leave it out")
    beside = read_table(further) if further else None
    objective = objective_on(benchmark, definition, space, count, beside)
    log(f"{method.title} on {benchmark.space}/{benchmark.dataset}, protocol {protocol}")
    end = "runs to its own end" if method.has_own_end else f"budget {budget} {count}"
    log(f"hyper-parameters {settings.model_dump()}; {end}")
    label = f"{method_name} {benchmark.dataset} seeds {seeds}"
    numbers = parse_seeds(seeds, "--seeds")
    made = run_on_cores(method, objective, numbers, budget, settings, threads)
    runs = list(track(made, label, len(numbers)))
    described = {
        "space": benchmark.space,
        "dataset": benchmark.dataset,
        "protocol": protocol,
        **method.described(budget, settings, count),
        "table": benchmark.digest,
        "sources": benchmark.sources,
    }
    if beside:
        described["further"] = {"table": beside.digest, "sources": beside.sources}
    write_runs(runs, described, output)
    outcomes = [run.outcome_metric for run in runs if run.outcome >= 0]
    log(
        f"{len(runs)} runs: mean outcome {np.mean(outcomes) if outcomes else np.nan:.4f}, "
        f"mean distinct {np.mean([run.distinct for run in runs]):.1f} of "
        f"{np.mean([run.total for run in runs]):.1f} evaluations"
    )
    for run in runs:
        if run.status != "completed":
            log(f"seed {run.seed}: {run.status}: {run.detail}")

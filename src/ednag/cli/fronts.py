"""`ednag fronts`: run files of one benchmark, judged by a metric and a cost."""

import math
from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, table_files
from ednag.cli._progress import log
from ednag.cli._runs import reported_runs, which_runs
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.plot._shared import PROTOCOL, figure_files
from ednag.errors import EdnagError
from ednag.naming import suggestion


@click.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Benchmark table (Parquet).")
@click.option("--costs", type=EXISTING, help="The table of costs beside it (Parquet).")
@click.option("--cost", "names", required=True, multiple=True, help="A column of either table.")
@click.option(
    "--quantile",
    "quantiles",
    required=True,
    multiple=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of architectures within a limit of cost.",
)
@which_runs
@PROTOCOL
@STATISTICS
@table_files("--fronts", "fronts", "fronts")
@table_files("--limits", "limits", "the best within limits of cost")
@figure_files("--figure", "attained fronts")
def command(
    runs: tuple[Path, ...],
    table: Path,
    costs: Path | None,
    names: tuple[str, ...],
    quantiles: tuple[float, ...],
    seeds: str,
    method_seeds: str,
    settings: dict[str, Any] | None,
    protocol: str,
    statistics: str,
    fronts: tuple[Path, ...],
    limits: tuple[Path, ...],
    figure: tuple[Path, ...],
) -> None:
    """Judge the run files RUNS of one benchmark and protocol by metric and cost.

    Two tables, of fronts and of the best within limits, and a figure. No method needs to know the
    costs.
    """
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.fronts import fronts as draw
    from ednag.evidence.fronts import Judged, cost_label, write_judged
    from ednag.evidence.summaries import described_settings
    from ednag.study.comparisons import main_methods
    from ednag.tables import get_definition, get_reported_metric
    from ednag.tables.parquet import read_benchmark, read_table

    _check_named(names, quantiles)
    budgets = statistics_of(statistics)
    benchmark, further = read_benchmark(table), read_table(costs) if costs else None
    collected = reported_runs(runs, seeds, method_seeds, settings, benchmark)
    methods = {name: group for (place, name), group in collected.items() if place == protocol}
    if not methods:
        protocols = sorted({given for given, _ in collected})
        raise EdnagError(f"no run of protocol {protocol!r}{suggestion(protocol, protocols)}")
    described = {
        name: text for (place, name), text in described_settings(runs).items() if place == protocol
    }
    judged = Judged(benchmark, further, protocol, methods, names, budgets, described)
    place = (benchmark.space, benchmark.dataset)
    frame = judged.attained_frame()
    write_judged(judged, quantiles, fronts, limits)
    shown = main_methods(list(methods))
    frame = frame[frame["method"].isin(["", *shown])].reset_index(drop=True)
    title = (
        f"{get_definition(*place).title}: median front of all runs after "
        f"{budgets.checkpoints[-1]} distinct evaluations (grey: the true front)"
    )
    labels = {name: cost_label(*place, name) for name in names}
    metric = get_reported_metric(*place, protocol).label
    save_drawing(draw(frame, labels, metric, title), frame, figure)
    log(f"fronts: {len(methods)} methods, {len(names)} costs")


def _check_named(names: tuple[str, ...], quantiles: tuple[float, ...]) -> None:
    """Raise EdnagError if a cost or a quantile is named twice, or a quantile is no number."""
    for option, given in (("--cost", names), ("--quantile", quantiles)):
        if twice := [value for value in given if given.count(value) > 1]:
            raise EdnagError(f"{option}: {twice[0]} is given twice; give it once")
    if any(math.isnan(quantile) for quantile in quantiles):
        raise EdnagError("--quantile: not a number; give a share above 0, at most 1")

"""`ednag plot`: figures, and the CSV each is drawn from."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli.options import EXISTING, OUTPUT, parse_mapping
from ednag.cli.progress import say

if TYPE_CHECKING:
    import pandas as pd

    from ednag.study.configuration import Statistics

_VARIANTS = {
    "mapping": "EDNAG (energy mapping) beside other mapping functions",
    "steps": "EDNAG beside shorter schedules",
    "population": "EDNAG beside other sizes of the population",
    "ablation": "EDNAG without one of its parts",
}


@click.group()
def command() -> None:
    """Draw a figure, and write the CSV it is drawn from beside it."""


def _options(*, protocol: bool = True, statistics: bool = False) -> Callable[[Any], Any]:
    """Options that figures share."""

    def add(function: Any) -> Any:
        if statistics:
            text = "JSON object; see `statistics` in config.yaml."
            function = click.option("--statistics", default="{}", help=text)(function)
        if protocol:
            function = click.option(
                "--protocol", default="paper", show_default=True, help="Protocol to draw."
            )(function)
        return click.option(
            "--output",
            "outputs",
            required=True,
            multiple=True,
            type=OUTPUT,
            help=".csv, .pdf or .png.",
        )(function)

    return add


def _statistics(text: str) -> "Statistics":
    from ednag.study.configuration import Statistics

    return Statistics(**parse_mapping(text, "--statistics"))


def _of_protocol(path: Path, protocol: str) -> "pd.DataFrame":
    """A summary's rows of one protocol.

    Raises:
        EdnagError: There are none.
    """
    import pandas as pd

    from ednag.errors import EdnagError
    from ednag.naming import suggestion

    frame = pd.read_parquet(path)
    kept = frame[frame["protocol"] == protocol]
    if kept.empty and len(frame):
        known = list(dict.fromkeys(frame["protocol"]))
        raise EdnagError(f"{path}: no run of protocol {protocol!r}{suggestion(protocol, known)}")
    return kept.reset_index(drop=True)


@command.command()
@click.argument("curves", type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Benchmark table (Parquet).")
@_options()
def convergence(curves: Path, table: Path, protocol: str, outputs: tuple[Path, ...]) -> None:
    """Draw best so far of the CURVES of a summary: EDNAG, EDNAG+ and chance."""
    from ednag.evidence import figures
    from ednag.evidence.comparisons import headline_methods
    from ednag.evidence.figures.style import metric_label
    from ednag.tables import get_protocol
    from ednag.tables.parquet import read_benchmark

    benchmark = read_benchmark(table)
    name = get_protocol(benchmark.space, benchmark.dataset, protocol).reported_metric
    frame = _of_protocol(curves, protocol)
    chosen = headline_methods(list(dict.fromkeys(frame["method"])))
    frame = frame[frame["method"].isin(chosen)]
    title = _place(benchmark.space, benchmark.dataset, protocol)
    figure = figures.convergence(
        frame,
        benchmark.optimum(name),
        metric_label(benchmark.metrics[name]),
        f"{title}\nbest so far, median and quartiles over seeds",
    )
    figures.save_drawing(figure, frame, outputs)
    say(f"convergence: {len(frame)} rows drawn")


@command.command()
@click.argument("curves", type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Benchmark table (Parquet).")
@_options()
def denoising(curves: Path, table: Path, protocol: str, outputs: tuple[Path, ...]) -> None:
    """Draw the population per denoising step of the CURVES of a summary."""
    from ednag.evidence import figures
    from ednag.evidence.comparisons import main_methods
    from ednag.evidence.figures.style import metric_label
    from ednag.tables import get_protocol
    from ednag.tables.parquet import read_benchmark

    benchmark = read_benchmark(table)
    name = get_protocol(benchmark.space, benchmark.dataset, protocol).fitness_metric
    frame = _of_protocol(curves, protocol)
    frame = frame[frame["method"].isin(main_methods(list(dict.fromkeys(frame["method"]))))]
    title = _place(benchmark.space, benchmark.dataset, protocol)
    figure = figures.denoising_trace(
        frame,
        metric_label(benchmark.metrics[name]),
        f"{title}\ndenoising, mean and quartiles over seeds",
    )
    figures.save_drawing(figure, frame, outputs)
    say(f"denoising: {len(frame)} rows drawn")


def _place(space: str, dataset: str, protocol: str) -> str:
    """First line of a title."""
    from ednag.tables import get_definition

    return f"{space}, {get_definition(space, dataset).title}, protocol {protocol}"


def _described(summary: "pd.DataFrame", protocol: str) -> tuple[str, str, bool]:
    """First line of the title, label of the reported metric, whether higher is better."""
    from ednag.evidence.figures.style import metric_label, reported_metric

    space, dataset = str(summary["space"].iloc[0]), str(summary["dataset"].iloc[0])
    metric = reported_metric(space, dataset, protocol)
    return _place(space, dataset, protocol), metric_label(metric), metric.higher_is_better


@command.command()
@click.argument("summary", type=EXISTING)
@click.argument("curves", type=EXISTING)
@_options()
def anytime(summary: Path, curves: Path, protocol: str, outputs: tuple[Path, ...]) -> None:
    """Draw best so far of all main methods, of a SUMMARY and its CURVES."""
    from ednag.evidence.comparisons import main_methods
    from ednag.evidence.figures import anytime as figure_of
    from ednag.evidence.figures import save_drawing

    runs, frame = _of_protocol(summary, protocol), _of_protocol(curves, protocol)
    title, metric, higher = _described(runs, protocol)
    optimum = float(runs["optimum"].iloc[0])
    methods = main_methods(list(dict.fromkeys(runs["method"])))
    drawn = figure_of.anytime_frame(frame, methods, optimum, higher)
    title += "\nmethods at equal numbers of distinct evaluations"
    figure = figure_of.anytime(drawn, optimum, metric, title)
    save_drawing(figure, drawn, outputs)
    say(f"anytime: {len(drawn)} rows drawn")


@command.command()
@click.argument("summary", type=EXISTING)
@_options()
def outcomes(summary: Path, protocol: str, outputs: tuple[Path, ...]) -> None:
    """Draw where each run of a SUMMARY ended."""
    from ednag.evidence.figures import outcomes as figure_of
    from ednag.evidence.figures import save_drawing

    runs = _of_protocol(summary, protocol)
    title, metric, _ = _described(runs, protocol)
    drawn = figure_of.outcomes_frame(runs, list(dict.fromkeys(runs["method"])))
    figure = figure_of.outcomes(drawn, metric, f"{title}\noutcome of each run at its own end")
    save_drawing(figure, drawn, outputs)
    say(f"outcomes: {len(drawn)} runs drawn")


@command.command()
@click.argument("kind", type=click.Choice(list(_VARIANTS)))
@click.argument("summary", type=EXISTING)
@click.argument("curves", type=EXISTING)
@_options(statistics=True)
def variants(
    kind: str,
    summary: Path,
    curves: Path,
    protocol: str,
    statistics: str,
    outputs: tuple[Path, ...],
) -> None:
    """Draw EDNAG with its KIND varied, of a SUMMARY and its CURVES."""
    from ednag.errors import EdnagError
    from ednag.evidence.comparisons import VARIANTS, variants_in
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures import variants as figure_of

    runs, frame = _of_protocol(summary, protocol), _of_protocol(curves, protocol)
    methods = variants_in(kind, list(runs["method"].unique()))
    if not methods:
        raise EdnagError(
            f"{summary}: nothing to compare; this figure needs ednag and at least one of "
            f"{', '.join(name for name in VARIANTS[kind] if name != 'ednag')}"
        )
    title, metric, _ = _described(runs, protocol)
    frame = frame[frame["method"].isin(methods)] if kind != "ablation" else frame.iloc[:0]
    drawn = figure_of.variants_frame(runs, frame, methods, _statistics(statistics))
    figure = figure_of.variants(drawn, metric, f"{title}\n{_VARIANTS[kind]}")
    save_drawing(figure, drawn, outputs)
    say(f"{kind}: {len(methods)} methods drawn")


@command.command()
@click.argument("summaries", nargs=-1, required=True, type=EXISTING)
@_options(statistics=True)
def ranks(
    summaries: tuple[Path, ...], protocol: str, statistics: str, outputs: tuple[Path, ...]
) -> None:
    """Draw mean ranks over the datasets of SUMMARIES, with their critical difference."""
    import pandas as pd

    from ednag.evidence.comparisons import main_methods
    from ednag.evidence.figures import ranks as figure_of
    from ednag.evidence.figures import save_drawing

    settings = _statistics(statistics)
    runs = pd.concat([_of_protocol(path, protocol) for path in summaries], ignore_index=True)
    methods = main_methods(figure_of.common_methods(runs))
    drawn = figure_of.ranks_frame(runs, methods, settings.checkpoints, settings.confidence)
    title = f"Mean rank over datasets, protocol {protocol} (1 is best)"
    save_drawing(figure_of.ranks(drawn, settings.confidence, title), drawn, outputs)
    say(f"ranks: {len(methods)} methods on {int(drawn['datasets'].max())} datasets")


@command.command()
@click.option("--seed", default=0, show_default=True, help="Seed of the noise.")
@_options(protocol=False)
def illustration(seed: int, outputs: tuple[Path, ...]) -> None:
    """Draw a population on a density of two peaks, from noise to the peaks."""
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.illustration import illustration as draw
    from ednag.evidence.figures.illustration import illustration_frame

    drawn = illustration_frame(seed)
    save_drawing(draw(drawn), drawn, outputs)
    say(f"illustration: {len(drawn)} points drawn")

"""`ednag plot`: figures, and the CSV each is drawn from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ednag.cli.options import EXISTING, FOLDER, OUTPUT
from ednag.cli.progress import say
from ednag.cli.statistics import STATISTICS, statistics_of

_PROTOCOL = click.option("--protocol", default="paper", show_default=True, help="Protocol to draw.")


def _outputs(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option of a single figure's files."""
    option = click.option(
        "--output", "outputs", required=True, multiple=True, type=OUTPUT, help=".csv, .pdf or .png."
    )
    return option(function)


@click.group()
def command() -> None:
    """Draw a figure, and write the CSV it is drawn from beside it."""


@command.command()
@click.argument("figures", nargs=-1, required=True)
@click.option("--summary", required=True, type=EXISTING, help="One row per run (Parquet).")
@click.option("--anytime", required=True, type=EXISTING, help="Best so far (Parquet).")
@click.option("--steps", required=True, type=EXISTING, help="Denoising steps (Parquet).")
@click.option("--folder", required=True, type=FOLDER, help="Where FIGURE.csv, .pdf and .png go.")
@_PROTOCOL
@STATISTICS
def dataset(
    figures: tuple[str, ...],
    summary: Path,
    anytime: Path,
    steps: Path,
    folder: Path,
    protocol: str,
    statistics: str,
) -> None:
    """Draw FIGURES of one dataset: convergence, denoising, anytime, outcomes, ...

    Also mapping, steps, population and ablation, where the runs of these variants are there.
    """
    from ednag.errors import EdnagError
    from ednag.evidence.figures import save_in
    from ednag.evidence.figures.dataset import read_dataset
    from ednag.evidence.figures.drawings import DRAWINGS
    from ednag.naming import suggestion

    for figure in figures:
        if figure not in DRAWINGS:
            raise EdnagError(f"unknown figure {figure!r}{suggestion(figure, DRAWINGS)}")
    summaries = read_dataset(summary, anytime, steps, protocol, statistics_of(statistics))
    for figure in figures:
        drawing, frame = DRAWINGS[figure](summaries)
        save_in(folder, figure, drawing, frame)
        say(f"{figure}: {len(frame)} rows drawn")


@command.command()
@click.argument("summaries", nargs=-1, required=True, type=EXISTING)
@_PROTOCOL
@STATISTICS
@_outputs
def ranks(
    summaries: tuple[Path, ...], protocol: str, statistics: str, outputs: tuple[Path, ...]
) -> None:
    """Draw mean ranks over the datasets of SUMMARIES, with their critical difference."""
    import pandas as pd

    from ednag.evidence.figures import ranks as figure_of
    from ednag.evidence.figures import save_drawing
    from ednag.study.comparisons import main_methods

    settings = statistics_of(statistics)
    everything = pd.concat([pd.read_parquet(path) for path in summaries], ignore_index=True)
    runs = everything[everything["protocol"] == protocol]
    methods = main_methods(figure_of.common_methods(runs))
    drawn = figure_of.ranks_frame(runs, methods, settings.checkpoints, settings.confidence)
    title = f"Mean rank over datasets, protocol {protocol} (1 is best)"
    save_drawing(figure_of.ranks(drawn, settings.confidence, title), drawn, outputs)
    say(f"ranks: {len(methods)} methods on {int(drawn['datasets'].max())} datasets")


@command.command()
@click.option("--seed", default=0, show_default=True, help="Seed of the noise.")
@_outputs
def illustration(seed: int, outputs: tuple[Path, ...]) -> None:
    """Draw a population on a density of two peaks, from noise to the peaks."""
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.illustration import illustration as draw
    from ednag.evidence.figures.illustration import illustration_frame

    drawn = illustration_frame(seed)
    save_drawing(draw(drawn), drawn, outputs)
    say(f"illustration: {len(drawn)} points drawn")

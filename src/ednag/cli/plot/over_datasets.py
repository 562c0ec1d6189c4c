"""`ednag plot over-datasets`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, table_files
from ednag.cli._progress import log
from ednag.cli._statistics import STATISTICS, statistics_of
from ednag.cli.plot._shared import PROTOCOL, figure_files


@click.command()
@click.argument("summaries", nargs=-1, required=True, type=EXISTING)
@PROTOCOL
@STATISTICS
@table_files("--table", "tables", "the same numbers")
@figure_files("--ranks", "mean ranks, with their critical difference")
@figure_files("--targets", "shares of runs that have reached a target")
@figure_files("--profiles", "performance profiles")
def command(
    summaries: tuple[Path, ...],
    protocol: str,
    statistics: str,
    tables: tuple[Path, ...],
    ranks: tuple[Path, ...],
    targets: tuple[Path, ...],
    profiles: tuple[Path, ...],
) -> None:
    """Compare methods over the datasets of SUMMARIES: three figures and a table.

    Datasets with predicted values do not count, and of several measurements of the same images in
    one space the first one does.
    """
    import pandas as pd

    from ednag.evidence import figures
    from ednag.evidence import over_datasets as over
    from ednag.evidence.figures.profiles import profiles as draw_profiles
    from ednag.evidence.figures.ranks import ranks as draw_ranks
    from ednag.evidence.figures.targets import targets as draw_targets
    from ednag.evidence.summaries import require_checkpoints
    from ednag.files import read_rows

    settings = statistics_of(statistics)
    checkpoints, level = settings.checkpoints, settings.confidence
    summary = read_rows(*summaries)
    require_checkpoints(summary, checkpoints)
    runs = over.counted_runs(summary, protocol)
    ranked = over.ranks_frame(runs, checkpoints, level)
    table, drawn = [over.over_datasets_table(runs, ranked, level)], [ranked]
    if len(untuned := over.untuned_runs(runs)):
        drawn.append(over.ranks_frame(untuned, checkpoints, level))
        table.append(over.over_datasets_table(untuned, drawn[-1], level))
    over.write_over_datasets(pd.concat(table, ignore_index=True), runs, level, tables)
    count = int(ranked["datasets"].max())
    where = f"over {count} dataset{'s' * (count != 1)}, protocol {protocol}"
    title = f"Mean rank {where} (1 is best)"
    diagrams = pd.concat(drawn, ignore_index=True)
    figures.save_drawing(draw_ranks(diagrams, level, title), diagrams, ranks)
    reached = over.targets_frame(runs)
    title = f"Runs that have reached a target, mean {where}"
    figures.save_drawing(draw_targets(reached, title), reached, targets)
    profile = over.profiles_frame(runs, checkpoints, level)
    title = f"Runs by what is left to the best architecture, mean {where}"
    figures.save_drawing(draw_profiles(profile, ranked, title), profile, profiles)
    log(f"over datasets: {ranked['method'].nunique()} methods on {count} datasets")

"""`ednag ranker`: how well NAR's ranker and plainer predictors rank cells."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import EXISTING, FOLDER, OUTPUT, table_files
from ednag.cli.progress import say
from ednag.cli.statistics import STATISTICS, statistics_of
from ednag.errors import EdnagError

if TYPE_CHECKING:
    import pandas as pd

    from ednag.ranker.fitting import RankerEpoch
    from ednag.ranker.study import Cells

_TABLE = click.option("--table", type=EXISTING, help="Benchmark table of NAS-Bench-201 (Parquet).")
_CELLS = click.option(
    "--cells",
    "listed",
    type=EXISTING,
    help="In place of a table: cells of NAS-Bench-101, of `ednag cells enumerate --hashes`.",
)
_TRAINING = click.option(
    "--training",
    multiple=True,
    type=click.IntRange(1),
    default=(1000,),
    show_default=True,
    help="Cells to train on; repeated for a learning curve.",
)
_HELD_OUT = click.option(
    "--held-out", default=2000, show_default=True, help="Cells to judge by; none is trained on."
)
_SEED = click.option("--seed", default=0, show_default=True, help="Of the draw of cells, and all.")
_TITLE = click.option("--title", required=True, help="Of the dataset.")
_JUDGED = click.argument("judged", nargs=-1, required=True, type=EXISTING)
_TIERS = click.option(
    "--tiers", multiple=True, required=True, type=EXISTING, help="Tiers, of `study` (Parquet)."
)


@click.group()
def command() -> None:
    """Train NAR's ranker and plainer predictors, and judge how they rank unseen cells."""


@command.command()
@_TABLE
@_CELLS
@_TRAINING
@_HELD_OUT
@_SEED
@click.option("--output", required=True, type=OUTPUT, help="A row per predictor and size.")
def baselines(
    table: Path | None,
    listed: Path | None,
    training: tuple[int, ...],
    held_out: int,
    seed: int,
    output: Path,
) -> None:
    """Judge a random forest, gradient boosting, FLOPs and parameters by cells they never saw."""
    import pandas as pd

    from ednag.files import write_parquet
    from ednag.ranker.study import baseline_rows, split_cells

    cells = _cells(table, listed)
    split = split_cells(cells, max(training), held_out, seed)
    rows = []
    for row in baseline_rows(cells, split, training, seed):
        say(f"{row['predictor']} of {row['training']} cells: tau-b {row['tau_b']:.3f}")
        rows.append({**row, "seed": seed})
    write_parquet(pd.DataFrame(rows), output)


@command.command()
@_TABLE
@_CELLS
@_TRAINING
@_HELD_OUT
@_SEED
@click.option(
    "--iterations",
    default=20,
    show_default=True,
    type=click.IntRange(1),
    help="Of each search by the ranker of the largest size; the published search makes 50.",
)
@click.option("--output", required=True, type=OUTPUT, help="A row per size.")
@click.option("--tiers", required=True, type=OUTPUT, help="True and predicted tiers.")
@click.option(
    "--search", type=OUTPUT, help="What the sampler gave; without it, nothing is searched."
)
def study(
    table: Path | None,
    listed: Path | None,
    training: tuple[int, ...],
    held_out: int,
    seed: int,
    iterations: int,
    output: Path,
    tiers: Path,
    search: Path | None,
) -> None:
    """Train a small ranker, judge it by cells it never saw, and search by it.

    Width 32, 1 layer, 30 epochs at batch 64; the published ones have width 128 (NAS-Bench-101:
    256), 6 layers, 55 (35) epochs at batch 128 (256). Tiers and searches are of the ranker of the
    largest size.
    """
    import pandas as pd
    import torch

    from ednag.files import write_parquet
    from ednag.ranker.study import (
        RANKER,
        Lookup,
        fit_ranker,
        judged,
        search_rows,
        split_cells,
        tier_rows,
    )
    from ednag.training.determinism import deterministic

    torch.set_num_threads(1)
    cells = _cells(table, listed)
    if search is not None and cells.test is None:
        raise EdnagError(
            f"{listed}: these cells have no test accuracy, so that no search of them can be "
            "reported; leave --search out"
        )
    split = split_cells(cells, max(training), held_out, seed)
    unseen = split.held_out
    rows = []
    with deterministic(torch.device("cpu"), seed):
        for size in sorted(training):
            fitted = fit_ranker(cells, split.pool[:size], unseen[:_WATCHED], seed, _tell)
            look = Lookup(fitted, cells.patches)
            logits, scores = look(unseen)
            row = judged(RANKER, size, scores, cells.validation[unseen])
            say(f"ranker of {size} cells: tau-b {row['tau_b']:.3f} on {len(unseen)} held out")
            rows.append({**row, "seed": seed})
        told = tier_rows(cells, split, size, logits, scores, seed)
        found = search_rows(cells, split, size, look, iterations, seed) if search else []
    write_parquet(pd.DataFrame(rows), output)
    write_parquet(pd.DataFrame(told).assign(seed=seed), tiers)
    if search is not None:
        made = pd.DataFrame(found).assign(space=cells.space, dataset=cells.dataset, seed=seed)
        write_parquet(made, search)
    for line in found:
        if line["top"] == _TOLD_TOP:
            say(f"{line['draws']}, {line['protocol']}: test accuracy {line['test_accuracy']:.2f} %")


#: Held-out cells that an epoch is judged by for the log, and the k of the outcomes it tells.
_WATCHED, _TOLD_TOP = 200, 5


def _tell(record: "RankerEpoch") -> None:
    """One epoch, for the log."""
    tau = float("nan") if record.tau_b is None else record.tau_b
    say(
        f"epoch {record.epoch}: tier loss {record.tier_loss:.3f}, rank loss "
        f"{record.rank_loss:.3f}, tier accuracy {record.tier_accuracy:.2f}, tau-b {tau:.3f}"
    )


def _cells(table: Path | None, listed: Path | None) -> "Cells":
    """The cells of a table, or those listed; raises EdnagError unless just one of them is given."""
    if table is not None and listed is None:
        return _cells_of_table(table)
    if listed is not None and table is None:
        return _listed_cells(listed)
    raise EdnagError("ranker: give either --table, of NAS-Bench-201, or --cells, of NAS-Bench-101")


def _listed_cells(listed: Path) -> "Cells":
    """Cells of NAS-Bench-101; raises EdnagError if the file is no list of them."""
    import pandas as pd
    import pyarrow as pa

    from ednag.ranker.study import LISTED, cells_of_nasbench101

    try:
        rows = pd.read_parquet(listed, columns=list(LISTED))
    except (pa.ArrowInvalid, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise EdnagError(
            f"{listed}: no list of `ednag cells enumerate --hashes` ({reason}); write it again"
        ) from None
    return cells_of_nasbench101(rows)


def _cells_of_table(table: Path) -> "Cells":
    """All cells with the accuracies of a table: validation where it has a protocol for it.

    Raises:
        EdnagError: The table is of another space, of predictions, lacks the accuracy, or has a
            metric where lower is better.
    """
    import numpy as np

    from ednag.ranker.study import cells_of
    from ednag.tables import get_definition, is_predicted
    from ednag.tables.parquet import read_table

    benchmark = read_table(table)
    place = f"{benchmark.space}/{benchmark.dataset}"
    if benchmark.space != "nasbench201" or is_predicted(benchmark.space, benchmark.dataset):
        raise EdnagError(
            f"{table}: {place} has no measured cells of NAS-Bench-201; give a table of "
            "nasbench201 such as cifar10-analog"
        )
    protocols = get_definition(benchmark.space, benchmark.dataset).protocols
    protocol = protocols.get("validation", protocols["paper"])
    for metric in (protocol.fitness_metric, protocol.reported_metric):
        values = benchmark.values.get(metric)
        if values is None or not np.isfinite(values).all():
            which = "" if values is None else " of some cells"
            raise EdnagError(
                f"{table}: {place} lacks {metric}{which}; build it again with `ednag tables build`"
            )
        if not benchmark.metrics[metric].higher_is_better:
            raise EdnagError(
                f"{table}: {metric} of {place} is a metric where lower is better, and rankers are "
                "judged by accuracy; give a table such as nasbench201/cifar10-analog"
            )
    return cells_of(
        benchmark.dataset,
        benchmark.values[protocol.fitness_metric],
        benchmark.values[protocol.reported_metric],
    )


def _read(paths: tuple[Path, ...]) -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)


@command.command()
@_JUDGED
@_TIERS
@click.option("--search", "searches", multiple=True, type=EXISTING, help="Searches, of `study`.")
@_TITLE
@STATISTICS
@click.option(
    "--space",
    default="nasbench201",
    show_default=True,
    type=click.Choice(("nasbench101", "nasbench201")),
    help="Whose cells; the tables' notes say what is known of them.",
)
@table_files()
@table_files("--tiers-output", "tier_outputs", "tiers")
@table_files("--search-output", "search_outputs", "searches", required=False)
def table(
    judged: tuple[Path, ...],
    tiers: tuple[Path, ...],
    searches: tuple[Path, ...],
    title: str,
    statistics: str,
    space: str,
    outputs: tuple[Path, ...],
    tier_outputs: tuple[Path, ...],
    search_outputs: tuple[Path, ...],
) -> None:
    """Tables (.csv, .md, .tex) of JUDGED predictors, of tiers, and of searches by the ranker.

    Without --search there is no table of searches.
    """
    from ednag.evidence import ranking

    if bool(searches) != bool(search_outputs):
        raise EdnagError("ranker table: give --search and --search-output, or neither")
    settings = statistics_of(statistics)
    found = ranking.learning_table(_read(judged), settings)
    ranking.write_learning(found, title, settings, outputs, space)
    ranking.write_tiers(ranking.tier_table(_read(tiers)), title, tier_outputs, space)
    if searches:
        searched = ranking.search_table(_read(searches), settings)
        ranking.write_search(searched, title, settings, search_outputs)
    largest = found[found["training"] == found["training"].max()]
    for row in largest.itertuples():
        say(f"{row.predictor} of {row.training} cells: tau-b {row.tau_b:.3f}")


@command.command()
@_JUDGED
@_TIERS
@_TITLE
@STATISTICS
@click.option("--folder", required=True, type=FOLDER, help="Where FIGURE.csv, .pdf and .png go.")
def figures(
    judged: tuple[Path, ...], tiers: tuple[Path, ...], title: str, statistics: str, folder: Path
) -> None:
    """Draw learning and tiers: learning curves of JUDGED predictors, and confusions of tiers."""
    from ednag.evidence.figures import ranking as drawing
    from ednag.evidence.figures import save_in
    from ednag.evidence.ranking import learning_table, tier_table

    settings = statistics_of(statistics)
    curves, confusion = learning_table(_read(judged), settings), tier_table(_read(tiers))
    drawn = {
        "learning": (drawing.learning(curves, f"{title}: ranking unseen cells"), curves),
        "tiers": (drawing.tiers(confusion, f"{title}: tiers of unseen cells"), confusion),
    }
    for name, (figure, frame) in drawn.items():
        save_in(folder, name, figure, frame)
        say(f"{name}: {len(frame)} rows drawn")

"""What subcommands of `ednag ranker` share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import EXISTING
from ednag.errors import EdnagError

if TYPE_CHECKING:
    import pandas as pd

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

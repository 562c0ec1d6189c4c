"""Accuracies of all cells of NAS-Bench-201, from a benchmark table."""

from pathlib import Path

import numpy as np

from ednag.errors import EdnagError
from ednag.tables import get_definition, is_predicted
from ednag.tables.parquet import read_table


def measured_accuracies(table: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """(dataset, accuracies that a search sees, accuracies that are reported), float64[15625].

    They are those of the protocol `validation`, or of `paper` where there is no such protocol.
    Raises EdnagError if the table has no such measured accuracies.
    """
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
    return (
        benchmark.dataset,
        benchmark.values[protocol.fitness_metric],
        benchmark.values[protocol.reported_metric],
    )

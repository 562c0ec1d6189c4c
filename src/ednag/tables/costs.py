"""Costs of architectures, the second objective: columns of which less is better.

They are of the further table `DATASET-hardware` beside the dataset's, or of the dataset's own.
"""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal, localcontext

import numpy as np

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.tables import further_table, get_definition, is_table
from ednag.tables.interface import COSTS, Benchmark, BenchmarkTable, Metric, TableDefinition


def cost_names(metrics: Iterable[Metric]) -> list[str]:
    """Names of the metrics that are costs: those of which less is better."""
    return [metric.name for metric in metrics if not metric.higher_is_better]


def cost_tables(space: str, dataset: str) -> dict[str, str]:
    """Costs of a dataset -> the table that has each: that beside the dataset's before its own.

    What a protocol of the dataset searches or reports is no cost of it, and predictions are none:
    a space whose architectures are too many for a table has no costs.
    """
    own, beside = get_definition(space, dataset), further_table(space, dataset, COSTS)
    definitions = [own] if beside is None else [own, get_definition(space, beside)]
    tables = [each for each in definitions if isinstance(each, TableDefinition)]
    return {name: table.dataset for table in tables for name in _costs_in(table)}


def _costs_in(table: TableDefinition) -> list[str]:
    judged = {
        name
        for protocol in table.protocols.values()
        for name in (protocol.fitness_metric, protocol.reported_metric)
    }
    return [name for name in cost_names(table.metrics) if name not in judged]


def costs_of(
    table: Benchmark, beside: BenchmarkTable | None, name: str, needed: np.ndarray
) -> np.ndarray:
    """A cost of all architectures, float64[size] by code, in the unit of its metric.

    Args:
        table: The benchmark.
        beside: The table of costs beside it, or None.
        name: The cost; that of `beside` where both tables have it.
        needed: bool[size], the architectures whose cost must be there.

    Raises:
        EdnagError: The tables have no such cost, or lack that of an architecture, or `beside` is of
            another dataset.
    """
    place = f"{table.space}/{table.dataset}"
    if beside is not None:
        check_beside(beside, table.space, table.dataset)
    found = [each for each in (beside, table) if isinstance(each, BenchmarkTable)]
    known = {cost: each for each in found[::-1] for cost in cost_names(each.metrics.values())}
    if name not in known:
        advice = "" if beside is not None else "; or give the table of costs beside it"
        raise EdnagError(f"{place}: unknown cost {name!r}{suggestion(name, known)}{advice}")
    costs = np.asarray(known[name].values[name], dtype=np.float64)
    if missing := int((np.isnan(costs) & needed).sum()):
        raise EdnagError(
            f"{place}: {missing} architectures have no {name}; give each its cost, or "
            "leave them out of the benchmark's table"
        )
    return costs


def limit_at(costs: np.ndarray, share: float) -> float:
    """A cost that at least a share of float64[n] does not exceed, rounded up to three digits.

    `share` is above 0 and at most 1. Rounded down, a limit would leave out all that cost the same.
    """
    value = Decimal(float(np.quantile(costs, share, method="higher")))
    with localcontext(prec=3, rounding=ROUND_CEILING):
        return float(+value)


def check_beside(further: BenchmarkTable, space: str, dataset: str) -> None:
    """Raise EdnagError, which names the right one, for the costs of another dataset."""
    beside = further_table(space, dataset, COSTS) if is_table(space, dataset) else None
    if beside is not None and (further.space, further.dataset) != (space, beside):
        raise EdnagError(
            f"the table of costs is {further.space}/{further.dataset}, and that of {space}/"
            f"{dataset} is {space}/{beside}; give results/tables/{space}/{beside}.parquet"
        )

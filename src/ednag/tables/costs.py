"""Costs of architectures, the second objective: columns of a further table `DATASET-hardware`."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal, localcontext

import numpy as np

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.tables import further_table, is_table
from ednag.tables.interface import BenchmarkTable, Metric

#: Kind of the further tables that hold costs.
KIND = "hardware"


def cost_names(metrics: Iterable[Metric]) -> list[str]:
    """Names of the metrics that are costs: those of which less is better."""
    return [metric.name for metric in metrics if not metric.higher_is_better]


def check_cost(name: str, metrics: Iterable[Metric]) -> None:
    """Raise EdnagError, with the closest name, unless a cost has this name."""
    names = cost_names(metrics)
    if name not in names:
        raise EdnagError(f"unknown cost {name!r}{suggestion(name, names)}")


def costs_of(further: BenchmarkTable, name: str, needed: np.ndarray | None = None) -> np.ndarray:
    """A cost of all architectures, float64[size] by code, in the unit of its metric.

    Args:
        further: The table of costs.
        name: The cost.
        needed: bool[size], the architectures whose cost must be there; all if None.

    Raises:
        EdnagError: The table has no such cost, or lacks that of an architecture.
    """
    place = f"{further.space}/{further.dataset}"
    try:
        check_cost(name, further.metrics.values())
    except EdnagError as error:
        raise EdnagError(f"{place}: {error}") from None
    costs = np.asarray(further.values[name], dtype=np.float64)
    missing = np.isnan(costs) if needed is None else np.isnan(costs) & needed
    if missing.any():
        raise EdnagError(
            f"{place}: {int(missing.sum())} architectures have no {name}; give each its cost, or "
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
    beside = further_table(space, dataset, KIND) if is_table(space, dataset) else None
    if beside is not None and (further.space, further.dataset) != (space, beside):
        raise EdnagError(
            f"the table of costs is {further.space}/{further.dataset}, and that of {space}/"
            f"{dataset} is {space}/{beside}; give results/tables/{space}/{beside}.parquet"
        )

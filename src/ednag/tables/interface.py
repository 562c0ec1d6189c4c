"""A benchmark table: what was measured for every architecture of a space, as dense arrays."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ednag.errors import EdnagError
from ednag.spaces.interface import SearchSpace
from ednag.tables.columns import as_numbers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Metric:
    """One measured quantity of a table.

    Attributes:
        name: Column name.
        unit: Unit of its values, for example "%".
        description: What was measured, on which data.
        higher_is_better: Direction.
        low, high: Inclusive range a value may have; anything else is refused.
    """

    name: str
    unit: str
    description: str
    higher_is_better: bool = True
    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True)
class Protocol:
    """How a method sees a table and what is reported of its result.

    Attributes:
        fitness_metric: The metric that a search queries.
        reported_metric: The metric reported for the architecture a search ends with.
        factor: The reference's factor on the metric before `rescale` (spec: ednag-search.md,
            Fitness); the factors send the known optimum to about 100.
        description: One sentence for tables and the report.
        rule: How the metric m becomes the value v that is rescaled: "scaled" is factor * m, for a
            metric where higher is better; "inverse" is 50 + factor / |m|, for one where lower is
            better and none is below 0, or for such a one negated (room_layout).
        zero_below: The fitness is 0 where v is below it.
        hyperparameters: Of the reference's search on this dataset, where they differ from those of
            the space.
        drawn_metrics: One metric per repeated training. If there are any, every evaluation of an
            architecture reads one of them, drawn at random by Python's `random` seeded with the
            run's seed, and not `fitness_metric`, which then only names their mean.
    """

    fitness_metric: str
    reported_metric: str
    description: str
    factor: float = 1.0
    rule: Literal["scaled", "inverse"] = "scaled"
    zero_below: float = 0.0
    drawn_metrics: tuple[str, ...] = ()
    hyperparameters: Mapping[str, float] = field(default_factory=dict)


def _contradiction(protocol: Protocol, metric: Metric) -> str:
    """Why better values of a queried metric would have the lower fitness, and what to do; or ""."""
    if not 0 < protocol.factor < math.inf:
        return f"factor = {protocol.factor:g} makes no fitness; give a finite factor above 0"
    if protocol.rule not in ("scaled", "inverse"):
        return f'there is no rule {protocol.rule!r}; give the protocol rule="scaled" or "inverse"'
    if protocol.rule == "scaled":
        if metric.higher_is_better and metric.high > 0:
            return ""
        return (
            'rule "scaled" gives more fitness to a higher value above 0; give the protocol '
            'rule="inverse" and a factor of 50 times the best value'
        )
    if metric.high <= 0 if metric.higher_is_better else metric.low >= 0:
        return ""
    return 'rule "inverse" gives more fitness to a value nearer 0; ' + (
        'give the protocol rule="scaled", or the metric higher_is_better=False if lower is better'
        if metric.higher_is_better
        else "let `read` add a constant so that no value is below 0, and give the metric low=0"
    )


def _check_protocols(definition: "TableDefinition | PredictorDefinition") -> None:
    """Refuse a definition with a protocol that lacks a metric or contradicts its direction."""
    metrics = {metric.name: metric for metric in definition.metrics}
    for name, protocol in definition.protocols.items():
        place = f"{definition.space}/{definition.dataset}, protocol {name}"
        for needed in (protocol.fitness_metric, protocol.reported_metric, *protocol.drawn_metrics):
            if needed not in metrics:
                raise EdnagError(f"{place}: no metric is called {needed!r}; add it to `metrics`")
        for queried in (protocol.fitness_metric, *protocol.drawn_metrics):
            metric = metrics[queried]
            if wrong := _contradiction(protocol, metric):
                better = "higher" if metric.higher_is_better else "lower"
                raise EdnagError(
                    f"{place}: of {metric.name}, from {metric.low:g} to {metric.high:g}, {better} "
                    f'is better, but {wrong} (docs/own-dataset.md, "Lower is better")'
                )


@dataclass(frozen=True)
class TableDefinition:
    """A benchmark table that can be built: its sources, its reader, its protocols.

    Attributes:
        space, dataset: Names in the configuration and in paths.
        title: A readable name of the dataset.
        sources: Ids of the registered files that `read` needs.
        metrics: The columns `read` returns.
        protocols: Protocol name -> Protocol; every table has `paper`.
        read: Takes {source id or generated file: path of verified bytes} and returns one row per
            architecture with columns `key` and the metrics.
        complete: Whether the table must have a row for every architecture of the space.
        generated: Files below `results/` that other stages of the workflow make and `read` needs.
        trained: The same table with what `predictor: train` trains here in place of a source.
    """

    space: str
    dataset: str
    title: str
    sources: tuple[str, ...]
    metrics: tuple[Metric, ...]
    protocols: Mapping[str, Protocol]
    read: "Callable[[Mapping[str, Path]], pd.DataFrame]"
    complete: bool = False
    generated: tuple[str, ...] = ()
    trained: "TableDefinition | None" = None

    def __post_init__(self) -> None:
        """Refuse protocols that contradict the metrics."""
        _check_protocols(self)


#: Values float64[n] of codes int[n] that are architectures of the space, never `INVALID`.
Predictor = Callable[[SearchSpace, np.ndarray], np.ndarray]
#: Parameter name -> float32 array of any shape.
Parameters = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class PredictorDefinition:
    """A predictor that stands in for a benchmark table where the space is too large for one.

    Attributes:
        space, dataset, title, sources, protocols, generated, trained: As of a TableDefinition.
        metrics: The one metric it predicts.
        load: Takes {source id or generated file: path of verified bytes} and returns the
            predictor's parameters.
        predictor: Makes the predictor of its parameters; raises EdnagError if they are another's.
        of_scale: The same with another mean and standard deviation, in %, where the file that
            holds them is published nowhere.
    """

    space: str
    dataset: str
    title: str
    sources: tuple[str, ...]
    metrics: tuple[Metric, ...]
    protocols: Mapping[str, Protocol]
    load: Callable[[Mapping[str, Path]], Parameters]
    predictor: Callable[[Parameters], Predictor]
    generated: tuple[str, ...] = ()
    trained: "PredictorDefinition | None" = None
    of_scale: "Callable[[float, float], PredictorDefinition] | None" = None

    def __post_init__(self) -> None:
        """Refuse protocols that contradict the metrics."""
        _check_protocols(self)

    def build(self, parameters: Parameters, digests: Mapping[str, str]) -> "PredictedBenchmark":
        """The benchmark with these parameters.

        Args:
            parameters: As `load` returns them.
            digests: Source id -> sha256 of the bytes they were read from.

        Raises:
            EdnagError: They are another predictor's.
        """
        return PredictedBenchmark(
            space=self.space,
            dataset=self.dataset,
            parameters=parameters,
            predict=self.predictor(parameters),
            metrics={metric.name: metric for metric in self.metrics},
            sources=dict(digests),
        )


class Benchmark(ABC):
    """What a search is run on: a table of values, or a predictor where there can be no table.

    Attributes:
        space, dataset: Names.
        values: Metric name -> float64[space size], NaN where there is no value; no metric at all
            where values are predicted.
        metrics: Metric name -> Metric.
        sources: Source id -> sha256 of the bytes the benchmark was read from.
    """

    space: str
    dataset: str
    values: dict[str, np.ndarray]
    metrics: dict[str, Metric]
    sources: dict[str, str]

    @abstractmethod
    def optimum(self, metric: str) -> float:
        """The best value of a metric over all architectures; NaN if nobody knows it."""

    @property
    @abstractmethod
    def extent(self) -> str:
        """What it holds, in a few words for the log."""


@dataclass(frozen=True)
class PredictedBenchmark(Benchmark):
    """Values that a predictor gives when they are asked for.

    Attributes:
        parameters: The predictor's parameters.
        predict: The predictor.
        metrics: The one metric it predicts.
        space, dataset, sources: As of any Benchmark.
    """

    space: str
    dataset: str
    parameters: Parameters
    predict: Predictor
    metrics: dict[str, Metric]
    sources: dict[str, str] = field(default_factory=dict)
    values: dict[str, np.ndarray] = field(default_factory=dict, init=False)

    def optimum(self, metric: str) -> float:
        """NaN: the space is too large to know."""
        return float("nan")

    @property
    def extent(self) -> str:
        """How many parameters there are."""
        return f"a predictor of {sum(array.size for array in self.parameters.values())} parameters"


@dataclass(frozen=True)
class BenchmarkTable(Benchmark):
    """Measured values by code.

    Attributes:
        space, dataset: Names.
        values: Metric name -> float64[space size]; NaN where the table has no entry.
        metrics: Metric name -> Metric.
        sources: Source id -> sha256 of the bytes the table was read from.
    """

    space: str
    dataset: str
    values: dict[str, np.ndarray]
    metrics: dict[str, Metric]
    sources: dict[str, str] = field(default_factory=dict)

    def present(self, metric: str) -> np.ndarray:
        """bool[space size]: whether the table has a value."""
        return ~np.isnan(self.values[metric])

    def optimum(self, metric: str) -> float:
        """The best value of a metric over the whole table."""
        best = np.nanmax if self.metrics[metric].higher_is_better else np.nanmin
        return float(best(self.values[metric]))

    @property
    def valid(self) -> np.ndarray:
        """bool[space size]: whether the table has a value of every metric."""
        return np.all([self.present(name) for name in self.metrics], axis=0)

    @property
    def extent(self) -> str:
        """How many architectures have values."""
        return f"{self.valid.sum()} architectures"


def densify(
    rows: "pd.DataFrame",
    space: SearchSpace,
    definition: TableDefinition,
    digests: Mapping[str, str],
) -> BenchmarkTable:
    """Turn a reader's rows into dense arrays indexed by code.

    Args:
        rows: One row per architecture: `key` and the definition's metrics.
        space: The search space of the keys.
        definition: The table that is being built.
        digests: Source id -> sha256 of the bytes that were read.

    Raises:
        EdnagError: A key is foreign or repeated, a value is no number or out of range, a row is
            missing; the message names the files and the row, column and value.
    """
    files = ", ".join((*definition.sources, *definition.generated))
    place = f"{definition.space}/{definition.dataset} ({files})"
    if not len(rows):
        raise EdnagError(f"{place}: no rows; a table needs one for each architecture")
    missing = [metric.name for metric in definition.metrics if metric.name not in rows]
    if missing or "key" not in rows:
        raise EdnagError(f"{place}: column {(missing or ['key'])[0]!r} is missing in its source")
    codes = np.empty(len(rows), dtype=np.int64)
    for position, key in enumerate(rows["key"]):
        try:
            codes[position] = space.code(key)
        except EdnagError as error:
            mend = "" if isinstance(key, str) else "; let the reader take the column as text"
            raise EdnagError(f"{place}: row {position}: key: {error}{mend}") from None
    _, first = np.unique(codes, return_index=True)
    if len(first) < len(codes):
        again = int(np.setdiff1d(np.arange(len(codes)), first)[0])
        raise EdnagError(f"{place}: row {again}: {rows['key'].iloc[again]} is repeated; keep one")
    if definition.complete and len(codes) < space.size:
        absent = int(np.setdiff1d(np.arange(space.size), codes)[0])
        raise EdnagError(
            f"{place}: {space.size - len(codes)} of {space.size} architectures have no row, the "
            f"first is {space.key(absent)}"
        )
    values = {}
    for metric in definition.metrics:
        dense = np.full(space.size, np.nan)
        dense[codes] = as_numbers(rows[metric.name], place, metric.low, metric.high, metric.unit)
        values[metric.name] = dense
    return BenchmarkTable(
        space=definition.space,
        dataset=definition.dataset,
        values=values,
        metrics={metric.name: metric for metric in definition.metrics},
        sources=dict(digests),
    )

"""Benchmarks: definitions, protocols, and values of all architectures as dense arrays."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ednag.confined import read_confined
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.interface import SearchSpace
from ednag.tables.columns import as_numbers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Kind of the further tables that hold costs; methods that read none need not be run again when
#: `ednag.tables.costs` changes.
COSTS = "hardware"


@dataclass(frozen=True)
class Metric:
    """One measured quantity of a table.

    Attributes:
        name: Column name.
        unit: Unit of its values, for example "%".
        description: What was measured, on which data.
        higher_is_better: Direction.
        low, high: Inclusive range of valid values.
    """

    name: str
    unit: str
    description: str
    higher_is_better: bool = True
    low: float = 0.0
    high: float = 100.0

    @property
    def sign(self) -> float:
        """1 where higher values are better, -1 where lower ones are."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def label(self) -> str:
        """Its name and unit, and its direction if lower is better."""
        direction = "" if self.higher_is_better else ", lower is better"
        return f"{self.name.replace('_', ' ')} ({self.unit}{direction})"


@dataclass(frozen=True)
class Protocol:
    """The metric that a search queries and the metric that is reported.

    Attributes:
        fitness_metric: The metric that a search queries.
        reported_metric: The metric reported for the outcome of a search.
        factor: The reference's factor on the metric before `rescale` (spec: ednag-search.md,
            Fitness); it maps the known optimum to about 100.
        description: One sentence for tables and the report.
        rule: The value v that is rescaled, from the metric m: "scaled" is factor * m, where higher
            is better; "inverse" is 50 + factor / |m|, where lower is better and m >= 0, or where
            such a metric is negated (room_layout).
        zero_below: The fitness is 0 where v is below it.
        hyperparameters: Those of the reference's search on this dataset that differ from those of
            the space.
        drawn_metrics: One metric per repeated training. If there are any, each evaluation reads one
            of them, drawn by Python's `random` with the seed of the run, instead of
            `fitness_metric`, which is their mean.
        epochs: Number of epochs -> metric after a training of so many, ascending; the last one is
            `fitness_metric`. If there are any, a search may also ask for the shorter trainings,
            each of which is a training of its own.
    """

    fitness_metric: str
    reported_metric: str
    description: str
    factor: float = 1.0
    rule: Literal["scaled", "inverse"] = "scaled"
    zero_below: float = 0.0
    drawn_metrics: tuple[str, ...] = ()
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    epochs: Mapping[int, str] = field(default_factory=dict)


def _contradiction(protocol: Protocol, metric: Metric) -> str:
    """Why better values of a metric would have the lower fitness, and what to do; "" if not."""
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


def _unfit_epochs(protocol: Protocol, time_metric: str) -> str:
    """What is wrong with the shorter trainings of a protocol; "" if nothing."""
    numbers = list(protocol.epochs)
    if numbers != sorted(numbers) or numbers[0] < 1:
        return f"{numbers} are not ascending numbers from 1; order them"
    if protocol.epochs[numbers[-1]] != protocol.fitness_metric:
        return f"the last one, {numbers[-1]}, is not of {protocol.fitness_metric}; make it so"
    if protocol.drawn_metrics or time_metric:
        return "leave out drawn_metrics and time_metric, which are of whole trainings alone"
    return ""


@dataclass(frozen=True, kw_only=True)
class Definition(ABC):
    """What `ednag tables build` builds.

    Raises EdnagError if a protocol lacks its metric or contradicts its direction.

    Attributes:
        space, dataset: Names in the configuration and in paths.
        title: A readable name of the dataset.
        sources: Ids of the registered source files.
        metrics: The columns of a table, or the one metric of a predictor.
        protocols: Protocol name -> Protocol; every benchmark has `paper`. A further table, which
            methods read beside a benchmark's, has none.
        generated: Files below `results/` that are made by other stages of the workflow.
        trained: The same benchmark by the predictor that `predictor: train` trains.
        time_metric: The metric that is the time in s of one training, which an evaluation stands
            for; "" if there is none.
        predicted: Whether the values are predictions; no comparison over datasets counts these.
        measured_on: What is learnt, if several datasets of the space are measurements of the same
            and one of them has this name; comparisons over datasets count one.
        official: Ids of the benchmark's own files with the same rows; see `OFFICIAL`.
    """

    space: str
    dataset: str
    title: str
    sources: tuple[str, ...]
    metrics: tuple[Metric, ...]
    protocols: Mapping[str, Protocol]
    generated: tuple[str, ...] = ()
    trained: "Definition | None" = None
    time_metric: str = ""
    predicted: bool = False
    measured_on: str = ""
    official: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse protocols that contradict the metrics."""
        metrics = {metric.name: metric for metric in self.metrics}
        for name, protocol in self.protocols.items():
            place = f"{self.space}/{self.dataset}, protocol {name}"
            queried = (*protocol.epochs.values(), protocol.fitness_metric, *protocol.drawn_metrics)
            if protocol.epochs and (reason := _unfit_epochs(protocol, self.time_metric)):
                raise EdnagError(f"{place}: epochs: {reason}")
            for needed in (*queried, protocol.reported_metric):
                if needed not in metrics:
                    raise EdnagError(
                        f"{place}: no metric is called {needed!r}; add it to `metrics`"
                    )
            for metric in (metrics[name] for name in queried):
                if reason := _contradiction(protocol, metric):
                    better = "higher" if metric.higher_is_better else "lower"
                    raise EdnagError(
                        f"{place}: of {metric.name}, from {metric.low:g} to {metric.high:g}, "
                        f'{better} is better, but {reason} (docs/own-dataset.md, "Lower is better")'
                    )

    @abstractmethod
    def build(self, paths: Mapping[str, Path], digests: Mapping[str, str]) -> "Benchmark":
        """The benchmark in files; raises EdnagError if a file holds something else.

        `paths` and `digests`: source id or generated file -> path of verified bytes, and sha256.
        """


@dataclass(frozen=True, kw_only=True)
class TableDefinition(Definition):
    """The definition of a benchmark table.

    Attributes:
        read: Takes {source id or generated file: path} and returns one row per architecture with
            columns `key` and the metrics.
        complete: Whether the table must have a row for every architecture of the space.
    """

    read: "Callable[[Mapping[str, Path]], pd.DataFrame]"
    complete: bool = False

    def build(self, paths: Mapping[str, Path], digests: Mapping[str, str]) -> "BenchmarkTable":
        """See `Definition.build` and `densify`; files are read in a child process with limits."""
        import pyarrow as pa

        def columns() -> pa.Table:
            return pa.table(densify(self.read(paths), get_space(self.space), self, digests).values)

        table = read_confined(columns, paths.values(), advice_to_replace(paths))
        return BenchmarkTable(
            space=self.space,
            dataset=self.dataset,
            values=numbers_in(table, table.column_names),
            metrics={metric.name: metric for metric in self.metrics},
            sources=dict(digests),
        )


def joined(
    table: TableDefinition,
    further: TableDefinition,
    dataset: str,
    title: str,
    protocols: Mapping[str, Protocol],
) -> TableDefinition:
    """A dataset with the metrics of two tables, joined by the key of the architecture.

    Architectures that one of the two lacks are left out. It counts as another measurement of the
    first table's dataset.

    Args:
        table, further: The two, of one space.
        dataset, title: Of the new dataset.
        protocols: May name metrics of both.

    Raises:
        EdnagError: A protocol contradicts the metrics.
    """

    def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
        frames = [
            each.read({name: paths[name] for name in each.sources})[
                ["key", *(metric.name for metric in each.metrics)]
            ]
            for each in (table, further)
        ]
        return frames[0].merge(frames[1], on="key")

    return replace(
        table,
        dataset=dataset,
        title=title,
        sources=tuple(dict.fromkeys([*table.sources, *further.sources])),
        metrics=(*table.metrics, *further.metrics),
        protocols=protocols,
        measured_on=table.measured_on or table.dataset,
        read=read,
        complete=table.complete and further.complete,
        official=(),
        trained=None,
    )


#: Values float64[n] of codes int[n] that are architectures of the space, never `INVALID`.
Predictor = Callable[[SearchSpace, np.ndarray], np.ndarray]
#: Parameter name -> float32 array of any shape.
Parameters = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class PredictorDefinition(Definition):
    """The definition of a predictor, which replaces a table where the space is too large for one.

    Attributes:
        load: Takes {source id or generated file: path} and returns the predictor's parameters.
        predictor: Makes the predictor; raises EdnagError for parameters of another one.
        of_scale: Returns the definition with another mean and standard deviation in %, where the
            file with these numbers is not published.
    """

    predicted: bool = True
    load: Callable[[Mapping[str, Path]], Parameters]
    predictor: Callable[[Parameters], Predictor]
    of_scale: "Callable[[float, float], PredictorDefinition] | None" = None

    def build(self, paths: Mapping[str, Path], digests: Mapping[str, str]) -> "PredictedBenchmark":
        """See `Definition.build`; files are read in a child process with limits."""
        rows = read_confined(
            lambda: parameter_rows(self.load(paths)), paths.values(), advice_to_replace(paths)
        )
        return self.with_parameters(parameters_in(rows), digests)

    def with_parameters(
        self, parameters: Parameters, digests: Mapping[str, str]
    ) -> "PredictedBenchmark":
        """The benchmark with parameters that `load` returned; raises EdnagError for others."""
        return PredictedBenchmark(
            space=self.space,
            dataset=self.dataset,
            parameters=parameters,
            predict=self.predictor(parameters),
            metrics={metric.name: metric for metric in self.metrics},
            sources=dict(digests),
        )


def parameter_rows(parameters: Parameters) -> "pa.Table":
    """Parameters as rows of `parameter` (the name), `shape` and `values` (float32, row by row)."""
    import pyarrow as pa

    arrays = parameters.values()
    return pa.table(
        {
            "parameter": pa.array(list(parameters)),
            "shape": pa.array([array.shape for array in arrays], pa.list_(pa.int32())),
            "values": pa.array([array.ravel() for array in arrays], pa.list_(pa.float32())),
        }
    )


def parameters_in(rows: "pa.Table") -> dict[str, np.ndarray]:
    """The parameters in rows of `parameter_rows`."""
    return {
        name.as_py(): np.asarray(values.values.to_numpy()).reshape(shape.as_py())
        for name, shape, values in zip(
            rows["parameter"], rows["shape"], rows["values"], strict=True
        )
    }


def numbers_in(rows: "pa.Table", columns: Iterable[str]) -> dict[str, np.ndarray]:
    """Columns of numbers as arrays of their own."""
    # Not `to_numpy`, because it imports pandas, which takes longer than many searches.
    return {
        name: np.concatenate([np.from_dlpack(chunk) for chunk in rows[name].chunks])
        for name in columns
    }


def advice_to_replace(paths: Mapping[str, Path]) -> str:
    """How to replace files by their source id or name, for a message that has the paths."""
    sources = [name for name in paths if "/" not in name]
    made = [name for name in paths if "/" in name]
    ways = [f"fetch it again: ednag sources fetch {' '.join(sources)}"] if sources else []
    ways += [f"make {' and '.join(made)} again: snakemake"] if made else []
    return f"delete it and {', or '.join(ways)}"


@dataclass(frozen=True)
class Benchmark(ABC):
    """What a search runs on: a table of values, or a predictor where there can be no table.

    Attributes:
        space, dataset: Names.
        values: Metric name -> float64[space size], NaN where the table has no entry; empty where
            values are predicted.
        metrics: Metric name -> Metric.
        sources: Source id -> sha256 of the file the benchmark was read from.
    """

    space: str
    dataset: str
    values: dict[str, np.ndarray]
    metrics: dict[str, Metric]
    sources: dict[str, str] = field(default_factory=dict)

    @abstractmethod
    def optimum(self, metric: str) -> float:
        """The best value of a metric over all architectures; NaN if it is not known."""

    @property
    @abstractmethod
    def extent(self) -> str:
        """What it holds, in a few words for the log."""

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays that determine all values."""
        return self.values

    @cached_property
    def digest(self) -> str:
        """sha256 of its values, of the same bytes on every machine: what a run depends on."""
        total = hashlib.sha256(f"{self.space}/{self.dataset}".encode())
        for name, array in sorted(self.arrays.items()):
            total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
            total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()


@dataclass(frozen=True)
class PredictedBenchmark(Benchmark):
    """Values that a predictor returns on request, of one metric; see `Benchmark`."""

    values: dict[str, np.ndarray] = field(default_factory=dict, init=False)
    parameters: Parameters = field(kw_only=True)
    predict: Predictor = field(kw_only=True)

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The parameters."""
        return self.parameters

    def optimum(self, metric: str) -> float:
        """NaN: the space is too large to know."""
        return math.nan

    @property
    def extent(self) -> str:
        """The number of parameters."""
        return f"a predictor of {sum(array.size for array in self.parameters.values())} parameters"


@dataclass(frozen=True)
class BenchmarkTable(Benchmark):
    """Measured values by code; see `Benchmark`."""

    def present(self, metric: str) -> np.ndarray:
        """bool[space size]: whether the table has a value."""
        return ~np.isnan(self.values[metric])

    def optimum(self, metric: str) -> float:
        """The best value of a metric in the table."""
        best = np.nanmax if self.metrics[metric].higher_is_better else np.nanmin
        return float(best(self.values[metric]))

    @property
    def valid(self) -> np.ndarray:
        """bool[space size]: whether the table has a value of every metric."""
        return np.all([self.present(name) for name in self.metrics], axis=0)

    @property
    def extent(self) -> str:
        """The number of architectures with values."""
        return f"{self.valid.sum()} architectures"


def densify(
    rows: "pd.DataFrame",
    space: SearchSpace,
    definition: TableDefinition,
    digests: Mapping[str, str],
) -> BenchmarkTable:
    """The table of a definition from rows with `key` and its metrics; see `Definition.build`.

    Raises EdnagError if a key is foreign or repeated, a value is no number or out of range, or a
    row is missing; the message names the files and the row, column and value.
    """
    files = ", ".join((*definition.sources, *definition.generated))
    place = f"{definition.space}/{definition.dataset} ({files})"
    if not len(rows):
        raise EdnagError(f"{place}: no rows; a table needs one for each architecture")
    missing = [metric.name for metric in definition.metrics if metric.name not in rows]
    if missing or "key" not in rows:
        raise EdnagError(f"{place}: column {(missing or ['key'])[0]!r} is missing in its source")
    key_of_code: dict[int, str] = {}
    for row, key in enumerate(rows["key"], 1):
        try:
            code = space.code(key)
        except EdnagError as error:
            advice = "" if isinstance(key, str) else "; let the reader take the column as text"
            raise EdnagError(f"{place}: row {row}: key: {error}{advice}") from None
        if code in key_of_code:
            raise EdnagError(f"{place}: row {row}: {key} is repeated; keep one")
        key_of_code[code] = key
    codes = list(key_of_code)
    if definition.complete and len(codes) < space.size:
        absent = int(np.setdiff1d(np.arange(space.size), codes)[0])
        raise EdnagError(
            f"{place}: {space.size - len(codes)} of {space.size} architectures have no row, the "
            f"first is {space.key(absent)}"
        )
    values = {}
    for metric in definition.metrics:
        dense = np.full(space.size, np.nan)
        numbers = as_numbers(rows[metric.name], place, metric.low, metric.high, metric.unit)
        if metric.unit == "%" and metric.high > 1 and numbers.max() <= 1:
            raise EdnagError(
                f"{place}: {metric.name} is in %, and its largest value is {numbers.max():g}: "
                "it is given as fractions; multiply it by 100"
            )
        dense[codes] = numbers
        values[metric.name] = dense
    return BenchmarkTable(
        space=definition.space,
        dataset=definition.dataset,
        values=values,
        metrics={metric.name: metric for metric in definition.metrics},
        sources=dict(digests),
    )

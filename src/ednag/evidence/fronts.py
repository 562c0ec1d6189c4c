"""Fronts of a metric against a cost: what a run has found within a budget, whatever its method.

A run file lists the architectures of a run in the order in which they were evaluated, and a table
of costs has the cost of each. So every run has a front after each number of distinct evaluations;
no method needs to know that it is judged. docs/costs.md states each quantity.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ednag.evidence.comparison import random_start_of
from ednag.evidence.statistics import mean_columns
from ednag.evidence.writing import rounded, texts, with_interval, write_frame
from ednag.methods import get_method
from ednag.methods.interface import Run
from ednag.study.statistics import Statistics
from ednag.tables import (
    get_definition,
    get_metric,
    get_protocol,
    get_reported_metric,
)
from ednag.tables.costs import cost_tables, costs_of, limit_at
from ednag.tables.interface import Benchmark, BenchmarkTable, Protocol

#: How far beyond the true front's range the reference point lies, as a share of the range.
BEYOND = 0.1
#: Method -> its runs.
Runs = Mapping[str, Sequence[Run]]
#: Costs at which attained metrics are drawn.
_POINTS = 200


@dataclass(frozen=True)
class Costed:
    """The architectures of a benchmark under a protocol, with one cost of each.

    Attributes:
        reported: float64[size], the reported metric; less is better whatever its direction. NaN for
            architectures that the benchmark lacks.
        cost: float64[size], less is better.

    What a search has seen of architectures, `seen`, is given with their codes: where evaluations
    draw a training, each run sees other values. Less is better there, too.
    """

    reported: np.ndarray
    cost: np.ndarray

    @cached_property
    def present(self) -> np.ndarray:
        """Codes int[k] of the architectures that the benchmark has."""
        return np.flatnonzero(~np.isnan(self.reported))

    @cached_property
    def _good(self) -> np.ndarray:
        """bool[size]: better than the median of the reported metric; all where none is."""
        good = self.reported < np.median(self.reported[self.present])
        return good if good.any() else ~np.isnan(self.reported)

    @cached_property
    def true_front(self) -> np.ndarray:
        """Codes int[k], ascending, of the true front: what no architecture dominates.

        Only those whose reported metric is better than the median of the benchmark, because the
        cheapest networks have hardly an operation and predict by chance.
        """
        good = np.flatnonzero(self._good)
        return good[is_front(self._points(good))]

    @cached_property
    def _scale(self) -> tuple[np.ndarray, np.ndarray]:
        points = self._points(self.true_front)
        low, span = points.min(axis=0), np.ptp(points, axis=0)
        return low, np.where(span > 0, span, 1.0)

    def _points(self, codes: np.ndarray) -> np.ndarray:
        return np.column_stack([self.reported[codes], self.cost[codes]])

    def normalised(self, codes: np.ndarray) -> np.ndarray:
        """Points float64[n, 2] in units of the true front's range: 0 its best, 1 its worst."""
        low, span = self._scale
        return (self._points(codes) - low) / span

    def front(self, codes: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Those of codes int[n] that none of them dominates, by what a search has seen."""
        return codes[is_front(np.column_stack([seen, self.cost[codes]]))]

    def measured(self, codes: np.ndarray, seen: np.ndarray) -> dict[str, float]:
        """Hypervolume and share found, in %, and IGD+ of the front of codes int[n].

        Of the front, those that are better than the median, as of the true front: of the others,
        cheaper ones would add what the true front does not have.
        """
        front = self.front(codes, seen)
        front = front[self._good[front]]
        points = self.normalised(front) if len(front) else np.full((1, 2), 1 + BEYOND)
        true = self.normalised(self.true_front)
        return {
            "hypervolume": 100 * hypervolume(points) / hypervolume(true),
            "igd_plus": igd_plus(points, true),
            "found": 100 * float(np.isin(self.true_front, front).mean()),
        }

    def best_within(self, codes: np.ndarray, seen: np.ndarray, limits: np.ndarray) -> np.ndarray:
        """Reported metric of the best by what a search has seen, of those of codes int[n] that cost
        at most each of the limits float64[k]; NaN where there is none."""
        order = np.argsort(self.cost[codes], kind="stable")
        ordered, best = codes[order], np.minimum.accumulate(seen[order])
        new = np.flatnonzero(np.diff(best, prepend=np.inf) < 0)
        starts = np.searchsorted(self.cost[ordered[new]], limits, side="right") - 1
        values = np.append(self.reported[ordered[new]], np.nan)
        return values[np.where(starts < 0, len(new), starts)]


def is_front(points: np.ndarray) -> np.ndarray:
    """bool[n]: points float[n, 2] that no other dominates, less is better; equal ones as well."""
    import moocore

    if not len(points):
        return np.zeros(0, dtype=bool)
    return np.asarray(moocore.is_nondominated(points, keep_weakly=True))


def hypervolume(points: np.ndarray) -> float:
    """Area that points float[n, 2] dominate, up to the reference point 1 + BEYOND in both."""
    import moocore

    return float(moocore.hypervolume(points, ref=[1 + BEYOND] * 2))


def igd_plus(points: np.ndarray, true: np.ndarray) -> float:
    """Mean distance from the true front to points float[n, 2] (Ishibuchi et al., EMO 2015)."""
    import moocore

    return float(moocore.igd_plus(points, ref=true))


def costed(
    table: Benchmark, further: BenchmarkTable | None, protocol: Protocol, name: str
) -> Costed:
    """The architectures of a table with one cost; EdnagError as `costs_of`."""
    metric = protocol.reported_metric
    reported = -table.metrics[metric].sign * np.asarray(table.values[metric], dtype=np.float64)
    return Costed(reported, costs_of(table, further, name, ~np.isnan(reported)))


@dataclass(frozen=True)
class Judged:
    """Runs of one benchmark under one protocol, and what they are judged by.

    Attributes:
        table: The benchmark.
        further: The table of costs beside it, if any.
        protocol: Name of the protocol.
        runs: Method -> its runs.
        costs: Names of the costs.
        statistics: How runs are summarised; its checkpoints are the budgets.
        described: Method -> what `settings_text` tells of its runs.
    """

    table: Benchmark
    further: BenchmarkTable | None
    protocol: str
    runs: Runs
    costs: Sequence[str]
    statistics: Statistics
    described: Mapping[str, str]

    @cached_property
    def benchmarks(self) -> dict[str, Costed]:
        """Cost -> the architectures with it."""
        protocol = self._protocol
        return {name: costed(self.table, self.further, protocol, name) for name in self.costs}

    @cached_property
    def _protocol(self) -> Protocol:
        return get_protocol(self.table.space, self.table.dataset, self.protocol)

    def _evaluated(self, run: Run, budget: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes within a budget, and what the run has seen of each, less is better."""
        sign = self.table.metrics[self._protocol.fitness_metric].sign
        return run.codes[:budget], -sign * run.metrics[:budget]

    @property
    def sign(self) -> float:
        """1 where more of the reported metric is better, else -1."""
        return get_reported_metric(self.table.space, self.table.dataset, self.protocol).sign

    def _rows(self) -> Iterator[tuple[dict[str, Any], Costed, Sequence[Run]]]:
        """What names each row, the architectures, and the runs."""
        place = {"space": self.table.space, "dataset": self.table.dataset}
        for name, benchmark in self.benchmarks.items():
            for budget in self.statistics.checkpoints:
                for method, runs in self.runs.items():
                    head = {**place, "protocol": self.protocol, "cost": name}
                    ended = sum(run.distinct < budget for run in runs)
                    begun = random_start_of(method, self.described[method])
                    counts = {"seeds": len(runs), "ended": ended, "still_random": budget <= begun}
                    yield {**head, "budget": budget, "method": method, **counts}, benchmark, runs

    def fronts_table(self) -> pd.DataFrame:
        """One row per cost, budget and method: hypervolume, share found (%), IGD+.

        A run that ended before the budget keeps its front; `ended` counts those.
        """
        rows = []
        for names, benchmark, runs in self._rows():
            each = pd.DataFrame(
                [benchmark.measured(*self._evaluated(run, names["budget"])) for run in runs]
            )
            rows.append(
                {**names, "true_front": len(benchmark.true_front)}
                | {
                    column: value
                    for measure in _HIGHEST
                    for column, value in mean_columns(
                        measure, each[measure].to_numpy(), self.statistics.confidence
                    ).items()
                }
            )
        frame = pd.DataFrame(rows)
        for measure, highest in _HIGHEST.items():
            bounds = [f"{measure}_low", f"{measure}_high"]
            frame[bounds] = frame[bounds].clip(0, highest)
        return frame

    def limits_table(self, quantiles: Sequence[float]) -> pd.DataFrame:
        """One row per cost, limit, budget and method: the best metric at a cost within the limit.

        A share `within` of the architectures, `quantile` at least, costs no more than the limit;
        `optimum` is the best reported metric of them. `without` counts the runs that have evaluated
        none: each counts as the worst architecture of the benchmark.
        """
        rows = []
        for names, benchmark, runs in self._rows():
            present = benchmark.present
            known, reported = benchmark.cost[present], benchmark.reported[present]
            limits = np.array([limit_at(known, quantile) for quantile in quantiles])
            optima = benchmark.best_within(present, reported, limits)
            best = np.array(
                [
                    benchmark.best_within(*self._evaluated(run, names["budget"]), limits)
                    for run in runs
                ]
            )
            for quantile, limit, optimum, values in zip(
                quantiles, limits, optima, -self.sign * best.T, strict=True
            ):
                none = np.isnan(values)
                counted = np.where(none, -self.sign * reported.max(), values)
                rows.append(
                    {**names, "quantile": quantile, "limit": limit}
                    | {"within": float((known <= limit).mean())}
                    | mean_columns("best", counted, self.statistics.confidence)
                    | {"optimum": -self.sign * optimum, "without": int(none.sum())}
                )
        order = ["cost", "quantile", "budget"]
        frame = pd.DataFrame(rows)
        frame["cost"] = pd.Categorical(frame["cost"], list(self.costs))
        frame = frame.sort_values(order, kind="stable", ignore_index=True)
        return frame.astype({"cost": str})

    def attained_frame(self) -> pd.DataFrame:
        """What half and a quarter of the runs have attained within the largest budget.

        A row per cost, method ("" for the true front) and value of the cost: the median and the
        quartiles over runs of the best metric at a cost of at most `at`. That is the attainment
        surface (Fonseca and Fleming, 1996). Empty where fewer runs have any.
        """
        budget = self.statistics.checkpoints[-1]
        frames = []
        for name, benchmark in self.benchmarks.items():
            front = benchmark.true_front
            true = benchmark.cost[front]
            at = np.unique(np.append(np.linspace(true.min(), true.max(), _POINTS), true))
            attained = {"": benchmark.best_within(front, benchmark.reported[front], at)[None]}
            for method, runs in self.runs.items():
                evaluated = [self._evaluated(run, budget) for run in runs]
                attained[method] = np.array(
                    [benchmark.best_within(*each, at) for each in evaluated]
                )
            for method, values in attained.items():
                ordered = np.sort(np.where(np.isnan(values), np.inf, values), axis=0)
                columns = {
                    column: -self.sign * ordered[_position(share, len(ordered))]
                    for column, share in _QUARTILES.items()
                }
                frames.append(pd.DataFrame({"cost": name, "method": method, "at": at, **columns}))
        frame = pd.concat(frames, ignore_index=True)
        return frame.replace([np.inf, -np.inf], np.nan)


#: Measure of fronts -> the most that it can be; the least is 0. Intervals are cut there.
_HIGHEST = {"hypervolume": 100.0, "igd_plus": np.inf, "found": 100.0}
#: Column -> share of the runs that have attained it.
_QUARTILES = {"quartile_best": 0.25, "median": 0.5, "quartile_worst": 0.75}


def _position(share: float, count: int) -> int:
    """Position of the value, from the best, that a share of the runs attains."""
    return int(np.ceil(share * count)) - 1


def cost_label(space: str, dataset: str, name: str) -> str:
    """A cost with its unit."""
    table = cost_tables(space, dataset).get(name)
    return name if table is None else get_metric(space, table, name).label


def _heads(frame: pd.DataFrame) -> dict[str, list[str]]:
    places = frame[["space", "dataset", "cost"]].itertuples(index=False, name=None)
    return {
        "Cost": [cost_label(*place) for place in places],
        "Distinct evaluations": texts(frame["budget"]),
        "Method": [
            get_method(name).title + (" (still random search)" if random else "")
            for name, random in zip(frame["method"], frame["still_random"], strict=True)
        ],
        "Seeds": texts(frame["seeds"]),
    }


def readable_fronts(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `Judged.fronts_table`."""
    return {
        **_heads(frame),
        "Hypervolume (%)": with_interval(frame, "hypervolume"),
        "IGD+": with_interval(frame, "igd_plus", 4),
        "True front found (%)": with_interval(frame, "found"),
    }


def readable_limits(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `Judged.limits_table`."""
    heads = _heads(frame)
    best = with_interval(frame, "best")
    return {
        "Cost": heads.pop("Cost"),
        "Limit": [f"{limit:.3g}" for limit in frame["limit"]],
        **heads,
        "Best within the limit": [
            f"{text} ({without} of {seeds} runs have none)" if without else text
            for text, without, seeds in zip(best, frame["without"], frame["seeds"], strict=True)
        ],
        "Optimum": [rounded(float(value)) for value in frame["optimum"]],
    }


_PLACE = (
    "{dataset}, protocol {protocol}: {metric} against each cost. Intervals: {level}, Student's of "
    "the mean over seeds; of fewer than 5 seeds, the values. A run that ended earlier keeps what "
    "it has. Still random search: no more evaluations than the method draws at random first. "
)
_FRONTS = (
    "The true front: architectures that none dominates, of those with a better metric than the "
    "median of the table. Both objectives are in units of its range. Hypervolume: as a share of "
    "that of the true front; the reference point is 10 % of the range beyond its worst values. "
    "IGD+: mean distance from the true front to that of the run, in units of the range; 0 is best. "
    "Intervals are cut at what a measure can be. "
    "A run's front is chosen by what the search has seen and has the reported values; what is not "
    "better than the median is left out."
)
_LIMITS = (
    "The best by what the search has seen, of those evaluated within a limit of cost: the "
    "quantiles {quantiles} of the cost over the table, rounded up to three digits. A run that has "
    "evaluated none counts as the worst architecture of the table."
)


def write_judged(
    judged: Judged,
    quantiles: Sequence[float],
    fronts: Sequence[Path],
    limits: Sequence[Path],
) -> None:
    """Write both tables of `Judged` to paths (.csv, .md, .tex), or none of them."""
    place = (judged.table.space, judged.table.dataset)
    note = _PLACE.format(
        dataset=get_definition(*place).title,
        protocol=judged.protocol,
        metric=get_reported_metric(*place, judged.protocol).label,
        level=f"{100 * judged.statistics.confidence:g} %",
    )
    table, within = judged.fronts_table(), judged.limits_table(quantiles)
    shares = ", ".join(f"{quantile:g}" for quantile in quantiles)
    write_frame(table, readable_fronts(table), note + _FRONTS, fronts)
    write_frame(within, readable_limits(within), note + _LIMITS.format(quantiles=shares), limits)

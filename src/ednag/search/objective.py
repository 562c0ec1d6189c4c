"""A benchmark as a method sees it: metric and fitness by code, every evaluation counted."""

import random
from array import array
from functools import cached_property
from typing import Literal

import numpy as np

from ednag.errors import EdnagError
from ednag.search.fitness import WORST_LOSS, fitness_of
from ednag.spaces.interface import INVALID, LargeSpace, SearchSpace
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    Metric,
    PredictedBenchmark,
    Predictor,
    Protocol,
)

#: What a budget counts: distinct architectures, or those that are not equivalent to one before.
DISTINCT, GRAPHS = "distinct evaluations", "unique graphs"
Count = Literal["distinct evaluations", "unique graphs"]


class Ledger:
    """The evaluations of one run: how many, and the first of each architecture in order.

    `total` counts all, `invalid` those of no architecture, `distinct` the architectures, and
    `spent` what a budget counts: the architectures, or their graphs.
    """

    def __init__(self, size: int, graph_of_code: np.ndarray | None = None) -> None:
        """`graph_of_code`: see `SearchSpace.graph_of_code`; None: a budget counts architectures."""
        self.total = 0
        self.invalid = 0
        self.distinct = 0
        self._seen = np.zeros(size, dtype=bool)
        self._graph_of_code = graph_of_code
        self._seen_graphs = np.zeros(size, dtype=bool)
        self._codes = array("i")
        self._lookups = array("i")

    def enter(self, codes: np.ndarray) -> None:
        """Count a batch of evaluations, int32[n], in order; -1 counts as an invalid one."""
        first = self._first_evaluations(codes)
        if len(first):
            self._append(codes[first], self.total + first)
        self.total += len(codes)
        self.invalid += int((codes < 0).sum())

    def enter_one(self, code: int) -> None:
        """Count the evaluation of one valid architecture."""
        self._make_room(code)
        if not self._seen[code]:
            self._codes.append(code)
            self._lookups.append(self.total)
            self._see(code, 1)
        self.total += 1

    def repeat(self) -> None:
        """Count one more evaluation of an architecture that was evaluated before."""
        self.total += 1

    def enter_run(
        self, codes: np.ndarray, lookups: np.ndarray, total: int, invalid: int
    ) -> np.ndarray:
        """Count the evaluations of a whole run; bool[n], whether each is new to this ledger.

        Args:
            codes: int32[n], the distinct valid architectures in order of first evaluation.
            lookups: int32[n], how many of these evaluations came before each first one.
            total, invalid: Evaluations of any kind, and of no architecture.
        """
        self._make_room(codes.max(initial=INVALID))
        new = ~self._seen[codes]
        self._append(codes[new], lookups[new] + np.int32(self.total))
        self.total += total
        self.invalid += invalid
        return new

    @property
    def spent(self) -> int:
        """What the run has spent of its budget."""
        return self.distinct if self._graph_of_code is None else int(self._seen_graphs.sum())

    def spending(self, codes: np.ndarray) -> np.ndarray:
        """Positions int64[k], ascending, at which a batch int32[n] would spend of the budget."""
        if self._graph_of_code is None:
            return self._first_evaluations(codes)
        positions = np.flatnonzero(codes >= 0)
        graphs = self._graph_of_code[codes[positions]]
        return positions[_first_of_each(graphs, self._seen_graphs)]

    def affordable(self, codes: np.ndarray, budget: int) -> int:
        """How many of int32[n], from the first, a budget affords."""
        left = max(0, budget - self.spent)
        if left >= len(codes):
            return len(codes)
        spending = self.spending(codes)
        return int(spending[left]) if left < len(spending) else len(codes)

    def codes(self) -> np.ndarray:
        """int32[distinct]: the distinct valid architectures in order of first evaluation."""
        return np.array(self._codes, dtype=np.int32)

    def lookups(self) -> np.ndarray:
        """int32[distinct]: how many evaluations of any kind came before each first one."""
        return np.array(self._lookups, dtype=np.int32)

    def _make_room(self, code: int) -> None:
        """Extend `_seen` to a code; needed only where codes are numbered on first sight."""
        if code >= len(self._seen):
            self._seen = np.append(self._seen, np.zeros(code + 1, dtype=bool))

    def _append(self, codes: np.ndarray, lookups: np.ndarray) -> None:
        self._codes.frombytes(codes.astype(np.int32).tobytes())
        self._lookups.frombytes(lookups.astype(np.int32).tobytes())
        self._see(codes, len(codes))

    def _see(self, codes: np.ndarray | int, count: int) -> None:
        """Mark `count` architectures that are new as seen."""
        self._seen[codes] = True
        self.distinct += count
        if self._graph_of_code is not None:
            self._seen_graphs[self._graph_of_code[codes]] = True

    def _first_evaluations(self, codes: np.ndarray) -> np.ndarray:
        """Positions int64[k], ascending, of the first of each architecture not yet entered."""
        positions = np.flatnonzero(codes >= 0)
        valid = codes[positions]
        self._make_room(valid.max(initial=INVALID))
        return positions[_first_of_each(valid, self._seen)]


def _first_of_each(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Positions int64[k], ascending, of the first of each value that is not seen."""
    new = np.flatnonzero(~seen[values])
    _, first = np.unique(values[new], return_index=True)
    return new[np.sort(first)]


class Objective:
    """A benchmark table under a protocol; its `ledger` has the evaluations since `begin`.

    An architecture of the space that the table lacks decodes and counts as invalid. `further` is
    the table that the method reads beside it (`Method.further`); reading costs nothing.
    """

    def __init__(
        self,
        table: BenchmarkTable,
        protocol: Protocol,
        space: SearchSpace,
        count: Count = "distinct evaluations",
        further: BenchmarkTable | None = None,
    ) -> None:
        self.space = space
        self.further = further
        self.graph_of_code = graphs_of(space) if count == GRAPHS else None
        self.protocol = protocol
        self.table = table
        needed = (protocol.fitness_metric, protocol.reported_metric, *protocol.drawn_metrics)
        for name in needed:
            if name not in table.values:
                raise EdnagError(
                    f"{table.space}/{table.dataset}: the protocol needs metric {name!r}, "
                    f"the table has {', '.join(table.values)}"
                )
        self._values = table.values[protocol.fitness_metric]
        for name in (protocol.fitness_metric, *protocol.drawn_metrics):
            self._refuse_unfit_best(name)
        self.begin()

    def _refuse_unfit_best(self, name: str) -> None:
        """Raise EdnagError if the best value of a queried metric is not the fittest one."""
        values = self.table.values[name][self.table.present(name)]
        if not len(values) or values.min() == values.max():
            return
        with np.errstate(divide="ignore"):
            fitness = fitness_of(values, self.protocol)
        best, fittest = int(np.argmax(values == self.table.optimum(name))), int(fitness.argmax())
        if fitness[best] < fitness[fittest] or fitness[best] == 0:
            raise EdnagError(
                f"{self.table.space}/{self.table.dataset}: by rule {self.protocol.rule!r} and "
                f"factor {self.protocol.factor:g} the best {name}, {values[best]:g}, has fitness "
                f"{fitness[best]:g}, and {values[fittest]:g} has {fitness[fittest]:g}; give the "
                "protocol another rule or factor, or add a constant to all values "
                '(docs/own-dataset.md, "Lower is better")'
            )

    def begin(self, seed: int | None = None) -> Ledger:
        """Start a new run: an empty ledger. A protocol with `drawn_metrics` needs the seed."""
        self.space = self.space.fresh()
        self.ledger = Ledger(self.space.numbered, self.graph_of_code)
        self._draws = None if seed is None else random.Random(seed)
        self._first_drawn: dict[int, float] = {}
        return self.ledger

    @cached_property
    def present(self) -> np.ndarray | None:
        """Codes int32[size + 1], -1 where the table lacks one and at the end; None if complete."""
        absent = np.isnan(self._values)
        if not absent.any():
            return None
        codes = np.where(absent, INVALID, np.arange(len(absent)))
        return np.append(codes, INVALID).astype(np.int32)

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        """Codes int32[raw_size] of the space's raw codes, -1 also where the table lacks one."""
        codes = self.space.code_of_raw
        return codes if self.present is None else self.present[codes]

    @cached_property
    def metric_by_code(self) -> np.ndarray:
        """float32[size + 1]: the queried metric; the last entry is that of invalid codes.

        With `drawn_metrics`, their mean; see `drawn_metric_by_code`.
        """
        return self._dense(self._values)

    @cached_property
    def fitness_by_code(self) -> np.ndarray:
        """float32[size + 1]: rescaled metric; the last entry is that of invalid codes."""
        return fitness_of(self.metric_by_code, self.protocol)

    @cached_property
    def drawn_metric_by_code(self) -> np.ndarray:
        """float32[trainings, size + 1]: `metric_by_code` of each repeated training."""
        return np.stack([self._dense(self.table.values[m]) for m in self.protocol.drawn_metrics])

    @cached_property
    def drawn_fitness_by_code(self) -> np.ndarray:
        """float32[trainings, size + 1]: `fitness_by_code` of each repeated training."""
        return np.stack([fitness_of(m, self.protocol) for m in self.drawn_metric_by_code])

    def _dense(self, values: np.ndarray) -> np.ndarray:
        """float32[size + 1]: values, the invalid metric where there is none and at the end."""
        filled = np.append(np.nan_to_num(values, nan=self.invalid_metric), self.invalid_metric)
        return filled.astype(np.float32)

    def decode(self, genotypes: np.ndarray) -> np.ndarray:
        """Codes int32[n] of genotypes float32[n, R, C], -1 also where the table lacks one."""
        codes = self.space.decode(genotypes)
        return codes if self.present is None else self.present[codes]

    def code_of(self, values: np.ndarray) -> np.ndarray:
        """Codes int32[n] of options int[n, V], -1 also where the table lacks one."""
        codes = self.space.code_of(values)
        return codes if self.present is None else self.present[codes]

    def evaluate(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metric and fitness, float32[n] each, of codes int[n]; counts every one of them."""
        if self.present is not None:
            codes = self.present[codes]
        self.ledger.enter(codes)
        if self.protocol.drawn_metrics:
            return self._evaluate_by_drawing(codes)
        return self.metric_by_code[codes], self.fitness_by_code[codes]

    def evaluate_one(self, code: int) -> float:
        """Metric of one architecture of the benchmark, counted: `evaluate`, but faster."""
        self.ledger.enter_one(code)
        if self.protocol.drawn_metrics:
            return float(self.drawn_metric_by_code[self._draw(code), code])
        return float(self.metric_by_code[code])

    def evaluate_after(self, codes: np.ndarray, epochs: int) -> np.ndarray:
        """Metric float32[n] of distinct valid codes int[n] after a training of so many epochs.

        Args:
            codes: Architectures of the benchmark.
            epochs: One of `protocol.epochs`. Each number is an evaluation of its own.
        """
        self.ledger.enter(self.entries(codes, epochs))
        return self._dense(self.table.values[self.protocol.epochs[epochs]])[codes]

    def entries(self, codes: np.ndarray, epochs: int) -> np.ndarray:
        """What the ledger has of trainings, int32[n]: codes; of shorter ones, numbers above."""
        level = list(reversed(list(self.protocol.epochs))).index(epochs)
        return (np.asarray(codes) + level * self.space.size).astype(np.int32)

    def entered(self) -> tuple[np.ndarray, np.ndarray]:
        """Codes int32[n] of the ledger's evaluations, and the epochs int32[n] of each.

        The second is empty where all are whole trainings.
        """
        codes, lengths = self.ledger.codes(), list(reversed(list(self.protocol.epochs)))
        if not lengths or not len(codes) or codes.max() < self.space.size:
            return codes, np.empty(0, dtype=np.int32)
        level, codes = np.divmod(codes, np.int32(self.space.size))
        return codes, np.array(lengths, dtype=np.int32)[level]

    def _evaluate_by_drawing(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One training each, drawn in order; an invalid code draws nothing."""
        trainings = np.array([self._draw(code) if code >= 0 else 0 for code in codes.tolist()], int)
        return (
            self.drawn_metric_by_code[trainings, codes],
            self.drawn_fitness_by_code[trainings, codes],
        )

    def _draw(self, code: int) -> int:
        """Which training an evaluation of a valid code sees; the first one is kept."""
        if self._draws is None:
            raise ValueError("the protocol draws trainings at random: begin(seed) needs the seed")
        training = self._draws.randrange(len(self.protocol.drawn_metrics))
        values = self.table.values[self.protocol.drawn_metrics[training]]
        self._first_drawn.setdefault(code, float(values[code]))
        return training

    def enter_run(
        self,
        codes: np.ndarray,
        lookups: np.ndarray,
        trainings: np.ndarray,
        total: int,
        invalid: int,
    ) -> None:
        """Count the evaluations of a run of the compiled engine; see `Ledger.enter_run`.

        `trainings`, int8[n], is what each first evaluation drew of `drawn_metrics`.
        """
        new = self.ledger.enter_run(codes, lookups, total, invalid)
        for number, name in enumerate(self.protocol.drawn_metrics):
            drawn = codes[new & (trainings == number)]
            values = self.table.values[name][drawn]
            self._first_drawn.update(zip(drawn.tolist(), values.tolist(), strict=True))

    def metric(self, codes: np.ndarray, epochs: np.ndarray | None = None) -> np.ndarray:
        """The queried metric, float64[n], of evaluated codes as in the table; not counted.

        With `drawn_metrics`, the metric of the training that the first evaluation drew; with
        `epochs` int[n], the metrics after so many.
        """
        if epochs is not None and len(epochs):
            pairs = zip(codes.tolist(), epochs.tolist(), strict=True)
            names = self.protocol.epochs
            return np.array([self.table.values[names[number]][code] for code, number in pairs])
        if self.protocol.drawn_metrics:
            return np.array([self._first_drawn[int(code)] for code in codes], dtype=np.float64)
        return self._values[codes]

    def report(self, code: int) -> float:
        """The reported metric of one architecture."""
        return float(self.table.values[self.protocol.reported_metric][code])

    @property
    def optimum(self) -> float:
        """The best reported metric of the whole table."""
        return self.table.optimum(self.protocol.reported_metric)

    @property
    def higher_is_better(self) -> bool:
        """Direction of the queried metric."""
        return self.table.metrics[self.protocol.fitness_metric].higher_is_better

    @property
    def invalid_metric(self) -> float:
        """The metric of an invalid architecture: 0, or the worst value of a loss."""
        if self.protocol.rule == "scaled":
            return 0.0
        return -WORST_LOSS if self.higher_is_better else WORST_LOSS


class PredictedObjective(Objective):
    """A predictor under a protocol, in a space whose codes are numbered on first sight.

    Each value is predicted once in a run and kept until the next `begin`. `report` and `metric`
    have values of evaluated codes only, and the optimum is unknown.
    """

    def __init__(
        self,
        predict: Predictor,
        metric: Metric,
        protocol: Protocol,
        space: LargeSpace,
        dataset: str,
    ) -> None:
        self._predict = predict
        nothing = {metric.name: np.empty(0)}
        table = BenchmarkTable(space.name, dataset, nothing, {metric.name: metric})
        super().__init__(table, protocol, space)

    def begin(self, seed: int | None = None) -> Ledger:
        self._make_room(np.empty(0))
        return super().begin(seed)

    def _make_room(self, values: np.ndarray) -> None:
        """Set the predicted values, float64[capacity], NaN where not yet predicted."""
        self.table.values[self.protocol.fitness_metric] = self._values = values
        self.metric_by_code = self._dense(values)
        self.fitness_by_code = fitness_of(self.metric_by_code, self.protocol)

    def _predict_new(self, codes: np.ndarray) -> None:
        """Predict those of codes int[n] that have no value yet."""
        missing = self.space.numbered - len(self._values)
        if missing > 0:
            # At least doubled, so that the cost of a run is linear in its architectures.
            room = np.full(max(missing, len(self._values)), np.nan)
            self._make_room(np.append(self._values, room))
        valid = np.unique(codes[codes >= 0])
        new = valid[np.isnan(self._values[valid])]
        if len(new):
            self._values[new] = self._predict(self.space, new)
            self.metric_by_code[new] = self._values[new]
            self.fitness_by_code[new] = fitness_of(self.metric_by_code[new], self.protocol)

    def predict(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metric and fitness, float32[n] each, of codes int[n]; as `evaluate`, but not counted."""
        self._predict_new(codes)
        return self.metric_by_code[codes], self.fitness_by_code[codes]

    @property
    def present(self) -> None:
        """None: every architecture of the space has a value."""

    def code_of(self, values: np.ndarray) -> np.ndarray:
        """Codes int32[n] of options int[n, V], -1 also where the table lacks one."""
        codes = self.space.code_of(values)
        return codes if self.present is None else self.present[codes]

    def evaluate(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metric and fitness, float32[n] each, of codes int[n]; predicts new ones."""
        self._predict_new(codes)
        return super().evaluate(codes)

    def evaluate_one(self, code: int) -> float:
        """Metric of one architecture; counted like any other, predicted if it is new."""
        self._predict_new(np.array([code], dtype=np.int32))
        return super().evaluate_one(code)

    @property
    def optimum(self) -> float:
        """NaN: the space is too large to search it all."""
        return float("nan")


def graphs_of(space: SearchSpace) -> np.ndarray:
    """`space.graph_of_code`; raises EdnagError if the space does not know its graphs."""
    if space.graph_of_code is None:
        raise EdnagError(
            f"count: {GRAPHS}: {space.name} does not say which of its architectures are one graph; "
            f"give count: {DISTINCT}, or leave {space.name} out"
        )
    return space.graph_of_code


def objective_on(
    benchmark: Benchmark,
    protocol: Protocol,
    space: SearchSpace,
    count: Count = "distinct evaluations",
    further: BenchmarkTable | None = None,
) -> Objective:
    """The objective of a benchmark, whether its values are tabulated or predicted.

    `count` is what a budget counts, `further` the table that the method reads beside it.

    Raises:
        EdnagError: The protocol needs a metric that the benchmark lacks, the space does not know
            what `count` counts, or `further` is of another space.
    """
    if further is not None and further.space != benchmark.space:
        raise EdnagError(
            f"the further table is of {further.space}, and the benchmark of {benchmark.space}; "
            "give one of its space"
        )
    if isinstance(benchmark, PredictedBenchmark):
        if count == GRAPHS:
            graphs_of(space)
        assert isinstance(space, LargeSpace)
        (metric,) = benchmark.metrics.values()
        return PredictedObjective(benchmark.predict, metric, protocol, space, benchmark.dataset)
    assert isinstance(benchmark, BenchmarkTable)
    return Objective(benchmark, protocol, space, count, further)

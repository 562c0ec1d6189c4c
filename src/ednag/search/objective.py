"""What a method may see of a benchmark: metric and fitness of the codes it asks for, counted."""

from functools import cached_property

import numpy as np

from ednag.errors import EdnagError
from ednag.search.fitness import rescale
from ednag.spaces.interface import SearchSpace
from ednag.tables.interface import BenchmarkTable, Protocol


class Ledger:
    """The evaluations of one run: how many, and the first of each architecture in order."""

    def __init__(self, size: int) -> None:
        self.total = 0
        self.invalid = 0
        self._seen = np.zeros(size, dtype=bool)
        self._codes: list[np.ndarray] = []
        self._lookups: list[np.ndarray] = []
        self.distinct = 0

    def enter(self, codes: np.ndarray) -> None:
        """Count a batch of evaluations, int32[n], in order; -1 counts as an invalid one."""
        positions = np.flatnonzero(codes >= 0)
        valid = codes[positions]
        fresh = ~self._seen[valid]
        if fresh.any():
            new, first = np.unique(valid[fresh], return_index=True)
            order = np.sort(first)
            entered = valid[fresh][order]
            self._codes.append(entered)
            self._lookups.append(self.total + positions[fresh][order])
            self._seen[new] = True
            self.distinct += len(new)
        self.total += len(codes)
        self.invalid += len(codes) - len(valid)

    def codes(self) -> np.ndarray:
        """int32[distinct]: the distinct valid architectures in order of first evaluation."""
        return np.concatenate([np.empty(0, np.int32), *self._codes]).astype(np.int32)

    def lookups(self) -> np.ndarray:
        """int32[distinct]: how many evaluations of any kind came before each first one."""
        return np.concatenate([np.empty(0, np.int32), *self._lookups]).astype(np.int32)


class Objective:
    """A benchmark table under a protocol.

    Attributes:
        space: The search space of the codes.
        protocol: How fitness and reported value are defined.
        ledger: The evaluations since `begin`.
    """

    def __init__(self, table: BenchmarkTable, protocol: Protocol, space: SearchSpace) -> None:
        self.space = space
        self.protocol = protocol
        self.table = table
        for name in (protocol.fitness_metric, protocol.reported_metric):
            if name not in table.values:
                raise EdnagError(
                    f"{table.space}/{table.dataset}: the protocol needs metric {name!r}, "
                    f"the table has {', '.join(table.values)}"
                )
        self._values = table.values[protocol.fitness_metric]
        self.begin()

    def begin(self) -> Ledger:
        """Start a new run: an empty ledger."""
        self.ledger = Ledger(self.space.size)
        return self.ledger

    @cached_property
    def metric_by_code(self) -> np.ndarray:
        """float32[size + 1]: the queried metric; the last entry, 0, is that of invalid codes."""
        return np.append(np.nan_to_num(self._values), 0.0).astype(np.float32)

    @cached_property
    def fitness_by_code(self) -> np.ndarray:
        """float32[size + 1]: rescaled metric; the last entry is that of invalid codes."""
        return rescale(np.float32(self.protocol.factor) * self.metric_by_code)

    def evaluate(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metric and fitness, float32[n] each, of codes int[n]; counts every one of them."""
        self.ledger.enter(codes)
        return self.metric_by_code[codes], self.fitness_by_code[codes]

    def metric(self, codes: np.ndarray) -> np.ndarray:
        """The queried metric, float64[n], of valid codes as the table has it; not counted."""
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

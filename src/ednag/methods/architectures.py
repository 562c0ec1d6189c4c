"""The architectures that a method may evaluate: random ones, neighbours, and decoded noise."""

from functools import lru_cache

import numpy as np

from ednag.search.objective import Objective
from ednag.spaces.interface import LargeSpace, SearchSpace


class Listed:
    """The `count` architectures of a benchmark table, computed once for all runs on it."""

    def __init__(self, objective: Objective) -> None:
        self._space = objective.space
        present = objective.present
        #: All of them, int32[count], ascending.
        self.codes = (
            np.arange(objective.space.size, dtype=np.int32)
            if present is None
            else present[present >= 0]
        )
        self.count = len(self.codes)
        graphs = objective.graph_of_code
        #: The largest budget that can be spent on them.
        self.most = self.count if graphs is None else len(np.unique(graphs[self.codes]))
        self._neighbours: dict[int, np.ndarray] = {}
        self._near: dict[int, list[int]] = {}
        self._present = None if present is None else present >= 0

    def draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Codes int32[count] drawn uniformly and independently."""
        return self.codes[generator.integers(self.count, size=count)]

    def draw_distinct(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Codes int32[count] drawn uniformly, none twice; all of them if there are fewer."""
        return generator.permutation(self.codes)[:count]

    def neighbours(self, code: int) -> np.ndarray:
        """Codes int32[k] of the architectures one change from `code`, ascending."""
        if code not in self._neighbours:
            codes = self._space.neighbours(code)
            self._neighbours[code] = codes if self._present is None else codes[self._present[codes]]
        return self._neighbours[code]

    def mutate(self, code: int, generator: np.random.Generator) -> int:
        """A neighbour drawn uniformly; where there is none, any architecture."""
        near = self._near.get(code)
        if near is None:
            near = self._near[code] = self.neighbours(code).tolist()
        if near:
            # A uniform number costs a tenth of a uniform integer, and is as uniform to 2^-50.
            return near[int(generator.random() * len(near))]
        return int(self.draw(generator, 1)[0])


class Unlisted:
    """The architectures of a space too large to list, for one run; see `Listed`."""

    def __init__(self, space: LargeSpace) -> None:
        self._space = space
        self.count = self.most = space.size

    def draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        return self._space.sample(generator, count)

    def draw_distinct(self, generator: np.random.Generator, count: int) -> np.ndarray:
        drawn: dict[int, None] = {}
        count = min(count, self.count)
        while len(drawn) < count:
            drawn |= dict.fromkeys(self.draw(generator, count - len(drawn)).tolist())
        return np.array(list(drawn), dtype=np.int32)

    def neighbours(self, code: int) -> np.ndarray:
        return self._space.neighbours(code)

    def mutate(self, code: int, generator: np.random.Generator) -> int:
        # Only the neighbour that is drawn gets a code.
        return self._space.mutate(code, generator)


_listed = lru_cache(maxsize=1)(Listed)


def architectures_of(objective: Objective) -> Listed | Unlisted:
    """The architectures of an objective; those of a table are listed at the first call."""
    if isinstance(objective.space, LargeSpace):
        return Unlisted(objective.space)
    return _listed(objective)


def starting_noise(space: SearchSpace, count: int, generator: np.random.Generator) -> np.ndarray:
    """A first population float64[count, R * C]: standard normal, not normalised.

    In a space where noise rarely decodes to an architecture (MobileNetV3), the first rows are
    well-formed genotypes; their share is that of the reference.
    """
    rows, columns = space.shape
    population = generator.standard_normal((count, rows * columns))
    well_formed = int(count * space.profile.init_valid_rate)
    if well_formed:
        state = np.random.RandomState(generator.bit_generator)
        population[:well_formed] = space.well_formed(well_formed, state).reshape(well_formed, -1)
    return population

"""The data of a compiled run: settings, tables, working space and position.

Compiled functions make no arrays; this module makes them all.
"""

import math
from typing import NamedTuple

import numpy as np

from ednag.search.compiled.sorting import STACK
from ednag.search.compiled.vectors import LANES, padded


class Settings(NamedTuple):
    """Hyper-parameters and the space's profile, resolved.

    Attributes:
        population: Individuals.
        length: Numbers of a genotype.
        mixes: Whether well-formed individuals are mixed into the first population.
        proposal: Position in `steps.PROPOSALS`.
        mapping: Position in `steps.MAPPINGS`.
        temperature, mutate_rate: As in the hyper-parameters.
        first_exponent, exponent: Exponent of the mutation in the first step and after it.
        power_block: Elements that the power of the mutation computes together.
        selects: Whether the next population is selected; else it is the offspring.
        elites, diverse, small: Individuals taken by fitness, by diversity and by omitted layers.
        lower, normalise_selected, evaluate_final: As in the profile.
        higher_is_better: Direction of the metric.
        draws: Whether every evaluation draws one of several trainings.
        waits_for_new: Whether the run stops for values of architectures not yet evaluated.
        waits_always: Whether it stops before every evaluation.
    """

    population: int
    length: int
    mixes: bool
    proposal: int
    mapping: int
    temperature: np.float32
    mutate_rate: np.float32
    first_exponent: int
    exponent: int
    power_block: int
    selects: bool
    elites: int
    diverse: int
    small: int
    lower: np.float32
    normalise_selected: bool
    evaluate_final: bool
    higher_is_better: bool
    draws: bool
    waits_for_new: bool
    waits_always: bool

    @property
    def capacity(self) -> int:
        """Most individuals that a population can have."""
        return max(self.population, self.elites + self.diverse + self.small)


class Tables(NamedTuple):
    """The benchmark as dense arrays; the last entry of metric and fitness is that of code -1.

    Attributes:
        code_of_raw: int32[raw codes].
        metric, fitness: float32[trainings, codes + 1].
    """

    code_of_raw: np.ndarray
    metric: np.ndarray
    fitness: np.ndarray


class Pool(NamedTuple):
    """M parents and then their M offspring, of L numbers each.

    L is padded to whole vectors. The padding of a row repeats its first number, so that it stays in
    the range of the others.

    Attributes:
        rows: float32[2 M + 1, L padded], an individual a row: vectors run over the genotype.
        columns: float32[L, 2 M + 16], an individual a column: vectors run over individuals, up to
            two vectors at a time.
        distance: float32[2 M + 1, 2 M + 16], between individuals; computed two rows at a time.
        codes: int32[2 M].
    """

    rows: np.ndarray
    columns: np.ndarray
    distance: np.ndarray
    codes: np.ndarray


class Work(NamedTuple):
    """Working space for a pool of 2 M individuals of L numbers.

    Attributes:
        scaled: float32[M + 1, L padded], parents times sqrt(alpha).
        weight: float32[M + 1, M + 16], of parent j (row) for the origin of parent i (column).
        total: float32[M + 8], their sums.
        density: float32[M + 8], the mapped fitness.
        fresh: float32[M L + 16], normal numbers.
        spread: float32[L padded], for one individual's mutation.
        metric, fitness: float32[2 M + 8], of the pool.
        diverse: float32[2 M + 8], its diversity.
        omitted: float32[2 M + 8], layers that each omits.
        threshold: float32[2 M + 8, 1], of the roulette.
        pairs, order: uint64[2 M + 8] and int64[2 M], for sorting.
        stack, sums: int64[STACK, 3] and float64[STACK, 2], pending parts of sorting and summing.
        chosen: int64[M], positions of the next parents.
        blocked: bool[2 M], individuals that the roulette must not take.
    """

    scaled: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    density: np.ndarray
    fresh: np.ndarray
    spread: np.ndarray
    metric: np.ndarray
    fitness: np.ndarray
    diverse: np.ndarray
    omitted: np.ndarray
    threshold: np.ndarray
    pairs: np.ndarray
    order: np.ndarray
    stack: np.ndarray
    sums: np.ndarray
    chosen: np.ndarray
    blocked: np.ndarray


class Evaluations(NamedTuple):
    """The evaluations of a run.

    Attributes:
        seen: bool[codes].
        counts: int64[3]: all, invalid and distinct evaluations so far.
        codes, lookups: int32[codes]: distinct codes in order of first evaluation, and how many
            evaluations came before each.
        trainings: int8[codes]: which training the first evaluation drew.
        marks: int64[codes], the last step in which each code was in the population.
    """

    seen: np.ndarray
    counts: np.ndarray
    codes: np.ndarray
    lookups: np.ndarray
    trainings: np.ndarray
    marks: np.ndarray


ALL, INVALID, DISTINCT = range(3)
#: Bytes of a line of the processor's cache.
_LINE = 64


class RunState(NamedTuple):
    """The position of a run.

    Attributes:
        at: int64[8], by the positions below.
        outcome_metric: float32[1].
    """

    at: np.ndarray
    outcome_metric: np.ndarray


#: Positions in `RunState.at`: what is evaluated next (below); whether its values are there;
#: denoising steps made; parents; how many of them keep distances and codes from the last pool; how
#: the run ended (`steps.REASONS`); code of the outcome.
NEXT, READY, STEP, PARENTS, MEASURED, STATUS, OUTCOME = range(7)
#: What is evaluated next: nothing yet, the parents, the pool, the final population, nothing more.
NOTHING_YET, THE_PARENTS, THE_POOL, THE_FINAL, NOTHING_MORE = range(5)


def _zeros(*shape: int) -> np.ndarray:
    """float32 zeros aligned to a line of the processor's cache.

    No vector then crosses two lines; a search of long genotypes is a fifth faster.
    """
    count = math.prod(shape)
    numbers = np.zeros(count + _LINE // 4, np.float32)
    start = -numbers.ctypes.data % _LINE // 4
    return numbers[start : start + count].reshape(shape)


def new_progress() -> RunState:
    """A run that has yet to start."""
    return RunState(np.zeros(8, np.int64), np.zeros(1, np.float32))


def new_pool(capacity: int, length: int) -> Pool:
    """A pool of `capacity` parents and as many offspring of `length` numbers."""
    count = 2 * capacity
    return Pool(
        _zeros(count + 1, padded(length)),
        _zeros(length, count + 2 * LANES),
        _zeros(count + 1, count + 2 * LANES),
        np.zeros(count, np.int32),
    )


def new_work(capacity: int, length: int) -> Work:
    """Working space for such a pool."""
    count = 2 * capacity
    return Work(
        scaled=_zeros(capacity + 1, padded(length)),
        weight=_zeros(capacity + 1, capacity + 2 * LANES),
        total=_zeros(capacity + LANES),
        density=_zeros(capacity + LANES),
        fresh=_zeros(capacity * length + 2 * LANES),
        spread=_zeros(padded(length)),
        metric=_zeros(count + LANES),
        fitness=_zeros(count + LANES),
        diverse=_zeros(count + LANES),
        omitted=_zeros(count + LANES),
        threshold=_zeros(count + LANES, 1),
        pairs=np.zeros(count + LANES, np.uint64),
        order=np.zeros(count, np.int64),
        stack=np.zeros((STACK, 3), np.int64),
        sums=np.zeros((STACK, 2)),
        chosen=np.zeros(capacity, np.int64),
        blocked=np.zeros(count, np.bool_),
    )


def new_evaluations(codes: int) -> Evaluations:
    """Nothing evaluated yet, of so many architectures."""
    return Evaluations(
        seen=np.zeros(codes, np.bool_),
        counts=np.zeros(3, np.int64),
        codes=np.zeros(codes, np.int32),
        lookups=np.zeros(codes, np.int32),
        trainings=np.zeros(codes, np.int8),
        marks=np.full(codes, -1, np.int64),
    )

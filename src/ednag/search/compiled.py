"""The search, compiled: the trajectories of the readable engine, some fifty times faster.

`search` replaces `engine.search` wherever `unsupported` returns None. It imports no tensor library:
random numbers, exponentials, powers, sums and sorts are its own (`compiled_arithmetic`,
`compiled_random`, `compiled_sorting`). They equal those of torch on an AVX2 or an AVX-512 machine
bit for bit, as the hyper-parameter `arithmetic` says, and a run is the same on every CPU.

The run itself is `compiled_run.run`. It reads tables and genotypes by itself. While it waits,
Python calls a predictor, once for the new architectures of a batch, or the `decode` of a space that
has no `reading`.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ednag.search import compiled_run as machine
from ednag.search import compiled_state as state
from ednag.search import compiled_steps as steps
from ednag.search.compiled_decoding import (
    BY_ARGMAX,
    BY_LAYERS,
    BY_PYTHON,
    BY_THRESHOLD,
    Layers,
    Numbering,
    Reading,
    new_numbering,
)
from ednag.search.compiled_random import new_stream, python_stream
from ednag.search.compiled_schedule import step_coefficients
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, PredictedObjective
from ednag.spaces import mobilenetv3
from ednag.spaces.interface import ArgmaxReading, LargeSpace, SearchSpace, ThresholdReading
from ednag.spaces.mobilenetv3 import MobileNetV3


@dataclass
class StepTrace:
    """As `engine.StepTrace`; float64[steps] each."""

    mean: np.ndarray
    best: np.ndarray
    valid_rate: np.ndarray
    unique_rate: np.ndarray


@dataclass
class SearchResult:
    """As `engine.SearchResult`."""

    status: str
    detail: str
    outcome: int
    final_population: np.ndarray
    steps: StepTrace
    outcome_metric: float = math.nan


def unsupported(objective: Objective) -> str | None:
    """Why only the readable engine can search this objective; None if this one can."""
    space = objective.space
    if isinstance(space, LargeSpace) and not isinstance(space, MobileNetV3):
        return f"{space.name} numbers its architectures by code of its own"
    if isinstance(objective, PredictedObjective) and objective.protocol.drawn_metrics:
        return "trainings are drawn of values that are predicted"
    return None


def search(
    objective: Objective,
    seed: int,
    hyperparameters: SearchHyperparameters,
    observe: Callable[[np.ndarray], None] | None = None,
) -> SearchResult:
    """Run one search from the objective's present ledger; see `engine.search`.

    Args:
        objective: One with nothing `unsupported`.
        seed: The seed.
        hyperparameters: All of them.
        observe: Sees every batch of genotypes float32[n, R, C] before it is evaluated.
    """
    return _Engine(objective, hyperparameters).run(seed, observe)


class _Engine:
    """Tables, settings and working space for any number of runs."""

    def __init__(self, objective: Objective, hyperparameters: SearchHyperparameters) -> None:
        reason = unsupported(objective)
        if reason is not None:
            raise ValueError(f"not for the compiled engine: {reason}")
        self.objective = objective
        self.settings = _settings(objective, hyperparameters)
        self.schedule = step_coefficients(hyperparameters.num_step, hyperparameters.noise_scale)
        self.reading = _reading(objective.space)
        capacity, length = self.settings.capacity, self.settings.length
        self.pools = (state.new_pool(capacity, length), state.new_pool(capacity, length))
        self.work = state.new_work(capacity, length)
        self.stream = new_stream()
        self.predicted = isinstance(objective, PredictedObjective)
        if not self.predicted:
            self.tables = _tables(objective)
            self.evaluations = state.new_evaluations(objective.space.size)
            self.numbering = _numbering_of_table(objective.space)

    def run(self, seed: int, observe: Callable[[np.ndarray], None] | None = None) -> SearchResult:
        """One run; its evaluations are entered in the objective's ledger."""
        if self.predicted:
            self._make_room()
        progress = state.new_progress()
        trace = np.empty((len(self.schedule), 4))
        arguments = (
            np.uint64(seed & 0xFFFFFFFF),
            self._well_formed(seed),
            self.settings._replace(waits_always=observe is not None or self._decodes_in_python),
            self.schedule,
            self.reading,
            self.tables,
            *self.pools,
            self.work,
            self.evaluations,
            self.numbering,
            self.stream,
            python_stream(random.Random(seed)) if self.settings.draws else self.stream,
            trace,
            progress,
        )
        machine.run(*arguments)
        while progress.at[state.NEXT] != state.NOTHING_MORE:
            self._answer(progress.at, observe)
            machine.run(*arguments)
        self._hand_over_numbers()
        self._enter_evaluations()
        return self._result(progress, trace)

    def _well_formed(self, seed: int) -> np.ndarray:
        """Well-formed individuals float32[k, L] for the first population, drawn by numpy."""
        space = self.objective.space
        count = int(self.settings.population * space.profile.init_valid_rate)
        if count == 0:
            return np.empty((0, self.settings.length), np.float32)
        return space.well_formed(count, np.random.RandomState(seed)).reshape(count, -1)

    def _answer(self, at: np.ndarray, observe: Callable[[np.ndarray], None] | None) -> None:
        """Show the next batch, decode it if Python must, predict its new architectures; go on."""
        count = at[state.PARENTS] * (2 if at[state.NEXT] == state.THE_POOL else 1)
        pool = self.pools[at[state.STEP] % 2]
        self._hand_over_numbers()
        if observe is not None:
            observe(self._genotypes(pool, count))
        if self._decodes_in_python:
            pool.codes[:count] = self.objective.decode(self._genotypes(pool, count))
        if isinstance(self.objective, PredictedObjective):
            codes = pool.codes[:count]
            self.tables.metric[0, codes], self.tables.fitness[0, codes] = self.objective.predict(
                codes
            )
        at[state.READY] = True

    def _genotypes(self, pool: state.Pool, count: int) -> np.ndarray:
        """The first individuals of a pool, float32[count, R, C]."""
        rows = pool.rows[:count, : self.settings.length].copy()
        return rows.reshape(-1, *self.objective.space.shape)

    @property
    def _decodes_in_python(self) -> bool:
        return self.reading.kind == BY_PYTHON

    def _make_room(self) -> None:
        """New arrays by code, for all that a run can hand out beside those that there are."""
        space = self.objective.space
        assert isinstance(space, LargeSpace)
        known = space.numbered
        codes = known + (3 * len(self.schedule) + 1) * self.settings.capacity
        self.evaluations = state.new_evaluations(codes)
        self.numbering = new_numbering(codes, len(self.reading.starts) - 2)
        self.tables = _empty_tables(codes, self.objective)
        if known:
            self.numbering.known[0] = known
            self.numbering.layers[:known] = space.contents(np.arange(known))
            self.numbering.omitted[:known] = space.omitted(np.arange(known))

    def _hand_over_numbers(self) -> None:
        """Give the space the architectures that the run has numbered since the last time."""
        space = self.objective.space
        if isinstance(space, LargeSpace):
            space.number(self.numbering.layers[space.numbered : self.numbering.known[0]])

    def _enter_evaluations(self) -> None:
        """Hand the run's evaluations to the objective."""
        total, invalid, distinct = self.evaluations.counts.tolist()
        codes = self.evaluations.codes[:distinct].copy()
        lookups = self.evaluations.lookups[:distinct].copy()
        trainings = self.evaluations.trainings[:distinct]
        enter_evaluations(self.objective, codes, lookups, trainings, total, invalid)

    def _result(self, progress: state.Progress, trace: np.ndarray) -> SearchResult:
        """How a run that has ended ended."""
        made, count, status, outcome = progress.at[
            [state.STEP, state.PARENTS, state.STATUS, state.OUTCOME]
        ].tolist()
        pool = self.pools[made % 2]
        final = pool.codes[:count].copy()
        if self._decodes_in_python:
            final = self.objective.decode(self._genotypes(pool, count))
        if status != steps.COMPLETED:
            made += 1
        return SearchResult(
            status="completed" if status == steps.COMPLETED else "degenerate",
            detail=f"denoising step {made}: {steps.REASONS[status]}" if status else "",
            outcome=outcome,
            final_population=final,
            steps=StepTrace(*trace[:made].T.copy()),
            outcome_metric=float(progress.outcome_metric[0]) if outcome >= 0 else math.nan,
        )


def enter_evaluations(
    objective: Objective,
    codes: np.ndarray,
    lookups: np.ndarray,
    trainings: np.ndarray,
    total: int,
    invalid: int,
) -> None:
    """Enter a run into an objective's ledger as if each batch had been entered by itself.

    The one place that knows how ledger and objective keep their counts.

    Args:
        objective: The objective, after `begin`.
        codes, lookups: int32[distinct]: see `Ledger`.
        trainings: int8[distinct]: with `drawn_metrics`, the training each first evaluation drew.
        total, invalid: Evaluations of any kind, and of no architecture.
    """
    ledger = objective.ledger
    grown = objective.space.numbered - len(ledger._seen)
    if grown > 0:
        # Only where codes are handed out on first sight.
        ledger._seen = np.append(ledger._seen, np.zeros(grown, dtype=bool))
    fresh = ~ledger._seen[codes]
    codes, lookups, trainings = codes[fresh], lookups[fresh], trainings[fresh]
    ledger._codes.append(codes)
    ledger._lookups.append(lookups + np.int32(ledger.total))
    ledger._seen[codes] = True
    ledger.distinct += len(codes)
    ledger.total += total
    ledger.invalid += invalid
    metrics = objective.protocol.drawn_metrics
    if metrics:
        values = np.stack([objective.table.values[name] for name in metrics])
        drawn = values[trainings, codes].tolist()
        objective._first_drawn.update(zip(codes.tolist(), drawn, strict=True))


#: Elements that torch's kernel of `pow` computes together: two vector registers of float32.
POWER_BLOCKS = {"avx2": 16, "avx512": 32}


def _settings(objective: Objective, given: SearchHyperparameters) -> state.Settings:
    """Hyper-parameters and profile as the compiled run takes them."""
    rows, columns = objective.space.shape
    profile = objective.space.profile
    index = given.mutate_distri_index
    return state.Settings(
        population=given.population_num,
        length=rows * columns,
        mixes=profile.init_valid_rate > 0,
        proposal=steps.PROPOSALS.index(given.proposal),
        mapping=steps.MAPPINGS.index(given.mapping),
        temperature=np.float32(given.temperature),
        mutate_rate=np.float32(given.mutate_rate),
        first_exponent=math.ceil(index * profile.first_step_index_factor) + 1,
        exponent=index + 1,
        power_block=POWER_BLOCKS[given.arithmetic],
        selects=given.selection,
        elites=int(given.elite_rate * given.population_num),
        diverse=int(given.diver_rate * given.population_num),
        small=int(profile.lower_params_rate * given.population_num),
        lower=np.float32(profile.lower),
        normalise_selected=profile.normalise_selected,
        evaluate_final=profile.evaluate_final,
        higher_is_better=objective.higher_is_better,
        draws=bool(objective.protocol.drawn_metrics),
        waits_for_new=isinstance(objective, PredictedObjective),
        waits_always=False,
    )


def _reading(space: SearchSpace) -> Reading:
    """The space's reading as the compiled run takes it."""
    reading, (rows, columns) = space.reading, space.shape
    if isinstance(reading, ArgmaxReading):
        starts = np.array(reading.rows, np.int64) * columns
        radices = np.array(reading.radices, np.int64)
        return Reading(BY_ARGMAX, starts, radices, columns, np.float32(0), _LAYERS)
    if isinstance(reading, ThresholdReading):
        starts = np.array(reading.entries, np.int64)
        radices = np.full(len(starts), 2, np.int64)
        return Reading(BY_THRESHOLD, starts, radices, 1, np.float32(reading.threshold), _LAYERS)
    if not isinstance(space, MobileNetV3):
        nothing = np.empty(0, np.int64)
        return Reading(BY_PYTHON, nothing, nothing, columns, np.float32(0), _LAYERS)
    starts, radices = np.arange(rows) * columns, np.full(rows, columns)
    return Reading(BY_LAYERS, starts, radices, columns, np.float32(0), _LAYERS)


#: Which symbols make an architecture of MobileNetV3; only there the reading asks.
_LAYERS = Layers(
    first=mobilenetv3.GENOTYPE_SYMBOLS.index("input"),
    last=mobilenetv3.GENOTYPE_SYMBOLS.index("output"),
    lowest=mobilenetv3.GENOTYPE_SYMBOLS.index(mobilenetv3.OPERATIONS[0]),
    none=mobilenetv3.GENOTYPE_SYMBOLS.index(mobilenetv3.OPERATIONS[mobilenetv3.NONE]),
    stage=mobilenetv3.LAYERS,
    fewest=mobilenetv3.MIN_DEPTH,
)


def _tables(objective: Objective) -> state.Tables:
    """The benchmark as the compiled run takes it."""
    code_of_raw = np.ascontiguousarray(objective.code_of_raw, np.int32)
    if objective.protocol.drawn_metrics:
        metric, fitness = objective.drawn_metric_by_code, objective.drawn_fitness_by_code
    else:
        metric, fitness = objective.metric_by_code[None], objective.fitness_by_code[None]
    return state.Tables(
        code_of_raw,
        np.ascontiguousarray(metric, np.float32),
        np.ascontiguousarray(fitness, np.float32),
    )


def _empty_tables(codes: int, objective: Objective) -> state.Tables:
    """Tables of so many codes that hold no values yet but those of invalid codes."""
    tables = state.Tables(
        np.empty(0, np.int32),
        np.zeros((1, codes + 1), np.float32),
        np.zeros((1, codes + 1), np.float32),
    )
    tables.metric[0, -1] = objective.metric_by_code[-1]
    tables.fitness[0, -1] = objective.fitness_by_code[-1]
    return tables


def _numbering_of_table(space: SearchSpace) -> Numbering:
    """No codes to hand out; what the architectures of a table leave out, where that counts."""
    numbering = new_numbering(0, 0)
    if space.profile.lower_params_rate > 0:
        omitted = space.omitted(np.arange(space.size, dtype=np.int32))
        return numbering._replace(omitted=omitted.astype(np.float32))
    return numbering

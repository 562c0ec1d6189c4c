"""Search an objective with the compiled run: prepare it, answer while it waits, return its result.

The run itself is `run.run`. It reads tables and genotypes by itself. While it waits, Python calls a
predictor, once for the new architectures of a batch, or the `decode` of a space without `reading`.
"""

import math
import random
from collections.abc import Callable

import numpy as np

from ednag.search.compiled import decoding, state, steps
from ednag.search.compiled import run as machine
from ednag.search.compiled.random import new_stream, python_stream
from ednag.search.compiled.schedule import step_coefficients
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, PredictedObjective
from ednag.search.result import SearchResult, StepTrace
from ednag.spaces import mobilenetv3
from ednag.spaces.interface import ArgmaxReading, LargeSpace, SearchSpace, ThresholdReading
from ednag.spaces.mobilenetv3 import MobileNetV3

Observer = Callable[[np.ndarray], None]


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
    observe: Observer | None = None,
) -> SearchResult:
    """Run one search and enter its evaluations in the objective's ledger; see `engine.search`.

    Args:
        objective: An objective that is not `unsupported`.
        seed: The seed.
        hyperparameters: All of them.
        observe: Called with every batch of genotypes float32[n, R, C] before it is evaluated.

    Raises:
        ValueError: The objective is `unsupported`.
    """
    reason = unsupported(objective)
    if reason is not None:
        raise ValueError(f"not for the compiled engine: {reason}")
    return _Driver(objective, hyperparameters, observe).run(seed)


class _Driver:
    """Tables, settings and working space of one run."""

    def __init__(
        self,
        objective: Objective,
        hyperparameters: SearchHyperparameters,
        observe: Observer | None,
    ) -> None:
        self.objective = objective
        self.observe = observe
        self.reading = _reading(objective.space)
        self.decodes_in_python = self.reading.kind == decoding.BY_PYTHON
        waits_always = observe is not None or self.decodes_in_python
        self.settings = _settings(objective, hyperparameters, waits_always)
        self.schedule = step_coefficients(hyperparameters.num_step, hyperparameters.noise_scale)
        capacity, length = self.settings.capacity, self.settings.length
        self.pools = (state.new_pool(capacity, length), state.new_pool(capacity, length))
        if isinstance(objective, PredictedObjective):
            numbered = objective.space.numbered
            codes = numbered + (3 * len(self.schedule) + 1) * capacity  # all that a run can number
            self.tables = _empty_tables(codes, objective)
            self.numbering = _numbering_of_layers(codes, objective.space)
        else:
            codes = objective.space.size
            self.tables = _tables(objective)
            self.numbering = _numbering_of_table(objective.space)
        self.evaluations = state.new_evaluations(codes)

    def run(self, seed: int) -> SearchResult:
        """Run the search; enter its evaluations in the objective's ledger."""
        settings, stream = self.settings, new_stream()
        progress = state.new_progress()
        trace = np.empty((len(self.schedule), 4))
        arguments = (
            np.uint64(seed & 0xFFFFFFFF),
            self._well_formed(seed),
            settings,
            self.schedule,
            self.reading,
            self.tables,
            *self.pools,
            state.new_work(settings.capacity, settings.length),
            self.evaluations,
            self.numbering,
            stream,
            python_stream(random.Random(seed)) if settings.draws else stream,
            trace,
            progress,
        )
        machine.run(*arguments)
        while progress.at[state.NEXT] != state.NOTHING_MORE:
            self._answer(progress.at)
            machine.run(*arguments)
        self._number_in_space()
        total, invalid, distinct = self.evaluations.counts.tolist()
        codes = self.evaluations.codes[:distinct].copy()
        lookups = self.evaluations.lookups[:distinct].copy()
        trainings = self.evaluations.trainings[:distinct]
        self.objective.enter_run(codes, lookups, trainings, total, invalid)
        return self._result(progress, trace)

    def _well_formed(self, seed: int) -> np.ndarray:
        """Well-formed individuals float32[k, L] for the first population, drawn by numpy."""
        space = self.objective.space
        count = int(self.settings.population * space.profile.init_valid_rate)
        if count == 0:
            return np.empty((0, self.settings.length), np.float32)
        return space.well_formed(count, np.random.RandomState(seed)).reshape(count, -1)

    def _answer(self, at: np.ndarray) -> None:
        """Show the next batch, decode it if Python must, predict its new architectures."""
        count = at[state.PARENTS] * (2 if at[state.NEXT] == state.THE_POOL else 1)
        pool = self.pools[at[state.STEP] % 2]
        self._number_in_space()
        if self.observe is not None:
            self.observe(self._genotypes(pool, count))
        if self.decodes_in_python:
            pool.codes[:count] = self.objective.decode(self._genotypes(pool, count))
        if isinstance(self.objective, PredictedObjective):
            codes = pool.codes[:count]
            metric, fitness = self.objective.predict(codes)
            self.tables.metric[0, codes], self.tables.fitness[0, codes] = metric, fitness
        at[state.READY] = True

    def _genotypes(self, pool: state.Pool, count: int) -> np.ndarray:
        """The first individuals of a pool, float32[count, R, C]."""
        rows = pool.rows[:count, : self.settings.length].copy()
        return rows.reshape(-1, *self.objective.space.shape)

    def _number_in_space(self) -> None:
        """Give the space the architectures that the run has numbered since the last time."""
        space = self.objective.space
        if isinstance(space, LargeSpace):
            space.number(self.numbering.layers[space.numbered : self.numbering.known[0]])

    def _result(self, progress: state.RunState, trace: np.ndarray) -> SearchResult:
        """The result of a run that has ended."""
        made, count, status, outcome = progress.at[
            [state.STEP, state.PARENTS, state.STATUS, state.OUTCOME]
        ].tolist()
        pool = self.pools[made % 2]
        final = pool.codes[:count].copy()
        if self.decodes_in_python:
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


#: Elements that torch's kernel of `pow` computes together: two vector registers of float32.
_POWER_BLOCKS = {"avx2": 16, "avx512": 32}


def _settings(
    objective: Objective, hyperparameters: SearchHyperparameters, waits_always: bool
) -> state.Settings:
    """Hyper-parameters and profile in the form that the compiled run takes."""
    rows, columns = objective.space.shape
    profile = objective.space.profile
    index = hyperparameters.mutate_distri_index
    population = hyperparameters.population_num
    return state.Settings(
        population=population,
        length=rows * columns,
        mixes=profile.init_valid_rate > 0,
        proposal=steps.PROPOSALS.index(hyperparameters.proposal),
        mapping=steps.MAPPINGS.index(hyperparameters.mapping),
        temperature=np.float32(hyperparameters.temperature),
        mutate_rate=np.float32(hyperparameters.mutate_rate),
        first_exponent=math.ceil(index * profile.first_step_index_factor) + 1,
        exponent=index + 1,
        power_block=_POWER_BLOCKS[hyperparameters.arithmetic],
        selects=hyperparameters.selection,
        elites=int(hyperparameters.elite_rate * population),
        diverse=int(hyperparameters.diver_rate * population),
        small=int(profile.lower_params_rate * population),
        lower=np.float32(profile.lower),
        normalise_selected=profile.normalise_selected,
        evaluate_final=profile.evaluate_final,
        higher_is_better=objective.higher_is_better,
        draws=bool(objective.protocol.drawn_metrics),
        waits_for_new=isinstance(objective, PredictedObjective),
        waits_always=waits_always,
    )


#: The symbols that make an architecture of MobileNetV3; only decoding.BY_LAYERS reads them.
_LAYERS = decoding.Layers(
    first=mobilenetv3.GENOTYPE_SYMBOLS.index("input"),
    last=mobilenetv3.GENOTYPE_SYMBOLS.index("output"),
    lowest=mobilenetv3.GENOTYPE_SYMBOLS.index(mobilenetv3.OPERATIONS[0]),
    none=mobilenetv3.GENOTYPE_SYMBOLS.index(mobilenetv3.OPERATIONS[mobilenetv3.NONE]),
    stage=mobilenetv3.LAYERS,
    fewest=mobilenetv3.MIN_DEPTH,
)


def _reading(space: SearchSpace) -> decoding.CompiledReading:
    """The space's reading in the form that the compiled run takes."""
    reading, (rows, columns) = space.reading, space.shape
    starts: np.ndarray = np.empty(0, np.int64)
    kind, radices, options, threshold = decoding.BY_PYTHON, starts, columns, 0.0
    if isinstance(reading, ArgmaxReading):
        kind, starts = decoding.BY_ARGMAX, np.array(reading.rows, np.int64) * columns
        radices = np.array(reading.radices, np.int64)
    elif isinstance(reading, ThresholdReading):
        kind, starts = decoding.BY_THRESHOLD, np.array(reading.entries, np.int64)
        radices, options, threshold = np.full(len(starts), 2, np.int64), 1, reading.threshold
    elif isinstance(space, MobileNetV3):
        kind, starts = decoding.BY_LAYERS, np.arange(rows) * columns
        radices = np.full(rows, columns)
    return decoding.CompiledReading(kind, starts, radices, options, np.float32(threshold), _LAYERS)


def _tables(objective: Objective) -> state.Tables:
    """The benchmark in the form that the compiled run takes."""
    if objective.protocol.drawn_metrics:
        metric, fitness = objective.drawn_metric_by_code, objective.drawn_fitness_by_code
    else:
        metric, fitness = objective.metric_by_code[None], objective.fitness_by_code[None]
    return state.Tables(
        np.ascontiguousarray(objective.code_of_raw, np.int32),
        np.ascontiguousarray(metric, np.float32),
        np.ascontiguousarray(fitness, np.float32),
    )


def _empty_tables(codes: int, objective: Objective) -> state.Tables:
    """Tables with room for so many codes, which hold the values of invalid codes only."""
    metric, fitness = np.zeros((2, 1, codes + 1), np.float32)
    metric[0, -1] = objective.metric_by_code[-1]
    fitness[0, -1] = objective.fitness_by_code[-1]
    return state.Tables(np.empty(0, np.int32), metric, fitness)


def _numbering_of_layers(codes: int, space: SearchSpace) -> decoding.Numbering:
    """Room for so many codes; those that the space has already numbered."""
    assert isinstance(space, LargeSpace)
    numbering = decoding.new_numbering(codes, space.shape[0] - 2)
    numbered = space.numbered
    if numbered:
        numbering.known[0] = numbered
        numbering.layers[:numbered] = space.contents(np.arange(numbered))
        numbering.omitted[:numbered] = space.omitted(np.arange(numbered))
    return numbering


def _numbering_of_table(space: SearchSpace) -> decoding.Numbering:
    """No codes to number; the layers that architectures of a table omit, where they count."""
    numbering = decoding.new_numbering(0, 0)
    if space.profile.lower_params_rate > 0:
        omitted = space.omitted(np.arange(space.size, dtype=np.int32))
        return numbering._replace(omitted=omitted.astype(np.float32))
    return numbering

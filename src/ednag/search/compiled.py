"""The search, compiled: the trajectories of the readable engine, some fifty times faster.

`search` stands in for `engine.search` wherever `unsupported` finds nothing against it: in every
space whose genotypes are read by an `ArgmaxReading` or a `ThresholdReading` and whose metric is a
table. It imports no tensor library: random numbers, exponentials, powers, sums and sorts are its
own and equal torch's on AVX2 bit for bit (`compiled_arithmetic`, `compiled_random`,
`compiled_sorting`), on machines with other registers too.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ednag.search import compiled_run as machine
from ednag.search import compiled_steps as steps
from ednag.search.compiled_random import new_stream, python_stream
from ednag.search.compiled_schedule import step_coefficients
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Ledger, Objective, PredictedObjective
from ednag.spaces.interface import ArgmaxReading, LargeSpace, ThresholdReading


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


@dataclass(frozen=True)
class Finished:
    """A run of a block.

    Attributes:
        seed: The seed.
        result: How the search ended.
        ledger: Its evaluations.
    """

    seed: int
    result: SearchResult
    ledger: Ledger = field(repr=False)


def unsupported(
    objective: Objective, hyperparameters: SearchHyperparameters | None = None
) -> str | None:
    """Why only the readable engine can do this search; None if this one can."""
    if hyperparameters is not None and not hyperparameters.selection:
        return "without selection the population is not selected from a pool"
    if hyperparameters is not None and hyperparameters.proposal != "denoising":
        return f"offspring are {hyperparameters.proposal}, not denoised parents"
    space = objective.space
    if isinstance(space, LargeSpace) or isinstance(objective, PredictedObjective):
        return f"{space.name} has no table: its codes are handed out on first sight"
    if space.reading is None:
        return f"{space.name} decodes genotypes by code of its own"
    if space.profile.init_valid_rate > 0 or space.profile.lower_params_rate > 0:
        return f"{space.name} mixes well-formed or small individuals into its populations"
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
        hyperparameters: All of them; every mapping is compiled.
        observe: Sees every batch of genotypes float32[n, R, C] evaluated, after the run.
    """
    return _Engine(objective, hyperparameters).run(seed, observe)


def search_block(
    objective: Objective,
    seeds: Sequence[int],
    hyperparameters: SearchHyperparameters,
    on_done: Callable[[int], None] | None = None,
) -> Iterator[Finished]:
    """Run a search for each seed, each from an empty ledger.

    Args:
        objective: One with nothing `unsupported`; its ledger is that of the run last yielded.
        seeds: The seeds.
        hyperparameters: Of all runs.
        on_done: Called with each seed when its run has ended.
    """
    engine = _Engine(objective, hyperparameters)
    for seed in seeds:
        ledger = objective.begin(seed)
        result = engine.run(seed)
        if on_done is not None:
            on_done(seed)
        yield Finished(seed, result, ledger)


class _Engine:
    """Tables, settings and working space for any number of runs."""

    def __init__(self, objective: Objective, hyperparameters: SearchHyperparameters) -> None:
        reason = unsupported(objective)
        if reason is not None:
            raise ValueError(f"not for the compiled engine: {reason}")
        self.objective = objective
        self.settings = _settings(objective, hyperparameters)
        self.schedule = step_coefficients(hyperparameters.num_step, hyperparameters.noise_scale)
        self.reading = _reading(objective)
        self.tables = _tables(objective)
        length = self.settings.length
        capacity = max(self.settings.population, self.settings.elites + self.settings.diverse)
        self.capacity = capacity
        self.pools = (machine.new_pool(capacity, length), machine.new_pool(capacity, length))
        self.work = machine.new_work(capacity, length)
        self.evaluations = machine.new_evaluations(objective.space.size)
        self.stream = new_stream()

    def run(self, seed: int, observe: Callable[[np.ndarray], None] | None = None) -> SearchResult:
        """One run; its evaluations are entered in the objective's ledger."""
        made = len(self.schedule)
        trace = np.empty((made, 4))
        final = np.empty(self.capacity, np.int32)
        evaluations = 0 if observe is None else (3 * made + 1) * self.capacity
        history = np.empty((evaluations, self.settings.length), np.float32)
        trainings = self.stream
        if self.settings.draws:
            trainings = python_stream(random.Random(seed))
        status, made, count, outcome, metric = machine.run(
            np.uint64(seed & 0xFFFFFFFF),
            self.settings,
            self.schedule,
            self.reading,
            self.tables,
            *self.pools,
            self.work,
            self.evaluations,
            self.stream,
            trainings,
            trace,
            final,
            history,
        )
        self._enter_evaluations()
        if observe is not None:
            self._show(history, made, status == steps.COMPLETED, observe)
        columns = trace[:made].T.copy()
        return SearchResult(
            status="completed" if status == steps.COMPLETED else "degenerate",
            detail=f"denoising step {made}: {steps.REASONS[status]}" if status else "",
            outcome=int(outcome),
            final_population=final[:count].copy(),
            steps=StepTrace(*columns),
            outcome_metric=float(metric) if outcome >= 0 else math.nan,
        )

    def _enter_evaluations(self) -> None:
        """Hand the run's evaluations to the objective."""
        total, invalid, distinct = self.evaluations.counts.tolist()
        codes = self.evaluations.codes[:distinct].copy()
        lookups = self.evaluations.lookups[:distinct].copy()
        trainings = self.evaluations.trainings[:distinct]
        enter_evaluations(self.objective, codes, lookups, trainings, total, invalid)

    def _show(
        self,
        history: np.ndarray,
        made: int,
        completed: bool,
        observe: Callable[[np.ndarray], None],
    ) -> None:
        """The batches of genotypes in the order of their evaluation."""
        sizes = [
            size
            for count in [self.settings.population] + [self.capacity] * (made - 1)
            for size in (count, 2 * count)
        ]
        if completed and self.settings.evaluate_final:
            sizes.append(self.capacity)
        start = 0
        for size in sizes:
            batch = history[start : start + size]
            observe(batch.reshape(-1, *self.objective.space.shape))
            start += size


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


def _settings(objective: Objective, given: SearchHyperparameters) -> machine.Settings:
    """Hyper-parameters and profile as the compiled run takes them."""
    rows, columns = objective.space.shape
    profile = objective.space.profile
    index = given.mutate_distri_index
    return machine.Settings(
        population=given.population_num,
        length=rows * columns,
        mapping=steps.MAPPINGS.index(given.mapping),
        temperature=np.float32(given.temperature),
        mutate_rate=np.float32(given.mutate_rate),
        first_exponent=math.ceil(index * profile.first_step_index_factor) + 1,
        exponent=index + 1,
        elites=int(given.elite_rate * given.population_num),
        diverse=int(given.diver_rate * given.population_num),
        lower=np.float32(profile.lower),
        normalise_selected=profile.normalise_selected,
        evaluate_final=profile.evaluate_final,
        higher_is_better=objective.higher_is_better,
        draws=bool(objective.protocol.drawn_metrics),
    )


def _reading(objective: Objective) -> steps.Reading:
    """The space's reading as the compiled run takes it."""
    reading, columns = objective.space.reading, objective.space.shape[1]
    if isinstance(reading, ArgmaxReading):
        starts = np.array(reading.rows, np.int64) * columns
        radices = np.array(reading.radices, np.int64)
        return steps.Reading(False, starts, radices, columns, np.float32(0))
    assert isinstance(reading, ThresholdReading)
    entries = np.array(reading.entries, np.int64)
    radices = np.full(len(entries), 2, np.int64)
    return steps.Reading(True, entries, radices, 1, np.float32(reading.threshold))


def _tables(objective: Objective) -> machine.Tables:
    """The benchmark as the compiled run takes it."""
    code_of_raw = np.ascontiguousarray(objective.code_of_raw, np.int32)
    if objective.protocol.drawn_metrics:
        metric, fitness = objective.drawn_metric_by_code, objective.drawn_fitness_by_code
    else:
        metric, fitness = objective.metric_by_code[None], objective.fitness_by_code[None]
    return machine.Tables(
        code_of_raw,
        np.ascontiguousarray(metric, np.float32),
        np.ascontiguousarray(fitness, np.float32),
    )

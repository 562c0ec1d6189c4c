"""EDNAG+: our own variant of EDNAG, which corrects flaws that were measured.

As in EDNAG, a population of genotypes is moved towards estimated origins along a noise schedule,
the estimate weighs individuals by fitness and distance, and each step ends with selection. These
parts differ (upstream-audit specification, items 9 to 11):

- mutation redraws single genes; the reference adds one scalar to an individual, without effect;
- no architecture is evaluated twice, and invalid ones cost nothing: such a child is mutated again;
- individuals are weighed by rank, and by distance relative to the median distance, so that the
  origin estimate does not collapse onto one individual;
- the schedule follows the budget from `first_progress` to the end.

The settings were chosen on seeds from 1000 of one table (nasbench201/cifar10-analog), and not on
the seeds or the other tables that are reported. Accuracies of the same cells on the other images of
NAS-Bench-201 have a rank correlation of .96 or more with this table's kind (docs/statistics.md), so
all of the space is named as what the method was tuned on.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from ednag.methods.architectures import starting_noise
from ednag.methods.interface import Method, Outcome, first_population
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID, SearchSpace, ThresholdReading
from ednag.validation import StrictModel

#: Mutations in each round of attempts for a child that is invalid or was evaluated before.
_ATTEMPTS = (4, 16)
#: Steps without a new architecture after which the run ends.
_PATIENCE = 50


class EdnagPlus(StrictModel):
    """Hyper-parameters of EDNAG+."""

    population_num: int = Field(20, ge=2, le=1000, description="Individuals that survive a step.")
    children: int = Field(
        5, ge=1, le=1000, description="Individuals denoised and evaluated per step."
    )
    rank_temperature: float = Field(
        0.1, gt=0, le=1e6, description="Share of the population over which rank weights fall by e."
    )
    gene_rate: float = Field(1.0, gt=0, le=1000, description="Expected mutated genes per child.")
    noise_scale: float = Field(0.3, ge=0, le=1, description="Share of fresh noise in a step.")
    first_progress: float = Field(
        0.3, ge=0, lt=1, description="Where on the noise schedule the search starts; 0 is noise."
    )


def genes_of(space: SearchSpace) -> tuple[np.ndarray, int]:
    """The gene of each entry of the flattened genotype, int64[R * C], and the number of genes.

    The space reads a gene as one digit. Entries that it does not read belong to gene `count`.
    """
    rows, columns = space.shape
    if isinstance(space.reading, ThresholdReading):
        count = len(space.reading.entries)
        gene_of_entry = np.full(rows * columns, count)
        gene_of_entry[list(space.reading.entries)] = np.arange(count)
        return gene_of_entry, count
    read = tuple(range(rows)) if space.reading is None else space.reading.rows
    gene_of_row = np.full(rows, len(read))
    gene_of_row[list(read)] = np.arange(len(read))
    return np.repeat(gene_of_row, columns), len(read)


def _normalise(population: np.ndarray, lower: float) -> np.ndarray:
    low = population.min(axis=-1, keepdims=True)
    high = population.max(axis=-1, keepdims=True)
    return (1 - lower) * (population - low) / (high - low) + lower


def _decode(objective: Objective, population: np.ndarray) -> list[int]:
    """Codes of genotypes float64[n, D], -1 where invalid."""
    genotypes = population.astype(np.float32).reshape(-1, *objective.space.shape)
    return objective.decode(genotypes).tolist()


class _Search:
    """The state of one run: survivors, best first, and the codes that were evaluated."""

    def __init__(self, objective: Objective, settings: EdnagPlus, budget: int, seed: int) -> None:
        self.objective, self.settings, self.budget = objective, settings, budget
        self.generator = np.random.default_rng(seed)
        rows, columns = objective.space.shape
        self.population = np.empty((0, rows * columns))
        self.scores = np.empty(0)
        self.codes = np.empty(0, dtype=np.int32)
        self.seen: set[int] = set()
        #: Steps since the last new architecture.
        self.idle = 0

    @property
    def done(self) -> bool:
        """Whether the budget is spent, or no step of the last _PATIENCE found a new one."""
        return self.objective.ledger.spent >= self.budget or self.idle >= _PATIENCE

    def begin(self) -> None:
        """Evaluate noise until there are as many architectures as survive a step."""
        size, lower = self.settings.population_num, self.objective.space.profile.lower
        while not self.done and self.objective.ledger.distinct < size:
            noise = starting_noise(self.objective.space, size, self.generator)
            children = _normalise(noise, lower)[: size - self.objective.ledger.distinct]
            self.admit(children, _decode(self.objective, children))

    @property
    def progress(self) -> float:
        """Position of the run on the noise schedule, from 0 (noise) to 1."""
        share = min(1.0, self.objective.ledger.spent / self.budget / 0.6)
        return self.settings.first_progress + (1 - self.settings.first_progress) * share

    def admit(self, children: np.ndarray, decoded: Sequence[int]) -> None:
        """Evaluate the valid and new ones of children float64[n, D]; the fittest survive."""
        fresh: dict[int, int] = {}
        for position, code in enumerate(decoded):
            if code >= 0 and code not in self.seen and code not in fresh:
                fresh[code] = position
        if not fresh:
            self.idle += 1
            return
        self.idle = 0
        codes = np.array(list(fresh), dtype=np.int32)
        codes = codes[: self.objective.ledger.affordable(codes, self.budget)]
        metric, _ = self.objective.evaluate(codes)
        self.seen.update(codes.tolist())
        scores = np.concatenate(
            [self.scores, metric if self.objective.higher_is_better else -metric]
        )
        best = (-scores).argsort(kind="stable")[: self.settings.population_num]
        admitted = children[list(fresh.values())[: len(codes)]]
        self.population = np.concatenate([self.population, admitted])[best]
        self.scores, self.codes = scores[best], np.concatenate([self.codes, codes])[best]

    def first_new(self, codes: list[int], start: int, end: int) -> int | None:
        """Position of the first valid code that was not evaluated yet."""
        new = (i for i in range(start, end) if codes[i] >= 0 and codes[i] not in self.seen)
        return next(new, None)

    def outcome(self) -> Outcome:
        """The run's end."""
        best = int(self.codes[0]) if len(self.codes) else -1
        if self.objective.ledger.spent < self.budget:
            detail = f"no new architecture in {_PATIENCE} steps"
            return Outcome(best, "stalled", detail, final_population=self.codes)
        return Outcome(best, final_population=self.codes)


class _Together:
    """Steps of several runs at once: arithmetic over all, draws from each run's own generator."""

    def __init__(self, space: SearchSpace, settings: EdnagPlus) -> None:
        self._settings, self._lower = settings, space.profile.lower
        self._gene_of_entry, self._gene_count = genes_of(space)

    def step(self, runs: Sequence[_Search]) -> None:
        """Denoise, mutate and evaluate the children of every run."""
        children = self._denoise(runs)
        mutated, decoded = self._mutate(runs, children)
        count = self._settings.children
        for place, run in enumerate(runs):
            run.admit(mutated[place], decoded[place * count : (place + 1) * count])

    def _denoise(self, runs: Sequence[_Search]) -> np.ndarray:
        """Children float64[runs, children, D]: parents moved half of the remaining way."""
        settings, survivors = self._settings, np.stack([run.population for run in runs])
        count, size = settings.children, survivors.shape[1]
        by_rank = np.exp(-np.arange(size) / (settings.rank_temperature * size))
        wheel = np.cumsum(by_rank)
        drawn = np.stack([run.generator.random(count) for run in runs]) * wheel[-1]
        chosen = np.searchsorted(wheel, drawn, side="right")
        parents = np.take_along_axis(survivors, chosen[:, :, None], axis=1)
        distance = ((parents[:, :, None] - survivors[:, None]) ** 2).sum(axis=3)
        median = np.median(distance, axis=(1, 2), keepdims=True)
        alpha = np.array([(1 - np.cos(np.pi * run.progress)) / 2 for run in runs])
        alpha = np.minimum(0.995, alpha)[:, None, None]
        towards = (1 + alpha) / 2
        nearness = np.exp(-distance / (2 * (median + 1e-9) * (1 - alpha)))
        luck = np.stack([run.generator.exponential(size=(count, size)) for run in runs])
        weight = by_rank * nearness * luck + 1e-12
        origin = weight @ survivors / weight.sum(axis=2, keepdims=True)
        sigma = settings.noise_scale * np.sqrt((1 - towards) / (1 - alpha) * (1 - alpha / towards))
        noise = (parents - np.sqrt(alpha) * origin) / np.sqrt(1 - alpha)
        kept = np.sqrt(np.maximum(1 - towards - sigma**2, 0.0))
        fresh = np.stack([run.generator.normal(size=origin.shape[1:]) for run in runs])
        return _normalise(np.sqrt(towards) * origin + kept * noise + sigma * fresh, self._lower)

    def _mutate(self, runs: Sequence[_Search], children: np.ndarray) -> tuple[np.ndarray, list]:
        """Mutated children float64[runs, children, D] and their codes.

        Single genes are redrawn. A child that is invalid or was evaluated is mutated again.
        """
        count = children.shape[1]
        mutated = children.reshape(-1, children.shape[2]).copy()
        decoded = [INVALID] * len(mutated)
        waiting = list(range(len(mutated)))
        for attempts in _ATTEMPTS:
            # Each attempt starts from the denoised child.
            tried = children.reshape(mutated.shape)[waiting].repeat(attempts, axis=0)
            self._redraw(runs, tried, [child // count for child in waiting], attempts)
            # Runs have the same codes; in a LargeSpace there is only one run.
            codes, again = _decode(runs[0].objective, tried), []
            for place, child in enumerate(waiting):
                first, run = place * attempts, runs[child // count]
                new = run.first_new(codes, first, first + attempts)
                # The first attempt with a new code, else the last attempt.
                taken = first + attempts - 1 if new is None else new
                mutated[child], decoded[child] = tried[taken], codes[taken]
                if new is None:
                    again.append(child)
            if not again:
                break
            waiting = again
        return mutated.reshape(children.shape), decoded

    def _redraw(
        self, runs: Sequence[_Search], children: np.ndarray, run_of: list[int], attempts: int
    ) -> None:
        """Redraw each gene of children float64[n, D] in place, `gene_rate` per child on average.

        `run_of` has, for each group of `attempts` children, the run that draws; ascending.
        """
        rate = min(1.0, self._settings.gene_rate / self._gene_count)
        drawing = [(runs[run], times * attempts) for run, times in Counter(run_of).items()]
        # Entries that the space does not read are one more gene, which is never redrawn.
        genes = self._gene_count + 1
        hit = np.concatenate([run.generator.random((rows, genes)) for run, rows in drawing]) < rate
        hit[:, -1] = False
        hit = hit[:, self._gene_of_entry]
        ends = np.cumsum([0, *(rows for _, rows in drawing)])
        hits = np.add.reduceat(hit.sum(axis=1), ends[:-1]).tolist()
        children[hit] = np.concatenate(
            [
                run.generator.uniform(self._lower, 1, size=size)
                for (run, _), size in zip(drawing, hits, strict=True)
            ]
        )


def _search_together(
    objectives: Sequence[Objective], seeds: Sequence[int], budget: int, settings: EdnagPlus
) -> list[Outcome]:
    runs = [
        _Search(objective, settings, budget, seed)
        for objective, seed in zip(objectives, seeds, strict=True)
    ]
    together = _Together(objectives[0].space, settings)
    for run in runs:
        run.begin()
    while active := [run for run in runs if not run.done]:
        together.step(active)
    return [run.outcome() for run in runs]


def _search(objective: Objective, seed: int, budget: int, settings: EdnagPlus) -> Outcome:
    return _search_together([objective], [seed], budget, settings)[0]


METHOD = Method(
    name="ednag-plus",
    title="EDNAG+",
    description="our variant: mutation of single genes, no repeated evaluations, rank weights",
    hyperparameters=EdnagPlus,
    search=_search,
    search_together=_search_together,
    varies="ednag",
    tuned_on=("nasbench201",),
    random_start=first_population,
)

"""EDNAG+: the method's idea with its measured flaws mended, our own design.

What it keeps: a population in genotype space is pulled towards estimated origins along a noise
schedule, the estimate weighs individuals by fitness and nearness, and selection closes each step.
What it mends (upstream-audit specification, items 9 to 11):

- mutation redraws single genes, where the reference's one scalar per individual changes nothing;
- an architecture that was evaluated is never evaluated again, and an invalid one never costs: a
  child that would is mutated anew from where denoising put it;
- individuals are weighed by rank and by distance relative to the population's own, so that the
  origin estimate does not collapse onto one individual;
- the schedule follows the budget, from `first_progress` to the end, not a fixed number of steps.

Its settings were chosen on seeds 1000 and up of one table (nasbench201/cifar10-analog), never on
the seeds or the other tables that are reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ednag.methods.interface import Method, Outcome
from ednag.methods.starting_noise import starting_noise
from ednag.search.objective import Objective
from ednag.spaces.interface import INVALID, SearchSpace, ThresholdReading

#: Mutations tried of a child that is invalid or seen, in turns; after the last it is given up.
_ATTEMPTS = (4, 16)
#: So many steps without a new architecture end the run.
_PATIENCE = 50


class EdnagPlus(BaseModel):
    """Hyper-parameters of EDNAG+."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    population_num: int = Field(20, ge=2, description="Individuals that survive a step.")
    children: int = Field(5, ge=1, description="Individuals denoised and evaluated per step.")
    rank_temperature: float = Field(
        0.1, gt=0, description="Share of the population over which rank weights fall by e."
    )
    gene_rate: float = Field(1.0, gt=0, description="Expected mutated genes per child.")
    noise_scale: float = Field(0.3, ge=0, le=1, description="Share of fresh noise in a step.")
    first_progress: float = Field(
        0.3, ge=0, lt=1, description="Where on the noise schedule the search starts; 0 is noise."
    )


def genes_of(space: SearchSpace) -> tuple[np.ndarray, int]:
    """Which gene each entry of the flattened genotype belongs to, int64[R * C]; how many there are.

    A gene is what the space reads as one digit; entries it does not read belong to gene `count`.
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
    low = population.min(axis=1, keepdims=True)
    high = population.max(axis=1, keepdims=True)
    return (1 - lower) * (population - low) / (high - low) + lower


@dataclass
class _Search:
    """The state of one run: survivors, best first, and what has been evaluated."""

    objective: Objective
    settings: EdnagPlus
    budget: int
    generator: np.random.Generator
    population: np.ndarray = field(init=False)
    scores: np.ndarray = field(init=False)
    codes: np.ndarray = field(init=False)
    seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        rows, columns = self.objective.space.shape
        self.gene_of_entry, self.gene_count = genes_of(self.objective.space)
        self.lower = self.objective.space.profile.lower
        self.population = np.empty((0, rows * columns))
        self.scores = np.empty(0)
        self.codes = np.empty(0, dtype=np.int32)

    def decode(self, population: np.ndarray) -> list[int]:
        """Codes of genotypes float64[n, D], -1 where invalid."""
        genotypes = population.astype(np.float32).reshape(-1, *self.objective.space.shape)
        return self.objective.decode(genotypes).tolist()

    def admit(self, children: np.ndarray, decoded: list[int]) -> int:
        """Evaluate the valid and new among children; the fittest survive. Returns how many.

        Args:
            children: float64[n, D].
            decoded: Their codes.
        """
        left = self.budget - self.objective.ledger.distinct
        fresh: dict[int, int] = {}
        for position, code in enumerate(decoded):
            if code >= 0 and code not in self.seen and code not in fresh and len(fresh) < left:
                fresh[code] = position
        if not fresh:
            return 0
        codes = np.array(list(fresh), dtype=np.int32)
        metric, _ = self.objective.evaluate(codes)
        self.seen.update(fresh)
        scores = np.concatenate(
            [self.scores, metric if self.objective.higher_is_better else -metric]
        )
        best = (-scores).argsort(kind="stable")[: self.settings.population_num]
        admitted = children[list(fresh.values())]
        self.population = np.concatenate([self.population, admitted])[best]
        self.scores, self.codes = scores[best], np.concatenate([self.codes, codes])[best]
        return len(fresh)

    def denoise(self, progress: float) -> np.ndarray:
        """Children float64[children, D]: parents pulled half of the way that is left to go."""
        settings, survivors = self.settings, self.population
        alpha = min(0.995, (1 - np.cos(np.pi * progress)) / 2)
        towards = (1 + alpha) / 2
        by_rank = np.exp(-np.arange(len(survivors)) / (settings.rank_temperature * len(survivors)))
        wheel = np.cumsum(by_rank)
        drawn = self.generator.random(settings.children) * wheel[-1]
        parents = survivors[np.searchsorted(wheel, drawn, side="right")]
        distance = ((parents[:, None] - survivors[None]) ** 2).sum(axis=2)
        ordered = np.sort(distance, axis=None)
        median = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        nearness = np.exp(-distance / (2 * (median + 1e-9) * (1 - alpha)))
        weight = by_rank * nearness * self.generator.exponential(size=distance.shape) + 1e-12
        origin = weight @ survivors / weight.sum(axis=1, keepdims=True)
        sigma = settings.noise_scale * np.sqrt((1 - towards) / (1 - alpha) * (1 - alpha / towards))
        noise = (parents - np.sqrt(alpha) * origin) / np.sqrt(1 - alpha)
        moved = np.sqrt(towards) * origin + np.sqrt(max(1 - towards - sigma**2, 0.0)) * noise
        return _normalise(moved + sigma * self.generator.normal(size=origin.shape), self.lower)

    def mutate(self, children: np.ndarray) -> tuple[np.ndarray, list[int]]:
        """Redraw single genes; children that are invalid or seen are mutated anew.

        Returns:
            The mutated children float64[n, D], and their codes.
        """
        mutated, decoded = children.copy(), [INVALID] * len(children)
        waiting: Sequence[int] = range(len(children))
        for attempts in _ATTEMPTS:
            tried = self.redraw(children[list(waiting)].repeat(attempts, axis=0))
            codes, again = self.decode(tried), []
            for place, child in enumerate(waiting):
                first = place * attempts
                new = self.first_new(codes, first, first + attempts)
                # The first attempt that gives something new, else the last one.
                taken = first + attempts - 1 if new is None else new
                mutated[child], decoded[child] = tried[taken], codes[taken]
                if new is None:
                    again.append(child)
            if not again:
                break
            waiting = again
        return mutated, decoded

    def first_new(self, codes: list[int], start: int, end: int) -> int | None:
        """Where the first valid code stands that was not evaluated yet."""
        for position in range(start, end):
            if codes[position] >= 0 and codes[position] not in self.seen:
                return position
        return None

    def redraw(self, children: np.ndarray) -> np.ndarray:
        """Children float64[n, D], each gene redrawn in place by chance: `gene_rate` in all."""
        rate = min(1.0, self.settings.gene_rate / self.gene_count)
        # What no gene is read from counts as one more gene, which is never hit.
        hit = self.generator.random((len(children), self.gene_count + 1)) < rate
        hit[:, -1] = False
        hit = hit[:, self.gene_of_entry]
        children[hit] = self.generator.uniform(self.lower, 1, size=np.count_nonzero(hit))
        return children


def _search(objective: Objective, seed: int, budget: int, settings: BaseModel) -> Outcome:
    assert isinstance(settings, EdnagPlus)
    generator = np.random.Generator(np.random.PCG64(seed))
    run = _Search(objective, settings, budget, generator)
    idle = 0
    while objective.ledger.distinct < budget and idle < _PATIENCE:
        if objective.ledger.distinct < settings.population_num:
            noise = starting_noise(objective.space, settings.population_num, generator)
            children = _normalise(noise, run.lower)
            children = children[: settings.population_num - objective.ledger.distinct]
            decoded = run.decode(children)
        else:
            gone = objective.ledger.distinct / budget
            progress = settings.first_progress + (1 - settings.first_progress) * min(
                1.0, gone / 0.6
            )
            children, decoded = run.mutate(run.denoise(progress))
        idle = 0 if run.admit(children, decoded) else idle + 1
    best = int(run.codes[0]) if len(run.codes) else -1
    if objective.ledger.distinct < budget and idle >= _PATIENCE:
        detail = f"no new architecture in {_PATIENCE} steps"
        return Outcome(best, "stalled", detail, final_population=run.codes)
    return Outcome(best, final_population=run.codes)


METHOD = Method(
    name="ednag-plus",
    title="EDNAG+",
    description="our variant: mutation of single genes, no repeated evaluations, rank weights",
    hyperparameters=EdnagPlus,
    search=_search,
)

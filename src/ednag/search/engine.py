"""The readable engine: each line of the method section of the paper in tensors.

This engine documents the method and is the reference for any faster one. It reproduces the
reference implementation draw for draw; the specification (ednag-search) explains the surprises.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor

from ednag.search.denoising import cosine_schedule, ddim_step, estimate_origin, normalise
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.mapping import MAPPINGS
from ednag.search.mutation import draw_mutations, polynomial_mutation
from ednag.search.objective import Objective
from ednag.search.result import SearchResult, StepTrace
from ednag.search.selection import DegeneratePool, select


class Search:
    """One run of evolutionary denoising on an objective."""

    def __init__(
        self,
        objective: Objective,
        seed: int,
        hyperparameters: SearchHyperparameters,
        observe: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self.objective = objective
        self.space = objective.space
        self.profile = objective.space.profile
        self.settings = hyperparameters
        self.seed = seed
        self.generator = Generator().manual_seed(seed)
        self.observe = observe
        self.steps: list[tuple[float, float, float, float]] = []
        self.outcome = -1
        self.outcome_metric = math.nan

    def run(self) -> SearchResult:
        """Pull a population from Gaussian noise to fit architectures."""
        population = self.initial_population()
        alpha = cosine_schedule(self.settings.num_step)
        status, detail = "completed", ""
        try:
            for step in range(self.settings.num_step - 1, 0, -1):
                population = self.denoise(population, alpha[step], alpha[step - 1], step)
        except DegeneratePool as reason:
            status, detail = "degenerate", f"denoising step {len(self.steps)}: {reason}"
        if status == "completed" and self.profile.evaluate_final:
            codes, metric, _ = self.evaluate(population)
            self.consider(codes, metric)
        return SearchResult(
            status,
            detail,
            self.outcome,
            self.objective.decode(self.as_genotypes(population)),
            StepTrace(*np.array(self.steps).T.copy()),
            self.outcome_metric,
        )

    def initial_population(self) -> Tensor:
        """Gaussian noise, float32[N, R * C], not normalised; some well-formed rows in MobileNetV3.

        The reference draws the positions of these rows with torch and their content with numpy.
        """
        rows, columns = self.space.shape
        count = self.settings.population_num
        population = torch.randn((count, rows * columns), generator=self.generator)
        if self.profile.init_valid_rate > 0:
            order = torch.randperm(count, generator=self.generator)
            replaced = order[: int(count * self.profile.init_valid_rate)]
            state = np.random.RandomState(self.seed)
            well_formed = self.space.well_formed(len(replaced), state)
            population[replaced] = torch.from_numpy(well_formed).flatten(start_dim=1)
        return population

    def denoise(self, parents: Tensor, alpha: Tensor, alpha_previous: Tensor, step: int) -> Tensor:
        """One denoising step: evaluate, estimate the origin, move, mutate, select."""
        codes, metric, fitness = self.evaluate(parents)
        self.record(codes, metric)
        # The reference reports the best of the last evaluated population.
        self.outcome, self.outcome_metric = -1, math.nan
        self.consider(codes, metric)

        offspring = self.propose(parents, fitness, alpha, alpha_previous)
        offspring = normalise(offspring, self.profile.lower)
        offspring = self.mutate(offspring, first=step == self.settings.num_step - 1)

        if not self.settings.selection:
            return offspring
        population = self.select(parents, offspring)
        if self.profile.normalise_selected:
            population = normalise(population, self.profile.lower)
        return population

    def propose(
        self, parents: Tensor, fitness: Tensor, alpha: Tensor, alpha_previous: Tensor
    ) -> Tensor:
        """Offspring before mutation: denoised parents, or those of an ablation."""
        settings = self.settings
        if settings.proposal == "noise":
            return torch.randn(parents.shape, generator=self.generator)
        if settings.proposal == "parents":
            return parents
        density = MAPPINGS[settings.mapping](fitness, settings.temperature)
        origin = estimate_origin(parents, density, alpha)
        return ddim_step(
            parents, origin, alpha, alpha_previous, settings.noise_scale, self.generator
        )

    def select(self, parents: Tensor, offspring: Tensor) -> Tensor:
        """The next population, selected from parents and offspring."""
        pool = torch.cat([parents, offspring])
        pool_codes, _, pool_fitness = self.evaluate(pool)
        chosen = select(
            pool,
            pool_fitness,
            self.settings.population_num,
            self.settings.elite_rate,
            self.settings.diver_rate,
            self.generator,
            lambda: self.take_smallest(pool_codes),
        )
        return pool[chosen]

    def mutate(self, offspring: Tensor, first: bool) -> Tensor:
        """Polynomial mutation of some individuals, then all are normalised again."""
        index = self.settings.mutate_distri_index
        if first:
            index = math.ceil(index * self.profile.first_step_index_factor)
        drawn = draw_mutations(len(offspring), self.settings.mutate_rate, self.generator)
        offspring = offspring.clone()
        for position, scalar in drawn.items():
            offspring[position] = polynomial_mutation(offspring[position], scalar, index)
        return normalise(offspring, self.profile.lower)

    def take_smallest(self, codes: np.ndarray) -> list[int]:
        """Positions in the pool of those that omit most layers; empty except in MobileNetV3."""
        count = int(self.profile.lower_params_rate * self.settings.population_num)
        if count == 0:
            return []
        omitted = torch.from_numpy(self.space.omitted(codes))
        return torch.argsort(omitted, descending=True).tolist()[:count]

    def as_genotypes(self, population: Tensor) -> np.ndarray:
        """Genotypes float32[n, R, C] of individuals float32[n, D]."""
        return population.numpy().reshape(-1, *self.space.shape)

    def evaluate(self, population: Tensor) -> tuple[np.ndarray, np.ndarray, Tensor]:
        """Codes int32[n], metric float32[n], fitness float32[n] of individuals float32[n, D]."""
        genotypes = self.as_genotypes(population)
        if self.observe is not None:
            self.observe(genotypes)
        codes = self.objective.decode(genotypes)
        metric, fitness = self.objective.evaluate(codes)
        return codes, metric, torch.from_numpy(fitness)

    def record(self, codes: np.ndarray, metric: np.ndarray) -> None:
        """Append the population at the start of a step to the trace; see `StepTrace`."""
        valid = codes >= 0
        count = int(valid.sum())
        counted = metric if not metric[~valid].any() else metric[valid]
        mean = float(counted.mean(dtype=np.float64)) if len(counted) else math.nan
        best = float(metric.max() if self.objective.higher_is_better else metric.min())
        unique = len(np.unique(codes[valid])) / count if count else 0.0
        self.steps.append((mean, best, count / len(codes), unique))

    def consider(self, codes: np.ndarray, metric: np.ndarray) -> None:
        """Make the best valid architecture of a batch the outcome if it is better."""
        valid = np.flatnonzero(codes >= 0)
        if len(valid) == 0:
            return
        sign = 1 if self.objective.higher_is_better else -1
        best = valid[(sign * metric[valid]).argmax()]
        if self.outcome < 0 or sign * metric[best] > sign * self.outcome_metric:
            self.outcome, self.outcome_metric = int(codes[best]), float(metric[best])


def search(
    objective: Objective,
    seed: int,
    hyperparameters: SearchHyperparameters,
    observe: Callable[[np.ndarray], None] | None = None,
) -> SearchResult:
    """Run one search; `observe` sees every batch of genotypes float32[n, R, C] evaluated."""
    return Search(objective, seed, hyperparameters, observe).run()

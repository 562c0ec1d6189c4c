"""Plain Diffusion Evolution (Zhang et al., ICLR 2025): only denoising makes the next population.

Schedule, origin estimate, step, population and mapping are those of EDNAG; normalisation, mutation
and selection are left out. The method makes 99 steps of 30 evaluations and evaluates its last
population, or stops when the budget is spent.
"""

import numpy as np
from pydantic import Field

from ednag.methods.architectures import starting_noise
from ednag.methods.interface import Method, Outcome, first_population
from ednag.search.objective import Objective
from ednag.validation import StrictModel


class DiffusionEvolution(StrictModel):
    """Hyper-parameters of plain Diffusion Evolution."""

    num_step: int = Field(100, ge=3, le=10_000, description="Length of the noise schedule.")
    population_num: int = Field(30, ge=2, le=1000, description="Individuals in the population.")
    temperature: float = Field(1.0, gt=0, le=1e6, description="Temperature of the energy mapping.")
    noise_scale: float = Field(0.8, ge=0, le=1, description="Share of fresh noise in a step.")


def _origin(
    population: np.ndarray, fitness: np.ndarray, alpha: float, temperature: float
) -> np.ndarray:
    """Estimated origins float64[N, D]: means weighted by fitness and distance."""
    scaled = fitness / temperature
    density = np.exp(scaled - scaled.max() + 5)
    square = (population**2).sum(axis=1)
    distance = (
        square[:, None] + alpha * square[None] - 2 * np.sqrt(alpha) * population @ population.T
    )
    weight = (density[None] + 1e-9) * (np.exp(-distance / (2 * (1 - alpha))) + 1e-9)
    return weight @ population / weight.sum(axis=1, keepdims=True)


def _search(objective: Objective, seed: int, budget: int, settings: DiffusionEvolution) -> Outcome:
    generator = np.random.default_rng(seed)
    alpha = (np.cos(np.linspace(0, np.pi, settings.num_step)) + 1) / 2
    rows, columns = objective.space.shape
    population = starting_noise(objective.space, settings.population_num, generator)
    best, best_score = -1, -np.inf
    for step in range(settings.num_step - 1, -1, -1):
        codes = objective.decode(population.astype(np.float32).reshape(-1, rows, columns))
        codes = codes[: objective.ledger.affordable(codes, budget)]
        metric, fitness = objective.evaluate(codes)
        score = np.where(codes >= 0, metric if objective.higher_is_better else -metric, -np.inf)
        if score.max() > best_score:
            best, best_score = int(codes[score.argmax()]), float(score.max())
        if step == 0 or objective.ledger.spent >= budget:
            break
        now, towards = alpha[step], alpha[step - 1]
        origin = _origin(population, fitness.astype(np.float64), now, settings.temperature)
        sigma = settings.noise_scale * np.sqrt((1 - towards) / (1 - now) * (1 - now / towards))
        noise = (population - np.sqrt(now) * origin) / np.sqrt(1 - now)
        population = (
            np.sqrt(towards) * origin
            + np.sqrt(max(1 - towards - sigma**2, 0.0)) * noise
            + sigma * generator.standard_normal(population.shape)
        )
    drawn = best_score if objective.higher_is_better else -best_score
    return Outcome(best, drawn=drawn, final_population=codes)


METHOD = Method(
    name="diffusion-evolution",
    title="Diffusion Evolution",
    description="denoising alone, without normalisation, mutation and selection",
    hyperparameters=DiffusionEvolution,
    search=_search,
    from_space=frozenset(DiffusionEvolution.model_fields),
    random_start=first_population,
)

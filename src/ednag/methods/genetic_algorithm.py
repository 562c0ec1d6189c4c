"""An elitist genetic algorithm with EDNAG's population: 30 parents, 30 offspring, the best survive.

Offspring are mutations of parents drawn uniformly, and no architecture is evaluated twice.
Survivors are the fittest distinct architectures of both. EDNAG differs in both parts. It makes
offspring by denoising; and of parents and offspring it keeps a tenth by fitness, a fifth by
diversity and the rest by a roulette, so that one architecture may fill several places and fit ones
may be lost.
"""

from pydantic import Field

from ednag.methods.budget import Spender
from ednag.methods.interface import Method, Outcome, first_population
from ednag.search.objective import Objective
from ednag.validation import StrictModel


class GeneticAlgorithm(StrictModel):
    """Hyper-parameters of the elitist genetic algorithm."""

    population_num: int = Field(
        30, ge=1, le=1000, description="Parents, and offspring per generation."
    )


def _search(objective: Objective, seed: int, budget: int, settings: GeneticAlgorithm) -> Outcome:
    spender = Spender(objective, budget, seed)
    population: dict[int, float] = {}
    offspring = spender.sample(settings.population_num)
    while True:
        for code in offspring:
            if spender.spent:
                return spender.outcome(list(population))
            population[code] = spender.score(code)
        fittest = sorted(population.items(), key=lambda entry: -entry[1])
        population = dict(fittest[: settings.population_num])
        alive = list(population)
        parents = spender.generator.integers(len(alive), size=settings.population_num)
        offspring = [spender.mutate(alive[parent]) for parent in parents]


METHOD = Method(
    name="genetic-algorithm",
    title="Elitist GA 30+30",
    description="30 parents, 30 mutated offspring, the fittest 30 distinct survive",
    hyperparameters=GeneticAlgorithm,
    search=_search,
    random_start=first_population,
    tunable={"population_num": range(2, 101)},
)

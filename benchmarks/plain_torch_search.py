"""The search on NAS-Bench-201 as one writes it down from the specification: a yardstick for speed.

Tensors, loops over individuals, one architecture string and one dictionary look-up per evaluation.
Written from the specification (ednag-search) alone and kept simple; it is not the reference
implementation and no part of the package. It draws what the specification draws, so that it asks
for the same architectures in the same order as the engines: `search_speed.py` checks that.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

NUM_STEP, POPULATION, NOISE_SCALE, MUTATE_RATE, ETA = 100, 30, 0.8, 0.6, 5
ELITES, DIVERSE = POPULATION // 10, POPULATION // 5
ROWS, COLUMNS = 8, 7
SYMBOLS = (
    "input",
    "output",
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
)
#: (lower end, fitness there, slope) of the pieces of the fitness.
PIECES = ((0, 0, 0.1), (30, 3, 1), (50, 23, 2), (70, 63, 3), (75, 78, 5), (80, 103, 10),
          (85, 153, 30), (90, 303, 40), (95, 503, 50))  # fmt: skip


def architecture(individual: Tensor) -> str:
    """The architecture string that a genotype spells, also of a cell that is invalid."""
    choices = individual.reshape(ROWS, COLUMNS).argmax(dim=1).tolist()
    a, b, c, d, e, f = (SYMBOLS[choice] for choice in choices[1:7])
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


class PlainSearch:
    """One run.

    Attributes:
        asked: The architecture strings in the order in which they were evaluated.
    """

    def __init__(self, accuracies: Mapping[str, float]) -> None:
        """Take the accuracy in % of each valid architecture string."""
        self.accuracies = accuracies
        self.asked: list[str] = []

    def run(self, seed: int) -> float:
        """The best accuracy of the last iteration's population."""
        torch.manual_seed(seed)
        alpha = (torch.cos(torch.linspace(0, math.pi, NUM_STEP)) + 1) / 2
        population = torch.randn(POPULATION, ROWS * COLUMNS)
        best = 0.0
        for t in range(NUM_STEP - 1, 0, -1):
            metric = self.evaluate(population)
            best = metric.max().item()
            offspring = denoise(population, fitness_of(metric), alpha[t], alpha[t - 1])
            offspring = normalise(offspring)
            eta = math.ceil(1.5 * ETA) if t == NUM_STEP - 1 else ETA
            offspring = normalise(mutate(offspring, eta))
            pool = torch.cat([population, offspring])
            population = select(pool, fitness_of(self.evaluate(pool)))
        return best

    def evaluate(self, population: Tensor) -> Tensor:
        """Accuracies in %, 0 of what is invalid."""
        metric = torch.zeros(len(population))
        for i, individual in enumerate(population):
            key = architecture(individual)
            self.asked.append(key)
            metric[i] = self.accuracies.get(key, 0.0)
        return metric


def fitness_of(metric: Tensor) -> Tensor:
    """The piecewise linear fitness."""
    fitness = torch.zeros_like(metric)
    for low, start, slope in PIECES:
        fitness = torch.where(metric >= low, start + slope * (metric - low), fitness)
    return fitness


def denoise(x: Tensor, fitness: Tensor, a: Tensor, a_next: Tensor) -> Tensor:
    """Estimate every individual's origin and make a DDIM step towards it."""
    g = torch.exp(fitness - fitness.max() + 5)
    s = torch.sqrt(1 - a)
    origin = torch.empty_like(x)
    for i in range(POPULATION):
        distance = torch.norm(x[i] - torch.sqrt(a) * x, dim=1)
        likelihood = torch.exp(-(distance**2) / (2 * s**2))
        weight = (g + 1e-9) * (likelihood + 1e-9) / (1 / POPULATION + 1e-9)
        origin[i] = (weight[:, None] * x).sum(dim=0) / (weight.sum() + 1e-9)
    sigma = NOISE_SCALE * torch.sqrt((1 - a_next) / (1 - a) * (1 - a / a_next))
    noise = (x - torch.sqrt(a) * origin) / s
    direction = torch.sqrt(1 - a_next - sigma**2)
    return torch.sqrt(a_next) * origin + direction * noise + sigma * torch.randn_like(origin)


def normalise(x: Tensor) -> Tensor:
    """Each individual stretched to [-1, 1]."""
    x = x.clone()
    for i in range(len(x)):
        low, high = x[i].min(), x[i].max()
        x[i] = 2 * (x[i] - low) / (high - low) - 1
    return x


def mutate(x: Tensor, eta: int) -> Tensor:
    """Polynomial mutation, one scalar per mutant."""
    x = x.clone()
    q = eta + 1
    for i in range(len(x)):
        if torch.rand(1) > MUTATE_RATE:
            continue
        mu = torch.rand(1)
        if mu <= 0.5:
            below = (x[i] + 1) / 2
            x[i] += 2 * ((2 * mu + (1 - 2 * mu) * (1 - below) ** q) ** (1 / q) - 1)
        else:
            above = (1 - x[i]) / 2
            x[i] += 2 * (1 - (2 * (1 - mu) + (2 * mu - 1) * (1 - above) ** q) ** (1 / q))
    return x


def select(pool: Tensor, fitness: Tensor) -> Tensor:
    """The next population: elites, diverse individuals, and the roulette's."""
    total = torch.stack([torch.norm(pool - individual, dim=1).sum() for individual in pool])
    diversity = (total - total.min()) / (total.max() - total.min())
    taken = elites(fitness) + diverse(fitness, diversity)

    weight = fitness * (1 + diversity)
    weight = 0.9 * (weight - weight.min()) / (weight.max() - weight.min()) + 0.1
    limits = torch.cumsum(weight / weight.sum(), dim=0)
    while len(taken) < POPULATION:
        draw = torch.rand(1)
        for j, limit in enumerate(limits):
            if j not in taken and draw <= limit:
                taken.append(j)
                break
    return pool[taken]


def elites(fitness: Tensor) -> list[int]:
    """The fittest, none as fit as the one before; the top of the order where they are too few."""
    order = torch.argsort(fitness, descending=True).tolist()
    taken: list[int] = []
    for i in order:
        if len(taken) < ELITES and (not taken or fitness[i] != fitness[taken[-1]]):
            taken.append(i)
    return taken + order[: ELITES - len(taken)]


def diverse(fitness: Tensor, diversity: Tensor) -> list[int]:
    """The most diverse of those with a tenth of the best fitness; filled up likewise."""
    order = torch.argsort(diversity, descending=True).tolist()
    least = 0.1 * fitness.max()
    taken = [i for i in order if fitness[i] >= least][:DIVERSE]
    return taken + order[: DIVERSE - len(taken)]

"""The parts of the search: facts of the specification and invariants."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ednag.search.denoising import cosine_schedule, ddim_step, estimate_origin, normalise
from ednag.search.fitness import rescale
from ednag.search.mapping import MAPPINGS
from ednag.search.mutation import draw_mutations, polynomial_mutation
from ednag.search.selection import (
    DegeneratePool,
    diversity,
    roulette_thresholds,
    select,
    spin,
    take_diverse,
    take_elites,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, columns, generator=generator(seed))


def test_the_schedule_runs_from_data_to_noise() -> None:
    alpha = cosine_schedule(100)
    assert len(alpha) == 100
    assert alpha[0] == 1
    assert alpha[-1] == 0
    assert (alpha.diff() < 0).all()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (30, 3), (50, 23), (70, 63), (75, 78), (80, 103), (85, 153), (90, 303), (95, 503)],
)
def test_rescale_at_its_knots(value: float, expected: float) -> None:
    assert rescale(np.array([value], dtype=np.float32))[0] == expected


@given(st.floats(0, 100, width=32), st.floats(0, 100, width=32))
def test_rescale_keeps_order(low: float, high: float) -> None:
    a, b = rescale(np.array([low, high], dtype=np.float32))
    assert (a <= b) == (low <= high) or a == b


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_mappings_keep_order_and_are_finite(name: str) -> None:
    fitness = torch.linspace(0, 753, 30)
    mapped = MAPPINGS[name](fitness, 1.0)
    assert torch.isfinite(mapped).all()
    assert (mapped.diff() >= 0).all()
    assert (mapped >= 0).all()


def test_the_energy_mapping_has_its_maximum_at_e5() -> None:
    mapped = MAPPINGS["energy"](torch.tensor([0.0, 1.0, 3.0]), 1.0)
    assert mapped[-1] == pytest.approx(math.exp(5))


def test_a_rescaled_population_of_equals_is_uniform() -> None:
    assert MAPPINGS["rescale"](torch.full((4,), 7.0), 1.0).tolist() == [1, 1, 1, 1]


def test_the_origin_estimate_collapses_onto_the_fittest() -> None:
    population = noise(30, 56)
    density = torch.full((30,), 1e-6)
    density[7] = 100.0
    origin = estimate_origin(population, density, cosine_schedule(100)[-1])
    torch.testing.assert_close(origin, population[7].expand(30, 56), atol=1e-3, rtol=1e-3)


def test_the_last_ddim_step_lands_on_the_origin() -> None:
    alpha = cosine_schedule(100)
    population, origin = noise(30, 56), noise(30, 56, 1)
    moved = ddim_step(population, origin, alpha[1], alpha[0], 0.8, generator())
    torch.testing.assert_close(moved, origin)


@pytest.mark.parametrize("lower", [-1.0, 0.0])
def test_normalised_rows_span_the_range(lower: float) -> None:
    rows = normalise(noise(30, 56), lower)
    assert torch.equal(rows.min(dim=1).values, torch.full((30,), lower))
    torch.testing.assert_close(rows.max(dim=1).values, torch.ones(30))


@given(st.floats(0, 1, exclude_max=True, width=32), st.integers(1, 8), st.integers(0, 10_000))
def test_mutation_stays_in_range_and_keeps_the_order_of_genes(
    scalar: float, index: int, seed: int
) -> None:
    individual = normalise(noise(1, 56, seed), -1.0)[0]
    mutated = polynomial_mutation(individual, torch.tensor([scalar]), index)
    assert (mutated >= -1 - 1e-4).all()
    assert (mutated <= 1 + 1e-4).all()
    # One scalar is a monotone map: why mutation is inert in argmax-decoded spaces.
    order = individual.argsort()
    assert (mutated[order].diff() >= -1e-4).all()


def test_mutation_draws_two_numbers_for_a_mutant_and_one_for_others() -> None:
    first, second = generator(3), generator(3)
    drawn = draw_mutations(30, 0.6, first)
    numbers = torch.rand(30 + len(drawn), generator=second).tolist()
    position = 0
    for individual in range(30):
        if numbers[position] <= 0.6:
            assert drawn[individual].item() == numbers[position + 1]
            position += 1
        else:
            assert individual not in drawn
        position += 1
    assert torch.rand(1, generator=first) == torch.rand(1, generator=second)


def test_equal_values_are_sorted_as_the_reference_does() -> None:
    # Not stable: what libstdc++ leaves of 60 equal values. Reference traces depend on it.
    order = torch.argsort(torch.zeros(60), descending=True).tolist()
    assert order[:2] == [45, 31]
    assert order[14:17] == [44, 30, 46]


def test_elites_skip_one_as_fit_as_the_last_and_are_filled_up() -> None:
    assert take_elites(torch.tensor([5.0, 9.0, 9.0, 7.0]), 3) == [1, 3, 0]
    filled = take_elites(torch.tensor([9.0, 9.0, 9.0]), 3)
    assert len(filled) == 3
    assert len(set(filled)) < 3


def test_diverse_individuals_are_fit_enough() -> None:
    fitness = torch.tensor([100.0, 9.0, 10.0, 50.0])
    assert take_diverse(fitness, torch.tensor([0.1, 1.0, 0.9, 0.2]), 2) == [2, 3]


def test_diversity_is_stretched_to_the_unit_range() -> None:
    spread = diversity(noise(60, 56))
    assert spread.min() == 0
    assert spread.max() == 1


@pytest.mark.parametrize("pool", [torch.zeros(8, 4), torch.ones(8, 4)])
def test_a_pool_of_equals_is_degenerate(pool: torch.Tensor) -> None:
    with pytest.raises(DegeneratePool):
        diversity(pool)


def test_equal_weights_are_degenerate() -> None:
    with pytest.raises(DegeneratePool):
        roulette_thresholds(torch.zeros(8), torch.rand(8))
    with pytest.raises(DegeneratePool, match="not numbers"):
        roulette_thresholds(torch.tensor([1.0, float("nan"), 2.0]), torch.rand(3))


@given(st.integers(0, 2**31), st.integers(0, 20))
def test_the_roulette_takes_none_twice_and_none_excluded(seed: int, count: int) -> None:
    thresholds = roulette_thresholds(torch.arange(40.0), torch.zeros(40))
    taken = spin(thresholds, {39, 0}, count, generator(seed))
    assert len(taken) == len(set(taken)) == count
    assert not {0, 39} & set(taken)


@given(st.integers(0, 1000))
def test_selection_keeps_the_size_and_the_fittest(seed: int) -> None:
    pool = noise(60, 56, seed)
    fitness = torch.rand(60, generator=generator(seed)) * 100
    chosen = select(pool, fitness, 30, 0.1, 0.2, generator(seed))
    assert len(chosen) == 30
    assert chosen[0] == int(fitness.argmax())

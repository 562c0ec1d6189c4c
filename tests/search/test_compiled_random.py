"""The compiled engine's random numbers are those of torch and of Python's `random`."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.search.compiled.cache import entry
from ednag.search.compiled.random import (
    fill_normal,
    new_stream,
    next_below,
    next_uniform,
    next_word,
    python_stream,
    seed_stream,
)
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.spaces import SPACES, get_space
from tests.search.rounding import needs_known_rounding

#: The last one counts for torch by its last 32 bits only.
SEEDS = (0, 1, 2**31, 2**32 - 1, 2**32 + 7)
#: Fewest numbers of a call that `fill_normal` makes.
FEWEST = 16
#: Numbers behind the last that a call may write over.
PADDING = 8
Calls = list[tuple[str, int]]


@entry
def draw(stream, seed, are_normal, counts, scratch, drawn):
    """The numbers of several calls, one after another, into `drawn`."""
    seed_stream(stream, seed)
    start = 0
    for call in range(len(counts)):
        count = counts[call]
        if are_normal[call]:
            fill_normal(stream, scratch, count)
            for position in range(count):
                drawn[start + position] = scratch[position]
        else:
            for position in range(count):
                drawn[start + position] = next_uniform(stream)
        start += count


@entry
def draw_below(stream, bounds, drawn):
    """A whole number below each bound; of bound 0, a word."""
    for call in range(len(bounds)):
        if bounds[call] == 0:
            drawn[call] = next_word(stream)
        else:
            drawn[call] = next_below(stream, bounds[call])


def ours(calls: Calls, seed: int) -> np.ndarray:
    counts = np.array([count for _, count in calls], np.int64)
    are_normal = np.array([kind == "normal" for kind, _ in calls])
    scratch = np.zeros(counts.max() + PADDING, np.float32)
    drawn = np.empty(counts.sum(), np.float32)
    draw(new_stream(), np.uint64(seed), are_normal, counts, scratch, drawn)
    return drawn


def torchs(calls: Calls, seed: int) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    make = {"normal": torch.randn, "uniform": torch.rand}
    drawn = [make[kind](count, generator=generator) for kind, count in calls]
    return torch.cat(drawn).numpy()


def assert_same(calls: Calls, seed: int) -> None:
    # Bits, so that -0 is not 0.
    ours_bits, theirs_bits = (f(calls, seed).view(np.int32) for f in (ours, torchs))
    np.testing.assert_array_equal(ours_bits, theirs_bits, f"seed {seed}, calls {calls}")


@needs_known_rounding
@pytest.mark.parametrize("seed", SEEDS)
def test_normal_numbers_of_every_length(seed: int) -> None:
    for count in (*range(FEWEST, 65), 100, 623, 624, 625, 1000, 1680):
        # What follows shows that as many words were drawn: the last block is drawn twice.
        assert_same([("normal", count), ("uniform", 3)], seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_uniform_numbers_of_every_length(seed: int) -> None:
    for count in (*range(1, 65), 100, 623, 624, 625, 1000):
        assert_same([("uniform", count)], seed)


@needs_known_rounding
def test_a_million_normal_numbers() -> None:
    assert_same([("normal", 2**20 + 5)], seed=3)


@needs_known_rounding
@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.just("normal"), st.integers(FEWEST, 700))
        | st.tuples(st.just("uniform"), st.integers(1, 700)),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 2**63 - 1),
)
def test_calls_in_any_order_and_of_any_seed(calls: Calls, seed: int) -> None:
    assert_same(calls, seed)


def test_no_search_draws_so_few_numbers_that_torch_makes_them_another_way() -> None:
    # torch.randn of fewer than 16 numbers is made in float64, which `fill_normal` cannot.
    least = SearchHyperparameters.model_json_schema()["properties"]["population_num"]["minimum"]
    for name in SPACES:
        rows, columns = get_space(name).shape
        assert least * rows * columns >= FEWEST, name


@pytest.mark.parametrize("used", [0, 1, 5, 623, 624, 625])
@pytest.mark.parametrize("seed", SEEDS)
def test_words_go_on_where_a_generator_of_python_stands(seed: int, used: int) -> None:
    generator = random.Random(seed)
    for _ in range(used):
        generator.getrandbits(32)
    drawn = np.zeros(1500, np.int64)
    draw_below(python_stream(generator), np.zeros(1500, np.int64), drawn)
    assert drawn.tolist() == [generator.getrandbits(32) for _ in range(1500)]


@settings(deadline=None)
@given(st.integers(0, 2**64), st.lists(st.integers(1, 2**32 - 1), min_size=1, max_size=50))
def test_whole_numbers_below_any_bound(seed: int, bounds: list[int]) -> None:
    drawn = np.zeros(len(bounds), np.int64)
    draw_below(python_stream(random.Random(seed)), np.array(bounds), drawn)
    generator = random.Random(seed)
    assert drawn.tolist() == [generator.randrange(bound) for bound in bounds]


def test_a_drawn_training_is_one_of_three() -> None:
    bounds = np.full(3000, 3)
    drawn = np.zeros(3000, np.int64)
    draw_below(python_stream(random.Random(17)), bounds, drawn)
    generator = random.Random(17)
    assert drawn.tolist() == [generator.randrange(3) for _ in range(3000)]
    assert set(drawn.tolist()) == {0, 1, 2}

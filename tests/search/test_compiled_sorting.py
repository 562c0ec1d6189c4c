"""The compiled sort leaves equal values in torch's order."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ednag.search.compiled.cache import entry
from ednag.search.compiled.sorting import STACK, argsort_descending
from ednag.search.compiled.vectors import LANES
from ednag.search.fitness import WORST_LOSS, fitness_of
from ednag.tables.interface import Protocol

LARGEST = 400
INFINITE = np.float32(np.inf)


@entry
def argsort(values, count, pairs, order, stack):
    """`argsort_descending`, for Python."""
    argsort_descending(values, count, pairs, order, stack)


def ours(values: np.ndarray) -> np.ndarray:
    count = len(values)
    # What stands behind the values must not matter.
    padded = np.append(values, np.full(LANES, 7, np.float32))
    pairs, order = np.zeros(count + LANES, np.uint64), np.full(count, -1)
    argsort(padded, count, pairs, order, np.zeros((STACK, 3), np.int64))
    return order


def assert_same(values: np.ndarray) -> None:
    values = values.astype(np.float32)
    theirs = torch.argsort(torch.from_numpy(values), descending=True).numpy()
    np.testing.assert_array_equal(ours(values), theirs, str(values.tolist()))


def few(count: int, kinds: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, kinds, count) / 4


def bad_for_medians(count: int) -> np.ndarray:
    """Values on which each median of three cuts off two elements only: the heap sort takes over.

    Compared are the second, the middle and the last element. The second gets the largest value left
    and the middle the next, which is then the median; it changes places with the first.
    """
    values = np.zeros(count)
    places = list(range(count))
    while len(places) > 3:
        middle = len(places) // 2
        values[places[1]], values[places[middle]] = len(places), len(places) - 1
        places[middle] = places[0]
        places = places[2:]
    return values


def with_ties(values: np.ndarray) -> np.ndarray:
    """Five different values instead of all but the 40 largest, which the quicksort cuts off."""
    return np.where(values > len(values) - 40, values, values % 5)


PATTERNS: dict[str, Callable[[int], np.ndarray]] = {
    "all equal": np.zeros,
    "all infinite": lambda count: np.full(count, INFINITE),
    "ascending": np.arange,
    "descending": lambda count: np.arange(count)[::-1],
    "ascending by pairs": lambda count: np.arange(count) // 2,
    "descending by eights": lambda count: np.arange(count)[::-1] // 8,
    "up and down": lambda count: np.minimum(np.arange(count), np.arange(count)[::-1]),
    "saw of seven teeth": lambda count: np.arange(count) % 7,
    "two values": lambda count: few(count, 2),
    "three values": lambda count: few(count, 3),
    "thirty values": lambda count: few(count, 30),
    "hardly a tie": lambda count: np.random.default_rng(count).random(count),
    "zero but one": lambda count: np.arange(count) == count // 3,
    "smallest and largest": lambda count: np.where(few(count, 2) > 0, 1e-45, 3.4e38),
    "bad for medians of three": bad_for_medians,
    "bad for medians of three, then ties": lambda count: with_ties(bad_for_medians(count)),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_size(pattern: str) -> None:
    for count in range(1, LARGEST + 1):
        assert_same(PATTERNS[pattern](count))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([1, 2, 3, 8, 100]).flatmap(
        lambda kinds: arrays.arrays(
            np.uint16, st.integers(1, LARGEST), elements=st.integers(0, kinds)
        )
    )
)
def test_ties_anywhere(values: np.ndarray) -> None:
    assert_same(values)


@settings(deadline=None)
@given(
    arrays.arrays(np.float32, st.integers(1, 80), elements=st.floats(0, width=32, allow_nan=False))
)
def test_any_numbers_from_zero_to_infinity(values: np.ndarray) -> None:
    assert_same(np.abs(values))


PROTOCOLS = (
    Protocol("m", "m", ""),
    Protocol("m", "m", "", factor=1.05, zero_below=0.01),
    Protocol("m", "m", "", factor=2814.0, rule="inverse"),
)


@given(
    arrays.arrays(np.float32, 8, elements=st.floats(width=32, allow_nan=False)),
    st.sampled_from(PROTOCOLS),
)
def test_no_fitness_is_minus_zero_or_below(metric: np.ndarray, protocol: Protocol) -> None:
    # The sort compares bits, by which -0 is larger than infinity.
    metric = np.append(metric, np.array([0.0, -0.0, WORST_LOSS, -WORST_LOSS], np.float32))
    with np.errstate(divide="ignore", over="ignore"):
        assert not np.signbit(fitness_of(metric, protocol)).any()

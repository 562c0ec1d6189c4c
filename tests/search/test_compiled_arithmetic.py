"""The compiled engine's arithmetic rounds as torch's kernels do, bit for bit."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch

from ednag.search import denoising
from ednag.search.compiled import schedule
from ednag.search.compiled.arithmetic import (
    contiguous_sum,
    distances,
    exp,
    exp_anywhere,
    power,
    raise_left_over,
    root_by_library,
    root_of_left_over,
    weighted_sum,
    weighted_sums_of_block,
)
from ednag.search.compiled.cache import entry
from ednag.search.compiled.vectors import LANES, load, store, store_at
from ednag.spaces import SPACES, get_space
from tests.search.rounding import BLOCK, needs_known_rounding, needs_known_square_roots

pytestmark = needs_known_rounding
#: Below this a float32 has fewer bits.
SMALLEST_NORMAL = np.float32(2.0**-126)
#: Columns that torch sums together.
COLUMNS = 32
#: Lengths of genotypes: of the paper's spaces, around whole vectors, and longer ones.
LENGTHS = (1, 2, 7, 8, 9, 15, 16, 17, 24, 30, 31, 32, 33, 49, 56, 63, 64, 65, 90, 264, 300)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As the engines: sums of several threads round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the compiled functions, for Python --------------------------------------------------------


@entry
def exponentials(values):
    """`exp` in place, of a multiple of eight."""
    for start in range(0, len(values), LANES):
        store(values, start, exp(load(values, start)))


@entry
def exponentials_anywhere(values, count):
    """`exp_anywhere`."""
    exp_anywhere(values, count)


@entry
def powers(values, whole, exponent):
    """values^exponent in place: the first `whole` as whole blocks, the others as left over."""
    for start in range(0, len(values), LANES):
        base = load(values, start)
        left_over = start >= whole
        store(
            values,
            start,
            raise_left_over(base, exponent) if left_over else power(base, np.float32(exponent)),
        )


@entry
def roots(values, whole, exponent):
    """values^(1 / exponent) in place; see `powers`."""
    for start in range(0, len(values), LANES):
        base = load(values, start)
        left_over = start >= whole
        store(
            values,
            start,
            root_of_left_over(base, exponent)
            if left_over
            else power(base, np.float32(1 / exponent)),
        )


@entry
def square_roots(values):
    """`root_by_library` in place."""
    for start in range(0, len(values), LANES):
        store(values, start, root_by_library(load(values, start)))


@entry
def column_sums(matrix, count, sums):
    """`contiguous_sum` of the first rows of every column."""
    for column in range(0, len(sums), LANES):
        store(sums, column, contiguous_sum(matrix, column, count))


@entry
def weighted_row_sums(rows, weights, count, length, sums):
    """Weighted sums of the first rows, for each column of `weights`; see `step_to_origin`."""
    whole = length // COLUMNS * COLUMNS
    for weight in range(len(sums)):
        for c in range(0, whole, COLUMNS):
            first, second, third, fourth = weighted_sums_of_block(rows, c, weights, weight, count)
            store_at(sums, weight, c, first)
            store_at(sums, weight, c + LANES, second)
            store_at(sums, weight, c + 2 * LANES, third)
            store_at(sums, weight, c + 3 * LANES, fourth)
        for c in range(whole, rows.shape[1], LANES):
            store_at(sums, weight, c, weighted_sum(rows, c, weights, weight, count))


@entry
def all_distances(points, columns, length, result):
    """Distances of every point to every other; the points are even in number."""
    for row in range(0, len(result), 2):
        for column in range(0, result.shape[1], 2 * LANES):
            a, b, c, d = distances(points, row, columns, column, length)
            store_at(result, row, column, a)
            store_at(result, row, column + LANES, b)
            store_at(result, row + 1, column, c)
            store_at(result, row + 1, column + LANES, d)


# --- helpers -----------------------------------------------------------------------------------


def padded(length: int) -> int:
    return -(-length // LANES) * LANES


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape, dtype=np.float32)


def assert_same(ours: np.ndarray, theirs: torch.Tensor | np.ndarray, message: str = "") -> None:
    """Bit for bit, so that -0 is not 0 and NaN is NaN."""
    theirs = np.ascontiguousarray(theirs)
    np.testing.assert_array_equal(
        np.ascontiguousarray(ours).view(np.int32), theirs.view(np.int32), message
    )


def floats_between(low: float, high: float, count: int) -> np.ndarray:
    """float32[about count], equally spaced by bits: as many from 0.001 to 0.002 as from 1 to 2."""
    first, last = np.array([low, high], np.float32).view(np.int32)
    return np.arange(first, last, max(1, (int(last) - int(first)) // count), np.int32).view(
        np.float32
    )


# --- exponential -------------------------------------------------------------------------------


def test_exponentials_on_a_dense_grid() -> None:
    # As far as the origin estimate needs them, and on to where they leave the normal numbers.
    small = floats_between(1e-30, 87.3, 2**21)
    values = np.concatenate([np.linspace(-87.3, 87.3, 2**21, dtype=np.float32), small, -small])
    values = np.append(values, np.float32([0, -0.0]))
    values = values[: len(values) // LANES * LANES]
    result = values.copy()
    exponentials(result)
    assert_same(result, torch.exp(torch.from_numpy(values)))


def test_exponentials_of_any_number() -> None:
    # Results below 2^-126, infinite ones, those of infinite numbers and of no number.
    bits = np.random.default_rng(0).integers(0, 2**32, 2**20, dtype=np.uint32)
    edges = np.linspace(-104.1, -87.2, 2**18), np.linspace(87.2, 88.8, 2**18)
    special = [0, -0.0, np.inf, -np.inf, np.nan, 88.72283, 88.72284, -103.97208, -103.97209, 1e-45]
    values = np.concatenate([*edges, special]).astype(np.float32)
    values = np.concatenate([values, bits.view(np.float32)[np.isfinite(bits.view(np.float32))]])
    result = np.append(values, np.zeros(LANES, np.float32))
    exponentials_anywhere(result, len(values))
    assert_same(result[: len(values)], torch.exp(torch.from_numpy(values)))


# --- power -------------------------------------------------------------------------------------

#: q = eta + 1 of the search, also in the first step and in MobileNetV3, and others one might set.
EXPONENTS = (5, 6, 9, 4, 7, 12, 33)


def bases() -> np.ndarray:
    """0, 1 and numbers between: of search (equally spaced) and of any size."""
    numbers = np.concatenate(
        [np.linspace(0, 1, 2**17, dtype=np.float32), floats_between(1e-37, 1, 2**17)]
    )
    return numbers[: len(numbers) // BLOCK * BLOCK]


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("left_over", [False, True], ids=["whole blocks", "left over"])
def test_powers_and_roots(exponent: int, left_over: bool) -> None:
    values = bases()
    if left_over:
        values = values[: 2**14]
    # Elements are left over in calls of fewer than a block.
    calls = torch.from_numpy(values).split(LANES if left_over else len(values))
    whole = 0 if left_over else len(values)
    for compiled, power_of in ((powers, exponent), (roots, 1 / exponent)):
        theirs = torch.cat([call**power_of for call in calls]).numpy()
        result = values.copy()
        compiled(result, whole, exponent)
        normal = (values == 0) | (theirs >= SMALLEST_NORMAL)
        assert normal.mean() > 0.4
        assert_same(result[normal], theirs[normal])
        # Added to a number near 1 in the search, any such result is nothing.
        assert (result[~normal] <= 2 * SMALLEST_NORMAL).all()


@pytest.mark.parametrize("length", LENGTHS)
def test_powers_of_a_whole_individual(length: int) -> None:
    for exponent in (5, 6, 9):
        for repeat in range(20):
            values = np.random.default_rng(repeat).random(length, dtype=np.float32)
            row = torch.from_numpy(values)
            for compiled, theirs in ((powers, row**exponent), (roots, row ** (1 / exponent))):
                result = np.append(values, np.ones(padded(length) - length, np.float32))
                compiled(result, length // BLOCK * BLOCK, exponent)
                assert_same(result[:length], theirs, f"length {length}, exponent {exponent}")


@needs_known_square_roots
def test_square_roots_of_two_whole_binades() -> None:
    # The estimate depends on the mantissa and on whether the exponent is odd: these are all cases.
    values = np.arange(0.25, 1, 2.0**-24, dtype=np.float64).astype(np.float32)
    result = values.copy()
    square_roots(result)
    assert_same(result, torch.from_numpy(values) ** 0.5)


@needs_known_square_roots
def test_square_roots_of_every_size() -> None:
    values = np.concatenate([[np.float32(0)], floats_between(SMALLEST_NORMAL, 1, 2**18)])
    values = values[: len(values) // LANES * LANES]
    result = values.copy()
    square_roots(result)
    assert_same(result, torch.from_numpy(values) ** 0.5)


# --- sums --------------------------------------------------------------------------------------


def test_sums_along_a_contiguous_axis() -> None:
    # From 4 * 16 vectors of eight, and again from 16 and 256 times as many, the tree is deeper.
    for count in (*range(1, 301), 511, 512, 513, 1000, 2047, 4099, 8192, 8199, 20_000, 140_003):
        matrix = noise(count, 2 * LANES)
        sums = np.empty(2 * LANES, np.float32)
        column_sums(matrix, count, sums)
        lines = torch.from_numpy(matrix.T.copy())
        assert_same(sums, lines.sum(dim=1), f"{count} numbers a line")
        assert_same(sums, torch.stack([line.sum() for line in lines]), f"{count} numbers")


def test_no_genotype_is_shorter_than_a_vector() -> None:
    # Over fewer columns torch sums rows in another way than `weighted_sum`.
    for name in SPACES:
        rows, columns = get_space(name).shape
        assert rows * columns >= LANES, name


@pytest.mark.parametrize("length", [length for length in LENGTHS if length >= LANES])
def test_weighted_sums_over_rows(length: int) -> None:
    origins = 3
    for count in (*range(4, 70), 100, 101, 255, 256, 257, 300, 600, 4200):
        population, weights = noise(count, length), np.abs(noise(origins, count))
        rows = np.zeros((count, padded(length)), np.float32)
        rows[:, :length] = population
        sums = np.empty((origins, padded(length)), np.float32)
        weighted_row_sums(rows, weights.T.copy(), count, length, sums)
        whole = torch.from_numpy(population)
        theirs = [(row[:, None] * whole).sum(dim=0) for row in torch.from_numpy(weights)]
        assert_same(sums[:, :length], torch.stack(theirs), f"{count} rows of {length}")


# --- distances ---------------------------------------------------------------------------------


@pytest.mark.parametrize("length", sorted({*LENGTHS, *range(1, 33)}))
def test_distances_are_norms_of_differences(length: int) -> None:
    for count in (2, 6, 60, 64):
        points = noise(count, length)
        points[0] *= np.float32(1e-3)
        columns = np.zeros((length, 64), np.float32)
        columns[:, :count] = points.T
        result = np.empty((count, 64), np.float32)
        all_distances(points, columns, length, result)
        pool = torch.from_numpy(points)
        theirs = torch.norm(pool[None] - pool[:, None], dim=2)
        assert_same(result[:, :count], theirs, f"{count} points of {length} numbers")


# --- schedule ----------------------------------------------------------------------------------


def test_the_schedule_of_any_number_of_steps() -> None:
    for num_step in range(3, 400):
        theirs = denoising.cosine_schedule(num_step)
        assert_same(schedule.cosine_schedule(num_step), theirs, f"{num_step} steps")


@needs_known_square_roots
@pytest.mark.parametrize("noise_scale", [0.8, 0.0, 0.3, 1.0])
def test_the_coefficients_of_every_step(noise_scale: float) -> None:
    for num_step in (3, 4, 10, 25, 50, 99, 100, 101, 200, 333, 1000):
        alpha = denoising.cosine_schedule(num_step).flip(0)
        theirs = [step(a, b, noise_scale) for a, b in pairwise(alpha)]
        ours = schedule.step_coefficients(num_step, noise_scale)
        assert_same(ours, torch.tensor(theirs), f"{num_step} steps")


def step(alpha: torch.Tensor, following: torch.Tensor, noise_scale: float) -> list[torch.Tensor]:
    """What `estimate_origin` and `ddim_step` make of the schedule, scalar by scalar."""
    sigma = noise_scale * torch.sqrt((1 - following) / (1 - alpha) * (1 - alpha / following))
    return [
        torch.sqrt(alpha),
        2 * torch.sqrt(1 - alpha) ** 2,
        torch.sqrt(1 - alpha),
        torch.sqrt(following),
        torch.sqrt(1 - following - sigma**2),
        sigma,
    ]

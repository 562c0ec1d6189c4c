"""The two spaces of TransNAS-Bench-101."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.spaces import get_space
from ednag.tables.transnas_csv import read_index
from tests.conftest import Mirror

MICRO, MACRO = get_space("transnas-micro"), get_space("transnas-macro")


def one_hot(digits: list[int], columns: int) -> np.ndarray:
    return np.eye(columns, dtype=np.float32)[None, digits]


def test_the_spaces_are_those_of_the_benchmarks_index(mirror: Mirror) -> None:
    keys = read_index(mirror("transnas-arch-index"))
    assert len(keys) == 7352
    assert {MACRO.key(code) for code in range(MACRO.size)} == set(keys[:3256])
    assert [MICRO.key(code) for code in range(MICRO.size)] == keys[3256:]


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_a_micro_genotype_is_its_digits(digits: list[int]) -> None:
    code = int(MICRO.decode(one_hot(digits, 4))[0])
    a, b, c, d, e, f = digits
    assert MICRO.key(code) == f"64-41414-{a}_{b}{c}_{d}{e}{f}"
    assert code == list(product(range(4), repeat=6)).index(tuple(digits))
    assert len(MICRO.neighbours(code)) == 18


@given(st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_a_macro_genotype_leaves_out_none(digits: list[int]) -> None:
    raw = int(MACRO.decode_raw(one_hot(digits, 5))[0])
    kept = [digit for digit in digits if digit]
    assert MACRO.raw_key(raw) == f"64-{''.join(map(str, kept))}-basic"
    halved = sum(digit in (3, 4) for digit in kept)
    doubled = sum(digit in (2, 4) for digit in kept)
    trained = len(kept) >= 4 and 1 <= halved <= 4 and 1 <= doubled <= 3
    assert (MACRO.code_of_raw[raw] >= 0) == trained


def test_macro_sizes() -> None:
    lengths = [len(MACRO.key(code).split("-")[1]) for code in range(MACRO.size)]
    assert (lengths.count(4), lengths.count(5), lengths.count(6)) == (210, 750, 2296)


def test_macro_neighbours_change_add_or_leave_out_a_module() -> None:
    code = MACRO.code("64-4111-basic")
    found = {MACRO.key(other).split("-")[1] for other in MACRO.neighbours(code).tolist()}
    assert {"4211", "41111", "34111", "2411", "4114"} & found == {"41111", "34111", "4114", "4211"}
    assert all(len(digits) in (4, 5) for digits in found)


@pytest.mark.parametrize("key", ["64-111-basic", "64-1111-basic", "64-41111111-basic", "4111"])
def test_what_the_benchmark_did_not_train_is_no_skeleton(key: str) -> None:
    with pytest.raises(Exception, match="is not an architecture of this space"):
        MACRO.code(key)

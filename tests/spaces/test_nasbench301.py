"""The cut of NAS-Bench-301 that EDNAG searches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.nasbench301 import CHOICES

SPACE = get_space("nasbench301")


def test_there_are_9604_groups() -> None:
    assert SPACE.size == 9604
    assert all(len(set(choices)) == len(choices) for choices in CHOICES)
    assert (SPACE.code_of_raw == np.arange(9604)).all()


@given(st.lists(st.integers(0, 13), min_size=4, max_size=4))
def test_the_first_two_rows_count_modulo_7(columns: list[int]) -> None:
    genotype = np.eye(14, dtype=np.float32)[None, columns]
    code = int(SPACE.decode(genotype)[0])
    expected = (
        CHOICES[0][columns[0] % 7],
        CHOICES[1][columns[1] % 7],
        CHOICES[2][columns[2]],
        CHOICES[3][columns[3]],
    )
    assert SPACE.key(code) == str(expected)
    assert len(SPACE.neighbours(code)) == 38


@pytest.mark.parametrize(
    "key",
    [
        "((0, 4), (1, 2), (0, 0))",
        "((1, 4), (1, 2), (0, 0), (1, 0))",
        "((0, 4), (1, 2), (2, 0), (1, 0))",
        "((0,4),(1,2),(0,0),(1,0))",
        "__import__('os')",
        "(" * 5000,
    ],
)
def test_other_pairs_are_refused(key: str) -> None:
    with pytest.raises(EdnagError, match="an architecture is written"):
        SPACE.code(key)

"""The NAS-Bench-201 cell space: sizes, keys, decoding, neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.nasbench201 import GENOTYPE_SYMBOLS, OPERATIONS

SPACE = get_space("nasbench201")
codes = st.integers(0, SPACE.size - 1)


def test_the_space_has_15625_cells() -> None:
    assert SPACE.size == 15625
    assert SPACE.raw_size == 7**6
    assert (SPACE.code_of_raw >= 0).sum() == 15625


@given(codes)
def test_keys_and_codes_are_one_to_one(code: int) -> None:
    assert SPACE.code(SPACE.key(code)) == code


@given(st.lists(st.sampled_from(GENOTYPE_SYMBOLS), min_size=6, max_size=6))
def test_decoding_takes_the_largest_of_each_row(symbols: list[str]) -> None:
    genotype = np.zeros((1, 8, 7), dtype=np.float32)
    for edge, symbol in enumerate(symbols, start=1):
        genotype[0, edge, GENOTYPE_SYMBOLS.index(symbol)] = 1.0
    code = SPACE.decode(genotype)[0]
    if all(symbol in OPERATIONS for symbol in symbols):
        assert SPACE.key(code) == SPACE.raw_key(SPACE.decode_raw(genotype)[0])
    else:
        assert code == -1


def test_rows_0_and_7_are_ignored() -> None:
    genotypes = np.random.default_rng(0).normal(size=(50, 8, 7)).astype(np.float32)
    before = SPACE.decode_raw(genotypes)
    genotypes[:, [0, 7]] = 9.0
    assert (SPACE.decode_raw(genotypes) == before).all()


@given(codes)
def test_neighbours_differ_in_one_edge_and_are_mutual(code: int) -> None:
    neighbours = SPACE.neighbours(code)
    assert len(neighbours) == 24
    assert code not in neighbours
    names = SPACE.key(code).split("|")
    for neighbour in neighbours[::7]:
        other = SPACE.key(neighbour).split("|")
        assert sum(a != b for a, b in zip(names, other, strict=True)) == 1
        assert code in SPACE.neighbours(neighbour)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "|none~0|",
        "|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~1|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2| ",
    ],
)
def test_a_foreign_string_is_refused_with_the_grammar(key: str) -> None:
    with pytest.raises(EdnagError, match=r"is not an architecture of this space.*\|op~0\|"):
        SPACE.code(key)


def test_a_code_outside_is_refused() -> None:
    with pytest.raises(EdnagError, match="codes are 0 to 15624"):
        SPACE.key(15625)


def test_an_unknown_space_names_the_closest() -> None:
    with pytest.raises(EdnagError, match="did you mean 'nasbench201'"):
        get_space("nasbench-201")

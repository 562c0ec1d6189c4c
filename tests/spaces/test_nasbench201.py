"""The NAS-Bench-201 cell space: sizes, keys, decoding, neighbours."""

from itertools import product

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


def test_strings_of_one_graph_are_known() -> None:
    """Rule and number are the benchmark's; its file `nats_bench.csv` has the same classes."""
    graphs = SPACE.graph_of_code
    assert graphs is not None
    assert len(np.unique(graphs)) == SPACE.unique_graphs == 6466
    np.testing.assert_array_equal(graphs[graphs], graphs)
    pool, conv = "avg_pool_3x3", "nor_conv_1x1"
    for one, other, alike in [
        (
            f"|{pool}~0|+|none~0|{pool}~1|+|none~0|none~1|skip_connect~2|",
            f"|{pool}~0|+|none~0|none~1|+|none~0|{pool}~1|skip_connect~2|",
            True,
        ),
        (
            f"|{pool}~0|+|{conv}~0|skip_connect~1|+|{pool}~0|{pool}~1|skip_connect~2|",
            f"|{pool}~0|+|{pool}~0|{pool}~1|+|{conv}~0|skip_connect~1|skip_connect~2|",
            True,
        ),
        (
            f"|{pool}~0|+|none~0|none~1|+|{pool}~0|none~1|none~2|",
            f"|{pool}~0|+|none~0|none~1|+|{conv}~0|none~1|none~2|",
            False,
        ),
        # They compute the same, and the benchmark's rule keeps them apart.
        (
            f"|{pool}~0|+|none~0|skip_connect~1|+|none~0|none~1|{pool}~2|",
            f"|{pool}~0|+|none~0|none~1|+|none~0|{pool}~1|none~2|",
            False,
        ),
    ]:
        assert (graphs[SPACE.code(one)] == graphs[SPACE.code(other)]) == alike


@given(codes)
def test_a_graph_is_the_lowest_code_of_its_strings(code: int) -> None:
    graphs = SPACE.graph_of_code
    assert graphs is not None
    assert np.flatnonzero(graphs == graphs[code]).min() == graphs[code] <= code


def test_the_path_encoding_has_each_sequence_of_operations_on_a_path() -> None:
    operations = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    sequences = [path for length in (1, 2, 3) for path in product(operations, repeat=length)]
    code = SPACE.code(
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|skip_connect~2|"
    )
    (encoded,) = SPACE.paths(np.array([code]))
    assert [s for s, has in zip(sequences, encoded, strict=True) if has] == [
        ("avg_pool_3x3",),
        ("nor_conv_3x3", "nor_conv_1x1"),
        ("nor_conv_3x3", "skip_connect", "skip_connect"),
    ]

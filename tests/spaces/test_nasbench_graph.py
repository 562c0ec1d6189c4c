"""NAS-Bench-Graph as a space: the same kinds of networks as the benchmark's own package."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench_graph import MACROS, OPERATIONS, NASBenchGraph, settle_skips

SPACE = get_space("nasbench-graph")
assert isinstance(SPACE, NASBenchGraph)

#: What feeds each of the four positions, in all 24 ways.
ALL_LINKS = list(product((0,), (0, 1), (0, 1, 2), (0, 1, 2, 3)))
links = st.sampled_from(ALL_LINKS)
operations = st.lists(st.sampled_from(OPERATIONS), min_size=4, max_size=4).filter(
    lambda names: set(names) != {"skip"}
)
codes = st.integers(0, SPACE.size - 1)


def write(feeds: tuple[int, ...], names: list[str]) -> str:
    return "".join(f"|{name}~{feed}" for name, feed in zip(names, feeds, strict=True)) + "|"


def test_every_description_belongs_to_the_kind_the_package_says() -> None:
    package = pytest.importorskip("nas_bench_graph.architecture")
    hashes = np.array(
        [
            package.Arch(list(macro), list(names)).valid_hash()
            for macro in MACROS
            for names in product(OPERATIONS, repeat=4)
        ]
    )
    only_skips = 88888
    kinds = np.unique(hashes[hashes != only_skips])
    assert len(kinds) == SPACE.size == 26_206
    # Codes stand in the order of the package's hashes, so equality here is equality of kinds.
    expected = np.where(hashes == only_skips, -1, np.searchsorted(kinds, hashes))
    np.testing.assert_array_equal(SPACE.code_of_raw, expected)


@given(links, operations)
def test_any_order_of_branches_may_be_written(feeds: tuple[int, ...], names: list[str]) -> None:
    package = pytest.importorskip("nas_bench_graph.architecture")
    code = SPACE.code(write(feeds, names))
    canonical = SPACE.key(code)
    assert SPACE.code(canonical) == code
    number = package.Arch(list(feeds), names).valid_hash()
    macro, *digits = map(int, f"{number:05d}")
    assert canonical == write(MACROS[macro], [OPERATIONS[digit] for digit in digits])


def test_keys_and_codes_are_one_to_one() -> None:
    some = range(0, SPACE.size, 11)
    keys = [SPACE.key(code) for code in some]
    assert len(set(keys)) == len(keys)
    assert [SPACE.code(key) for key in keys] == list(some)


@given(links, st.sets(st.integers(1, 4)))
def test_settled_skips_form_a_chain_at_the_input(feeds: tuple[int, ...], skips: set[int]) -> None:
    settled, order = settle_skips(feeds, frozenset(skips))
    assert sorted(order) == [1, 2, 3, 4]
    assert all(feed <= position for position, feed in enumerate(settled))
    is_skip = [position in skips for position in order]
    chain = is_skip.index(False) if False in is_skip else 4
    assert settled[:chain] == list(range(chain))
    for position in range(chain, 4):
        if is_skip[position]:
            # A skip connection that stays is a branch of its own beside another, not at the input.
            assert settled[position] > chain
            assert position + 1 not in settled
            assert settled.count(settled[position]) > 1
    assert settle_skips(settled, frozenset(np.flatnonzero(is_skip) + 1))[0] == settled


def test_a_genotype_is_read_row_by_row() -> None:
    generator = np.random.default_rng(0)
    genotypes = generator.normal(size=(200, *SPACE.shape)).astype(np.float32)
    columns = genotypes.argmax(axis=2)
    expected = [
        SPACE.code(write(MACROS[macro], [OPERATIONS[digit] for digit in digits]))
        for macro, *digits in columns
    ]
    np.testing.assert_array_equal(SPACE.decode(genotypes), expected)


def test_only_skips_are_no_architecture() -> None:
    genotype = np.zeros((1, *SPACE.shape), dtype=np.float32)
    genotype[0, 1:, OPERATIONS.index("skip")] = 1
    assert SPACE.decode(genotype).tolist() == [-1]
    raw = int(SPACE.decode_raw(genotype)[0])
    assert SPACE.raw_key(raw) == "|skip~0|skip~0|skip~0|skip~0|"
    assert (SPACE.code_of_raw == -1).sum() == len(MACROS)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "|gat~0|gat~0|gat~0|",
        "|gat~0|gat~0|gat~0|gat~0",
        "|gat~0|gat~0|gat~0|gat~4|",
        "|gat~1|gat~0|gat~0|gat~0|",
        "|gat~0|gat~2|gat~0|gat~0|",
        "|gat~0|gat~0|gat~0|mlp~0|",
        "|GAT~0|gat~0|gat~0|gat~0|",
        "|skip~0|skip~1|skip~2|skip~3|",
        "|gat~0|gat~0|gat~0|gat~0|\n",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    ],
)
def test_a_foreign_string_is_answered_with_the_grammar(key: str) -> None:
    with pytest.raises(EdnagError, match=r"nasbench-graph: .* is written \|op~0\|op~a\|"):
        SPACE.code(key)


@pytest.mark.parametrize("code", [-1, SPACE.size])
def test_a_code_outside_the_space_is_refused(code: int) -> None:
    with pytest.raises(EdnagError, match="codes are 0 to 26205"):
        SPACE.key(code)


@settings(max_examples=40)
@given(codes, st.randoms(use_true_random=False))
def test_neighbours_are_mutual_and_one_change_away(code: int, random: st.DrawFn) -> None:
    near = SPACE.neighbours(code)
    assert near.dtype == np.int32
    assert (np.diff(near) > 0).all()
    assert code not in near
    assert (near >= 0).all()
    other = int(random.choice(near.tolist()))  # type: ignore[attr-defined]
    assert code in SPACE.neighbours(other)
    ours, theirs = (digits_of(np.flatnonzero(SPACE.code_of_raw == c), 9, 5) for c in (code, other))
    assert (ours[:, None] != theirs[None]).sum(axis=2).min() == 1


def test_one_changed_layer_is_a_neighbour() -> None:
    code = SPACE.code("|gat~0|gcn~1|gin~2|fc~3|")
    assert SPACE.code("|gat~0|gcn~1|gin~2|cheb~3|") in SPACE.neighbours(code)
    assert SPACE.code("|gat~0|gcn~1|cheb~2|cheb~3|") not in SPACE.neighbours(code)


def test_the_walk_through_shows_the_code_as_it_is() -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "add-a-search-space.md").read_text(encoding="utf-8")
    package = root / "src" / "ednag"
    code = "".join(
        (package / part / name).read_text(encoding="utf-8")
        for part in ("spaces", "tables")
        for name in ("__init__.py", "nasbench_graph.py")
    )
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        assert block in code, block

"""Which architectures are trained in the end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.predictor.top_k import honest_top_k, paper_roulette, paper_top_k

KEYS = ["b", "a", "c", "a", "d", "c", "e"]
FITNESS = np.array([5.0, 7, 5, 8, 1, 6, 5])


def test_the_paper_s_choice() -> None:
    found = paper_top_k(KEYS, FITNESS, 3)
    assert [KEYS[row] for row in found.rows] == ["a", "c", "b"]
    assert found.rows.tolist() == [3, 5, 0]
    assert found.detail == "3 of 5 distinct architectures"


def test_the_honest_choice() -> None:
    found = honest_top_k(KEYS, FITNESS, 4)
    assert [KEYS[row] for row in found.rows] == ["a", "c", "b", "e"]
    backwards = honest_top_k(KEYS[::-1], FITNESS[::-1], 4)
    assert [KEYS[::-1][row] for row in backwards.rows] == ["a", "c", "b", "e"]


@pytest.mark.parametrize("choose", [paper_top_k, honest_top_k])
def test_fewer_than_asked_for(choose: object) -> None:
    found = choose(KEYS, FITNESS, 9)  # type: ignore[operator]
    assert len(found.rows) == 5
    assert found.detail == "only 5 distinct architectures, 9 asked for: all are kept"
    assert len(choose([], np.empty(0), 1).rows) == 0  # type: ignore[operator]


def test_the_roulette() -> None:
    keys = [f"key {row}" for row in range(50)] + ["key 0"]
    generator = np.random.default_rng(0)
    fitness, omitted = generator.normal(size=51), generator.integers(0, 8, size=51)
    fitness[50], omitted[50] = fitness[0] - 1, omitted[0]
    found = paper_roulette(keys, fitness, omitted, count=30)
    assert len({keys[row] for row in found.rows}) == 30
    most = sorted(range(50), key=lambda row: (-omitted[row], -fitness[row]))[:3]
    assert found.rows[:3].tolist() == most
    again = paper_roulette(keys, fitness, omitted, count=30)
    np.testing.assert_array_equal(again.rows, found.rows)
    assert not np.array_equal(paper_roulette(keys, fitness, omitted, 30, seed=1).rows, found.rows)
    assert paper_roulette(keys, fitness, omitted, 60).detail.startswith("only 50 distinct")


def test_the_roulette_favours_the_fit() -> None:
    keys, fitness = list("abcd"), np.array([0.0, 0.0, 0.0, 9.0])
    none = np.zeros(4, dtype=np.int64)
    drawn = [paper_roulette(keys, fitness, none, 1, seed).rows[0] for seed in range(300)]
    assert np.mean(np.array(drawn) == 3) == pytest.approx(1 / 1.3, abs=0.08)
    flat = [paper_roulette(keys, none.astype(float), none, 1, seed).rows[0] for seed in range(300)]
    assert np.bincount(flat, minlength=4).min() > 50
    all_reserved = paper_roulette(keys, fitness, np.array([1, 4, 2, 3]), 4, reserved=1)
    assert all_reserved.rows.tolist() == [1, 3, 2, 0]
    assert len(paper_roulette([], np.empty(0), none[:0]).rows) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(-3, 3)), max_size=30),
    st.integers(1, 10),
    st.randoms(use_true_random=False),
)
def test_the_order_of_evaluation_does_not_matter(
    rows: list[tuple[str, int]], count: int, random: object
) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def chosen(each: list[tuple[str, int]]) -> list[str]:
        keys = [key for key, _ in each]
        found = honest_top_k(keys, np.array([float(value) for _, value in each]), count)
        return [keys[row] for row in found.rows]

    assert chosen(rows) == chosen(shuffled)
    assert len(chosen(rows)) == min(count, len({key for key, _ in rows}))


def test_what_cannot_be_ranked() -> None:
    with pytest.raises(EdnagError, match="0 architectures asked for"):
        paper_top_k(KEYS, FITNESS, 0)
    with pytest.raises(EdnagError, match="the prediction of 'b' is nan"):
        honest_top_k(["a", "b"], np.array([1, np.nan]), 1)
    with pytest.raises(EdnagError, match="2 architectures and 1 predictions"):
        paper_roulette(["a", "b"], np.zeros(1), np.zeros(1, dtype=np.int64))

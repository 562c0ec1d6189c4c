"""Seeds and blocks: what is covered, and that adding seeds reruns only the new ones."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.study.seeds import (
    MOST_RUN_FILES,
    Block,
    blocks_in,
    check_run_files,
    format_seeds,
    parse_seeds,
    plan_blocks,
)

seed_sets = st.sets(st.integers(0, 400), min_size=1, max_size=120)


@pytest.mark.parametrize(
    ("given_seeds", "expected"),
    [
        ("0-3", (0, 1, 2, 3)),
        (7, (7,)),
        ([5, "1-2"], (1, 2, 5)),
        ("0", (0,)),
        ([1731578139], (1731578139,)),
    ],
)
def test_seeds_are_ranges_or_lists(given_seeds: object, expected: tuple[int, ...]) -> None:
    assert parse_seeds(given_seeds) == expected


@pytest.mark.parametrize(
    ("given_seeds", "words"),
    [
        ([1, 1], "seed 1 is repeated"),
        (["0-5", 3], "seed 3 is repeated"),
        (-1, "-1 is not a seed"),
        ("3-1", "runs backwards; write 1-3"),
        (2**32, "too large"),
        ([], "no seeds"),
        (True, "True is not a seed"),
        ([0, "x"], r"seeds\[1\]: 'x' is not a seed"),
        (1.5, "1.5 is not a seed"),
        ("0-99999999999", "is not a seed"),
        ("0-4000000000", "at most 10 million"),
    ],
)
def test_other_seeds_are_refused_with_the_place(given_seeds: object, words: str) -> None:
    with pytest.raises(EdnagError, match=words):
        parse_seeds(given_seeds)


@given(seed_sets)
def test_formatted_seeds_parse_back(seeds: set[int]) -> None:
    assert parse_seeds(format_seeds(seeds).split(",")) == tuple(sorted(seeds))


@given(seed_sets, st.integers(1, 60))
def test_plan_covers_each_seed_once(seeds: set[int], size: int) -> None:
    plan = plan_blocks(seeds, [], size)
    covered = [seed for block in plan for seed in block.seeds]
    assert len(covered) == len(set(covered))
    assert seeds <= set(covered)
    assert all(len(block.seeds) <= size for block in plan)
    assert all(block.first in seeds and block.last in seeds for block in plan)


@given(seed_sets, seed_sets, st.integers(1, 60))
def test_adding_seeds_keeps_every_block(old: set[int], new: set[int], size: int) -> None:
    before = plan_blocks(old, [], size)
    after = plan_blocks(old | new, before, size)
    assert set(before) <= set(after)
    added = {seed for block in set(after) - set(before) for seed in block.seeds}
    assert not added & {seed for block in before for seed in block.seeds}


@given(seed_sets, st.integers(1, 60), st.data())
def test_removing_seeds_adds_no_block(seeds: set[int], size: int, data: st.DataObject) -> None:
    before = plan_blocks(seeds, [], size)
    fewer = data.draw(st.sets(st.sampled_from(sorted(seeds)), min_size=1))
    assert set(plan_blocks(fewer, before, size)) <= set(before)


@given(
    seed_sets, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30)), max_size=6), st.data()
)
def test_plan_is_stable_while_its_jobs_are_done(
    seeds: set[int], spans: list[tuple[int, int]], data: st.DataObject
) -> None:
    present = [Block(first, first + length) for first, length in spans]
    plan = plan_blocks(seeds, present, 25)
    done = data.draw(st.lists(st.sampled_from(plan), unique=True))
    assert plan_blocks(seeds, {*present, *done}, 25) == plan


def test_blocks_are_read_from_file_names(tmp_path: Path) -> None:
    for name in ("seeds-0-49.parquet", "seeds-50-50.parquet", ".seeds-1-2.9.partial.parquet", "x"):
        (tmp_path / name).touch()
    assert blocks_in(tmp_path) == [Block(0, 49), Block(50, 50)]
    assert blocks_in(tmp_path / "none") == []


@given(st.integers(1, 10**6), st.integers(1, 10_000))
def test_a_refused_block_names_one_that_is_taken(seeds: int, size: int) -> None:
    files = len(range(0, seeds, size))
    try:
        check_run_files(files, size, "somewhere")
    except EdnagError as error:
        assert files > MOST_RUN_FILES
        larger = int(re.findall(r"raise block to (\d+)", str(error))[0])
        assert len(range(0, seeds, larger)) <= MOST_RUN_FILES
    else:
        assert files <= MOST_RUN_FILES

"""The authors' seeds: blocks that hold them, values beside ours, the chance of so good a set."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ednag.errors import EdnagError
from ednag.evidence import authors_seeds as made
from ednag.evidence.authors_seeds import (
    AuthorsSeeds,
    benchmark_of,
    collect_outcomes,
    drawn_means,
    means_histogram,
    seeds_table,
    set_row,
)
from ednag.evidence.figures import save_figure
from ednag.evidence.figures.authors_seeds import authors_seeds_figure
from ednag.methods.interface import Run
from ednag.methods.storage import write_runs
from ednag.study.published import plan_with_authors, read_listed_seeds
from ednag.study.seeds import Block, plan_blocks

from .claims_data import PUBLISHED, STATISTICS

SEEDS = range(40)
VALUES = dict(zip(SEEDS, 94.0 + np.arange(40) / 100, strict=True))


def outcomes(listed: dict[int, float], higher_is_better: bool = True) -> AuthorsSeeds:
    values = {**VALUES, **{seed: 94.39 for seed in listed if seed not in VALUES}}
    return AuthorsSeeds("nasbench201", "cifar10", listed, values, SEEDS, higher_is_better)


def test_the_listed_seeds_are_those_of_the_paper() -> None:
    listed = read_listed_seeds(PUBLISHED / "reference-seeds.csv")
    assert len(listed) == 19
    assert listed["nasbench101", "cifar10"] == {4: 94.47, 7: 94.45, 66: 94.47}
    assert listed["transnas-macro", "class_scene"][888] == 57.09
    assert sum(map(len, listed.values())) == 166


def test_a_bad_list_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "seeds.csv"
    path.write_text("space,dataset,seed,value_in_comment\na,b,1,2\na,b,1,3\n")
    with pytest.raises(EdnagError, match="line 3: seed 1 is repeated"):
        read_listed_seeds(path)
    path.write_text("space,dataset,seed\na,b,1\n")
    with pytest.raises(EdnagError, match=r"column .value_in_comment. is missing"):
        read_listed_seeds(path)


seed_sets = st.sets(st.integers(0, 60), min_size=1, max_size=12)


@given(seed_sets, seed_sets, seed_sets, st.integers(1, 20))
def test_blocks_hold_all_seeds_once_and_keep_the_plan_of_the_study(
    seeds: set[int], listed: set[int], before: set[int], size: int
) -> None:
    present = plan_blocks(before, [], size)
    plan = plan_with_authors(seeds, listed, present, size)
    held = [seed for block in plan for seed in block.seeds]
    assert len(held) == len(set(held))
    assert set(held) >= seeds | listed
    assert set(plan_blocks(seeds, present, size)) <= set(plan)
    # When all of it has run, nothing is left to run, for the study alone either.
    assert plan_with_authors(seeds, listed, [*present, *plan], size) == plan
    assert set(plan_blocks(seeds, [*present, *plan], size)) <= {*present, *plan}


def test_far_away_seeds_get_blocks_of_their_own() -> None:
    plan = plan_with_authors(range(100), [4, 66, 888, 1731578139], [], 50)
    assert plan == [
        Block(0, 49),
        Block(50, 99),
        Block(888, 888),
        Block(1731578139, 1731578139),
    ]


def test_comments_beside_ours() -> None:
    frame = seeds_table([outcomes({3: 94.03, 4: 94.1, 500: 94.39})])
    assert frame["ours"].tolist() == [94.03, 94.04, 94.39]
    assert frame["same"].tolist() == [True, False, True]
    assert frame["in_study"].tolist() == [True, True, False]
    assert seeds_table([]).empty


def test_the_chance_of_a_set_is_that_of_drawing_it() -> None:
    # One seed of forty is at least as good as 94.39; a set of two needs it twice.
    row, _ = set_row(outcomes({500: 94.39}), STATISTICS)
    assert row["chance_low"] < 1 / 40 < row["chance_high"]
    row, means = set_row(outcomes({500: 94.39, 501: 94.39}), STATISTICS)
    assert row["chance_low"] < 1 / 1600 < row["chance_high"]
    assert row["chance"] == row["chance_comment"]
    assert len(means) == row["drawn_sets"] == made.DRAWN_SETS
    # The lower the better: nearly every set is as good.
    row, _ = set_row(outcomes({500: 94.39}, higher_is_better=False), STATISTICS)
    assert row["chance"] == 1.0
    # A comment better than any value of the study.
    row, _ = set_row(outcomes({3: 99.0}), STATISTICS)
    assert row["chance_comment"] == 0.0
    assert row["chance"] > 0.5


def test_the_interval_of_a_chance_includes_the_sampling_of_the_seeds() -> None:
    row, _ = set_row(outcomes({500: 94.39}), STATISTICS)
    # One seed of forty reaches 94.39; a sample of forty has none in a third of all samples.
    assert row["chance_low"] == 0.0
    assert row["chance_high"] > 2 / 40


def test_a_permutation_test_tells_of_selected_seeds() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    values = generator.normal(size=50)
    best = np.sort(generator.normal(size=200))[-8:]
    assert made.selection_p(best, values, 0) < 1e-3
    assert made.selection_p(-best, values, 0) > 0.99
    # The p-value of unselected seeds is uniform: at most 5 % below 5 %, and so is SciPy's.
    sets = generator.normal(size=(200, 8))
    p_values = np.array([made.selection_p(each, values, 0) for each in sets[:100]])
    assert 0.3 < p_values.mean() < 0.7
    expected = stats.permutation_test(
        (sets[0], values),
        lambda one, other: one.mean() - other.mean(),
        alternative="greater",
        n_resamples=20_000,
        rng=np.random.default_rng(2),
    ).pvalue
    assert p_values[0] == pytest.approx(expected, abs=0.02)
    assert made.selection_p(np.full(3, 7.0), np.full(9, 7.0), 0) == 1.0


def test_drawing_is_fixed_by_its_seed() -> None:
    values = np.array([list(VALUES.values())])
    assert (drawn_means(values, 5, 1) == drawn_means(values, 5, 1)).all()
    assert drawn_means(values, 5, 1).mean() == pytest.approx(values.mean(), abs=2e-3)


def make_run(seed: int, value: float) -> Run:
    code = np.array([seed % 100], np.int32)
    return Run(seed, "completed", "", 0, value, 1, 1, 0, code, np.array([value]), np.zeros(1), code)


def test_runs_are_read_by_what_their_files_say(tmp_path: Path) -> None:
    described = {"space": "nasbench201", "protocol": "paper", "method": "ednag"}
    paths = []
    for dataset in ("cifar10", "cifar100"):
        for seeds in (range(3), range(888, 889)):
            path = tmp_path / f"{dataset}-{seeds[0]}.parquet"
            runs = [make_run(seed, 90 + seed / 1000) for seed in seeds]
            write_runs(runs, {**described, "dataset": dataset}, path)
            paths.append(path)
    assert benchmark_of(paths[2]) == ("nasbench201", "cifar100")
    listed = {("nasbench201", "cifar10"): {888: 90.89}, ("nasbench201", "cifar100"): {1: 1.0}}
    found = collect_outcomes(paths, listed, range(3))
    assert [each.dataset for each in found] == ["cifar10", "cifar100"]
    assert found[0].values == {0: 90.0, 1: 90.001, 2: 90.002, 888: 90.888}
    assert set(found[1].values) == {0, 1, 2}
    with pytest.raises(EdnagError, match="1 of 4 seeds have no run, the first is 888"):
        collect_outcomes(paths[:1], listed, range(3))


def test_the_figure_is_the_same_each_time(tmp_path: Path) -> None:
    rows, means = [], {}
    each = outcomes({500: 94.39, 501: 94.2})
    row, means["nasbench201", "cifar10"] = set_row(each, STATISTICS)
    rows.append(row)
    sets = pd.DataFrame(rows)
    histogram = means_histogram(means, sets)
    assert histogram["share"].sum() == pytest.approx(1.0)
    drawn = []
    for name in ("a", "b"):
        paths = [tmp_path / f"{name}.{suffix}" for suffix in ("pdf", "png")]
        save_figure(authors_seeds_figure(histogram, sets, "title"), paths)
        drawn.append([path.read_bytes() for path in paths])
    assert drawn[0] == drawn[1]
    save_figure(authors_seeds_figure(means_histogram({}, sets), sets[:0], "none"), paths)

"""Fronts of metric and cost: against hand-computed ones, and against brute force."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.cli.fronts import command as fronts
from ednag.errors import EdnagError
from ednag.evidence.fronts import Costed, hypervolume, igd_plus, is_front
from ednag.methods import get_method
from ednag.methods.storage import write_runs
from ednag.search.objective import objective_on
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.costs import check_beside, limit_at
from ednag.tables.interface import BenchmarkTable
from ednag.tables.parquet import write_benchmark
from tests.methods.made_up_costs import costs_table

GRID = 12
COSTS = replace(costs_table(), dataset="cifar10-hardware")
COORDINATES = st.integers(0, GRID)
POINTS = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=12)


def dominates(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((one <= other).all() and (one < other).any())


@given(POINTS)
@settings(max_examples=100, deadline=None)
def test_a_front_is_what_no_point_dominates(drawn: list[tuple[int, int]]) -> None:
    points = np.array(drawn, dtype=float)
    expected = [not any(dominates(other, one) for other in points) for one in points]
    assert is_front(points).tolist() == expected


@given(POINTS)
@settings(max_examples=60, deadline=None)
def test_the_hypervolume_counts_the_dominated_squares(drawn: list[tuple[int, int]]) -> None:
    """On a grid of which a square has the side 0.1; the reference point is 11 squares away."""
    squares = sum(
        any(x <= column and y <= row for x, y in drawn)
        for column, row in product(range(11), repeat=2)
    )
    points = np.array(drawn, dtype=float) / 10
    assert hypervolume(points) == pytest.approx(squares / 100)


@given(POINTS, POINTS)
@settings(max_examples=60, deadline=None)
def test_igd_plus_is_that_of_the_definition(
    drawn: list[tuple[int, int]], reference: list[tuple[int, int]]
) -> None:
    points, true = np.array(drawn, dtype=float), np.array(reference, dtype=float)
    nearest = [np.sqrt((np.maximum(points - each, 0) ** 2).sum(axis=1)).min() for each in true]
    assert igd_plus(points, true) == pytest.approx(np.mean(nearest))


#: Accuracies 90, 80, 70, 60, 10 and costs 10, 6, 8, 2, 1: the median is 70, so that the true front
#: is of the first two.
BY_HAND = Costed(
    reported=-np.array([90.0, 80, 70, 60, 10]),
    cost=np.array([10.0, 6, 8, 2, 1]),
)


def measured(*codes: int) -> dict[str, float]:
    """Of a run that saw the reported metric."""
    chosen = np.array(codes, dtype=int)
    return BY_HAND.measured(chosen, BY_HAND.reported[chosen])


def test_what_is_not_better_than_the_median_adds_nothing() -> None:
    """It may be cheaper than all of the true front."""
    assert measured(0, 1, 2, 3, 4) == measured(0, 1)
    assert measured(3, 4) == measured()


def test_where_all_are_equal_the_cheapest_is_the_front() -> None:
    flat = Costed(-np.full(3, 50.0), np.array([3.0, 1.0, 2.0]))
    assert flat.true_front.tolist() == [1]
    found = flat.measured(np.array([2, 1]), -np.full(2, 50.0))
    assert found == pytest.approx({"hypervolume": 100, "igd_plus": 0, "found": 100})


def test_a_front_by_hand() -> None:
    assert BY_HAND.true_front.tolist() == [0, 1]
    np.testing.assert_allclose(BY_HAND.normalised(np.array([0, 1])), [[0, 1], [1, 0]])
    # Two rectangles of 1.1 x 0.1, of which a square of 0.1 is counted once.
    whole = 2 * 1.1 * 0.1 - 0.01
    assert measured(0, 1, 2) == pytest.approx({"hypervolume": 100, "igd_plus": 0, "found": 100})
    assert measured(2, 1, 4) == pytest.approx(
        {"hypervolume": 100 * 0.11 / whole, "igd_plus": 0.5, "found": 50}
    )
    nothing = measured()
    assert nothing["hypervolume"] == nothing["found"] == 0
    assert nothing["igd_plus"] == pytest.approx(np.hypot(1.1, 0.1))


def test_the_best_within_limits_by_hand() -> None:
    codes = np.array([3, 0, 2])
    seen = BY_HAND.reported[codes]
    best = BY_HAND.best_within(codes, seen, np.array([1.0, 2, 7.9, 8, 10]))
    np.testing.assert_array_equal(best, [np.nan, -60, -60, -70, -90])
    none = np.array([], dtype=int)
    assert np.isnan(BY_HAND.best_within(none, BY_HAND.reported[none], np.array([5.0]))).all()


@given(
    st.lists(st.tuples(COORDINATES, COORDINATES, COORDINATES), min_size=1, max_size=15),
    st.lists(COORDINATES, min_size=1, max_size=5),
)
@settings(max_examples=80, deadline=None)
def test_the_best_within_limits_is_chosen_by_what_a_search_sees(
    drawn: list[tuple[int, int, int]], limits: list[int]
) -> None:
    queried, reported, cost = np.array(drawn, dtype=float).T
    known = Costed(reported, cost)
    codes, ascending = np.arange(len(drawn)), np.array(sorted(limits), dtype=float)
    for limit, found in zip(ascending, known.best_within(codes, queried, ascending), strict=True):
        within = codes[cost <= limit]
        if not len(within):
            assert np.isnan(found)
        else:
            chosen = within[queried[within] == queried[within].min()]
            cheapest = chosen[cost[chosen] == cost[chosen].min()]
            assert found in reported[cheapest]


def study(folder: Path, has_own: bool = False) -> dict[str, Path]:
    """Runs of three methods on a made-up table, and its costs; without them if it `has_own`."""
    named = ("nasbench-graph", "cora") if has_own else ("nasbench201", "cifar10-analog")
    space, definition = get_space(named[0]), get_definition(*named)
    accuracy = np.random.default_rng(1).uniform(10, 90, space.size)
    metrics = {metric.name: metric for metric in definition.metrics}
    values = {name: (-1) ** (name == "latency") * accuracy for name in metrics}
    table = BenchmarkTable(*named, values, metrics)
    paths = {"table": folder / "table.parquet"}
    write_benchmark(table, paths["table"])
    if not has_own:
        paths["costs"] = folder / "costs.parquet"
        write_benchmark(COSTS, paths["costs"])
    beside = None if has_own else COSTS
    objective = objective_on(table, definition.protocols["paper"], space, further=beside)
    for name in ("random", "nsga2", "regularised-evolution-constrained"):
        method = get_method(name)
        cost = {"cost": "latency"} if has_own and name != "random" else {}
        settings = method.read_hyperparameters(cost)
        runs = [method.run(objective, seed, 60, settings) for seed in range(6)]
        place = {"space": named[0], "dataset": named[1], "protocol": "paper"}
        described = {**place, **method.described(60, settings), "table": table.digest}
        paths[name] = folder / f"{name}.parquet"
        write_runs(runs, described, paths[name])
    return paths


def judge(paths: dict[str, Path], folder: Path, *options: str) -> Result:
    folder.mkdir()
    runs = [str(path) for name, path in paths.items() if name not in ("table", "costs")]
    call = [*runs, "--table", str(paths["table"])]
    call += ["--costs", str(paths["costs"])] if "costs" in paths else []
    call += ["--quantile", "0.1", "--quantile", "0.5", "--seeds", "0-5"]
    call += ["--statistics", '{"checkpoints": [20, 60]}']
    for kind in ("fronts", "limits", "figure"):
        for suffix in ("csv", "png" if kind == "figure" else "md"):
            call += [f"--{kind}", str(folder / f"{kind}.{suffix}")]
    return CliRunner().invoke(fronts, [*call, *options])


def test_the_command_judges_every_method_and_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = study(tmp_path)
    names = ["--cost", "edgegpu_latency", "--cost", "flops"]
    for folder in ("one", "other"):
        done = judge(paths, tmp_path / folder, *names)
        assert done.exit_code == 0, done.exception
    made = sorted((tmp_path / "one").iterdir())
    assert len(made) == 6
    for path in made:
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()
    table = pd.read_csv(tmp_path / "one" / "fronts.csv")
    assert len(table) == 2 * 2 * 3 and (table["seeds"] == 6).all()
    assert table["hypervolume"].between(0, 100).all()
    # More evaluations never make a front smaller.
    early, late = (table[table["budget"] == budget]["hypervolume"] for budget in (20, 60))
    assert (late.to_numpy() >= early.to_numpy()).all()
    limits = pd.read_csv(tmp_path / "one" / "limits.csv")
    assert (limits["best"] <= limits["optimum"] + 1e-9).all()
    assert "reference point" in (tmp_path / "one" / "fronts.md").read_text()


def test_a_column_of_the_benchmark_is_a_cost(tmp_path: Path) -> None:
    """Here the better an architecture the lower its latency: one is the whole true front."""
    paths = study(tmp_path, has_own=True)
    done = judge(paths, tmp_path / "one", "--cost", "latency")
    assert done.exit_code == 0, done.exception
    table = pd.read_csv(tmp_path / "one" / "fronts.csv")
    assert (table["true_front"] == 1).all() and set(table["cost"]) == {"latency"}
    done = judge(paths, tmp_path / "other", "--cost", "latenc")
    told = "nasbench-graph/cora: unknown cost 'latenc'; did you mean 'latency'?"
    assert told in str(done.exception)


def test_rows_say_where_a_method_is_still_random_search(tmp_path: Path) -> None:
    done = judge(study(tmp_path), tmp_path / "one", "--cost", "flops")
    assert done.exit_code == 0, done.exception
    table = pd.read_csv(tmp_path / "one" / "fronts.csv")
    marked = table[table["still_random"]][["method", "budget"]].to_numpy().tolist()
    limited = "regularised-evolution-constrained"  # begins with 100, and NSGA-II with 30
    assert sorted(marked) == [["nsga2", 20], [limited, 20], [limited, 60]]
    assert (tmp_path / "one" / "limits.md").read_text().count("(still random search)") == 6
    assert table["found_low"].min() >= 0 and table["found_high"].max() <= 100


def test_an_unknown_cost_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    done = judge(study(tmp_path), tmp_path / "out", "--cost", "flop")
    assert isinstance(done.exception, EdnagError)
    assert "unknown cost 'flop'; did you mean 'flops'?" in str(done.exception)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cost", "flops", "--cost", "flops"], "--cost: flops is given twice; give it once"),
        (["--cost", "flops", "--quantile", "0.5"], "--quantile: 0.5 is given twice"),
        (["--cost", "flops", "--quantile", "nan"], "--quantile: not a number; give a share"),
        (
            ["--cost", "flops", "--protocol", "papr"],
            "no run of protocol 'papr'; did you mean",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_before_anything_is_written(
    tmp_path: Path, options: list[str], message: str
) -> None:
    done = judge(study(tmp_path), tmp_path / "out", *options)
    assert isinstance(done.exception, EdnagError) and message in str(done.exception)
    assert not list((tmp_path / "out").iterdir())


def test_costs_of_another_dataset_are_refused() -> None:
    other = replace(COSTS, dataset="cifar100-hardware")
    message = "that of nasbench201/cifar10 is nasbench201/cifar10-hardware; give results/tables/"
    with pytest.raises(EdnagError, match=message):
        check_beside(other, "nasbench201", "cifar10")
    check_beside(COSTS, "nasbench201", "cifar10-valid")


@pytest.mark.parametrize(
    ("costs", "share", "limit"),
    [
        ([0.1013061, 0.1013061, 0.5], 0.1, 0.102),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 3.0),
        ([5310.0] * 3, 0.5, 5310.0),
    ],
)
def test_a_limit_leaves_nobody_of_its_share_out(
    costs: list[float], share: float, limit: float
) -> None:
    assert limit_at(np.array(costs), share) == limit
    assert np.mean(np.array(costs) <= limit) >= share


def test_the_optimum_is_the_best_reported_one_whatever_a_search_sees() -> None:
    """By protocol validation it sees another metric than is reported."""
    generator, codes = np.random.default_rng(0), np.arange(50)
    known = Costed(-generator.uniform(0, 90, 50), generator.uniform(1, 9, 50))
    limits = np.array([2.0, 5.0, 9.0])
    optima = known.best_within(codes, known.reported, limits)
    assert optima.tolist() == [known.reported[known.cost <= limit].min() for limit in limits]
    assert (known.best_within(codes, generator.uniform(0, 1, 50), limits) >= optima).all()

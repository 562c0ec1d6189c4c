"""The decision on two methods: the same wherever it is shown."""

import numpy as np
import pandas as pd
import pytest

from ednag.evidence.comparison import (
    BETTER,
    DECISIONS,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    compare,
    comparison_table,
    decided,
)
from ednag.evidence.statistics import holm
from ednag.study.statistics import Statistics

SETTINGS = Statistics(checkpoints=(10, 20))
SEEDS = 40


def runs(
    mean: float, spread: float, generator: np.random.Generator, count: int = SEEDS
) -> np.ndarray:
    return mean + spread * generator.normal(size=count)


def summary_of(**methods: np.ndarray) -> pd.DataFrame:
    """The same values after every budget."""
    columns = [f"best_after_{n}" for n in SETTINGS.checkpoints]
    columns += [f"best_within_{n}_lookups" for n in SETTINGS.checkpoints]
    place = {"space": "nasbench201", "dataset": "cifar10-analog", "protocol": "paper"}
    frames = [
        pd.DataFrame(dict.fromkeys(columns, values)).assign(**place, method=method)
        for method, values in methods.items()
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    summary = summary_of(
        ednag=runs(94.0, 0.1, generator),
        best=runs(95.0, 0.1, generator),
        worst=runs(93.0, 0.1, generator),
        twin=runs(94.01, 0.1, generator),
        wild=runs(94.1, 2.0, generator),
    )
    return comparison_table(summary, SETTINGS)


def test_every_decision_occurs(table: pd.DataFrame) -> None:
    decisions = table.drop_duplicates("against").set_index("against")["decision"].to_dict()
    expected = {"best": WORSE, "worst": BETTER, "twin": EQUIVALENT, "wild": UNDECIDED}
    assert decisions == expected
    assert set(expected.values()) == set(DECISIONS)


def test_a_family_is_what_one_kind_of_budget_shows(table: pd.DataFrame) -> None:
    assert table.groupby("counted").size().tolist() == [8, 8]
    for _, family in table.groupby("counted"):
        for name in ("p", "p_equivalent"):
            np.testing.assert_array_equal(family[f"{name}_holm"], holm(family[name].to_numpy()))


def test_seeds_are_not_paired() -> None:
    """Reordered runs give the same row, and methods may have other seeds."""
    generator = np.random.default_rng(1)
    ours, theirs = runs(94.0, 0.1, generator), runs(94.05, 0.1, generator, 25)
    first = compare(ours, theirs, SETTINGS)
    assert compare(ours[::-1], np.roll(theirs, 3), SETTINGS) == pytest.approx(first)
    assert (first["seeds"], first["seeds_against"]) == (SEEDS, 25)


def test_runs_that_saw_nothing_lose() -> None:
    """Otherwise a method that often fails would be judged by its lucky runs."""
    ours = np.full(20, 94.0)
    theirs = np.where(np.arange(20) < 15, np.nan, 95.0)
    row = compare(ours, theirs, SETTINGS)
    assert row["improvement"] == 0.75
    assert np.isnan(row["difference"])
    assert decided(pd.DataFrame([row]), SETTINGS)["decision"].item() == BETTER


def test_few_seeds_decide_nothing() -> None:
    row = compare(np.full(40, 94.0), np.array([90.0, 90.1, 90.2]), SETTINGS)
    assert np.isnan(row["p"])
    assert row["difference"] == pytest.approx(3.9)
    assert decided(pd.DataFrame([row]), SETTINGS)["decision"].item() == UNDECIDED


def test_most_runs_and_the_mean_may_disagree() -> None:
    """39 of 40 runs a little better, one a disaster: neither better nor worse."""
    generator = np.random.default_rng(2)
    ours, theirs = runs(94.3, 0.01, generator), runs(94.0, 0.01, generator)
    ours[0] = 60.0
    decision = decided(pd.DataFrame([compare(ours, theirs, SETTINGS)]), SETTINGS)
    assert decision["p_holm"].item() < 0.001
    assert decision["decision"].item() == UNDECIDED


def test_another_method_may_be_the_one_compared() -> None:
    summary = summary_of(a=np.arange(6.0), b=np.arange(6.0) + 1, c=np.arange(6.0))
    table = comparison_table(summary, SETTINGS, "b")
    assert set(table["method"]) == {"b"} and set(table["against"]) == {"a", "c"}
    assert comparison_table(summary, SETTINGS, "absent").empty
    assert comparison_table(summary[summary["method"] == "a"], SETTINGS).empty

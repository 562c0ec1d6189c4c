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
from ednag.evidence.summaries import DISTINCT, LOOKUPS
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


def test_what_is_still_random_search_is_not_tested_and_corrects_nothing() -> None:
    """It is the random search of another row; fewer seeds are tested, with their number."""
    generator = np.random.default_rng(2)
    groups = {name: runs(94.0 + place / 20, 0.1, generator) for place, name in enumerate("abc")}
    named = dict(zip(("ednag", "random", "local-search-best"), groups.values(), strict=True))
    few = named | {"nar": groups["b"], "local-search-first": groups["c"][:10]}
    with_random = summary_of(**few)
    # NAR draws the first 40 % of its budget at random: 12 of 30, which is above the first budget.
    with_random["described"] = np.where(
        with_random["method"] == "nar", '{"budget": 30, "hyperparameters": {}}', ""
    )
    without = with_random[~(with_random["method"] == "nar")]
    tables = [comparison_table(each, SETTINGS) for each in (with_random, without)]
    of_nar = tables[0][tables[0]["against"] == "nar"].set_index(["counted", "budget"])
    for counted in (DISTINCT, LOOKUPS):
        early, late = of_nar.loc[counted, 10], of_nar.loc[counted, 20]
        assert early[["p", "p_holm", "p_equivalent"]].isna().all()
        assert (early["mark"], early["decision"]) == ("still random search", UNDECIDED)
        assert not np.isnan(early["difference"]) and not np.isnan(late["p_holm"])
    family = tables[0][tables[0]["counted"] == DISTINCT]
    tested = family["p"].notna()
    assert tested.sum() == 7 and len(family) == 8
    np.testing.assert_array_equal(family["p_holm"], holm(family["p"].to_numpy()))
    marked = family["mark"] == "10 of 40 seeds"
    assert marked.sum() == 2 and tested[marked].all()
    assert len(tables[1][tables[1]["counted"] == DISTINCT]) == 6


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

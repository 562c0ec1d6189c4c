"""Where EDNAG stands: mean ranks over measured datasets, and which differences are told apart."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ednag.evidence.standing import Standing, friedman_p, standing_of

from .claims_data import runs_of

GRAPHS = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")


def study_of(shifts: dict[str, float], datasets: int = 9, seeds: int = 4) -> pd.DataFrame:
    """Runs on so many graph datasets; a method's values are higher by its shift."""
    return pd.concat(
        [
            runs_of(np.full(seeds, 70.0 + place + shift), "nasbench-graph", dataset, method)
            for place, dataset in enumerate(GRAPHS[:datasets])
            for method, shift in shifts.items()
        ],
        ignore_index=True,
    )


def standing(summary: pd.DataFrame) -> Standing:
    found = standing_of(summary, "ednag", 0.95)
    assert found is not None
    return found


def test_ranks_and_tests_are_those_of_demsar() -> None:
    shifts = {"ednag": 0.0, "random": -1.0, "ednag-plus": 0.5, "local-search-first": 1.0}
    found = standing(study_of(shifts))
    assert list(found.ranks) == ["local-search-first", "ednag-plus", "ednag", "random"]
    assert (found.rank, found.datasets, found.budgets) == (3.0, 9, (300, 300))
    scores = np.array([list(shifts.values())] * 9)
    assert found.friedman_p == pytest.approx(stats.friedmanchisquare(*scores.T).pvalue)
    # Demsar's z is the distance over sqrt(4 * 5 / (6 * 9)) = 0.609: one rank is p = 0.10 and two
    # are 0.0010, times three by Holm.
    z = np.array([2, 1, 1]) / np.sqrt(20 / 54)
    p_values = 2 * stats.norm.sf(z)
    assert list(found.p_holm.values()) == pytest.approx(
        [3 * p_values[0], 2 * p_values[1], 2 * p_values[1]]
    )
    assert found.better == ("local-search-first",)
    assert found.worse == ()
    worst = standing_of(study_of(shifts), "random", 0.95)
    assert worst is not None
    assert worst.better == ("local-search-first", "ednag-plus")


def test_where_methods_are_not_found_to_differ_none_is_better() -> None:
    alternating = [
        {"ednag": 0.0, "random": 1.0, "nar": 2.0},
        {"ednag": 2.0, "random": 1.0, "nar": 0},
    ]
    parts = [
        runs_of(np.full(4, 70.0 + shift), "nasbench-graph", dataset, method)
        for place, dataset in enumerate(GRAPHS[:8])
        for method, shift in alternating[place % 2].items()
    ]
    found = standing(pd.concat(parts))
    assert found.friedman_p == 1.0
    assert (found.is_tested, found.better, found.worse) == (True, (), ())


def test_predictions_other_protocols_and_lower_is_better() -> None:
    measured = study_of({"ednag": 0.0, "random": 1.0}, datasets=3)
    predicted = [
        runs_of(np.full(4, 70.0 + shift), "nasbench201", "digits-unseen", method)
        for method, shift in (("ednag", 5.0), ("random", 0.0))
    ]
    validation = measured.assign(protocol="validation", best_after_300=0.0)
    found = standing(pd.concat([*predicted, measured, validation], ignore_index=True))
    assert (found.datasets, found.rank) == (3, 2.0)
    losses = [
        runs_of(np.full(4, 60.0 + shift), "transnas-micro", "room_layout", method)
        for method, shift in (("ednag", 0.0), ("random", 1.0))
    ]
    assert standing(pd.concat(losses)).rank == 1.0
    assert standing_of(pd.concat(predicted), "ednag", 0.95) is None


def test_methods_with_fewer_seeds_or_data_sets_are_not_ranked() -> None:
    summary = study_of({"ednag": 0.0, "random": -1.0, "nar": 5.0, "ednag-ranked": 5.0}, datasets=4)
    few = summary[(summary["method"] != "nar") | (summary["seed"] < 2)]
    one = few[(few["method"] != "ednag-ranked") | (few["dataset"] == "cora")]
    found = standing(one)
    assert (list(found.ranks), found.left_out) == (["ednag", "random"], ("nar", "ednag-ranked"))
    assert standing_of(one[~one["method"].eq("random")], "ednag", 0.95) is None
    assert standing_of(one[~one["method"].eq("ednag")], "ednag", 0.95) is None


def test_a_method_is_not_ranked_where_it_was_tuned() -> None:
    """EDNAG+ was tuned on NAS-Bench-201: it lacks no run there, and would be first."""
    graphs = study_of({"ednag": 0.0, "random": -1.0, "ednag-plus": 1.0}, datasets=3)
    cells = [
        runs_of(np.full(4, 70.0 + shift), "nasbench201", "cifar100", method)
        for method, shift in (("ednag", 0.0), ("random", 1.0), ("ednag-plus", 2.0))
    ]
    summary = pd.concat([graphs, *cells], ignore_index=True)
    found = standing(summary)
    assert (found.datasets, found.spaces, found.left_out) == (4, 2, ("ednag-plus",))
    # A rank of 1 on three graphs, of 2 on the cells: by space, each half.
    assert found.ranks == {"ednag": 1.25, "random": 1.75}
    assert found.by_space == {"ednag": 1.5, "random": 1.5}
    # Where the study is about the method, the datasets are left out.
    own = standing_of(summary, "ednag-plus", 0.95)
    assert own is not None
    assert (own.datasets, own.spaces, own.rank) == (3, 1, 1.0)


def test_of_several_measurements_of_the_same_one_counts() -> None:
    """They are not independent: the first in the study's order counts, in each space."""
    names = ("cifar10-analog", "cifar10-valid", "cifar100", "cifar10", "cifar100-valid")
    parts = [
        runs_of(np.full(4, 70.0 + shift), "nasbench201", dataset, method)
        for dataset in names
        for method, shift in (("ednag", 0.0), ("random", 1.0 if dataset in names[::2] else -1.0))
    ]
    found = standing(pd.concat([*parts, study_of({"ednag": 0.0, "random": 1.0}, datasets=1)]))
    assert (found.datasets, found.rank) == (3, 2.0)
    again = [("nasbench201", name) for name in ("cifar10-valid", "cifar10", "cifar100-valid")]
    assert found.not_counted == tuple(again)


def test_a_dataset_on_which_the_method_ends_early_is_named() -> None:
    summary = study_of({"ednag": 0.0, "random": 1.0}, datasets=4)
    places = summary[["space", "dataset"]].drop_duplicates().itertuples(index=False, name=None)
    early, *_ = places
    is_early = (summary["dataset"] == early[1]) & (summary["method"] == "ednag")
    summary.loc[is_early, "distinct"] = 50
    found = standing(summary)
    assert (found.datasets, found.not_compared) == (3, (early,))


def test_what_has_drawn_at_random_only_is_not_ranked() -> None:
    summary = study_of({"ednag": 0.0, "random": -1.0, "nar": 5.0}, datasets=3)
    is_nar = summary["method"] == "nar"
    for budget, left_out in ((512, ()), (800, ("nar",))):
        text = f'{{"budget": {budget}, "hyperparameters": {{}}}}'
        described = summary.assign(described=np.where(is_nar, text, ""))
        # NAR draws the first 40 % of its budget at random: 204 and 320 of 300.
        assert standing(described).left_out == left_out


def test_few_data_sets_have_ranks_and_no_test() -> None:
    found = standing(study_of({"ednag": 0.0, "random": -1.0}, datasets=2))
    assert (found.rank, found.is_tested, found.better, found.worse) == (1.0, False, (), ())


def test_each_data_set_has_its_own_budget() -> None:
    summary = study_of({"ednag": 0.0, "random": 1.0}, datasets=3)
    short = summary["dataset"] == "cora"
    found = standing(summary.assign(distinct=np.where(short, 150, 500)))
    assert found.budgets == (100, 300)


def test_friedmans_test_where_scipy_has_none() -> None:
    assert np.isnan(friedman_p(np.array([[1.0, 2.0]] * 5)))
    assert friedman_p(np.ones((5, 3))) == 1.0

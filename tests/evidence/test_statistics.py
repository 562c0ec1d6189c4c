"""Statistics against textbook values and invariants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit

from ednag.evidence.statistics import (
    critical_difference,
    difference_of_means,
    difference_p,
    equivalence_p,
    exact_share,
    expected_running_time,
    holm,
    interquartile_mean,
    mann_whitney_p,
    mean_columns,
    mean_interval,
    mean_ranks,
    probability_of_improvement,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_the_interquartile_mean_ignores_the_tails() -> None:
    assert interquartile_mean(np.array([-100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 999.0])) == 3.5


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50))
def test_the_interquartile_mean_is_the_one_of_scipy(values: list[float]) -> None:
    ours = interquartile_mean(np.array(values))
    assert ours == pytest.approx(stats.trim_mean(values, 0.25), rel=1e-12, abs=1e-9)


@given(st.integers(1, 2000), st.data(), st.floats(0.5, 0.999))
def test_the_exact_interval_of_a_share_is_the_one_of_scipy(
    trials: int, data: st.DataObject, confidence: float
) -> None:
    successes = data.draw(st.integers(0, trials))
    ours = exact_share(successes, trials, confidence)
    theirs = stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
    np.testing.assert_allclose([ours.low, ours.high], theirs, rtol=1e-8, atol=1e-9)


@given(p_values)
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: list[float]) -> None:
    given_values = np.array(values)
    corrected = holm(given_values)
    assert (corrected >= given_values - 1e-12).all()
    assert (corrected <= 1).all()
    order = np.argsort(given_values, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
    with_gap = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(with_gap, [0.03, np.nan, 0.06, 0.06])


#: Two groups of fixed runs with ties, of other sizes and spreads.
OURS = np.array([93.1, 93.4, 93.4, 93.9, 94.0, 94.0, 94.1])
THEIRS = np.array([92.0, 93.0, 93.4, 93.5, 93.6, 93.8, 94.0, 92.5, 93.3])


def test_the_interval_of_a_mean_is_the_one_of_scipy() -> None:
    ours = mean_interval(OURS, 0.9)
    theirs = stats.ttest_1samp(OURS, 0).confidence_interval(0.9)
    assert ours == pytest.approx((OURS.mean(), theirs.low, theirs.high), rel=1e-12)
    few = mean_interval(OURS[:4], 0.9)
    assert few.estimate == pytest.approx(93.45) and np.isnan([few.low, few.high]).all()
    assert mean_interval(np.full(6, 0.1), 0.9) == pytest.approx((0.1, 0.1, 0.1))
    assert mean_columns("x", OURS[:2], 0.9)["x_values"] == "93.100 93.400"
    assert mean_columns("x", OURS, 0.9)["x_values"] == ""


def test_the_difference_of_means_is_welch_s_of_scipy() -> None:
    ours = difference_of_means(OURS, THEIRS, 0.95)
    theirs = stats.ttest_ind(OURS, THEIRS, equal_var=False)
    bounds = theirs.confidence_interval(0.95)
    assert ours[1:] == pytest.approx((bounds.low, bounds.high), rel=1e-12)
    assert difference_p(OURS, THEIRS) == pytest.approx(theirs.pvalue, rel=1e-10)
    assert np.isnan(difference_p(OURS[:4], THEIRS))
    assert [difference_p(np.full(5, 1.0), np.full(5, other)) for other in (1.0, 2.0)] == [1.0, 0.0]
    equal = difference_of_means(np.full(5, 1.0), np.full(9, 0.5), 0.95)
    assert equal == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("region", [0.05, 0.3, 2.0])
def test_equivalence_is_two_one_sided_tests_of_scipy(region: float) -> None:
    sides = [
        stats.ttest_ind(OURS, THEIRS + shift, equal_var=False, alternative=side).pvalue
        for shift, side in ((region, "less"), (-region, "greater"))
    ]
    assert equivalence_p(OURS, THEIRS, region) == pytest.approx(max(sides), rel=1e-10)
    assert np.isnan(equivalence_p(OURS[:4], THEIRS, region))
    assert equivalence_p(np.full(5, 1.0), np.full(5, 1.01), region) == 0.0
    assert equivalence_p(np.full(5, 1.0), np.full(5, 9.0), region) == 1.0


def test_the_probability_of_improvement_has_the_interval_of_brunner_and_munzel() -> None:
    found = probability_of_improvement(OURS, THEIRS, 0.95)
    test = stats.mannwhitneyu(OURS, THEIRS)
    assert found.estimate == pytest.approx(test.statistic / (len(OURS) * len(THEIRS)))
    # At the level of their test of the chance 1/2, the interval reaches as far as 1/2 is away:
    # by (share - 1/2) / (share (1 - share)) on the scale of logits.
    level, share = 1 - stats.brunnermunzel(OURS, THEIRS).pvalue, found.estimate
    reach = (share - 0.5) / (share * (1 - share))
    bounds = np.array(probability_of_improvement(OURS, THEIRS, level)[1:])
    assert logit(bounds) == pytest.approx(logit(share) + np.array([-reach, reach]), rel=1e-9)
    won_all = probability_of_improvement(OURS + 10, THEIRS, 0.95)
    assert won_all[1:] == pytest.approx((0.025 ** (1 / 7), 1.0))
    assert np.isnan(probability_of_improvement(OURS[:4], THEIRS, 0.95).low)


def test_the_p_value_is_the_one_of_mann_and_whitney() -> None:
    generator = np.random.default_rng(0)
    theirs = generator.normal(size=50)
    assert mann_whitney_p(theirs, theirs) == 1.0
    assert mann_whitney_p(theirs + 1, theirs) < 1e-3
    assert mann_whitney_p(np.full(5, 1.0), np.full(7, 1.0 + 1e-12)) == 1.0
    assert np.isnan(mann_whitney_p(theirs[:4], theirs))
    # Wilcoxon's tables: complete separation of 5 and 5 runs has p = 2 / C(10, 5).
    assert mann_whitney_p(np.arange(5.0), np.arange(5.0, 10.0)) == pytest.approx(2 / 252)


def test_ranks_share_ties() -> None:
    scores = np.array([[3.0, 2.0, 2.0], [1.0, 5.0, 4.0]])
    assert mean_ranks(scores).tolist() == [2.0, 1.75, 2.25]


def test_the_critical_difference_of_demsar() -> None:
    # Demsar 2006, table 5: q(0.05) for 5 methods is 2.728.
    expected = 2.728 * np.sqrt(5 * 6 / (6 * 30))
    assert critical_difference(5, 30, 0.95) == pytest.approx(expected, rel=1e-3)


@given(values=st.tuples(*[st.lists(st.integers(0, 5), min_size=1, max_size=8)] * 2))
def test_the_probability_of_improvement_counts_pairs(values: tuple[list[int], list[int]]) -> None:
    ours, theirs = (np.array(each, dtype=float) for each in values)
    wins = np.sign(ours[:, None] - theirs[None]) / 2 + 0.5
    found = probability_of_improvement(ours, theirs, 0.95)
    assert found.estimate == pytest.approx(wins.mean())
    if min(len(ours), len(theirs)) >= 5:
        assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_the_expected_running_time_counts_what_failures_spent() -> None:
    spent = np.array([100.0, 500.0, 200.0, 500.0, 500.0])
    reached = spent < 500
    expected = expected_running_time(spent, reached, 0.95)
    assert expected.estimate == 1800 / 2
    assert expected.low < expected.estimate < expected.high
    # Where every run reaches the target, it is their mean, and so is the error.
    all_of_them = expected_running_time(spent, np.ones(5, bool), 0.95)
    mean = mean_interval(spent, 0.95)
    reach = np.log(all_of_them.high / all_of_them.estimate)
    assert all_of_them.estimate == mean.estimate
    assert reach == pytest.approx((mean.high - mean.estimate) / mean.estimate)
    never = expected_running_time(spent, np.zeros(5, bool), 0.95)
    assert (never.estimate, never.high) == (np.inf, np.inf)
    assert never.low == pytest.approx(360 / exact_share(0, 5, 0.95).high)
    assert np.isnan(expected_running_time(spent[:4], reached[:4], 0.95).low)


def test_the_worked_example_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs/statistics.md").read_text("utf-8")
    for name, values in (("ours    ", OURS), ("theirs  ", THEIRS)):
        assert name + " ".join(map(str, values)) in text
    mean, gap = mean_interval(OURS, 0.95), difference_of_means(OURS, THEIRS, 0.95)
    share = exact_share(3, 7, 0.95).percent()
    chance = probability_of_improvement(OURS, THEIRS, 0.95)
    tests = mann_whitney_p(OURS, THEIRS), *(equivalence_p(OURS, THEIRS, r) for r in (0.1, 1.0))
    for words in (
        "{:.2f} [{:.2f}, {:.2f}]".format(*mean),
        "{:.0f} % [{:.0f}, {:.0f}]".format(*share),
        "{:+.2f} [{:.2f}, {:.2f}]".format(*gap),
        "{:.2f} [{:.2f}, {:.2f}]".format(*chance).replace("0.", "."),
        *(f"p = {value:.3f}".replace("0.", ".") for value in tests),
    ):
        assert words in text

"""Statistics against textbook values and invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ednag.evidence.statistics import (
    bootstrap_mean,
    critical_difference,
    holm,
    interquartile_mean,
    mean_ranks,
    paired_p_value,
    probability_of_improvement,
    wilson_share,
)
from ednag.study.statistics import Statistics

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_the_interquartile_mean_ignores_the_tails() -> None:
    assert interquartile_mean(np.array([-100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 999.0])) == 3.5


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50))
def test_the_interquartile_mean_is_the_one_of_scipy(values: list[float]) -> None:
    ours = interquartile_mean(np.array(values))
    assert ours == pytest.approx(stats.trim_mean(values, 0.25), rel=1e-12, abs=1e-9)


@given(st.integers(1, 2000), st.data(), st.floats(0.5, 0.999))
def test_wilson_s_interval_is_the_one_of_scipy(
    trials: int, data: st.DataObject, confidence: float
) -> None:
    successes = data.draw(st.integers(0, trials))
    ours = wilson_share(successes, trials, confidence)
    theirs = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose([ours.low, ours.high], theirs, rtol=1e-10, atol=1e-12)


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


def test_probability_of_improvement() -> None:
    ours, theirs = np.array([2.0, 3.0]), np.array([1.0, 2.0])
    interval = probability_of_improvement(ours, theirs, Statistics(resamples=500))
    assert interval.estimate == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert interval.low <= interval.estimate <= interval.high
    same = probability_of_improvement(ours, ours, Statistics(resamples=500))
    assert same.estimate == 0.5


def test_the_bootstrap_is_the_one_of_scipy() -> None:
    values = np.random.default_rng(1).normal(90, 3, size=37)
    ours = bootstrap_mean(values, Statistics(resamples=2000, seed=5))
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=0.95,
        n_resamples=2000,
        method="percentile",
        rng=np.random.Generator(np.random.PCG64(5)),
    ).confidence_interval
    np.testing.assert_allclose([ours.low, ours.high], [theirs.low, theirs.high], rtol=1e-12)


def test_paired_tests() -> None:
    generator = np.random.default_rng(0)
    ours = generator.normal(size=50)
    assert paired_p_value(ours, ours) == 1.0
    assert paired_p_value(ours + 1, ours) < 1e-6
    assert paired_p_value(ours, generator.normal(size=50)) > 0.01


def test_ranks_share_ties() -> None:
    scores = np.array([[3.0, 2.0, 2.0], [1.0, 5.0, 4.0]])
    assert mean_ranks(scores).tolist() == [2.0, 1.75, 2.25]


def test_the_critical_difference_of_demsar() -> None:
    # Demsar 2006, table 5: q(0.05) for 5 methods is 2.728.
    expected = 2.728 * np.sqrt(5 * 6 / (6 * 30))
    assert critical_difference(5, 30, 0.95) == pytest.approx(expected, rel=1e-3)


def test_many_values_are_resampled_in_blocks_with_the_same_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(0).normal(size=50)
    settings = Statistics(resamples=101, seed=3)
    mean = bootstrap_mean(values, settings)
    monkeypatch.setattr("ednag.evidence.statistics._MOST_COUNTS", 500)  # ten rows at once
    again = bootstrap_mean(values, settings)
    assert (again.low, again.high) == pytest.approx((mean.low, mean.high), rel=1e-12)


@given(values=st.tuples(*[st.lists(st.integers(0, 5), min_size=1, max_size=8)] * 2))
def test_the_probability_of_improvement_counts_pairs(values: tuple[list[int], list[int]]) -> None:
    ours, theirs = (np.array(each, dtype=float) for each in values)
    wins = np.sign(ours[:, None] - theirs[None]) / 2 + 0.5
    found = probability_of_improvement(ours, theirs, Statistics(resamples=100))
    assert found.estimate == wins.mean() and 0 <= found.low <= found.high <= 1

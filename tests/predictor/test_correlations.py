"""Coefficients and their resamples."""

import numpy as np
import pytest
from scipy import stats

from ednag.predictor import correlations as module
from ednag.predictor.correlations import coefficients, correlations


def test_the_coefficients_are_scipy_s() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.normal(size=(2, 40)).round(1)
    assert coefficients(one, other) == {
        "pearson": pytest.approx(stats.pearsonr(one, other)[0]),
        "spearman": pytest.approx(stats.spearmanr(one, other)[0]),
        "kendall": pytest.approx(stats.kendalltau(one, other, variant="b")[0]),
    }


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [3.0, 3.0, 3.0, 3.0]])
def test_where_there_is_none(values: list[float]) -> None:
    found = coefficients(np.array(values), np.arange(float(len(values))))
    assert all(np.isnan(value) for value in found.values())


def test_the_draws_are_scipy_s_too() -> None:
    generator = np.random.default_rng(2)
    one, other = generator.normal(size=(2, 30)).round(0)
    drawn = generator.integers(30, size=(20, 30))
    drawn[3] = 4
    value, found = module._resampled(one, other, drawn, 20)
    assert value.tolist() == list(coefficients(one, other).values())
    for place, (row, indices) in enumerate(zip(found, drawn, strict=True)):
        expected = list(coefficients(one[indices], other[indices]).values())
        np.testing.assert_allclose(row, expected, atol=1e-12)
        assert np.isnan(row).all() == (place == 3)


def test_intervals_are_as_wide_as_scipy_s() -> None:
    generator = np.random.default_rng(1)
    measured = generator.normal(size=(1, 200))
    predicted = measured + generator.normal(size=(1, 200))
    found = correlations({"p": (predicted, measured)}, 1000, 0)["p"]
    drawn = np.quantile(found.drawn[:, 0, 0], [0.025, 0.975])
    interval = stats.pearsonr(predicted[0], measured[0]).confidence_interval()
    assert drawn == pytest.approx(interval, abs=0.03)


def test_a_resample_draws_tasks_and_the_same_architectures_for_all() -> None:
    generator = np.random.default_rng(0)
    measured = generator.normal(size=(3, 40))
    # The score is good on the first task and worthless on the others.
    score = measured + generator.normal(size=(3, 40)) * np.array([[0.1], [9], [9]])
    pairs = {"one": (score, measured), "same": (2 * score + 1, measured)}
    found = correlations(pairs, 300, 0)
    one, same = found["one"], found["same"]
    np.testing.assert_allclose(one.drawn, same.drawn, atol=1e-12)
    np.testing.assert_array_equal(one.tasks, same.tasks)
    np.testing.assert_allclose(one.mean, one.by_task.mean(axis=0))
    for drawn, tasks, mean in zip(one.drawn, one.tasks, one.means_drawn, strict=True):
        np.testing.assert_allclose(mean, drawn[tasks].mean(axis=0))
    # Which tasks there are is most of what is not known.
    within = one.drawn.mean(axis=1)[:, 1].std()
    assert one.means_drawn[:, 1].std() > 2 * within
    again = correlations(pairs, 300, 0)["one"]
    np.testing.assert_array_equal(again.means_drawn, one.means_drawn)
    other = correlations(pairs, 300, 1)["one"]
    assert not np.array_equal(other.means_drawn, one.means_drawn)


def test_a_task_without_a_coefficient_is_left_out() -> None:
    measured = np.random.default_rng(0).normal(size=(2, 10))
    score = np.stack([measured[0], np.zeros(10)])
    found = correlations({"p": (score, measured)}, 50, 0)["p"]
    assert found.mean.tolist() == pytest.approx([1, 1, 1])
    assert np.isnan(found.by_task[1]).all() and np.isnan(found.means_drawn).any()
    nothing = correlations({"p": (np.zeros((1, 5)), measured[:1, :5])}, 50, 0)["p"]
    assert np.isnan(nothing.mean).all() and np.isnan(nothing.means_drawn).all()

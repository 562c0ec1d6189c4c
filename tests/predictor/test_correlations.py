"""Coefficients and their intervals."""

import numpy as np
import pytest
from scipy import stats

from ednag.predictor.correlations import (
    COEFFICIENTS,
    MEAN_OF_GROUPS,
    OVERALL,
    coefficients,
    correlations,
)


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


def test_the_table() -> None:
    generator = np.random.default_rng(0)
    measured = generator.normal(size=90)
    predicted = measured + generator.normal(size=90) * np.repeat([0.1, 1, 1], 30)
    groups = np.repeat(["a", "b", "c"], 30).astype(object)
    groups[-1] = "lonely"
    found = correlations(predicted, measured, groups, resamples=200)
    assert found["group"].unique().tolist() == [OVERALL, MEAN_OF_GROUPS, "a", "b", "c", "lonely"]
    assert found["coefficient"].tolist() == list(COEFFICIENTS) * 6
    pearson = found[found["coefficient"] == "pearson"].set_index("group")
    assert pearson["rows"].tolist() == [90, 90, 30, 30, 29, 1]
    assert pearson.loc[OVERALL, "value"] == pytest.approx(stats.pearsonr(predicted, measured)[0])
    assert pearson.loc[MEAN_OF_GROUPS, "value"] == pytest.approx(
        pearson.loc[["a", "b", "c"], "value"].mean()
    )
    assert pearson.loc["lonely", ["value", "low", "high"]].isna().all()
    defined = found[found["group"] != "lonely"]
    assert (defined["low"] < defined["value"]).all()
    assert (defined["value"] < defined["high"]).all()
    assert pearson.loc["a", "low"] > pearson.loc["b", "high"]
    assert correlations(predicted, measured, groups, resamples=200).equals(found)
    assert not correlations(predicted, measured, groups, resamples=200, seed=1).equals(found)


def test_the_draws_are_scipy_s_too() -> None:
    from ednag.predictor import correlations as module

    generator = np.random.default_rng(2)
    one, other = generator.normal(size=(2, 30)).round(0)
    drawn = generator.integers(30, size=(20, 30))
    drawn[3] = 4
    found = module._resampled(one, other, 20, [0])[1]
    expected_draws = np.random.default_rng([0]).integers(30, size=(20, 30))
    for row, indices in zip(found, expected_draws, strict=True):
        expected = list(coefficients(one[indices], other[indices]).values())
        np.testing.assert_allclose(row, expected, atol=1e-12)
    assert np.isnan(module._kendall_by_row(one, other, drawn)).tolist() == [
        number == 3 for number in range(20)
    ]
    assert np.isnan(module._pearson_by_row(one[drawn], other[drawn]))[3]


def test_intervals_are_as_wide_as_scipy_s() -> None:
    generator = np.random.default_rng(1)
    measured = generator.normal(size=200)
    predicted = measured + generator.normal(size=200)
    found = correlations(predicted, measured, np.zeros(200))
    low, high = stats.pearsonr(predicted, measured).confidence_interval()
    assert found["low"][0] == pytest.approx(low, abs=0.03)
    assert found["high"][0] == pytest.approx(high, abs=0.03)


def test_numbers_as_groups_and_no_group_with_enough_rows() -> None:
    found = correlations(np.arange(4.0), np.arange(4.0), np.array([2, 10, 2, 10]), resamples=5)
    assert found["group"].unique().tolist() == [OVERALL, MEAN_OF_GROUPS, "2", "10"]
    assert found[found["group"] == MEAN_OF_GROUPS]["value"].isna().all()
    assert found[found["group"] == OVERALL]["value"].tolist() == pytest.approx([1, 1, 1])

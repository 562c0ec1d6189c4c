"""Training: tiers, losses and schedule."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from ednag.errors import EdnagError
from ednag.ranker.fitting import (
    RECIPES,
    FittedRanker,
    RankerEpoch,
    RankerRecipe,
    Sample,
    SearchingRanker,
    fit,
    learning_rate,
    rank_loss,
    split_for_fit,
)
from ednag.ranker.model import Sizes, rank
from ednag.ranker.tau import kendall_tau_b, kendall_tau_ties_concordant
from ednag.ranker.tiers import TierEmbeddings, tiers_of

SIZES = Sizes(5, 3, 16, 2, 8, 32, 24, 20, layers=2)
RECIPE = RankerRecipe(4, 32, 1.0, 0.05, 5, (0.9, 0.99), 1e-2)


def sample(count: int, seed: int) -> Sample:
    """Architectures whose accuracy can be seen in their patches."""
    generator = np.random.default_rng(seed)
    patches = generator.random((count, 5, 3, 3), dtype=np.float32)
    return Sample(patches, patches[:, 0].mean(axis=(1, 2)).astype(np.float64))


TRAINING, VALIDATION = sample(101, 1), sample(40, 2)


def weights_of(fitted: FittedRanker) -> dict[str, torch.Tensor]:
    return {**fitted.ranker.state_dict(), "tier embeddings": fitted.tier_embeddings}


def same(one: FittedRanker, other: FittedRanker) -> bool:
    ours, theirs = weights_of(one), weights_of(other)
    return one.records == other.records and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_tiers_are_equal_fifths_the_best_first() -> None:
    accuracies = np.array([3.0, 9, 1, 7, 5, 8, 2, 6, 4, 0, 10])
    tiers = tiers_of(accuracies)
    assert tiers.members.tolist() == [3, 0, 4, 1, 2, 0, 3, 1, 2, 4, 0]
    assert tiers.lowest.tolist() == [8, 6, 4, 2]
    assert tiers.of(accuracies).tolist() == tiers.members.tolist()
    assert tiers.of(np.array([100, 7.5, -1])).tolist() == [0, 1, 4]


def test_equal_accuracies_fall_into_tiers_by_their_order() -> None:
    assert tiers_of(np.ones(5)).members.tolist() == [0, 1, 2, 3, 4]


def test_too_few_architectures_make_no_tiers() -> None:
    with pytest.raises(EdnagError, match="4 architectures for 5 tiers; train on at least 5"):
        tiers_of(np.arange(4.0))
    with pytest.raises(EdnagError, match="accuracy 1 is nan"):
        tiers_of(np.array([1, math.nan, 2, 3, 4]))


def test_tier_embeddings_are_running_means() -> None:
    embeddings = TierEmbeddings(2, 3)
    encodings = torch.randn(7, 2, 3, requires_grad=True)
    tiers = torch.tensor([0, 1, 1, 4, 0, 1, 4])
    embeddings.add(encodings[:3], tiers[:3])
    embeddings.add(encodings[3:], tiers[3:])
    means = embeddings.means()
    assert not means.requires_grad
    for tier in (0, 1, 4):
        torch.testing.assert_close(means[tier], encodings[tiers == tier].mean(0).detach())
    assert (means[2:4] == 0).all()


def test_losses_are_their_formulae() -> None:
    generator = np.random.default_rng(0)
    scores, accuracies = generator.normal(size=6), generator.normal(size=6)
    accuracies[2] = accuracies[4]
    pairs = [(i, j) for i in range(6) for j in range(6) if i != j]
    expected = np.mean(
        [
            math.log1p(math.exp(-(scores[i] - scores[j]) * np.sign(accuracies[i] - accuracies[j])))
            for i, j in pairs
        ]
    )
    found = rank_loss(torch.from_numpy(scores), torch.from_numpy(accuracies))
    assert found.item() == pytest.approx(expected, abs=1e-12)
    assert rank_loss(torch.ones(1), torch.ones(1)).item() == 0


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [learning_rate(step, factor=0.1, model=256, warm=50) for step in range(1, 200)]
    assert int(np.argmax(rates)) == 49
    assert rates[49] == pytest.approx(0.1 / 16 / math.sqrt(50))
    assert rates[0] == pytest.approx(0.1 / 16 * 50**-1.5)
    assert rates[99] == pytest.approx(0.1 / 16 / 10)


def test_kendall_s_tau_and_what_the_reference_calls_so() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.integers(6, size=(2, 700)).astype(float)
    assert kendall_tau_b(one, other) == pytest.approx(kendalltau(one, other).statistic)
    products = [
        (one[i] - one[j]) * (other[i] - other[j]) >= 0 for i in range(700) for j in range(i)
    ]
    assert kendall_tau_ties_concordant(one, other) == pytest.approx(2 * np.mean(products) - 1)
    assert kendall_tau_ties_concordant(np.ones(9), np.arange(9.0)) == 1
    assert math.isnan(kendall_tau_b(np.ones(9), np.arange(9.0)))
    distinct = generator.permutation(50).astype(float)
    ordered = np.arange(50.0)
    assert kendall_tau_ties_concordant(distinct, ordered) == pytest.approx(
        kendall_tau_b(distinct, ordered)
    )


def test_published_recipes() -> None:
    assert RECIPES["nasbench101"].rank_factor == 9 and RECIPES["nasbench201"].epochs == 55


def test_a_ranker_learns_what_can_be_seen() -> None:
    recipe = replace(RECIPE, epochs=40, batch=64, rate_factor=0.2, warm=20)
    fitted = fit(SIZES, recipe, sample(400, 3), sample(100, 4), seed=1)
    assert fitted.records[-1].tau_b is not None and fitted.records[-1].tau_b > 0.6
    assert fitted.records[-1].rank_loss < fitted.records[0].rank_loss
    assert fitted.records[-1].tier_accuracy > 0.3


def test_equal_seeds_give_equal_bits() -> None:
    first, second, other = (fit(SIZES, RECIPE, TRAINING, VALIDATION, seed=s) for s in (1, 1, 2))
    assert same(first, second) and not same(first, other)


def test_every_epoch_is_reported() -> None:
    reported: list[RankerEpoch] = []
    fitted = fit(SIZES, RECIPE, TRAINING, VALIDATION, seed=1, progress=reported.append)
    assert [record.epoch for record in reported] == [1, 2, 3, 4]
    assert fitted.records == tuple(reported)


def test_the_first_best_epoch_is_kept_with_its_weights_and_batches() -> None:
    recipe = replace(RECIPE, epochs=12)
    runs = ((seed, fit(SIZES, recipe, TRAINING, VALIDATION, seed=seed)) for seed in range(20))
    seed, fitted = next(run for run in runs if run[1].best < 12)
    accuracies = [record.tier_accuracy for record in fitted.records]
    assert fitted.best == int(np.argmax(accuracies)) + 1
    # A training that ends there: each epoch draws by its own number.
    ended = fit(SIZES, replace(recipe, epochs=fitted.best), TRAINING, VALIDATION, seed=seed)
    assert ended.best == fitted.best
    ours, theirs = weights_of(fitted), weights_of(ended)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    rows = np.concatenate([rows for rows, _ in fitted.batches])
    assert [len(rows) for rows, _ in fitted.batches] == [32, 32, 32, 5]
    expected = np.random.default_rng([seed, fitted.best - 1]).permutation(101)
    np.testing.assert_array_equal(rows, expected)
    tiers = np.concatenate([tiers for _, tiers in fitted.batches])
    np.testing.assert_array_equal(tiers, tiers_of(TRAINING.accuracies).members[rows])


def test_without_a_validation_sample_the_last_epoch_is_kept() -> None:
    fitted = fit(SIZES, RECIPE, TRAINING, None, seed=1)
    assert fitted.best == RECIPE.epochs and math.isnan(fitted.records[0].tier_accuracy)


def test_in_a_search_tier_embeddings_are_of_predicted_tiers_and_start_from_zero() -> None:
    fitted = fit(SIZES, RECIPE, TRAINING, VALIDATION, seed=1)
    ranker = SearchingRanker(fitted, TRAINING.patches)
    first, second = np.arange(50), np.arange(50, 101)
    logits, scores = ranker(first)
    zero = torch.zeros_like(fitted.tier_embeddings)
    expected = rank(fitted.ranker, TRAINING.patches[first], zero)
    np.testing.assert_allclose(logits, expected[0], atol=1e-6)
    np.testing.assert_allclose(scores, expected[1], atol=1e-6)
    embeddings = TierEmbeddings(*zero.shape[1:])
    encoding = fitted.ranker.encode(torch.from_numpy(TRAINING.patches[first]))
    embeddings.add(encoding, torch.from_numpy(logits.argmax(axis=1)))
    expected = rank(fitted.ranker, TRAINING.patches[second], embeddings.means())
    np.testing.assert_allclose(ranker(second)[0], expected[0], atol=1e-5)


def test_a_fifth_of_the_cells_chooses_the_epoch() -> None:
    training, validation = split_for_fit(np.arange(11), "nasbench201")
    assert training.tolist() == list(range(9)) and validation.tolist() == [9, 10]
    assert [len(part) for part in split_for_fit(np.arange(5), "nasbench201")] == [5, 5]
    assert [len(part) for part in split_for_fit(np.arange(6), "nasbench101")] == [5, 1]


def test_samples_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EdnagError, match=r"training sample of 101 .*\(101, 6, 3, 3\)"):
        fit(replace(SIZES, patches=6), RECIPE, TRAINING, VALIDATION)
    with pytest.raises(EdnagError, match="validation sample: give patches as float32"):
        wide = Sample(VALIDATION.patches.astype(np.float64), VALIDATION.accuracies)
        fit(SIZES, RECIPE, TRAINING, wide)
    with pytest.raises(EdnagError, match="batch is 1"):
        replace(RECIPE, batch=1)


def test_a_loss_that_is_no_number_is_refused() -> None:
    patches = TRAINING.patches.copy()
    patches[7, 0, 0, 0] = math.nan
    with pytest.raises(EdnagError, match="loss of epoch 1 is not a number"):
        fit(SIZES, RECIPE, Sample(patches, TRAINING.accuracies), VALIDATION)

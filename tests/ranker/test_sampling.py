"""The sampler: when a tier's distribution is used, targets, trials that fail, whole batches."""

import random
from dataclasses import replace

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.ranker.sampling import (
    RULES,
    Histogram,
    Histograms,
    Population,
    Rules,
    binned,
    draw_batch,
    draw_guided,
    histograms_of,
    operation_counts,
    population_of,
)
from ednag.spaces.nasbench201 import OPERATIONS, NASBench201

SKIP = OPERATIONS.index("skip_connect")
GUIDED = replace(RULES, force_uniform=False)
SIZE = NASBench201.size
CODES = np.arange(SIZE)
#: FLOPs and parameters are opposed: where both targets are low nothing fits.
OPPOSED = Population(CODES * 1e6, (SIZE - CODES) * 1e3)
ALL_TIERS = CODES * 5 // SIZE


@pytest.fixture(scope="module")
def nasbench201() -> Population:
    return population_of("cifar10")


def by_flops(population: Population, count: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """A batch whose tier 1 has the fewest FLOPs and tier 5 the most."""
    codes = np.random.default_rng(5).integers(SIZE, size=count)
    order = np.argsort(np.argsort(population.flops[codes], kind="stable"), kind="stable")
    return codes, order * 5 // count


def histogram(*counts: list[int]) -> Histogram:
    return Histogram(list(range(len(counts[0]))), np.array(counts))


def test_keys_are_upper_edges_and_values_are_rounded_up() -> None:
    values = np.array([2_000.0, 2_001, 4_000, 5_000, 5_001, 9_000])
    made = binned(values, np.array([0, 0, 1, 2, 3, 4]), 1_000, 3)
    # In thousands 2, 3, 4, 5, 6, 9: low 2, step 3, edges 5, 8, 11.
    assert made.keys == [5_000, 8_000, 11_000]
    assert made.counts.tolist() == [[2, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_equal_values_have_bins_of_one_unit() -> None:
    made = binned(np.full(7, 3_500.0), np.arange(7) % 5, 1_000, 2)
    assert made.keys == [5_000, 6_000] and made.counts[:, 0].tolist() == [2, 2, 1, 1, 1]


def test_divergence_is_of_the_softmax_of_counts_by_bins() -> None:
    made = histogram([2, 0], [2, 0], [0, 2], [0, 0], [0, 1])
    p = np.exp([2, 0]) / np.exp([2, 0]).sum()
    expected = [
        sum(p * np.log(p / (np.exp(low) / np.exp(low).sum()))) / 2
        for low in ([2, 0], [0, 2], [0, 0], [0, 1])
    ]
    np.testing.assert_allclose(made.divergences(), expected, atol=1e-12)
    # Counts whose softmax is no number in float64.
    assert np.isfinite(histogram([0, 9000], *[[9000, 0]] * 4).divergences()).all()


def test_only_a_tier_that_is_large_and_differs_from_both_low_ones_stands_out() -> None:
    apart = histogram([9, 0], [9, 0], [9, 0], [0, 9], [0, 9])
    assert apart.stands_out(1.0, 0.2) and not apart.stands_out(1.0, 0.21)
    assert not apart.stands_out(99, 0.1)
    assert not histogram([9, 0], [0, 9], [0, 9], [9, 0], [0, 9]).stands_out(1.0, 0.1)
    assert not histogram([9, 0], [0, 9], [0, 9], [0, 9], [9, 0]).stands_out(1.0, 0.1)


def test_a_tier_that_stands_out_guides(nasbench201: Population) -> None:
    made = histograms_of(nasbench201, *by_flops(nasbench201), 5)
    means = {}
    for forced in (False, True):
        rules = replace(GUIDED, force_uniform=forced)
        drawn = draw_guided(nasbench201, rules, made, random.Random(1), 500)
        assert drawn.used["flops"] is not forced
        means[forced] = nasbench201.flops[drawn.codes].mean()
    assert means[False] < 0.7 * means[True]


def test_structure_follows_the_first_tier(nasbench201: Population) -> None:
    codes, _ = by_flops(nasbench201, 1000)
    skips = np.array([operation_counts(codes[[row]])[SKIP] for row in range(len(codes))])
    tiers = np.where(skips >= 2, 0, np.where(np.arange(1000) % 2, 3, 4))
    made = histograms_of(nasbench201, codes, tiers, 5)
    shares = []
    for threshold in (0.05, 1e9):
        rules = replace(GUIDED, structure_threshold=threshold)
        drawn = draw_guided(nasbench201, rules, made, random.Random(3), 300)
        shares.append(operation_counts(drawn.codes)[SKIP] / (6 * len(drawn.codes)))
    assert shares[0] > shares[1] + 0.1


def test_targets_are_edges_and_hold_for_25_cells() -> None:
    """The highest edges fit every cell, so that a target shows in what is drawn below it."""
    everything = Histogram([10**12], np.ones((5, 1), dtype=np.int64))
    flops = Histogram([0, 10**12], np.ones((5, 2), dtype=np.int64))
    made = Histograms(flops, everything, Histogram(list(range(5)), np.ones((5, 5), dtype=np.int64)))
    drawn = draw_guided(
        Population(np.ones(SIZE), np.ones(SIZE)), RULES, made, random.Random(2), 200
    )
    blocks = drawn.fits.reshape(-1, 25)
    assert (blocks.all(axis=1) | ~blocks.any(axis=1)).all() and 0 < drawn.fits.mean() < 1


def test_guided_cells_are_more_often_of_tier_1_than_by_chance(nasbench201: Population) -> None:
    """Here accuracy follows FLOPs; uniform draws give small cells, so fewer of tier 1."""
    noise = np.random.default_rng(0).normal(size=SIZE)
    ranks = np.argsort(np.argsort(-np.log(nasbench201.flops) - 0.1 * noise))
    truth = ranks * 5 // SIZE
    shares = {}
    for forced in (False, True):
        drawn = []
        for seed in range(20):
            codes = np.random.default_rng(seed).integers(SIZE, size=128)
            tiers = np.argsort(np.argsort(ranks[codes])) * 5 // 128
            made = histograms_of(nasbench201, codes, tiers, RULES.bins)
            rules = replace(RULES, force_uniform=forced)
            drawn += draw_guided(nasbench201, rules, made, random.Random(seed), 64).codes.tolist()
        shares[forced] = float((truth[drawn] == 0).mean())
    assert shares[False] > 0.25 and shares[True] < 0.15, shares


@pytest.mark.parametrize("protocol", ["paper", "honest"])
def test_half_of_a_shuffled_batch_is_guided(nasbench201: Population, protocol: str) -> None:
    made = histograms_of(nasbench201, *by_flops(nasbench201), 5)
    one, two, other = (
        draw_batch(nasbench201, GUIDED, made, random.Random(seed), protocol=protocol)  # type: ignore[arg-type]
        for seed in (1, 1, 2)
    )
    assert one.codes.tolist() == two.codes.tolist() != other.codes.tolist()
    assert len(one.codes) == 128
    assert one.guided.sum() == 64 - (one.too_large if protocol == "honest" else 0)
    assert 0 < one.guided[:64].sum() < one.guided.sum()  # shuffled


def test_what_no_trial_made_small_enough_is_replaced_under_honest() -> None:
    rules = Rules(400, 8, 99, 99, 99, trials=10)
    made = histograms_of(OPPOSED, CODES, ALL_TIERS, 8)
    paper, honest = (
        draw_batch(OPPOSED, rules, made, random.Random(7), protocol=protocol)
        for protocol in ("paper", "honest")
    )
    assert paper.too_large == honest.too_large > 0
    assert len(paper.codes) == len(honest.codes) == 400
    assert paper.guided.sum() == 200 and honest.guided.sum() == 200 - honest.too_large
    kept = set(paper.codes[paper.guided].tolist())
    assert set(honest.codes[honest.guided].tolist()) < kept


def test_rules_and_populations_are_checked() -> None:
    with pytest.raises(EdnagError, match="trials is 0"):
        replace(GUIDED, trials=0)
    with pytest.raises(EdnagError, match="random_share is 2"):
        replace(GUIDED, random_share=2)
    with pytest.raises(EdnagError, match="3 FLOPs and 2 parameters"):
        Population(np.ones(3), np.ones(2))
    with pytest.raises(EdnagError, match="give both for all 15625 cells"):
        Population(np.ones(3), np.ones(SIZE))

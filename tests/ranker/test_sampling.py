"""Batches: when a tier's distribution is used, targets, trials that fail."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import entropy

from ednag.errors import EdnagError
from ednag.ranker import sampling
from ednag.ranker.sampling import (
    RULES,
    Population,
    Rules,
    draw_batch,
    operation_counts,
    population_of,
)
from ednag.spaces.nasbench201 import OPERATIONS, NASBench201

SKIP = OPERATIONS.index("skip_connect")
GUIDED = replace(RULES, force_uniform=False)
SIZE = NASBench201.size
CODES = np.arange(SIZE)
#: FLOPs and parameters are opposed: where both targets are low nothing fits.
OPPOSED = Population(CODES * 1.0, SIZE * 1.0 - CODES)
ALL_JUDGED = CODES, CODES * 5 // SIZE


@pytest.fixture(scope="module")
def nasbench201() -> Population:
    return population_of("cifar10")


def judged(population: Population, count: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """A batch whose tier 1 has the fewest FLOPs and tier 5 the most."""
    codes = np.random.default_rng(5).integers(len(population.flops), size=count)
    order = np.argsort(np.argsort(population.flops[codes], kind="stable"), kind="stable")
    return codes, order * 5 // count


def test_the_first_batch_is_drawn_from_the_whole_space(nasbench201: Population) -> None:
    drawn = draw_batch(nasbench201, GUIDED, np.random.default_rng(1), protocol="paper")
    assert len(drawn.codes) == 128 and drawn.guided == 0 and not any(drawn.used.values())


def test_half_of_a_batch_is_guided(nasbench201: Population) -> None:
    last = judged(nasbench201)
    one, two = (
        draw_batch(nasbench201, GUIDED, np.random.default_rng(1), protocol="paper", last=last)
        for _ in range(2)
    )
    assert one.codes.tolist() == two.codes.tolist()
    assert len(one.codes) == 128 and one.guided == 64
    assert one.used["flops"]


def test_a_tier_that_stands_out_guides(nasbench201: Population) -> None:
    last = judged(nasbench201)
    means = {}
    for forced in (False, True):
        rules = replace(GUIDED, force_uniform=forced, batch=1000)
        drawn = draw_batch(
            nasbench201, rules, np.random.default_rng(1), protocol="honest", last=last
        )
        assert drawn.used["flops"] is not forced
        means[forced] = nasbench201.flops[drawn.codes[: drawn.guided]].mean()
    assert means[False] < 0.7 * means[True]


def test_a_small_tier_or_a_like_one_does_not_guide(nasbench201: Population) -> None:
    codes, tiers = judged(nasbench201)

    def used(tiers: np.ndarray) -> dict[str, bool]:
        generator = np.random.default_rng(1)
        drawn = draw_batch(nasbench201, GUIDED, generator, protocol="paper", last=(codes, tiers))
        return dict(drawn.used)

    small = tiers.copy()
    small[np.flatnonzero(tiers == 0)[12:]] = 2
    assert (small == 0).sum() == 12 and not any(used(small).values())  # 12 of 128 are 9.4 %
    small[np.flatnonzero(tiers == 0)[12]] = 0
    assert used(small)["flops"]
    assert not used(np.where(tiers == 3, 2, tiers))["flops"]  # no tier 4
    alike = np.random.default_rng(2).integers(5, size=len(codes))
    assert not any(used(alike).values())


def test_divergence_is_from_tier_1() -> None:
    one, other = np.array([1.0, 3, 4]), np.array([2.0, 2, 2])
    assert sampling.divergence(one, other) == pytest.approx(entropy(one, other), abs=1e-6)
    assert sampling.divergence(np.array([1.0, 0]), np.array([0, 1.0])) > 20


def test_structure_follows_the_first_tier(nasbench201: Population) -> None:
    codes, tiers = judged(nasbench201, 1000)
    skips = np.array([operation_counts(codes[[row]])[SKIP] for row in range(len(codes))])
    tiers = np.where(skips >= 2, 0, np.where(np.arange(1000) % 2, 3, 4))
    rules = replace(GUIDED, batch=600, structure_threshold=0.05)
    shares = []
    for threshold in (0.05, 99):
        drawn = draw_batch(
            nasbench201,
            replace(rules, structure_threshold=threshold),
            np.random.default_rng(3),
            protocol="honest",
            last=(codes, tiers),
        )
        guided = drawn.codes[: drawn.guided]
        shares.append(operation_counts(guided)[SKIP] / (6 * len(guided)))
    assert shares[0] > shares[1] + 0.1


def test_what_no_trial_made_small_enough() -> None:
    rules = Rules(400, 8, 99, 99, 99, trials=10)
    found = {}
    for protocol in ("paper", "honest"):
        found[protocol] = draw_batch(
            OPPOSED, rules, np.random.default_rng(7), protocol=protocol, last=ALL_JUDGED
        )
    paper, honest = found["paper"], found["honest"]
    assert paper.too_large == honest.too_large > 0
    assert len(paper.codes) == 400 and paper.guided == 200
    assert honest.guided == 200 - honest.too_large
    assert len(honest.codes) == 400 - honest.too_large
    assert paper.codes[200:].tolist() == honest.codes[honest.guided :].tolist()


def test_targets_hold_for_25_architectures(monkeypatch: pytest.MonkeyPatch) -> None:
    targets: list[float] = []
    real = sampling._target
    monkeypatch.setattr(
        sampling, "_target", lambda *given: targets.append(real(*given)) or targets[-1]
    )
    rules = Rules(256, 8, 99, 99, 99)
    drawn = draw_batch(OPPOSED, rules, np.random.default_rng(1), protocol="paper", last=ALL_JUDGED)
    assert drawn.guided == 128 and len(targets) == 2 * 6  # 128 = 5 * 25 + 3
    assert all(0 <= target <= SIZE for target in targets)


def test_a_batch_of_one_architecture_can_be_followed() -> None:
    last = np.full(50, 3), np.arange(50) % 5
    for protocol in ("paper", "honest"):
        drawn = draw_batch(
            OPPOSED,
            Rules(20, 8, 0.1, 0.1, 0.1),
            np.random.default_rng(1),
            protocol=protocol,
            last=last,
        )
        assert not drawn.used["flops"] and len(drawn.codes) >= 10


def test_rules_and_populations_are_checked() -> None:
    with pytest.raises(EdnagError, match="trials is 0"):
        replace(GUIDED, trials=0)
    with pytest.raises(EdnagError, match="random_share is 2"):
        replace(GUIDED, random_share=2)
    with pytest.raises(EdnagError, match="3 FLOPs and 2 parameters"):
        Population(np.ones(3), np.ones(2))
    with pytest.raises(EdnagError, match="give both for all 15625 cells"):
        Population(np.ones(3), np.ones(SIZE))

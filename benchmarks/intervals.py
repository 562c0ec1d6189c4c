"""How often the intervals of tables hold the true value, by number of seeds.

    python benchmarks/intervals.py [--draws N]

The truth is the mean over 1,000 seeds of EDNAG and of random search on three datasets of installed
packages, and a normal distribution. Seeds are drawn from these, N times, and every interval of 95 %
is made anew: of the mean (Student's, which tables show, beside SciPy's percentile bootstrap and
BCa), of a difference of means, of the probability of improvement and of a share of runs. Three
minutes. Exits 1 where, from 30 seeds on, one that tables show holds the truth in less than 90 % of
the draws.
"""

import argparse
import sys
import warnings
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy import stats

from ednag.evidence.statistics import (
    Interval,
    difference_of_means,
    exact_share,
    mean_interval,
    probability_of_improvement,
)
from ednag.methods import get_method
from ednag.search.objective import objective_on
from ednag.sources.obtain import obtain
from ednag.sources.registry import find_source, load_registry
from ednag.spaces import get_space
from ednag.tables import get_definition, get_protocol

DATASETS = (
    ("nasbench201", "cifar10-analog"),
    ("nasbench-graph", "cora"),
    ("nasbench-graph", "arxiv"),
)
METHODS = ("ednag", "random")
RUNS, BUDGET, LEVEL = 1000, 512, 0.95
SEEDS = (5, 10, 30, 100)
#: From so many seeds on, intervals must hold the truth in this share of the draws.
ENOUGH_SEEDS, LEAST = 30, 0.9


def outcomes() -> Iterator[tuple[str, np.ndarray]]:
    """Names and outcomes float64[RUNS] of the searches."""
    registry = load_registry()
    for space_name, dataset in DATASETS:
        definition, space = get_definition(space_name, dataset), get_space(space_name)
        paths = {name: obtain(find_source(registry, name)) for name in definition.sources}
        protocol = get_protocol(space_name, dataset, "paper")
        objective = objective_on(definition.build(paths, {}), protocol, space)
        for name in METHODS:
            method = get_method(name)
            settings = method.read_hyperparameters({}, space, protocol)
            runs = method.run_all(objective, range(RUNS), BUDGET, settings)
            yield f"{dataset}, {name}", np.array([run.outcome_metric for run in runs])


def held(truth: float, intervals: Iterator[Interval], draws: int) -> float:
    """Share of the intervals that hold the truth."""
    return sum(low - 1e-9 <= truth <= high + 1e-9 for _, low, high in intervals) / draws


def bootstrapped(
    samples: np.ndarray, method: str, generator: np.random.Generator
) -> Iterator[Interval]:
    """SciPy's bootstrap intervals of the means of float64[draws, seeds]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # BCa of equal values
        found = stats.bootstrap(
            (samples,), np.mean, axis=-1, n_resamples=999, batch=20, method=method, rng=generator
        ).confidence_interval
    # BCa of equal values is NaN; they have an interval of no width here as there.
    equal = np.ptp(samples, axis=1) == 0
    low, high = (np.where(equal, samples[:, 0], bound) for bound in (found.low, found.high))
    return (Interval(0.0, *bounds) for bounds in zip(low, high, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    generator = np.random.default_rng(0)
    populations = {"normal": generator.normal(size=100_000), **dict(outcomes())}
    failed = False

    def report(what: str, seeds: int, shares: dict[str, float], shown: str) -> None:
        nonlocal failed
        print(f"{what:45s}{seeds:5d}  ", *(f"{name} {value:.3f}" for name, value in shares.items()))
        failed |= seeds >= ENOUGH_SEEDS and shares[shown] < LEAST

    def drawn(values: np.ndarray, seeds: int) -> np.ndarray:
        return generator.choice(values, (draws, seeds))

    for name, values in populations.items():
        for seeds in SEEDS:
            samples = drawn(values, seeds)
            shares = {
                "Student": (mean_interval(each, LEVEL) for each in samples),
                "percentile": bootstrapped(samples, "percentile", generator),
                "BCa": bootstrapped(samples, "BCa", generator),
            }
            truth = values.mean()
            report(name, seeds, {k: held(truth, v, draws) for k, v in shares.items()}, "Student")
    names = list(populations)[1:]
    for one, other in [*pairwise(names), (names[0], names[0])]:
        ours, theirs = populations[one], populations[other]
        shift = ours.mean() - theirs.mean()
        theirs = theirs + shift  # so that runs overlap; then a truth that is not zero
        theirs = theirs + theirs.std() / 2
        truths = ours.mean() - theirs.mean(), probability_of_improvement(ours, theirs, LEVEL)[0]
        for seeds in SEEDS:
            pairs = list(zip(drawn(ours, seeds), drawn(theirs, seeds), strict=True))
            shares = {
                "Welch": held(truths[0], (difference_of_means(*p, LEVEL) for p in pairs), draws),
                "improvement": held(
                    truths[1], (probability_of_improvement(*p, LEVEL) for p in pairs), draws
                ),
            }
            report(f"{one} - {other}", seeds, shares, min(shares, key=lambda key: shares[key]))
    for share in (0.02, 0.4, 0.99):
        for seeds in SEEDS:
            counts = generator.binomial(seeds, share, size=draws)
            exact = (exact_share(int(count), seeds, LEVEL) for count in counts)
            report(f"share {share}", seeds, {"exact": held(share, exact, draws)}, "exact")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""From cells to the outcome of a search: encode, train, search."""

from dataclasses import replace

import numpy as np

from ednag.ranker.encoding import encode_nasbench201
from ednag.ranker.fitting import RankerRecipe, Sample, SearchingRanker, fit
from ednag.ranker.model import SIZES
from ednag.ranker.sampling import RULES, population_of
from ednag.ranker.search import RankedSearch, SearchOutcome, histograms_of_batches

RECIPE = RankerRecipe(2, 64, 1.0, 0.05, 10, (0.9, 0.99), 1e-2)


def searched() -> list[SearchOutcome]:
    patches = encode_nasbench201("cifar10")
    accuracies = np.random.default_rng(0).permutation(len(patches)) / len(patches)
    training, validation = (
        Sample(patches[some], accuracies[some]) for some in (slice(0, 100), slice(100, 120))
    )
    sizes = replace(
        SIZES["nasbench201"],
        model=16, key=4, feed_forward=16, tier_hidden=16, score_hidden=16, layers=1,
    )  # fmt: skip
    fitted = fit(sizes, RECIPE, training, validation, seed=1)
    population = population_of("cifar10")
    search = RankedSearch(
        population,
        replace(RULES, batch=40, force_uniform=False),
        histograms_of_batches(population, np.arange(100), fitted.batches, RULES.bins),
        SearchingRanker(fitted, patches),
        lambda codes, part: accuracies[codes],
        protocol="honest",
        seed=1,
        iterations=4,
        top=(1, 5),
    )
    return search.run()


def test_from_cells_to_an_outcome() -> None:
    outcomes = searched()
    assert [outcome.top for outcome in outcomes] == [1, 5]
    assert repr(outcomes) == repr(searched())

"""From cells to the outcome of a search: encode, train, search, small, in both spaces."""

from dataclasses import replace

import numpy as np
import pytest

from ednag.cells.nasbench101 import from_cells
from ednag.ranker.encoding import encode_nasbench101, encode_nasbench201
from ednag.ranker.fitting import RankerRecipe, Sample, fit, split_sample
from ednag.ranker.model import SIZES
from ednag.ranker.populations import nasbench101_population, nasbench201_population
from ednag.ranker.sampling import RULES
from ednag.ranker.search import RankedSearch, SearchOutcome
from ednag.spaces.nasbench101_cells import Cell, whole_graphs

RECIPE = RankerRecipe(2, 64, 1.0, 0.05, 10, (0.9, 0.99), 1e-2)


def searched(space: str) -> list[SearchOutcome]:
    if space == "nasbench101":
        graphs = whole_graphs(6)
        cells = from_cells(Cell(6, int(graph), (0, 1, 2, 0)) for graph in graphs)
        population = nasbench101_population(cells)
        codes = np.arange(len(cells))

        def encode(codes: np.ndarray) -> np.ndarray:
            return encode_nasbench101(cells[codes])
    else:
        population = nasbench201_population("cifar10")
        codes = np.arange(15625)

        def encode(codes: np.ndarray) -> np.ndarray:
            return encode_nasbench201("cifar10", codes)

    accuracies = np.random.default_rng(0).permutation(len(codes)) / len(codes)
    training, validation = (
        Sample(encode(some), accuracies[some]) for some in split_sample(len(codes), 100, 20, seed=1)
    )
    sizes = replace(
        SIZES[space],
        model=16, key=4, feed_forward=16, tier_hidden=16, score_hidden=16, layers=1,
    )  # fmt: skip
    fitted = fit(sizes, RECIPE, training, validation, seed=1)
    search = RankedSearch(
        population,
        replace(RULES[space], batch=40, force_uniform=False),
        lambda codes: fitted.score(encode(codes)),
        lambda codes, part: accuracies[codes],
        protocol="honest",
        seed=1,
        iterations=4,
        top=(1, 5),
    )
    return search.run()


@pytest.mark.parametrize("space", SIZES)
def test_from_cells_to_an_outcome(space: str) -> None:
    outcomes = searched(space)
    assert [outcome.top for outcome in outcomes] == [1, 5]
    assert repr(outcomes) == repr(searched(space))

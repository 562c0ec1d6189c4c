"""The search: what is reported under each protocol, what is evaluated, and when."""

import math

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.ranker import search as search_module
from ednag.ranker.sampling import Population, Rules, histograms_of
from ednag.ranker.search import Part, RankedSearch
from ednag.spaces.nasbench201 import NASBench201

SIZE = NASBench201.size
CODES = np.arange(SIZE)
#: The test accuracy is another permutation than the validation accuracy.
ACCURACIES = {"validation": CODES / SIZE, "test": (CODES * 7 % SIZE) / SIZE}
POPULATION = Population(CODES * 1.0, CODES * 2.0)
RULES = Rules(64, 8, 0.3, 0.3, 0.3)
PARTS = [CODES[part::7] for part in range(7)]
HISTOGRAMS = [histograms_of(POPULATION, part, 4 - part * 5 // SIZE, 8) for part in PARTS]


class Benchmark:
    """Accuracies, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Part]] = []

    def evaluate(self, codes: np.ndarray, part: Part) -> np.ndarray:
        self.asked += [(code, part) for code in codes.tolist()]
        return ACCURACIES[part][codes]


def score(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A ranker that is right about validation accuracies."""
    logits = np.zeros((len(codes), 5))
    logits[np.arange(len(codes)), 4 - codes * 5 // SIZE] = 1
    return logits, ACCURACIES["validation"][codes]


def search_of(benchmark: Benchmark, **options: object) -> RankedSearch:
    settings = {"protocol": "honest", "seed": 3, "iterations": 8, **options}
    return RankedSearch(POPULATION, RULES, HISTOGRAMS, score, benchmark.evaluate, **settings)  # type: ignore[arg-type]


def test_paper_reports_the_best_test_accuracy_of_all_top_k() -> None:
    benchmark = Benchmark()
    search = search_of(benchmark, protocol="paper")
    outcomes = search.run()
    assert [outcome.top for outcome in outcomes] == [1, 3, 5, 7, 10]
    for outcome in outcomes:
        looked_at = np.concatenate([each.best[: outcome.top] for each in search.done])
        assert outcome.test_accuracy == ACCURACIES["test"][looked_at].max()
        assert outcome.evaluations == outcome.test_evaluations == len(set(looked_at.tolist()))
    assert {part for _, part in benchmark.asked} == {"test"}
    assert len(benchmark.asked) == len(set(benchmark.asked)) == outcomes[-1].evaluations
    accuracies = [outcome.test_accuracy for outcome in outcomes]
    assert accuracies == sorted(accuracies)


def test_honest_chooses_by_validation_and_tests_once() -> None:
    benchmark = Benchmark()
    search = search_of(benchmark)
    while len(search.done) < search.iterations:
        search.step()
    assert {part for _, part in benchmark.asked} == {"validation"}
    outcomes = search.run()
    tested = [code for code, part in benchmark.asked if part == "test"]
    assert set(tested) == {outcome.code for outcome in outcomes}
    for outcome in outcomes:
        assert outcome.code is not None
        assert outcome.test_accuracy == ACCURACIES["test"][outcome.code]
        assert outcome.chosen_by == ACCURACIES["validation"][outcome.code]
        assert outcome.test_evaluations == 1
        looked_at = np.concatenate([each.best[: outcome.top] for each in search.done])
        assert outcome.chosen_by == ACCURACIES["validation"][looked_at].max()
    assert search.run() == outcomes


def test_a_search_is_a_function_of_its_arguments() -> None:
    runs = [search_of(Benchmark(), seed=seed) for seed in (3, 3, 4)]
    outcomes = [search.run() for search in runs]
    assert outcomes[0] == outcomes[1]
    codes = [[each.drawn.codes.tolist() for each in search.done] for search in runs]
    assert codes[0] == codes[1] != codes[2]


def test_only_the_predicted_first_tier_is_looked_at() -> None:
    search = search_of(Benchmark())
    for _ in range(3):
        found = search.step()
        assert (found.best >= SIZE * 4 // 5).all()
        assert len(found.best) == 10
        assert (np.diff(score(found.best)[1]) <= 0).all()


def test_without_a_first_tier_there_is_no_outcome() -> None:
    def hopeless(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.eye(5)[np.full(len(codes), 2)], np.zeros(len(codes))

    benchmark = Benchmark()
    search = RankedSearch(
        POPULATION,
        RULES,
        HISTOGRAMS,
        hopeless,
        benchmark.evaluate,
        protocol="paper",
        seed=1,
        iterations=3,
    )
    for outcome in search.run():
        assert outcome.code is None and math.isnan(outcome.test_accuracy)
    assert not benchmark.asked


@pytest.mark.parametrize(("first", "found"), [(4, 0), (5, 5)])
def test_an_iteration_with_fewer_than_five_cells_in_tier_1_is_skipped(
    first: int, found: int
) -> None:
    def few(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tiers = np.where(np.arange(len(codes)) < first, 0, 3)
        return np.eye(5)[tiers], codes / SIZE

    search = RankedSearch(
        POPULATION,
        RULES,
        HISTOGRAMS,
        few,
        Benchmark().evaluate,
        protocol="honest",
        seed=1,
    )
    assert len(search.step().best) == found


def test_each_set_of_histograms_serves_consecutive_iterations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """50 iterations and 7 sets: 8 each, in one shuffled order; then they begin again."""
    served: list[int] = []
    real = search_module.draw_batch

    def watched(population, rules, histograms, *rest, **options):  # type: ignore[no-untyped-def]
        served.append(next(n for n, each in enumerate(HISTOGRAMS) if each is histograms))
        return real(population, rules, histograms, *rest, **options)

    monkeypatch.setattr(search_module, "draw_batch", watched)
    search_of(Benchmark(), iterations=60).run()
    order = served[:56:8]
    assert sorted(order) == list(range(7)) and order != sorted(order)
    assert served == [each for each in [*order, order[0]] for _ in range(8)][:60]


def test_wrong_uses_are_refused() -> None:
    benchmark = Benchmark()
    with pytest.raises(EdnagError, match="0 iterations"):
        search_of(benchmark, iterations=0)
    search = search_of(benchmark, iterations=1)
    search.run()
    with pytest.raises(EdnagError, match="all 1 iterations are done"):
        search.step()
    wrong = RankedSearch(
        POPULATION,
        RULES,
        HISTOGRAMS,
        lambda codes: (np.zeros((len(codes), 5)), np.zeros((len(codes), 1))),
        benchmark.evaluate,
        protocol="honest",
        seed=1,
    )
    with pytest.raises(EdnagError, match=r"scores of shape \(64, 1\)"):
        wrong.step()

"""How scores are judged, and the sizes of rankers."""

from dataclasses import replace

import numpy as np
import pytest

from ednag.ranker import fitting
from ednag.ranker.model import SIZES
from ednag.ranker.study import cells_of, fit_ranker, judged


def test_precision_and_regret_are_of_the_cells_taken_by_score() -> None:
    measured = np.arange(100.0)
    # The best two are not taken, the next three are; then come cells from the bottom.
    scores = np.where((measured >= 95) & (measured < 98), 200 + measured, -measured)
    row = judged("made-up", 5, scores, measured)
    assert (row["precision"], row["regret"], row["held_out"]) == (3 / 5, 99 - 97, 100)
    perfect = judged("made-up", 5, measured, measured)
    assert (perfect["precision"], perfect["regret"], perfect["tau_b"]) == (1, 0, 1)
    assert perfect["spearman"] == pytest.approx(1)


def test_a_constant_score_has_no_rank_correlation() -> None:
    row = judged("made-up", 5, np.ones(40), np.arange(40.0))
    assert np.isnan(row["tau_b"]) and np.isnan(row["spearman"])
    # Of equal scores the first are taken.
    assert (row["precision"], row["regret"]) == (0, 30)


def test_a_ranker_of_the_published_size_is_trained_by_the_published_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accuracies = np.arange(15625.0)
    cells = cells_of("cifar10", accuracies, accuracies)
    published = fitting.RECIPES["nasbench201"]
    assert (published.epochs, published.batch) == (55, 128)
    monkeypatch.setattr(fitting, "RECIPES", {"nasbench201": replace(published, epochs=1)})
    fitted = fit_ranker(cells, np.arange(0, 15625, 1500), 0, size="published")
    assert fitted.ranker.sizes == SIZES["nasbench201"]
    assert fit_ranker(cells, np.arange(10), 0).ranker.sizes.model < SIZES["nasbench201"].model


@pytest.mark.parametrize(
    ("space", "expected"), [("nasbench101", [4236, 1024]), ("nasbench201", [1000, 256])]
)
def test_of_as_many_cells_as_published_the_published_share_chooses_the_epoch(
    space: str, expected: list[int]
) -> None:
    assert [
        len(part) for part in fitting.split_for_fit(np.arange(sum(expected)), space)
    ] == expected

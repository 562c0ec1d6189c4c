"""How scores are judged."""

import numpy as np
import pytest

from ednag.ranker.study import judged


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

"""Both protocols from the same histories, by hand."""

from dataclasses import replace

import pytest
from scipy import stats

from ednag.errors import EdnagError
from ednag.training.history import EpochRecord, History
from ednag.training.protocols import (
    PAPER_TARGETS,
    PaperCandidate,
    paper_protocol,
    validation_protocol,
)


def history(validation: list[float], test: list[float], **changes: object) -> History:
    epochs = tuple(
        EpochRecord(at, 1.0, 50.0, 1.0, seen, 1.0, tested, tested + 0.5)
        for at, (seen, tested) in enumerate(zip(validation, test, strict=True), start=1)
    )
    made = History("complete", 0, "digest", False, epochs)
    return replace(made, **changes)


A = history([50, 70, 60], [55, 65, 90])
B = history([50, 80, 80], [50, 60, 70])


def test_the_paper_takes_the_best_of_everything_by_test() -> None:
    big = 10**9
    found = paper_protocol([PaperCandidate("a", big, A), PaperCandidate("b", big, B)])
    assert (found.key, found.score, found.scores[0].epoch) == ("a", 90.5, 3)
    assert found.scores[1].score == 70.5
    assert found.flags == {
        "best_epoch_by_test_accuracy": True,
        "best_of_k_by_test_accuracy": True,
        "flop_floor": False,
        "static_augmentation": False,
        "stopped_at_target_test_accuracy": False,
        "accuracy_is_mean_of_batches": True,
    }
    exact = paper_protocol([PaperCandidate("a", big, A)], mean_of_batches=False)
    assert exact.score == 90
    assert not exact.flags["best_of_k_by_test_accuracy"]
    assert not exact.flags["accuracy_is_mean_of_batches"]


def test_the_paper_stops_when_test_accuracy_passes_the_target() -> None:
    found = paper_protocol([PaperCandidate("a", 10**9, A)], target=64, mean_of_batches=False)
    assert (found.score, found.scores[0].epoch, found.scores[0].stopped) == (65, 2, True)
    assert found.flags["stopped_at_target_test_accuracy"]
    assert PAPER_TARGETS["cifar10"] == 97.52


def test_the_paper_scores_small_networks_0_untrained() -> None:
    static = replace(B, static_augmentation=True)
    found = paper_protocol(
        [PaperCandidate("a", 99_999_999, None), PaperCandidate("b", 100_000_000, static)]
    )
    assert (found.key, found.scores[0].score, found.scores[0].below_floor) == ("b", 0.0, True)
    assert found.flags["flop_floor"] and found.flags["static_augmentation"]
    with pytest.raises(EdnagError, match=r"a has 100000000 multiply-adds, not fewer .* train it"):
        paper_protocol([PaperCandidate("a", 100_000_000, None)])
    with pytest.raises(EdnagError, match="no network to choose from"):
        paper_protocol([])


def test_validation_chooses_and_test_is_only_reported() -> None:
    other = history([81, 79], [64, 99])
    found = validation_protocol({"a": [A, A], "b": [B, other]})
    assert found.key == "b"
    assert found.validation_accuracy == 80.5
    assert found.scores[1].epochs == (2, 1)
    assert found.test_accuracy == 62
    expected = stats.t.interval(0.95, 1, loc=62, scale=stats.sem([60, 64]))
    assert found.interval == pytest.approx(expected)
    assert validation_protocol({"a": [A]}).interval is None


def test_diverged_seeds_are_counted_and_in_no_mean() -> None:
    gone = history([99], [99], status="diverged")
    found = validation_protocol({"a": [gone, A, A], "b": [gone]})
    assert (found.key, found.seeds, found.diverged, found.test_accuracy) == ("a", 2, 1, 65)
    assert found.interval == (65, 65)
    assert found.scores[1].validation_accuracy is None
    with pytest.raises(EdnagError, match="none of 1 architectures"):
        validation_protocol({"b": [gone]})
    blind = replace(A, epochs=tuple(replace(e, validation_accuracy=None) for e in A.epochs))
    with pytest.raises(EdnagError, match="trained without validation images"):
        validation_protocol({"a": [blind]})

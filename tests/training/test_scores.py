"""Both protocols from the same history, by hand."""

from dataclasses import replace

import pytest

from ednag.errors import EdnagError
from ednag.training.history import EpochRecord, History
from ednag.training.image_tasks import PAPER_TARGETS, image_task
from ednag.training.scores import best_validated, paper_columns, score


def history(validation: list[float], test: list[float], **changes: object) -> History:
    epochs = tuple(
        EpochRecord(at, 1.0, 50.0, 1.0, seen, 1.0, tested, tested + 0.5)
        for at, (seen, tested) in enumerate(zip(validation, test, strict=True), start=1)
    )
    made = History("complete", 0, "digest", False, epochs)
    return replace(made, **changes)


A = history([50, 70, 60], [55, 65, 90])
LARGE = 100_000_000


def test_the_paper_takes_the_best_epoch_by_test() -> None:
    assert paper_columns(A, LARGE, None) == {
        "paper_accuracy": 90.5,
        "paper_best_epoch_by_test_accuracy": True,
        "paper_best_of_k_by_test_accuracy": False,
        "paper_flop_floor": False,
        "paper_static_augmentation": False,
        "paper_stopped_at_target_test_accuracy": False,
        "paper_accuracy_is_mean_of_batches": True,
    }
    static = paper_columns(replace(A, static_augmentation=True), LARGE, None)
    assert static["paper_static_augmentation"]
    assert paper_columns(replace(A, epochs=()), LARGE, None)["paper_accuracy"] == 0


def test_the_paper_stops_when_test_accuracy_passes_the_target() -> None:
    stopped = paper_columns(A, LARGE, 64)
    assert stopped["paper_accuracy"] == 65.5
    assert stopped["paper_stopped_at_target_test_accuracy"]
    assert PAPER_TARGETS["cifar10"] == 97.52


def test_the_paper_scores_small_networks_0() -> None:
    small = paper_columns(A, LARGE - 1, 64)
    assert small["paper_accuracy"] == 0
    assert small["paper_flop_floor"] and not small["paper_stopped_at_target_test_accuracy"]


def test_validation_chooses_the_epoch() -> None:
    assert best_validated("a", A).epoch == 2
    assert best_validated("b", history([50, 80, 80], [50, 60, 70])).epoch == 2
    blind = replace(A, epochs=tuple(replace(e, validation_accuracy=None) for e in A.epochs))
    with pytest.raises(EdnagError, match="a was trained without validation images"):
        best_validated("a", blind)


def test_a_row_shows_both() -> None:
    task = image_task("mobilenetv3", "cifar10")
    record = {"made_of": {"architecture": "a"}, "flops": LARGE, "history": A.to_record()}
    row = score(record, task)
    assert (row["key"], row["epochs"], row["flops"]) == ("a", 3, LARGE)
    assert (row["validation_accuracy"], row["test_accuracy"]) == (70, 65)
    assert (row["paper_accuracy"], row["paper_best_epoch_by_test_accuracy"]) == (90.5, True)
    empty = score({**record, "history": history([], [], status="diverged").to_record()}, task)
    assert (empty["status"], empty["test_accuracy"], empty["paper_accuracy"]) == (
        "diverged",
        None,
        0,
    )

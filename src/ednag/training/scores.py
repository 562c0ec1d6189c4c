"""Scores of a trained network, as the paper reports them and by validation accuracy.

Both read the same history, so that only the protocol differs.
"""

from collections.abc import Mapping
from typing import Any

from ednag.errors import EdnagError
from ednag.training.history import EpochRecord, History
from ednag.training.image_tasks import ImageTask

#: The reference scores networks with fewer multiply-adds 0.
FLOP_FLOOR = 100_000_000


def paper_columns(history: History, flops: int, target: float | None) -> dict[str, float | bool]:
    """The columns of a trained network by the paper's protocol.

    Args:
        flops: Multiply-adds for one image.
        target: Test accuracy in % at which training stops; None for never.

    Returns:
        paper_accuracy: the best test accuracy of any epoch in %, accuracies as means over batches;
        0 below the floor of multiply-adds and where no epoch ended. The other columns tell whether
        a departure from good practice affects it: paper_best_epoch_by_test_accuracy,
        paper_best_of_k_by_test_accuracy (False for one network), paper_flop_floor (the accuracy is
        0 for it), paper_static_augmentation, paper_stopped_at_target_test_accuracy (later epochs
        are left out), paper_accuracy_is_mean_of_batches.
    """
    best, stopped, below_floor = 0.0, False, flops < FLOP_FLOOR
    for epoch in () if below_floor else history.epochs:
        accuracy = epoch.test_accuracy_of_batches
        if accuracy is None:
            continue
        best = max(best, accuracy)
        if target is not None and accuracy > target:
            stopped = True
            break
    return {
        "paper_accuracy": best,
        "paper_best_epoch_by_test_accuracy": True,
        "paper_best_of_k_by_test_accuracy": False,
        "paper_flop_floor": below_floor,
        "paper_static_augmentation": history.static_augmentation,
        "paper_stopped_at_target_test_accuracy": stopped,
        "paper_accuracy_is_mean_of_batches": True,
    }


def best_validated(key: str, history: History) -> EpochRecord:
    """The first epoch with the largest validation accuracy.

    Raises:
        EdnagError: The network `key` was trained without validation images.
    """
    validated = [one for one in history.epochs if one.validation_accuracy is not None]
    if not validated:
        raise EdnagError(f"{key} was trained without validation images; split some off")
    return max(validated, key=lambda one: one.validation_accuracy or 0.0)


def score(record: Mapping[str, Any], task: ImageTask) -> dict[str, Any]:
    """A row of the table of trained networks, from the output of `ednag train network`.

    Returns:
        key, seed, status, epochs, validation_accuracy and test_accuracy (in %, of the epoch chosen
        by validation accuracy; None without an epoch), the columns of `paper_columns`, flops, data,
        weights.
    """
    history = History.from_record(record["history"])
    key, flops = str(record["made_of"]["architecture"]), int(record["flops"])
    chosen = best_validated(key, history) if history.epochs else None
    return {
        "key": key,
        "seed": history.seed,
        "status": history.status,
        "epochs": len(history.epochs),
        "validation_accuracy": chosen.validation_accuracy if chosen else None,
        "test_accuracy": chosen.test_accuracy if chosen else None,
        **paper_columns(history, flops, task.target),
        "flops": flops,
        "data": history.data,
        "weights": history.weights,
    }

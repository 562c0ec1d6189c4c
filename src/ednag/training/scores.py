"""One trained network as both protocols see it."""

from collections.abc import Mapping
from typing import Any

from ednag.training.history import History
from ednag.training.image_tasks import ImageTask
from ednag.training.protocols import PaperCandidate, best_validated, paper_protocol


def score(record: Mapping[str, Any], task: ImageTask) -> dict[str, Any]:
    """A row of the table of trained networks.

    Args:
        record: As `ednag train network` writes it.
        task: What it was trained on.

    Returns:
        key, seed, status, validation_accuracy and test_accuracy (in %, of the epoch that
        validation chooses; None where nothing was), paper_accuracy (best test accuracy of any
        epoch, mean of batches, 0 below the floor of multiply-adds), the flags of the paper's
        protocol, flops.
    """
    history = History.from_record(record["history"])
    key, flops = str(record["made_of"]["architecture"]), int(record["flops"])
    chosen = best_validated(key, history) if history.epochs else None
    paper = paper_protocol([PaperCandidate(key, flops, history)], target=task.target)
    return {
        "key": key,
        "seed": history.seed,
        "status": history.status,
        "epochs": len(history.epochs),
        "validation_accuracy": chosen.validation_accuracy if chosen else None,
        "test_accuracy": chosen.test_accuracy if chosen else None,
        "paper_accuracy": paper.score,
        **{f"paper_{name}": value for name, value in paper.flags.items()},
        "flops": flops,
        "data": history.data,
        "weights": history.weights,
    }

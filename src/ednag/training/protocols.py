"""What is reported of trained networks: as the paper does it, and by validation.

Both read the same histories, so that the difference between two numbers is the protocol's.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from scipy import stats

from ednag.errors import EdnagError
from ednag.training.history import EpochRecord, History

#: Multiply-adds below which the reference scores a network 0 and does not train it.
FLOP_FLOOR = 100_000_000
#: Test accuracies in % at which the reference stops training.
PAPER_TARGETS: Mapping[str, float] = MappingProxyType(
    {"cifar10": 97.52, "cifar100": 86.07, "aircraft": 82.28, "pets": 95.34}
)


@dataclass(frozen=True)
class PaperCandidate:
    """One of the k networks of the paper's protocol.

    Attributes:
        key: Its architecture.
        flops: Multiply-adds for one image.
        history: How it learnt; None where the floor spares its training.
    """

    key: str
    flops: int
    history: History | None


@dataclass(frozen=True)
class PaperScore:
    """What the paper's protocol makes of one network.

    Attributes:
        key: Its architecture.
        score: Best test accuracy in %; 0 below the floor and where no epoch ended.
        epoch: The epoch it is of, from 1; 0 where there is none.
        below_floor: Whether it was scored 0 for its multiply-adds.
        stopped: Whether its test accuracy passed the target, and later epochs were left out.
        diverged: Whether its training diverged.
    """

    key: str
    score: float
    epoch: int
    below_floor: bool
    stopped: bool
    diverged: bool


@dataclass(frozen=True)
class PaperOutcome:
    """The paper's number, and everything that makes it better than what it stands for.

    Attributes:
        key: The network with the best score, the first of several.
        score: Its score in %.
        scores: Of every network, in the order given.
        flags: By name, whether each departure from good practice went into the numbers:
            best_epoch_by_test_accuracy, best_of_k_by_test_accuracy, flop_floor (something was
            scored 0 by it), static_augmentation, stopped_at_target_test_accuracy (something was),
            accuracy_is_mean_of_batches.
        target: Test accuracy in % at which training stops; None for never.
        flop_floor: Multiply-adds below which networks score 0.
    """

    key: str
    score: float
    scores: tuple[PaperScore, ...]
    flags: Mapping[str, bool]
    target: float | None
    flop_floor: int


def paper_protocol(
    candidates: Sequence[PaperCandidate],
    *,
    target: float | None = None,
    flop_floor: int = FLOP_FLOOR,
    mean_of_batches: bool = True,
) -> PaperOutcome:
    """The best of k networks at their best epochs, both by test accuracy.

    Args:
        candidates: The k networks; at least one.
        target: See `PAPER_TARGETS`; an epoch above it is a network's last.
        flop_floor: See `FLOP_FLOOR`; 0 for none.
        mean_of_batches: Whether an accuracy is the mean over batches, as in the reference, or the
            share of images.

    Raises:
        EdnagError: There is no network, or one above the floor without a history.
    """
    if not candidates:
        raise EdnagError("paper protocol: no network to choose from; train at least one")
    scores = tuple(
        _paper_score(candidate, target, flop_floor, mean_of_batches) for candidate in candidates
    )
    best = max(scores, key=lambda one: one.score)
    histories = [one.history for one in candidates if one.history is not None]
    flags = {
        "best_epoch_by_test_accuracy": True,
        "best_of_k_by_test_accuracy": len(candidates) > 1,
        "flop_floor": any(one.below_floor for one in scores),
        "static_augmentation": any(one.static_augmentation for one in histories),
        "stopped_at_target_test_accuracy": any(one.stopped for one in scores),
        "accuracy_is_mean_of_batches": mean_of_batches,
    }
    return PaperOutcome(best.key, best.score, scores, flags, target, flop_floor)


def _paper_score(
    candidate: PaperCandidate, target: float | None, flop_floor: int, mean_of_batches: bool
) -> PaperScore:
    if candidate.flops < flop_floor:
        return PaperScore(candidate.key, 0.0, 0, True, False, False)
    if candidate.history is None:
        raise EdnagError(
            f"paper protocol: {candidate.key} has {candidate.flops} multiply-adds, not fewer than "
            f"{flop_floor}, and no history; train it"
        )
    best, at, stopped = 0.0, 0, False
    for epoch in candidate.history.epochs:
        accuracy = epoch.test_accuracy_of_batches if mean_of_batches else epoch.test_accuracy
        if accuracy is None:
            continue
        if accuracy > best:
            best, at = accuracy, epoch.epoch
        if target is not None and accuracy > target:
            stopped = True
            break
    diverged = candidate.history.status == "diverged" and not stopped
    return PaperScore(candidate.key, best, at, False, stopped, diverged)


@dataclass(frozen=True)
class ValidationScore:
    """What the validation protocol makes of one architecture.

    Attributes:
        key: The architecture.
        validation_accuracy: Mean over seeds in %, each at its best epoch by validation accuracy;
            None where every seed diverged.
        test_accuracies: In %, at those epochs, for each seed that did not diverge.
        epochs: Those epochs, from 1.
        diverged: Seeds whose training diverged; they are in no mean.
    """

    key: str
    validation_accuracy: float | None
    test_accuracies: tuple[float, ...]
    epochs: tuple[int, ...]
    diverged: int


@dataclass(frozen=True)
class ValidationOutcome:
    """The number to report: nothing was chosen by test accuracy.

    Attributes:
        key: The architecture with the best validation accuracy, the first of several.
        validation_accuracy: Its mean over seeds, in %.
        test_accuracy: Its mean over seeds, in %.
        interval: Student's confidence interval of that mean, in %; None with one seed.
        confidence: Of the interval, in (0, 1).
        seeds: Seeds in the means.
        diverged: Seeds of the chosen architecture that are not.
        scores: Of every architecture, in the order given.
    """

    key: str
    validation_accuracy: float
    test_accuracy: float
    interval: tuple[float, float] | None
    confidence: float
    seeds: int
    diverged: int
    scores: tuple[ValidationScore, ...]


def validation_protocol(
    histories: Mapping[str, Sequence[History]], confidence: float = 0.95
) -> ValidationOutcome:
    """Choose epochs and architecture by validation accuracy; report test accuracy once.

    Args:
        histories: For each architecture one history for each seed.
        confidence: Of the interval, in (0, 1).

    Raises:
        EdnagError: There is nothing to choose from, or nothing was validated.
    """
    scores = tuple(_validation_score(key, each) for key, each in histories.items())
    usable = [one for one in scores if one.validation_accuracy is not None]
    if not usable:
        raise EdnagError(
            f"validation protocol: none of {len(scores)} architectures has a history that did not "
            "diverge; train one, with a smaller learning rate if they diverged"
        )
    best = max(usable, key=lambda one: one.validation_accuracy or 0.0)
    return ValidationOutcome(
        key=best.key,
        validation_accuracy=best.validation_accuracy or 0.0,
        test_accuracy=statistics.fmean(best.test_accuracies),
        interval=_interval(best.test_accuracies, confidence),
        confidence=confidence,
        seeds=len(best.test_accuracies),
        diverged=best.diverged,
        scores=scores,
    )


def _validation_score(key: str, histories: Sequence[History]) -> ValidationScore:
    ended = [history for history in histories if history.status == "complete"]
    chosen = [best_validated(key, history) for history in ended]
    validated = [one.validation_accuracy for one in chosen if one.validation_accuracy is not None]
    return ValidationScore(
        key=key,
        validation_accuracy=statistics.fmean(validated) if validated else None,
        test_accuracies=tuple(one.test_accuracy or 0.0 for one in chosen),
        epochs=tuple(one.epoch for one in chosen),
        diverged=len(histories) - len(ended),
    )


def best_validated(key: str, history: History) -> EpochRecord:
    """The first epoch of those with the largest validation accuracy."""
    validated = [one for one in history.epochs if one.validation_accuracy is not None]
    if not validated:
        raise EdnagError(
            f"validation protocol: {key} was trained without validation images; split some off"
        )
    return max(validated, key=lambda one: one.validation_accuracy or 0.0)


def _interval(values: Sequence[float], confidence: float) -> tuple[float, float] | None:
    """Student's interval of a mean."""
    if len(values) < 2:
        return None
    mean, error = statistics.fmean(values), stats.sem(values)
    if error == 0:
        return mean, mean
    low, high = stats.t.interval(confidence, len(values) - 1, loc=mean, scale=error)
    return float(low), float(high)

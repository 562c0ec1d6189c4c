"""What training a network leaves: one line for each epoch, and how it ended."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

#: complete: all epochs; diverged: the training loss was no finite number.
Status = Literal["complete", "diverged"]


@dataclass(frozen=True)
class EpochRecord:
    """One epoch. Accuracies are in %, over all images of a part, each counted once.

    What the recipe did not evaluate, and what there are no images for, is None.

    Attributes:
        epoch: From 1.
        train_loss: Mean cross-entropy over the training images, as they were seen in the epoch.
        train_accuracy: Likewise, of the network while it learnt.
        validation_loss: Of the network after the epoch.
        validation_accuracy: Likewise.
        test_loss: Of the network after the epoch.
        test_accuracy: Likewise.
        test_accuracy_of_batches: Mean of the accuracies of batches, the last one smaller: what the
            reference reports, and not the share of images.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    test_accuracy_of_batches: float | None


@dataclass(frozen=True)
class History:
    """How one network learnt.

    Attributes:
        status: See `Status`.
        seed: Of weights, order and augmentation.
        data: Digest of the split.
        static_augmentation: Whether each image was augmented once only, as the reference does.
        epochs: One for each epoch that ended with a finite loss, in order.
        notes: What was not as the recipe has it, such as batches cut for want of memory.
        weights: SHA-256 of the weights at the end, in hexadecimal; empty where they diverged.
    """

    status: Status
    seed: int
    data: str
    static_augmentation: bool
    epochs: tuple[EpochRecord, ...]
    notes: tuple[str, ...] = ()
    weights: str = ""

    def to_record(self) -> dict[str, Any]:
        """Plain containers, for JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """What `to_record` gave."""
        epochs = tuple(EpochRecord(**epoch) for epoch in record["epochs"])
        return cls(**{**record, "epochs": epochs, "notes": tuple(record["notes"])})

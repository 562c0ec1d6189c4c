"""The history of a training: a record of each epoch, and the status at the end."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

#: complete: all epochs; diverged: the training loss was not finite.
Status = Literal["complete", "diverged"]


@dataclass(frozen=True)
class EpochRecord:
    """One epoch. Losses are mean cross-entropies, accuracies in %, over all images of a part.

    Values are None for parts without images and where the recipe does not evaluate.

    Attributes:
        epoch: From 1.
        train_loss, train_accuracy: Mean over the training images within the epoch.
        validation_loss, validation_accuracy, test_loss, test_accuracy: Of the network after it.
        test_accuracy_of_batches: Mean of the accuracies of batches, of which the last can be
            smaller; the reference reports it.
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
    """The training of one network.

    Attributes:
        status: See `Status`.
        seed: Seed of weights, order and augmentation.
        data: Digest of the split.
        static_augmentation: Whether each image is augmented only once, as in the reference.
        epochs: One for each epoch that ended with a finite loss, in order.
        notes: Deviations from the recipe, such as smaller batches for lack of memory.
        weights: SHA-256 of the weights at the end, in hexadecimal; empty if diverged.
    """

    status: Status
    seed: int
    data: str
    static_augmentation: bool
    epochs: tuple[EpochRecord, ...]
    notes: tuple[str, ...] = ()
    weights: str = ""

    def to_record(self) -> dict[str, Any]:
        """The history in plain containers, for JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """The history from the output of `to_record`."""
        epochs = tuple(EpochRecord(**epoch) for epoch in record["epochs"])
        return cls(**{**record, "epochs": epochs, "notes": tuple(record["notes"])})

"""Training one network on one dataset from one seed; a training can be interrupted and resumed.

A checkpoint has the state of the run after an epoch. Order and augmentation are functions of seed,
epoch and step. A resumed run has the same result bit for bit (same machine and number of threads).
"""

import errno
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ednag.errors import EdnagError
from ednag.training.batches import (
    Evaluation,
    PlacedImages,
    TrainingImages,
    cross_entropies,
    epoch_record,
    evaluate,
)
from ednag.training.checkpoints import load_checkpoint, save_checkpoint
from ednag.training.determinism import deterministic, weights_digest
from ednag.training.history import EpochRecord, History, Status
from ednag.training.images import ImageSplit
from ednag.training.recipe import Recipe

#: Error numbers of a full disk, quota or file-size limit.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class TrainingProgress:
    """Progress of a run.

    Attributes:
        epochs_done: Completed epochs.
        epochs: Total number of epochs.
        seconds_left: Estimate from the epochs completed in this process; None before the first.
    """

    epochs_done: int
    epochs: int
    seconds_left: float | None


def train(
    build: Callable[[], nn.Module],
    data: ImageSplit,
    recipe: Recipe,
    seed: int,
    *,
    device: str | torch.device = "cpu",
    checkpoint: Path | None = None,
    progress: Callable[[TrainingProgress], object] | None = None,
) -> History:
    """Train a network; resume from `checkpoint` if it exists.

    If memory runs out, batches are divided into twice as many pieces whose gradients are summed,
    and the history has a note. The gradient is that of the batch, but batch normalisation sees
    smaller pieces, and pieces processed before memory ran out count twice in its running means.

    Args:
        build: Makes the network, with random weights from torch's generator, which has the seed
            `seed`. The network has a `classifier` if the recipe has `head_epochs`, and modules for
            dropout and drop-connect if the recipe has them.
        data: Images of the classes of the network.
        seed: Seed of weights, order, augmentation and dropout.
        checkpoint: File of the state, written after each epoch; it is kept at the end, with the
            weights under `network`, so that a second call returns at once.
        progress: Called after each epoch.

    Raises:
        EdnagError: The checkpoint belongs to another run or cannot be written, memory does not
            suffice for two images, or network and recipe do not fit together.
    """
    place = torch.device(device)
    with deterministic(place, seed), _memory_reported(place):
        run = _NetworkTraining(build(), data, recipe, seed, place, checkpoint)
        run.resume()
        begun, first = time.monotonic(), run.epoch
        while run.status is None:
            run.train_epoch()
            if progress is not None:
                done = run.epoch - first
                left = (time.monotonic() - begun) / max(done, 1) * (recipe.epochs - run.epoch)
                progress(TrainingProgress(run.epoch, recipe.epochs, left if done else None))
        return run.history(run.status)


class _NetworkTraining:
    """The state of a run, and its steps."""

    def __init__(
        self,
        network: nn.Module,
        data: ImageSplit,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        checkpoint: Path | None,
    ) -> None:
        _check(network, recipe)
        self._identity = _identity(network, data, recipe, seed)
        self._layout = torch.channels_last if recipe.channels_last else torch.contiguous_format
        self._network = network.to(device).to(memory_format=self._layout)
        self._data, self._recipe, self._seed, self._device = data, recipe, seed, device
        self._checkpoint = checkpoint
        self._train = TrainingImages(data.train, recipe, seed, device)
        self._validation = PlacedImages.of(data.validation, device)
        self._test = PlacedImages.of(data.test, device)
        self._scaler = torch.amp.GradScaler(
            device.type, enabled=recipe.mixed_precision == "float16"
        )
        self._accumulation, self._evaluation_batch = recipe.accumulation, recipe.batch
        self._records: list[EpochRecord] = []
        self._notes: list[str] = []
        self.epoch = 0
        self.status: Status | None = None

    def _begin_phase(self, epoch: int) -> None:
        """Select the parameters of the phase of `epoch`, and make its optimiser."""
        begin, _ = self._recipe.phase(epoch)
        whole = begin == self._recipe.head_epochs
        self._network.requires_grad_(whole)
        if not whole:
            self._network.get_submodule("classifier").requires_grad_(True)
        self._optimiser = torch.optim.SGD(
            [one for one in self._network.parameters() if one.requires_grad],
            lr=self._recipe.learning_rate,
            momentum=self._recipe.momentum,
            nesterov=self._recipe.nesterov,
            weight_decay=self._recipe.weight_decay,
            fused=True,
        )

    def train_epoch(self) -> None:
        """Take the steps of the epoch, evaluate, and write a checkpoint."""
        if self.epoch == self._recipe.phase(self.epoch)[0]:
            self._begin_phase(self.epoch)
        batches = self._train.order(self.epoch)
        self._network.train()
        sums = torch.zeros(2, dtype=torch.float64, device=self._device)
        for step, rows in enumerate(batches):
            sums += self._take_step(step, rows, len(batches))
        if torch.isfinite(sums).all():
            self._records.append(self._evaluated(sums))
            self.epoch += 1
            if self.epoch == self._recipe.epochs:
                self.status = "complete"
        else:
            self.status = "diverged"
        self._save()

    def _take_step(self, step: int, rows: Tensor, steps: int) -> Tensor:
        """Take a step of `steps`; return summed loss and number of correct images, float64[2]."""
        images, labels = self._train.batch(self.epoch, step, rows)
        while (sums := self._gradients_in_memory(images, labels)) is None:
            self._cut_batches(len(rows))
        for group in self._optimiser.param_groups:
            group["lr"] = self._recipe.rate(self.epoch, step, steps)
        if self._recipe.gradient_clip is not None:
            self._scaler.unscale_(self._optimiser)
            nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.gradient_clip)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return sums

    def _gradients_in_memory(self, images: Tensor, labels: Tensor) -> Tensor | None:
        """See `_gradients`; None if memory ran out, after which all tensors of it are freed."""
        try:
            return self._gradients(images, labels)
        except torch.OutOfMemoryError:
            return None

    def _gradients(self, images: Tensor, labels: Tensor) -> Tensor:
        """Compute the gradient of the mean loss; return summed loss and correct, float64[2]."""
        self._optimiser.zero_grad(set_to_none=True)
        sums = torch.zeros(2, dtype=torch.float64, device=self._device)
        pieces = max(1, min(self._accumulation, len(labels) // 2))
        for part, targets in zip(
            images.tensor_split(pieces), labels.tensor_split(pieces), strict=True
        ):
            logits = self._logits(part)
            loss = cross_entropies(logits, targets).sum()
            self._scaler.scale(loss / len(labels)).backward()
            correct = (logits.argmax(1) == targets).sum()
            sums += torch.stack([loss.detach().double(), correct.double()])
        return sums

    def _logits(self, images: Tensor) -> Tensor:
        kind = _TYPES.get(self._recipe.mixed_precision)
        with torch.autocast(self._device.type, dtype=kind, enabled=kind is not None):
            logits: Tensor = self._network(images.contiguous(memory_format=self._layout))
        classes = len(self._data.train.class_names)
        if logits.shape[1:] != (classes,):
            raise EdnagError(
                f"{self._data.train.source}: {classes} classes, but the network gives "
                f"{list(logits.shape[1:])} numbers for an image; build it with {classes}"
            )
        return logits

    def _cut_batches(self, images: int) -> None:
        """Divide batches into twice as many pieces; EdnagError if these are too small."""
        self._optimiser.zero_grad(set_to_none=True)
        if self._accumulation * 4 > images:
            raise EdnagError(
                f"out of memory on {self._device} with {-(-images // self._accumulation)} images "
                "at once; use smaller images, mixed precision or a device with more memory"
            )
        self._accumulation *= 2
        self._notes.append(
            f"out of memory in epoch {self.epoch + 1}: batches are cut into {self._accumulation} "
            "pieces from there on; batch normalisation sees the pieces"
        )
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _evaluated(self, sums: Tensor) -> EpochRecord:
        """The record of the epoch that ended."""
        self._network.eval()
        validation, test = (self._part(placed) for placed in (self._validation, self._test))
        return epoch_record(self.epoch, sums, len(self._data.train), validation, test)

    def _part(self, placed: PlacedImages) -> Evaluation | None:
        """The evaluation on a part; None without images and where the recipe does not evaluate."""
        if not len(placed.labels) or not self._recipe.evaluates(self.epoch):
            return None
        while True:
            try:
                return evaluate(self._logits, placed, self._recipe, self._evaluation_batch)
            except torch.OutOfMemoryError:
                if self._evaluation_batch == 1:
                    raise EdnagError(
                        f"out of memory on {self._device} with one image; use smaller images or "
                        "a device with more memory"
                    ) from None
                self._evaluation_batch = -(-self._evaluation_batch // 2)
                self._notes.append(
                    f"out of memory in epoch {self.epoch + 1}: evaluated "
                    f"{self._evaluation_batch} images at once from there on"
                )

    def history(self, status: Status) -> History:
        """The history of the run."""
        return History(
            status=status,
            seed=self._seed,
            data=self._data.digest,
            static_augmentation=self._recipe.augmentation == "static",
            epochs=tuple(self._records),
            notes=tuple(self._notes),
            weights=weights_digest(self._network) if status == "complete" else "",
        )

    def _save(self) -> None:
        if self._checkpoint is None:
            return
        state: dict[str, Any] = {
            "identity": self._identity,
            "epoch": self.epoch,
            "status": self.status,
            "accumulation": self._accumulation,
            "evaluation_batch": self._evaluation_batch,
            "records": [asdict(record) for record in self._records],
            "notes": list(self._notes),
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
            "generator": torch.get_rng_state(),
        }
        if self._device.type == "cuda":
            state["device_generator"] = torch.cuda.get_rng_state(self._device)
        try:
            save_checkpoint(self._checkpoint, state)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise EdnagError(
                f"{self._checkpoint}: no room for the checkpoint ({error.strerror}); the one "
                "before is untouched: free some space and start again to go on from it"
            ) from None

    def resume(self) -> None:
        """Restore the state of the checkpoint, if it exists."""
        if self._checkpoint is None or not self._checkpoint.exists():
            return
        state = load_checkpoint(self._checkpoint)
        if state.get("identity") != self._identity:
            raise EdnagError(
                f"{self._checkpoint}: checkpoint of another network, dataset, recipe or seed; "
                "delete it to start again, or name another file"
            )
        self.epoch, self.status = state["epoch"], state["status"]
        # The optimiser is that of the last epoch trained, which is not counted if it diverged.
        self._begin_phase(self.epoch - (self.status != "diverged"))
        self._accumulation = state["accumulation"]
        self._evaluation_batch = state["evaluation_batch"]
        self._records = [EpochRecord(**record) for record in state["records"]]
        self._notes = list(state["notes"])
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["generator"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(state["device_generator"], self._device)


@contextmanager
def _memory_reported(device: torch.device) -> Iterator[None]:
    """Report in one line that images, weights or momentum do not fit into memory."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise EdnagError(
            f"out of memory on {device} for the network or the images themselves; use smaller "
            "images, a smaller network or a device with more memory"
        ) from None


def _check(network: nn.Module, recipe: Recipe) -> None:
    """Check that the network has the modules that the recipe needs."""
    from torchvision.ops import StochasticDepth

    for name, share, kind in (
        ("dropout", recipe.dropout, nn.Dropout),
        ("drop_connect", recipe.drop_connect, StochasticDepth),
    ):
        if share and not any(isinstance(module, kind) and module.p for module in network.modules()):
            raise EdnagError(
                f"recipe: {name} is {share}, but {type(network).__name__} was built without; "
                f"build it with {name} or set {name} to 0"
            )
    if recipe.head_epochs and not hasattr(network, "classifier"):
        raise EdnagError(
            f"recipe: head_epochs is {recipe.head_epochs}, but {type(network).__name__} has no "
            "classifier; set head_epochs to 0"
        )


def _identity(network: nn.Module, data: ImageSplit, recipe: Recipe, seed: int) -> str:
    """SHA-256 of the inputs of a run, the initial weights included."""
    parts = weights_digest(network), repr(network), data.digest, recipe.model_dump_json(), str(seed)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

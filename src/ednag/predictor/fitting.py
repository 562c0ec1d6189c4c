"""Training the predictor on a database; a training can be interrupted and resumed.

Each epoch draws its order and its images from a generator seeded by (seed, epoch), so that the
state between two epochs is weights, optimiser and epoch. A resumed training has the same result bit
for bit (same machine, same number of threads). Source: meta-predictor specification, training.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.predictor.configuration import Configuration, configuration_of
from ednag.predictor.correlations import coefficients
from ednag.predictor.database import Database, EntrySplit
from ednag.predictor.inference import AccuracyScale, Target, targets_of, training_scale
from ednag.predictor.model import MetaPredictor, new_model
from ednag.predictor.training_data import Entries, check_device
from ednag.training.checkpoints import load_checkpoint, save_checkpoint
from ednag.training.determinism import deterministic

FORMAT = "ednag predictor training 1"


@dataclass(frozen=True)
class PredictorRecipe:
    """How the predictor is trained; the defaults are the published ones.

    Attributes:
        epochs: Passes over the training part.
        batch: Entries of one step.
        images: Images of each class, drawn in each step; tasks share the images of a class.
        learning_rate: Learning rate of Adam.
        hidden, latent: Sizes; see `Configuration`.
        seed: Seed of weights, order and images.
        target: What is learnt; see `ednag.predictor.inference`.
        keep: Epoch whose weights are kept: the last, or the first with the largest Pearson
            correlation on the test part (whose results are then too good).
    """

    epochs: int = 500
    batch: int = 64
    images: int = 20
    learning_rate: float = 1e-4
    hidden: int = 512
    latent: int = 56
    seed: int = 0
    target: Target = "accuracy"
    keep: Literal["last", "best"] = "last"

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.images) < 1 or not self.learning_rate > 0:
            raise EdnagError(
                "recipe of the predictor: epochs, batch, images and learning rate must be "
                "positive; correct the configuration"
            )


def recipe_with(changes: Mapping[str, Any], place: str) -> PredictorRecipe:
    """The published recipe with changes; raises EdnagError naming `place` for an unknown key."""
    names = [field.name for field in fields(PredictorRecipe)]
    for name in changes:
        if name not in names:
            raise EdnagError(f"{place}: unknown key {name!r}{suggestion(name, names)}")
    return PredictorRecipe(**changes)


@dataclass(frozen=True, eq=False)
class FittedPredictor:
    """A trained predictor.

    Attributes:
        parameters: float32 by name, for `model_of` and `QuickPredictor`.
        epoch: Their epoch, from 1.
        mean, std: Of the targets of the training part, before the normalisation by them, which
            `scale` inverts.
        target: What was learnt.
        curve: One row for each epoch: epoch, training_loss (mean squared error of the targets in
            the epoch), validation_loss (likewise on the test part, after it), pearson, spearman,
            kendall (tau-b) on the test part; NaN where undefined.
    """

    configuration: Configuration
    parameters: dict[str, np.ndarray]
    epoch: int
    mean: float
    std: float
    target: Target
    curve: pd.DataFrame

    @property
    def scale(self) -> AccuracyScale:
        """From network outputs to accuracy in %."""
        return training_scale(self.mean, self.std, self.target)


def fit(
    database: Database,
    features: Mapping[int, np.ndarray],
    split: EntrySplit,
    recipe: PredictorRecipe,
    checkpoint: Path | None = None,
    device: str = "cpu",
    report: Callable[[dict[str, float]], object] = lambda row: None,
) -> FittedPredictor:
    """Train a predictor on one part of a database.

    Args:
        features: float32[n, 512] by class number.
        split: Entries to train and to test; the test part may be empty.
        checkpoint: Written after each epoch; training resumes from it if it exists.
        device: cpu or cuda.
        report: Called after each epoch with its row of the curve.

    Raises:
        EdnagError: Entries, features, device or checkpoint do not fit, or training diverged.
    """
    entries = Entries(database, features, recipe.images, check_device(device))
    with deterministic(torch.device(device), recipe.seed):
        training = _PredictorTraining(entries, split, recipe)
        if checkpoint is not None and checkpoint.exists():
            training.resume(checkpoint)
        while training.epoch < recipe.epochs:
            training.one_epoch()
            if checkpoint is not None:
                save_checkpoint(checkpoint, training.state())
            report(training.rows[-1])
        return training.fitted()


class _PredictorTraining:
    """The state of a training, and one epoch."""

    def __init__(self, entries: Entries, split: EntrySplit, recipe: PredictorRecipe) -> None:
        accuracy = entries.database.accuracy[split.training]
        if len(accuracy) < 2 or not np.ptp(targets_of(accuracy, recipe.target)):
            raise EdnagError(
                f"training the predictor: {len(accuracy)} entries to train on, with "
                f"{len(np.unique(accuracy))} different accuracies; two are needed at least"
            )
        learnt = targets_of(entries.database.accuracy, recipe.target)
        of_training = learnt[split.training]
        self.mean, self.std = float(of_training.mean()), float(of_training.std(ddof=1))
        self._targets = (learnt - self.mean) / self.std / 100
        self._entries, self._split, self._recipe = entries, split, recipe
        configuration = configuration_of(entries.database.space)
        self.configuration = configuration.sized(recipe.hidden, recipe.latent)
        self._model = new_model(self.configuration, recipe.seed).to(entries.device)
        self._optimiser = torch.optim.Adam(
            self._model.parameters(), lr=recipe.learning_rate, fused=True
        )
        self.epoch = 0
        self.rows: list[dict[str, float]] = []
        self._best: dict[str, Any] = {}

    def one_epoch(self) -> None:
        """Train on each entry once, then test."""
        self.epoch += 1
        generator = np.random.default_rng([self._recipe.seed, self.epoch])
        order = generator.permutation(self._split.training)
        total = 0.0
        self._model.train()
        for start in range(0, len(order), self._recipe.batch):
            total += self._step(order[start : start + self._recipe.batch], generator)
        row = {"epoch": self.epoch, "training_loss": total / len(order), **self._tested()}
        self.rows.append(row)
        if self._recipe.keep == "best" and self._is_best():
            self._best = {"epoch": self.epoch, "model": _on_cpu(self._model)}

    def _is_best(self) -> bool:
        """Whether the last epoch has the largest correlation so far; undefined is least."""
        *before, last = (-2 if np.isnan(row["pearson"]) else row["pearson"] for row in self.rows)
        return last > max(before, default=-np.inf)

    def _step(self, rows: np.ndarray, generator: np.random.Generator) -> float:
        """Take a step of Adam on entries; return their summed squared error before it."""
        predicted = self._entries.predict(self._model, rows, lambda number: generator)
        targets = torch.from_numpy(self._targets[rows]).to(predicted)
        loss = (predicted - targets).square().sum()
        if not torch.isfinite(loss):
            raise EdnagError(
                f"training the predictor: the loss is {loss.item()} in epoch {self.epoch}; "
                "lower the learning rate"
            )
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        return float(loss.item())

    def _tested(self) -> dict[str, float]:
        """The columns of the curve on the test part, with the same images in every epoch."""
        rows = self._split.test
        self._model.eval()
        predicted = self._entries.predict_all(self._model, rows, self._recipe.seed)
        error = np.square(predicted - self._targets[rows])
        correlations = coefficients(predicted, self._targets[rows])
        return {
            "validation_loss": float(error.mean()) if len(rows) else float("nan"),
            **{str(name): value for name, value in correlations.items()},
        }

    def state(self) -> dict[str, Any]:
        """The content of a checkpoint."""
        return {
            "format": FORMAT,
            "made_of": self._made_of(),
            "epoch": self.epoch,
            "model": self._model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "rows": self.rows,
            "best": self._best,
        }

    def resume(self, path: Path) -> None:
        """Restore a checkpoint; raises EdnagError if it belongs to another training."""
        state = load_checkpoint(path)
        if state.get("format") != FORMAT or state.get("made_of") != self._made_of():
            raise EdnagError(
                f"{path}: a checkpoint of another training (other entries, features, split or "
                "recipe); delete it to start again"
            )
        if state["epoch"] > self._recipe.epochs:
            raise EdnagError(
                f"{path}: has {state['epoch']} epochs, {self._recipe.epochs} are asked for; "
                "ask for more or delete it to start again"
            )
        self._model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.rows, self._best = state["epoch"], state["rows"], state["best"]

    def _made_of(self) -> str:
        """Digest of data and recipe without the number of epochs."""
        recipe = sorted({**asdict(self._recipe), "epochs": 0}.items())
        digest = hashlib.sha256(repr(recipe).encode())
        split = (
            each.astype(np.int64).tobytes() for each in (self._split.training, self._split.test)
        )
        for part in (*self._entries.digest_parts(), *split):
            digest.update(f"{len(part)} ".encode())
            digest.update(part)
        return digest.hexdigest()

    def fitted(self) -> FittedPredictor:
        """The trained predictor."""
        of_best = self._recipe.keep == "best"
        kept = self._best["model"] if of_best else _on_cpu(self._model)
        return FittedPredictor(
            configuration=self.configuration,
            parameters={name: value.numpy() for name, value in kept.items()},
            epoch=self._best["epoch"] if of_best else self.epoch,
            mean=self.mean,
            std=self.std,
            target=self._recipe.target,
            curve=pd.DataFrame(self.rows),
        )


def _on_cpu(model: MetaPredictor) -> dict[str, torch.Tensor]:
    """A copy of the parameters."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}

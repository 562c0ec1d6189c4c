"""Training the ranker; equal seeds give equal bits (same machine, same number of threads).

Each epoch draws its order and its dropout from generators seeded by (seed, epoch), and computes its
tier embeddings again. The epoch with the best tier accuracy on the validation sample is kept.
Source: specification nar.md, sections Ranker, and "Sampling and search, exactly".
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ednag.errors import EdnagError
from ednag.ranker.model import TIERS, LowPrecision, Ranker, Sizes, new_ranker, rank
from ednag.ranker.tau import kendall_tau_b
from ednag.ranker.tiers import TierEmbeddings, Tiers, tiers_of

Precision = Literal["float32", "bfloat16"]
#: The published seed.
SEED = 77777777


@dataclass(frozen=True)
class RankerRecipe:
    """How a ranker is trained.

    Attributes:
        epochs: Passes over the training sample, at least 1.
        batch: Architectures of one step, at least 2; the last step of an epoch takes the rest.
        rank_factor: Of the rank loss, added to the tier loss.
        rate_factor: Of the learning-rate schedule.
        warm: Steps until the learning rate is highest.
        betas, weight_decay, epsilon: AdamW's.
        precision: Of the forward and backward passes of training; weights, optimiser, losses and
            all that a trained ranker computes are float32.
    """

    epochs: int
    batch: int
    rank_factor: float
    rate_factor: float
    warm: int
    betas: tuple[float, float]
    weight_decay: float
    epsilon: float = 1e-9
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 2), ("warm", 1)):
            if getattr(self, name) < least:
                raise EdnagError(f"ranker: {name} is {getattr(self, name)}; give {least} or more")


#: Published recipes by search space.
RECIPES = MappingProxyType(
    {
        "nasbench101": RankerRecipe(35, 256, 9, 0.1, 50, (0.9, 0.982), 5e-4),
        "nasbench201": RankerRecipe(55, 128, 1, 0.07, 30, (0.9, 0.99), 1e-2),
    }
)


#: Published numbers of cells to train on, and to choose the epoch by; by search space.
SPLITS = MappingProxyType({"nasbench101": (4236, 1024), "nasbench201": (1000, 256)})


@dataclass(frozen=True)
class Sample:
    """Architectures and their measured accuracies.

    Attributes:
        patches: float32[n, patches, side, side].
        accuracies: float64[n], validation accuracies on any scale.
    """

    patches: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class RankerEpoch:
    """One epoch.

    Attributes:
        epoch: From 1.
        tier_loss: Mean over the training sample.
        rank_loss: Likewise, without its factor.
        tier_accuracy: Share, in [0, 1], of the validation sample with the right tier; tiers by the
            bounds of the training sample. NaN without a validation sample.
        tau_b: Kendall's tau-b of the validation sample's scores; None where undefined.
    """

    epoch: int
    tier_loss: float
    rank_loss: float
    tier_accuracy: float
    tau_b: float | None


@dataclass(frozen=True)
class FittedRanker:
    """A trained ranker in evaluation mode, and the records of its epochs.

    Attributes:
        ranker: With the weights of the best epoch: the first with a higher tier accuracy on the
            validation sample than all before; the last one without a validation sample.
        tier_embeddings: Tensor[5, patches, model] of the best epoch.
        batches: Of the best epoch, in order: rows of the training sample int64[n], and their true
            tiers int64[n], 0 the best.
        best: The number of the best epoch, from 1.
    """

    ranker: Ranker
    tier_embeddings: Tensor
    batches: tuple[tuple[np.ndarray, np.ndarray], ...]
    best: int
    records: tuple[RankerEpoch, ...]

    def score(self, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tier logits float32[n, 5] and scores float32[n] of patches float32[n, ...]."""
        return rank(self.ranker, patches, self.tier_embeddings)


class SearchingRanker:
    """A trained ranker in a search: its tier embeddings follow the tiers that it predicts."""

    def __init__(self, fitted: FittedRanker, patches: np.ndarray) -> None:
        """Start from embeddings of zero; `patches` float32[cells, ...] are of all cells."""
        self._ranker, self._patches = fitted.ranker, patches
        self._embeddings = TierEmbeddings(*fitted.tier_embeddings.shape[1:])

    @torch.no_grad()
    def __call__(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tier logits float32[n, 5] and scores float32[n] of a batch of cells int64[n].

        Then the batch's encodings are added to the embeddings of their predicted tiers.
        """
        encoding = self._ranker.encode(torch.from_numpy(self._patches[codes]))
        ranked = self._ranker.judge(encoding, self._embeddings.means())
        self._embeddings.add(encoding, ranked.tier_logits.argmax(dim=1))
        return ranked.tier_logits.numpy(), ranked.score.numpy()


def split_for_fit(codes: np.ndarray, space: str) -> tuple[np.ndarray, np.ndarray]:
    """Cells int64[n] to train on, and the last fifth to choose the epoch by.

    Of as many cells of `space` as are published, the split is the published one. Five cells, the
    fewest that can be trained on, are both.
    """
    to_train, to_choose = SPLITS[space]
    training = max(TIERS, len(codes) - len(codes) * to_choose // (to_train + to_choose))
    return codes[:training], codes[training:] if training < len(codes) else codes


def fit(
    sizes: Sizes,
    recipe: RankerRecipe,
    training: Sample,
    validation: Sample | None,
    *,
    seed: int = SEED,
    progress: Callable[[RankerEpoch], object] | None = None,
) -> FittedRanker:
    """Train a ranker on the CPU.

    Args:
        training: At least five architectures.
        validation: At least one, whose tier accuracy chooses the epoch; None keeps the last one.
        seed: Of weights, order and dropout.
        progress: Called after each epoch.

    Raises:
        EdnagError: A sample does not fit the sizes or is too small, or the loss is not finite.
    """
    for name, sample in (("training", training), ("validation", validation)):
        if sample is not None:
            _check(sample, sizes, name)
    run = _RankerTraining(sizes, recipe, training, validation, seed)
    for _ in range(recipe.epochs):
        record = run.train_epoch()
        if progress is not None:
            progress(record)
    return run.best()


class _RankerTraining:
    """The state of a training, and one epoch."""

    def __init__(
        self,
        sizes: Sizes,
        recipe: RankerRecipe,
        training: Sample,
        validation: Sample | None,
        seed: int,
    ) -> None:
        self._sizes, self._recipe, self._seed = sizes, recipe, seed
        self._validation = validation
        self._tiers: Tiers = tiers_of(training.accuracies)
        self._patches = torch.from_numpy(np.ascontiguousarray(training.patches))
        self._accuracies = torch.from_numpy(np.asarray(training.accuracies, np.float64))
        self._members = torch.from_numpy(self._tiers.members)
        self.ranker = new_ranker(sizes, seed)
        self._low = LowPrecision(self.ranker) if recipe.precision == "bfloat16" else None
        self._optimiser = torch.optim.AdamW(
            self.ranker.parameters(),
            betas=recipe.betas,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
            fused=self._low is not None,
        )
        self._step = 0
        self.tier_embeddings = torch.zeros(0)
        self.records: list[RankerEpoch] = []
        self._best: RankerEpoch | None = None
        self._kept: tuple[dict[str, Tensor], Tensor, list[np.ndarray]] | None = None

    def best(self) -> FittedRanker:
        """The ranker of the best epoch; at least one must be done."""
        assert self._best is not None and self._kept is not None
        weights, tier_embeddings, batches = self._kept
        self.ranker.load_state_dict(weights)
        return FittedRanker(
            self.ranker.eval(),
            tier_embeddings,
            tuple((rows, self._tiers.members[rows]) for rows in batches),
            self._best.epoch,
            tuple(self.records),
        )

    def train_epoch(self) -> RankerEpoch:
        """Train on each architecture once, then validate."""
        epoch = len(self.records)
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._patches))
        batches = [
            order[start : start + self._recipe.batch]
            for start in range(0, len(order), self._recipe.batch)
        ]
        embeddings = TierEmbeddings(self._sizes.patches, self._sizes.model)
        sums = torch.zeros(2, dtype=torch.float64)
        (self._low.ranker if self._low else self.ranker).train()
        with torch.random.fork_rng(devices=[]):
            # Differs from epoch to epoch and from run to run.
            dropout_seed = np.random.SeedSequence([self._seed, epoch, 1]).generate_state(1)[0]
            torch.manual_seed(int(dropout_seed))
            for batch in batches:
                sums += self._train_step(torch.from_numpy(batch), embeddings) * len(batch)
        if not sums.isfinite().all():
            raise EdnagError(
                f"ranker: the loss of epoch {epoch + 1} is not a number; lower rate_factor "
                f"({self._recipe.rate_factor}), or check the sample for values that are not finite"
            )
        self.tier_embeddings = embeddings.means()
        mean_tier_loss, mean_rank_loss = (sums / len(order)).tolist()
        record = self._validated(epoch + 1, mean_tier_loss, mean_rank_loss)
        self.records.append(record)
        if self._is_best(record):
            weights = {name: each.clone() for name, each in self.ranker.state_dict().items()}
            self._best, self._kept = record, (weights, self.tier_embeddings, batches)
        return record

    def _is_best(self, record: RankerEpoch) -> bool:
        if self._validation is None or self._best is None:
            return True
        return record.tier_accuracy > self._best.tier_accuracy

    def _train_step(self, rows: Tensor, embeddings: TierEmbeddings) -> Tensor:
        """Take one step of the optimiser; return tier loss and rank loss, float64[2]."""
        self._step += 1
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(
                self._step,
                factor=self._recipe.rate_factor,
                model=self._sizes.model,
                warm=self._recipe.warm,
            )
        self._optimiser.zero_grad()
        patches, ranker = self._patches[rows], self.ranker
        if self._low:
            self._low.take_weights()
            patches, ranker = patches.bfloat16(), self._low.ranker
        encoding = ranker.encode(patches)
        # The step's own encodings come first, so that the first step has embeddings too.
        embeddings.add(encoding.float(), self._members[rows])
        ranked = ranker.judge(encoding, embeddings.means().to(encoding.dtype))
        of_tiers = functional.cross_entropy(ranked.tier_logits, self._members[rows])
        of_ranks = rank_loss(ranked.score, self._accuracies[rows])
        (of_tiers + self._recipe.rank_factor * of_ranks).backward()
        if self._low:
            self._low.give_gradients()
        self._optimiser.step()
        return torch.stack([of_tiers, of_ranks]).detach().double()

    def _validated(self, epoch: int, mean_tier_loss: float, mean_rank_loss: float) -> RankerEpoch:
        """The record of an epoch."""
        if self._validation is None:
            return RankerEpoch(epoch, mean_tier_loss, mean_rank_loss, float("nan"), None)
        measured = np.asarray(self._validation.accuracies, dtype=np.float64)
        logits, scores = rank(self.ranker, self._validation.patches, self.tier_embeddings)
        tau = kendall_tau_b(scores, measured)
        right = logits.argmax(axis=1) == self._tiers.of(measured)
        return RankerEpoch(
            epoch=epoch,
            tier_loss=mean_tier_loss,
            rank_loss=mean_rank_loss,
            tier_accuracy=float(right.mean()),
            tau_b=None if np.isnan(tau) else tau,
        )


def rank_loss(scores: Tensor, accuracies: Tensor) -> Tensor:
    """Pairwise logistic loss, a scalar; 0 if there is no pair.

    The mean over i != j of log(1 + exp(-(s_i - s_j) sign(a_i - a_j))). A pair of equal accuracies
    counts log 2 for any scores. Both are Tensor[n], accuracies on any scale.
    """
    n = len(scores)
    if n < 2:
        return scores.sum() * 0
    order = torch.sign(accuracies[:, None] - accuracies[None, :]).to(scores.dtype)
    losses = functional.softplus(-(scores[:, None] - scores[None, :]) * order)
    pairs = ~torch.eye(n, dtype=torch.bool)
    return torch.where(pairs, losses, 0).sum() / (n * (n - 1))


def learning_rate(step: int, *, factor: float, model: int, warm: int) -> float:
    """factor * model^-0.5 * min(step^-0.5, step * warm^-1.5), highest at step `warm`, from 1."""
    return float(factor * model**-0.5 * min(step**-0.5, step * warm**-1.5))


def _check(sample: Sample, sizes: Sizes, name: str) -> None:
    """Raise EdnagError if a sample is not of these sizes, or empty."""
    shape = (len(sample.accuracies), sizes.patches, sizes.side, sizes.side)
    if not len(sample.accuracies) or sample.patches.shape != shape:
        raise EdnagError(
            f"ranker: {name} sample of {len(sample.accuracies)} accuracies has patches of shape "
            f"{sample.patches.shape}; give at least one architecture, patches of shape {shape}"
        )
    if sample.patches.dtype != np.float32 or not np.isfinite(sample.accuracies).all():
        raise EdnagError(
            f"ranker: {name} sample: give patches as float32 (they are {sample.patches.dtype}) "
            "and a finite accuracy for each architecture"
        )

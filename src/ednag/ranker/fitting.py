"""Training the ranker, so that it can be stopped after any epoch and end in the same bits.

Each epoch draws its order and its dropout from generators that (seed, epoch) begins, and gathers
its tier embeddings anew. So the state between two epochs is weights, optimiser, the embeddings and
the records, and a run that was killed ends with the weights of one that was not (same machine, same
number of threads). Source: specification nar.md, section Ranker.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ednag.errors import EdnagError
from ednag.ranker.losses import rank_loss, tier_loss
from ednag.ranker.model import Ranker, Sizes, new_ranker, rank
from ednag.ranker.schedule import learning_rate
from ednag.ranker.tau import kendall_tau_b, kendall_tau_ties_concordant
from ednag.ranker.tiers import TierEmbeddings, Tiers, tiers_of
from ednag.training.checkpoints import load_checkpoint, save_checkpoint

FORMAT = "ednag ranker training 1"
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
        betas: AdamW's.
        weight_decay: AdamW's.
        epsilon: AdamW's.
    """

    epochs: int
    batch: int
    rank_factor: float
    rate_factor: float
    warm: int
    betas: tuple[float, float]
    weight_decay: float
    epsilon: float = 1e-9

    def __post_init__(self) -> None:
        """Refuse what nothing can be trained by."""
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
#: Published numbers of architectures to train on and to validate with.
SAMPLE_SIZES = MappingProxyType({"nasbench101": (4236, 1024), "nasbench201": (1000, 256)})


@dataclass(frozen=True)
class Sample:
    """Architectures with what was measured of them.

    Attributes:
        patches: float32[n, patches, side, side].
        accuracies: float64[n], validation accuracy of any scale.
    """

    patches: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class RankerEpoch:
    """One epoch.

    Attributes:
        epoch: From 1.
        learning_rate: Of its last step.
        tier_loss: Mean over the training sample.
        rank_loss: Likewise, without its factor.
        tier_accuracy: Share, in [0, 1], of the validation sample whose tier was right; tiers by
            the bounds of the training sample.
        tau_b: Kendall's tau-b of the validation sample's scores; None where it is not defined.
        tau_ties_concordant: The reference's tau of them; None likewise.
    """

    epoch: int
    learning_rate: float
    tier_loss: float
    rank_loss: float
    tier_accuracy: float
    tau_b: float | None
    tau_ties_concordant: float | None


@dataclass(frozen=True)
class FittedRanker:
    """A trained ranker.

    Attributes:
        ranker: In evaluation mode.
        tier_embeddings: Tensor[5, patches, model] of the last epoch.
        records: One for each epoch.
    """

    ranker: Ranker
    tier_embeddings: Tensor
    records: tuple[RankerEpoch, ...]

    def score(self, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tier logits float32[n, 5] and scores float32[n] of patches float32[n, ...]."""
        return rank(self.ranker, patches, self.tier_embeddings)


def split_sample(
    population: int, training: int, validation: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Codes int64 of two disjoint uniform samples, each ascending.

    Raises:
        EdnagError: The population is smaller than both samples together.
    """
    if training + validation > population:
        raise EdnagError(
            f"ranker: {training} architectures to train on and {validation} to validate with are "
            f"more than the {population} there are; ask for fewer"
        )
    drawn = np.random.default_rng(seed).permutation(population)[: training + validation]
    return np.sort(drawn[:training]), np.sort(drawn[training:])


def fit(
    sizes: Sizes,
    recipe: RankerRecipe,
    training: Sample,
    validation: Sample,
    *,
    seed: int = SEED,
    device: str | torch.device = "cpu",
    checkpoint: Path | None = None,
    progress: Callable[[RankerEpoch], object] | None = None,
) -> FittedRanker:
    """Train a ranker; go on from `checkpoint` if it is there.

    On an accelerator call it within `ednag.training.determinism.deterministic`.

    Args:
        sizes: Of the ranker.
        recipe: How.
        training: At least five architectures.
        validation: At least one; only judged, nothing is chosen by it.
        seed: Of weights, order and dropout.
        device: Torch's name of a device.
        checkpoint: Where the state is kept after each epoch, and after the last.
        progress: Called after each epoch, when the checkpoint is written.

    Raises:
        EdnagError: A sample does not fit the sizes or is too small, the checkpoint is of another
            run, or the loss is no number any more.
    """
    for name, sample in (("training", training), ("validation", validation)):
        _check(sample, sizes, name)
    run = _RankerTraining(sizes, recipe, training, validation, seed, torch.device(device))
    if checkpoint is not None and checkpoint.exists():
        run.go_on(checkpoint)
    while len(run.records) < recipe.epochs:
        record = run.train_epoch()
        if checkpoint is not None:
            save_checkpoint(checkpoint, run.state())
        if progress is not None:
            progress(record)
    return FittedRanker(run.ranker.eval(), run.tier_embeddings, tuple(run.records))


def load_fitted(checkpoint: Path, sizes: Sizes) -> FittedRanker:
    """The ranker in a checkpoint of `fit`, on the CPU.

    Raises:
        EdnagError: The file is no such checkpoint, or of other sizes.
    """
    state = _read(checkpoint)
    if state["sizes"] != asdict(sizes):
        raise EdnagError(f"{checkpoint}: a ranker of {state['sizes']}; give its own sizes")
    ranker = Ranker(sizes)
    ranker.load_state_dict(state["ranker"])
    records = tuple(RankerEpoch(**record) for record in state["records"])
    return FittedRanker(ranker.eval(), state["tier_embeddings"], records)


class _RankerTraining:
    """A training under way: everything a checkpoint holds, and what moves it on."""

    def __init__(
        self,
        sizes: Sizes,
        recipe: RankerRecipe,
        training: Sample,
        validation: Sample,
        seed: int,
        device: torch.device,
    ) -> None:
        self._sizes, self._recipe, self._seed, self._device = sizes, recipe, seed, device
        self._identity = _identity(sizes, recipe, training, validation, seed)
        self._validation = validation
        self._tiers: Tiers = tiers_of(training.accuracies)
        self._patches = torch.from_numpy(np.ascontiguousarray(training.patches)).to(device)
        self._accuracies = torch.from_numpy(np.asarray(training.accuracies, np.float64)).to(device)
        self._members = torch.from_numpy(self._tiers.members).to(device)
        self.ranker = new_ranker(sizes, seed).to(device)
        self._optimiser = torch.optim.AdamW(
            self.ranker.parameters(),
            betas=recipe.betas,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
        )
        self._step = 0
        self.tier_embeddings = torch.zeros(0)
        self.records: list[RankerEpoch] = []

    def state(self) -> dict[str, Any]:
        """What the rest of the run depends on."""
        return {
            "format": FORMAT,
            "identity": self._identity,
            "sizes": asdict(self._sizes),
            "step": self._step,
            "ranker": {name: each.cpu() for name, each in self.ranker.state_dict().items()},
            "optimiser": self._optimiser.state_dict(),
            "tier_embeddings": self.tier_embeddings,
            "records": [asdict(record) for record in self.records],
        }

    def go_on(self, checkpoint: Path) -> None:
        """Take the state of a checkpoint of this run."""
        state = _read(checkpoint)
        if state["identity"] != self._identity:
            raise EdnagError(
                f"{checkpoint}: a training of other sizes, recipe, samples or seed; "
                "delete it to start anew"
            )
        self.ranker.load_state_dict(state["ranker"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._step = state["step"]
        self.tier_embeddings = state["tier_embeddings"]
        self.records = [RankerEpoch(**record) for record in state["records"]]

    def train_epoch(self) -> RankerEpoch:
        """One pass over the training sample, and what the validation sample says of it."""
        epoch = len(self.records)
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._patches))
        embeddings = TierEmbeddings(self._sizes.patches, self._sizes.model, self._device)
        sums = torch.zeros(2, dtype=torch.float64, device=self._device)
        devices = [self._device] if self._device.type == "cuda" else []
        self.ranker.train()
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(_dropout_seed(self._seed, epoch))
            for start in range(0, len(order), self._recipe.batch):
                rows = torch.from_numpy(order[start : start + self._recipe.batch])
                losses = self._train_step(rows.to(self._device), embeddings)
                sums += losses * len(rows)
        if not sums.isfinite().all():
            raise EdnagError(
                f"ranker: the loss of epoch {epoch + 1} is no number; lower rate_factor "
                f"({self._recipe.rate_factor}), or look for values in the sample that are none"
            )
        self.tier_embeddings = embeddings.means().cpu()
        of_tiers, of_ranks = (sums / len(order)).tolist()
        record = self._judge(epoch + 1, of_tiers, of_ranks)
        self.records.append(record)
        return record

    def _train_step(self, rows: Tensor, embeddings: TierEmbeddings) -> Tensor:
        """One step of the optimiser; tier loss and rank loss, float64[2]."""
        self._step += 1
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        encoding = self.ranker.encode(self._patches[rows])
        # The step's own encodings come first, so that the first step has embeddings too.
        embeddings.add(encoding, self._members[rows])
        ranked = self.ranker.judge(encoding, embeddings.means())
        of_tiers = tier_loss(ranked.tier_logits, self._members[rows])
        of_ranks = rank_loss(ranked.score, self._accuracies[rows])
        self._optimiser.zero_grad()
        (of_tiers + self._recipe.rank_factor * of_ranks).backward()
        self._optimiser.step()
        return torch.stack([of_tiers, of_ranks]).detach().double()

    def _rate(self) -> float:
        return learning_rate(
            self._step,
            factor=self._recipe.rate_factor,
            model=self._sizes.model,
            warm=self._recipe.warm,
        )

    def _judge(self, epoch: int, of_tiers: float, of_ranks: float) -> RankerEpoch:
        """The record of an epoch."""
        measured = np.asarray(self._validation.accuracies, dtype=np.float64)
        logits, scores = rank(self.ranker, self._validation.patches, self.tier_embeddings)
        right = logits.argmax(axis=1) == self._tiers.of(measured)
        return RankerEpoch(
            epoch=epoch,
            learning_rate=self._rate(),
            tier_loss=of_tiers,
            rank_loss=of_ranks,
            tier_accuracy=float(right.mean()),
            tau_b=_defined(kendall_tau_b(scores, measured)),
            tau_ties_concordant=_defined(kendall_tau_ties_concordant(scores, measured)),
        )


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value


def _dropout_seed(seed: int, epoch: int) -> int:
    """A seed of torch's generator that differs from epoch to epoch and from run to run."""
    return int(np.random.SeedSequence([seed, epoch, 1]).generate_state(1)[0])


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


def _read(checkpoint: Path) -> dict[str, Any]:
    """The state in a checkpoint; raises EdnagError if it is none of a ranker."""
    state = load_checkpoint(checkpoint)
    if state.get("format") != FORMAT:
        raise EdnagError(f"{checkpoint}: no training of a ranker; delete it to start anew")
    return state


def _identity(
    sizes: Sizes, recipe: RankerRecipe, training: Sample, validation: Sample, seed: int
) -> str:
    """Digest of everything that a training's result depends on."""
    digest = hashlib.sha256()
    settings = {"sizes": asdict(sizes), "recipe": asdict(recipe), "seed": seed}
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for sample in (training, validation):
        digest.update(np.ascontiguousarray(sample.patches).tobytes())
        digest.update(np.asarray(sample.accuracies, dtype=np.float64).tobytes())
    return digest.hexdigest()

"""The ranker as a torch module with the published parameters.

A Transformer reads the patches of an architecture; its decoder compares them with an embedding of
each of five quality tiers. Source: specification nar.md, section Ranker.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ednag.errors import EdnagError

TIERS = 5
#: Of every layer normalisation.
_EPSILON = 1e-6


@dataclass(frozen=True)
class Sizes:
    """Sizes of a ranker, all at least 1.

    Attributes:
        patches: Patches of an architecture.
        side: Side of a patch.
        model: Numbers that a patch is projected to (d); even.
        heads: Attention heads.
        key: Numbers of a query, a key and a value in each head (d_k).
        feed_forward: Hidden units of each feed-forward layer.
        tier_hidden: Hidden units of the MLP for the tier.
        score_hidden: Hidden units of the MLP for the score.
        layers: Layers of the encoder, and of the decoder.
        dropout: Share of units dropped in training, in [0, 1).
        positions: Rows of the table of positions, at least `patches`.
    """

    patches: int
    side: int
    model: int
    heads: int
    key: int
    feed_forward: int
    tier_hidden: int
    score_hidden: int
    layers: int = 6
    dropout: float = 0.1
    positions: int = 200

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name != "dropout" and value < 1:
                raise EdnagError(f"ranker: {name} is {value}; give 1 or more")
        if not 0 <= self.dropout < 1:
            raise EdnagError(f"ranker: dropout is {self.dropout}; give 0 or more, less than 1")
        if self.positions < self.patches:
            raise EdnagError(
                f"ranker: {self.positions} positions for {self.patches} patches; "
                f"give at least {self.patches}"
            )
        if self.model % 2:
            raise EdnagError(f"ranker: model is {self.model}; give an even number")


#: Published sizes by search space.
SIZES = MappingProxyType(
    {
        "nasbench101": Sizes(19, 7, 256, 4, 64, 1024, 2048, 2048),
        "nasbench201": Sizes(31, 4, 128, 4, 32, 512, 256, 1024),
    }
)


@dataclass(frozen=True)
class Ranked:
    """The output of the ranker for n architectures.

    Attributes:
        tier_logits: Tensor[n, 5], the best tier first.
        score: Tensor[n], rises with validation accuracy; its scale has no meaning.
        encoding: Tensor[n, patches, model].
    """

    tier_logits: Tensor
    score: Tensor
    encoding: Tensor


class Ranker(nn.Module):
    """Patches of architectures and embeddings of tiers -> tier logits and scores."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        flattened = sizes.patches * sizes.model
        self.src_prj = nn.Linear(sizes.side**2, sizes.model)
        self.trg_prj = nn.Linear(sizes.model, sizes.model)
        self.encoder = _Stack(sizes, _EncoderLayer)
        self.decoder = _Stack(sizes, _DecoderLayer)
        self.tier_prj = nn.Sequential(
            nn.Linear(flattened, sizes.tier_hidden, bias=False),
            nn.ReLU(),
            nn.Linear(sizes.tier_hidden, TIERS),
        )
        self.val_acc_prj = nn.Sequential(
            nn.Linear(flattened, sizes.score_hidden),
            nn.ReLU(),
            nn.Linear(sizes.score_hidden, 1),
        )

    def encode(self, patches: Tensor) -> Tensor:
        """Encodings Tensor[n, patches, model] of architectures Tensor[n, patches, side, side]."""
        return self.encoder(self.src_prj(patches.flatten(2)))

    def judge(self, encoding: Tensor, tier_embeddings: Tensor) -> Ranked:
        """Tiers and scores of encodings Tensor[n, patches, model].

        Args:
            tier_embeddings: Tensor[5, patches, model], the best tier's first.
        """
        n = len(encoding)
        targets = self.trg_prj(tier_embeddings)
        if self.training and self.sizes.dropout:
            # Each architecture drops its own units.
            targets = targets.repeat(n, 1, 1)
        # Each architecture is decoded once for each tier, all in one batch.
        decoded = self.decoder(targets, encoding).unflatten(0, (n, TIERS)).sum(dim=1)
        return Ranked(
            tier_logits=_head(self.tier_prj, decoded) * self.sizes.model**-0.5,
            score=_head(self.val_acc_prj, encoding).squeeze(1),
            encoding=encoding,
        )

    def forward(self, patches: Tensor, tier_embeddings: Tensor) -> Ranked:
        return self.judge(self.encode(patches), tier_embeddings)


def _head(layers: nn.Sequential, vectors: Tensor) -> Tensor:
    """What an MLP says of vectors Tensor[n, patches, model]; its last layer's precision."""
    hidden = layers[:-1](vectors.flatten(1))
    return cast(Tensor, layers[-1](hidden.to(layers[-1].weight.dtype)))


def new_ranker(sizes: Sizes, seed: int) -> Ranker:
    """A ranker on the CPU with initial weights of `seed`; torch's generator does not change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Ranker(sizes)


class LowPrecision:
    """A ranker's forward and backward passes in bfloat16; its own weights stay float32.

    Sums within products, softmax and layer normalisation are accumulated in float32 by torch, and
    the last layers of both MLPs are float32. Other roundings are of 8 bits.
    """

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker
        self.ranker = deepcopy(ranker).to(torch.bfloat16)
        self.ranker.tier_prj[-1].float()
        self.ranker.val_acc_prj[-1].float()

    @torch.no_grad()
    def take_weights(self) -> None:
        """Round the weights, and start with no gradient."""
        self.ranker.zero_grad()
        for ours, theirs in zip(*self._pairs(), strict=True):
            ours.copy_(theirs)

    @torch.no_grad()
    def give_gradients(self) -> None:
        """Set the gradients of the ranker."""
        for ours, theirs in zip(*self._pairs(), strict=True):
            theirs.grad = None if ours.grad is None else ours.grad.float()

    def _pairs(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        return list(self.ranker.parameters()), list(self._ranker.parameters())


@torch.no_grad()
def rank(
    ranker: Ranker, patches: np.ndarray, tier_embeddings: Tensor, batch: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """Tier logits float32[n, 5] and scores float32[n] in evaluation mode.

    Args:
        ranker: On the CPU; its mode is restored.
        patches: float32[n, patches, side, side], `batch` of which are ranked at a time.
        tier_embeddings: Tensor[5, patches, model].
    """
    training = ranker.training
    logits = np.empty((len(patches), TIERS), dtype=np.float32)
    scores = np.empty(len(patches), dtype=np.float32)
    ranker.eval()
    try:
        for start in range(0, len(patches), batch):
            some = slice(start, start + batch)
            ranked = ranker(torch.from_numpy(np.ascontiguousarray(patches[some])), tier_embeddings)
            logits[some], scores[some] = ranked.tier_logits, ranked.score
    finally:
        ranker.train(training)
    return logits, scores


@torch.no_grad()
def score(ranker: Ranker, patches: np.ndarray, batch: int = 256) -> np.ndarray:
    """The scores float32[n] of `rank` alone, without the decoder; for evaluation mode."""
    scores = np.empty(len(patches), dtype=np.float32)
    for start in range(0, len(patches), batch):
        some = slice(start, start + batch)
        encoding = ranker.encode(torch.from_numpy(np.ascontiguousarray(patches[some])))
        scores[some] = _head(ranker.val_acc_prj, encoding).squeeze(1).numpy()
    return scores


class _Positions(nn.Module):
    """Adds the sinusoidal encoding of its position to each patch."""

    pos_table: Tensor

    def __init__(self, positions: int, model: int) -> None:
        super().__init__()
        column = np.arange(model)
        angles = np.arange(positions)[:, None] / np.power(10000, 2 * (column // 2) / model)
        table = np.where(column % 2 == 0, np.sin(angles), np.cos(angles))
        self.register_buffer("pos_table", torch.from_numpy(table).float().unsqueeze(0))

    def forward(self, vectors: Tensor) -> Tensor:
        return vectors + self.pos_table[:, : vectors.shape[1]]


class _Dropout(nn.Module):
    """Sets a share of units to 0 and scales the others up, in training.

    Torch draws a number for each unit, which took a fifth of a step; here four units share one
    of 64 bits. The share is a multiple of 2^-16. A call takes its seed from torch's generator.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.least = round(share * 2**16)

    def forward(self, units: Tensor) -> Tensor:
        return units * self._factors(units) if self.training and self.least else units

    def added(self, units: Tensor, others: Tensor) -> Tensor:
        """What is left of `units`, plus `others`."""
        if units.dtype == torch.bfloat16 and self.training and self.least:
            return torch.addcmul(others, units, self._factors(units))
        return self(units) + others

    def _factors(self, units: Tensor) -> Tensor:
        draws = np.random.SFC64(int(torch.randint(2**62, (), device="cpu")))
        numbers = draws.random_raw(-(-units.numel() // 4)).view(np.uint16)[: units.numel()]
        scale = 2**16 / (2**16 - self.least)
        if units.dtype == torch.bfloat16:
            # Torch converts truth values to bfloat16 one by one.
            bits = torch.tensor(scale, dtype=torch.bfloat16).view(torch.int16).numpy()
            kept = torch.from_numpy((numbers >= self.least) * bits).view(torch.bfloat16)
            return kept.view(units.shape)
        kept = torch.from_numpy(numbers >= self.least).view(units.shape)
        return kept.to(units).mul_(scale)


class _Attention(nn.Module):
    """Multi-head attention; the sum with its input is normalised.

    A single batch entry of queries is used for every batch entry of the memory.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.heads * sizes.key
        self.heads = sizes.heads
        self.w_qs = nn.Linear(sizes.model, width, bias=False)
        self.w_ks = nn.Linear(sizes.model, width, bias=False)
        self.w_vs = nn.Linear(sizes.model, width, bias=False)
        self.fc = nn.Linear(width, sizes.model, bias=False)
        self.layer_norm = nn.LayerNorm(sizes.model, eps=_EPSILON)
        self.dropout = _Dropout(sizes.dropout)

    def forward(self, vectors: Tensor, memory: Tensor) -> Tensor:
        low = vectors.dtype == torch.bfloat16
        attended = (self._attended_low if low else self._attended)(vectors, memory)
        attended = self.fc(attended.transpose(1, 2).flatten(2))
        return self.layer_norm(self.dropout.added(attended, vectors))

    def _attended(self, vectors: Tensor, memory: Tensor) -> Tensor:
        queries = self._split(self.w_qs(vectors)).expand(len(memory), -1, -1, -1)
        keys, values = self._split(self.w_ks(memory)), self._split(self.w_vs(memory))
        if self.training and self.dropout.least:
            # Torch's fast kernel for CPUs has no dropout.
            alike = queries @ keys.transpose(2, 3) * keys.shape[3] ** -0.5
            return self.dropout(alike.softmax(dim=3)) @ values
        # Its scale is key^-0.5 too.
        return functional.scaled_dot_product_attention(queries, keys, values)

    def _attended_low(self, vectors: Tensor, memory: Tensor) -> Tensor:
        """The same in bfloat16, in as few products and passes as possible."""
        scale = (self.w_qs.weight.shape[0] // self.heads) ** -0.5
        weights = self.w_qs.weight * scale, self.w_ks.weight, self.w_vs.weight
        if vectors is memory:
            queries, keys, values = self._projected(vectors, *weights)
        else:
            (queries,) = self._projected(vectors, weights[0])
            keys, values = self._projected(memory, *weights[1:])
        alike = (queries @ keys.transpose(2, 3)).softmax(dim=3, dtype=torch.float32)
        return self.dropout(alike.to(values.dtype)) @ values

    def _projected(self, vectors: Tensor, *weights: Tensor) -> Sequence[Tensor]:
        """For each of the weights Tensor[n, heads, patches, key]."""
        projected = functional.linear(vectors, torch.cat(weights))
        split = projected.unflatten(2, (len(weights), self.heads, -1)).permute(2, 0, 3, 1, 4)
        return split.contiguous().unbind(0)

    def _split(self, vectors: Tensor) -> Tensor:
        """[n, patches, heads * key] -> [n, heads, patches, key]."""
        return vectors.unflatten(2, (self.heads, -1)).transpose(1, 2)


class _TwoLayers(torch.autograd.Function):
    """w_2(relu(w_1(vectors))) in bfloat16, some rows at a time.

    Its hidden units, four times as many as all else, never leave the cache: the backward pass
    computes them again, which takes less time than reading them from memory.
    """

    #: Their hidden units fill about a megabyte at the published sizes.
    ROWS = 512

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, w_1: Tensor, b_1: Tensor, *last: Tensor) -> Tensor:
        w_2, b_2 = last
        ctx.save_for_backward(vectors, w_1, b_1, w_2)
        output = torch.empty_like(vectors)
        for rows, into in zip(_rows(vectors), _rows(output), strict=True):
            torch.addmm(b_2, torch.addmm(b_1, rows, w_1.t()).relu_(), w_2.t(), out=into)
        return output

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor, ...]:
        vectors, w_1, b_1, w_2 = ctx.saved_tensors
        below = torch.empty_like(vectors)
        # Sums over many parts are float32.
        of_w_1, of_w_2 = torch.zeros_like(w_1).float(), torch.zeros_like(w_2).float()
        of_b_1, of_b_2 = torch.zeros_like(b_1).float(), above[0].flatten(0, -2).sum(dim=0)
        for rows, over, into in zip(*map(_rows, (vectors, above[0], below)), strict=True):
            hidden = torch.addmm(b_1, rows, w_1.t()).relu_()
            of_w_2 += over.t() @ hidden
            of_hidden = torch.ops.aten.threshold_backward(over @ w_2, hidden, 0)
            of_w_1 += of_hidden.t() @ rows
            of_b_1 += of_hidden.sum(dim=0)
            torch.mm(of_hidden, w_1, out=into)
        dtype = vectors.dtype
        return below, of_w_1.to(dtype), of_b_1.to(dtype), of_w_2.to(dtype), of_b_2


def _rows(vectors: Tensor) -> tuple[Tensor, ...]:
    return vectors.flatten(0, -2).split(_TwoLayers.ROWS)


class _FeedForward(nn.Module):
    """Two layers on each patch; the sum with their input is normalised."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.w_1 = nn.Linear(sizes.model, sizes.feed_forward)
        self.w_2 = nn.Linear(sizes.feed_forward, sizes.model)
        self.layer_norm = nn.LayerNorm(sizes.model, eps=_EPSILON)
        self.dropout = _Dropout(sizes.dropout)

    def forward(self, vectors: Tensor) -> Tensor:
        if vectors.dtype == torch.bfloat16:
            inner = _TwoLayers.apply(vectors, *self.w_1.parameters(), *self.w_2.parameters())
        else:
            inner = self.w_2(functional.relu(self.w_1(vectors), inplace=True))
        return self.layer_norm(self.dropout.added(inner, vectors))


class _EncoderLayer(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.slf_attn = _Attention(sizes)
        self.pos_ffn = _FeedForward(sizes)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.pos_ffn(self.slf_attn(vectors, vectors))


class _DecoderLayer(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.slf_attn = _Attention(sizes)
        self.enc_attn = _Attention(sizes)
        self.pos_ffn = _FeedForward(sizes)

    def forward(self, vectors: Tensor, memory: Tensor) -> Tensor:
        """Vectors Tensor[n * 5, patches, model], or [5, patches, model]: the same for all n."""
        attended = self.slf_attn(vectors, vectors)
        # The tiers of an architecture share one memory: their patches form one long sequence.
        queries = attended.reshape(len(vectors) // TIERS, -1, attended.shape[2])
        compared = self.enc_attn(queries, memory).reshape(-1, *attended.shape[1:])
        return self.pos_ffn(compared)


class _Stack(nn.Module):
    """Positions, normalisation, then layers of one kind."""

    def __init__(self, sizes: Sizes, layer: type[nn.Module]) -> None:
        super().__init__()
        self.position_enc = _Positions(sizes.positions, sizes.model)
        self.dropout = _Dropout(sizes.dropout)
        self.layer_stack = nn.ModuleList(layer(sizes) for _ in range(sizes.layers))
        self.layer_norm = nn.LayerNorm(sizes.model, eps=_EPSILON)

    def forward(self, vectors: Tensor, *memory: Tensor) -> Tensor:
        vectors = self.layer_norm(self.dropout(self.position_enc(vectors)))
        for layer in self.layer_stack:
            vectors = layer(vectors, *memory)
        return vectors

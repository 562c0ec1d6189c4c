"""The ranker as a torch module with the published parameters.

A Transformer reads the patches of an architecture; its decoder compares them with an embedding of
each of five quality tiers. Source: specification nar.md, section Ranker.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

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
            tier_logits=self.tier_prj(decoded.flatten(1)) * self.sizes.model**-0.5,
            score=self.val_acc_prj(encoding.flatten(1)).squeeze(1),
            encoding=encoding,
        )

    def forward(self, patches: Tensor, tier_embeddings: Tensor) -> Ranked:
        return self.judge(self.encode(patches), tier_embeddings)


def new_ranker(sizes: Sizes, seed: int) -> Ranker:
    """A ranker on the CPU with initial weights of `seed`; torch's generator does not change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Ranker(sizes)


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
        scores[some] = ranker.val_acc_prj(encoding.flatten(1)).squeeze(1).numpy()
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
        if not (self.training and self.least):
            return units
        draws = np.random.SFC64(int(torch.randint(2**62, (), device="cpu")))
        numbers = draws.random_raw(-(-units.numel() // 4)).view(np.uint16)[: units.numel()]
        kept = torch.from_numpy(numbers >= self.least).view(units.shape)
        return units * kept.to(units).mul_(2**16 / (2**16 - self.least))


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
        queries = self._split(self.w_qs(vectors)).expand(len(memory), -1, -1, -1)
        keys, values = self._split(self.w_ks(memory)), self._split(self.w_vs(memory))
        if self.training and self.dropout.least:
            # Torch's fast kernel for CPUs has no dropout.
            alike = queries @ keys.transpose(2, 3) * keys.shape[3] ** -0.5
            attended = self.dropout(alike.softmax(dim=3)) @ values
        else:
            # Its scale is key^-0.5 too.
            attended = nn.functional.scaled_dot_product_attention(queries, keys, values)
        attended = attended.transpose(1, 2).flatten(2)
        return self.layer_norm(self.dropout(self.fc(attended)) + vectors)

    def _split(self, vectors: Tensor) -> Tensor:
        """[n, patches, heads * key] -> [n, heads, patches, key]."""
        return vectors.unflatten(2, (self.heads, -1)).transpose(1, 2)


class _FeedForward(nn.Module):
    """Two layers on each patch; the sum with their input is normalised."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.w_1 = nn.Linear(sizes.model, sizes.feed_forward)
        self.w_2 = nn.Linear(sizes.feed_forward, sizes.model)
        self.layer_norm = nn.LayerNorm(sizes.model, eps=_EPSILON)
        self.dropout = _Dropout(sizes.dropout)

    def forward(self, vectors: Tensor) -> Tensor:
        inner = self.w_2(torch.relu(self.w_1(vectors)))
        return self.layer_norm(self.dropout(inner) + vectors)


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

"""Drawing the next batch of architectures from what the ranker said of the last one.

Half of a batch is drawn from the whole space. The other half is guided: target FLOPs and parameters
are drawn, then architectures until one needs no more of either. Where tier 1 stands out in the last
batch, targets and structure are drawn as they are distributed in it, otherwise uniformly.

The specification (nar.md, section Sampling and search) leaves open what is decided here:

- a target is uniform within its bin; a uniform draw takes every bin alike;
- the divergence is that of tier 4, and of tier 5, from tier 1: sum p log(p / q) with q tier 1's
  share, natural logarithm; empty bins count as `_FLOOR` of an architecture;
- where a tier of the three is empty nothing can be said, and the draw is uniform;
- the structure of NAS-Bench-101, the number of vertices, has no published threshold: there the
  share of tier 1 decides alone. Its bins are all numbers of vertices in the last batch;
- before the first batch is judged there are no targets: all of it is drawn from the whole space.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from scipy.stats import entropy

from ednag.errors import EdnagError
from ednag.ranker.model import TIERS
from ednag.spaces.interface import digits_of, mixed_radix
from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

#: `paper` keeps an architecture that was still too large at the last trial, `honest` leaves it out.
Protocol = Literal["paper", "honest"]
#: Architectures that an empty bin counts as.
_FLOOR = 1e-9


@dataclass(frozen=True)
class Rules:
    """How a batch is drawn.

    Attributes:
        batch: Architectures of a batch, at least 2.
        bins: Of the histograms of FLOPs and of parameters, at least 1.
        flops_threshold: Divergence of tiers 4 and 5 from which tier 1's FLOPs are used.
        parameters_threshold: Likewise, of parameters.
        structure_threshold: Likewise, of the structure; None if the share of tier 1 is enough.
        smallest_share: Share of the batch that tier 1 must hold, in [0, 1].
        renewal: Guided architectures drawn for one pair of targets, at least 1.
        trials: Architectures drawn for each guided one at most, at least 1.
        random_share: Share of the batch that is drawn from the whole space, in [0, 1].
        force_uniform: Never use a tier's distribution.
    """

    batch: int
    bins: int
    flops_threshold: float
    parameters_threshold: float
    structure_threshold: float | None
    smallest_share: float = 0.1
    renewal: int = 25
    trials: int = 101
    random_share: float = 0.5
    force_uniform: bool = False

    def __post_init__(self) -> None:
        """Refuse what no batch can be drawn by."""
        for name, least in (("batch", 2), ("bins", 1), ("renewal", 1), ("trials", 1)):
            if getattr(self, name) < least:
                raise EdnagError(f"sampling: {name} is {getattr(self, name)}; give {least} or more")
        for name in ("smallest_share", "random_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise EdnagError(f"sampling: {name} is {getattr(self, name)}; give 0 to 1")


#: Published rules by search space. The configuration of NAS-Bench-201 forces uniform draws, so that
#: its thresholds are never looked at; `replace(rules, force_uniform=False)` lets them count.
RULES = MappingProxyType(
    {
        "nasbench101": Rules(256, 8, 2.5, 2.5, None),
        "nasbench201": Rules(128, 5, 0.35, 0.3, 1.5, force_uniform=True),
    }
)


class Structure(ABC):
    """What the shape of an architecture is counted by, and drawn by."""

    @abstractmethod
    def histogram(self, codes: np.ndarray) -> np.ndarray:
        """How often each kind occurs in architectures int[n], float64[kinds]."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
        """Codes int64[count], kinds distributed as `shares` float64[kinds], else uniform."""


class VertexCounts(Structure):
    """Architectures by their number of vertices: of a kind, each is as likely as any other."""

    def __init__(self, vertices: np.ndarray) -> None:
        """For the number of vertices int[n] of every architecture."""
        self._kinds, self._kind_of = np.unique(vertices, return_inverse=True)
        order = np.argsort(self._kind_of, kind="stable")
        self._sizes = np.bincount(self._kind_of)
        self._members = np.split(order, np.cumsum(self._sizes)[:-1])

    def histogram(self, codes: np.ndarray) -> np.ndarray:
        """How many of architectures int[n] have each number of vertices."""
        return np.bincount(self._kind_of[codes], minlength=len(self._kinds)).astype(np.float64)

    def draw(self, generator: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
        """Codes int64[count] by numbers of vertices."""
        kinds = generator.choice(len(shares), size=count, p=shares)
        places = generator.integers(self._sizes[kinds])
        return np.array(
            [self._members[k][place] for k, place in zip(kinds, places, strict=True)], np.int64
        )


class EdgeOperations(Structure):
    """Cells of NAS-Bench-201 by the operations of their edges, each edge drawn alone."""

    def histogram(self, codes: np.ndarray) -> np.ndarray:
        """How many edges of cells int[n] carry each operation."""
        digits = digits_of(codes, len(OPERATIONS), len(EDGES))
        return np.bincount(digits.ravel(), minlength=len(OPERATIONS)).astype(np.float64)

    def draw(self, generator: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
        """Codes int64[count] by operations."""
        digits = generator.choice(len(shares), size=(count, len(EDGES)), p=shares)
        return mixed_radix(digits, len(OPERATIONS))


@dataclass(frozen=True)
class Population:
    """All architectures that can be drawn, code by code.

    Attributes:
        flops: float64[n].
        parameters: float64[n].
        structure: Of the same architectures.
    """

    flops: np.ndarray
    parameters: np.ndarray
    structure: Structure

    def __post_init__(self) -> None:
        """Refuse a population without architectures, or of two lengths."""
        if not len(self.flops) or len(self.flops) != len(self.parameters):
            raise EdnagError(
                f"sampling: {len(self.flops)} FLOPs and {len(self.parameters)} parameters; "
                "give both for each of at least one architecture"
            )
        size = NASBench201.size
        if isinstance(self.structure, EdgeOperations) and len(self.flops) != size:
            raise EdnagError(
                f"sampling: {len(self.flops)} cells of NAS-Bench-201 by their operations; "
                f"give all {size} in code order"
            )


@dataclass(frozen=True)
class Drawn:
    """A batch.

    Attributes:
        codes: int64[m], guided architectures first; m is the batch less what was left out.
        guided: How many of them are guided.
        too_large: Guided architectures that were too large at their last trial: among `codes`
            under `paper`, left out under `honest`.
        used: Whether tier 1's distribution of `flops`, `parameters`, `structure` was used.
    """

    codes: np.ndarray
    guided: int
    too_large: int
    used: Mapping[str, bool]


def draw_batch(
    population: Population,
    rules: Rules,
    generator: np.random.Generator,
    *,
    protocol: Protocol,
    last: tuple[np.ndarray, np.ndarray] | None = None,
) -> Drawn:
    """Draw the next batch.

    Args:
        population: What can be drawn.
        rules: How.
        generator: The only source of chance.
        protocol: What becomes of a guided architecture that no trial made small enough.
        last: Codes int64[m] and predicted tiers int64[m] (0 the best) of the last batch; None
            before the first, which is drawn from the whole space.
    """
    size = len(population.flops)
    if last is None or not len(last[0]):
        codes = generator.integers(size, size=rules.batch)
        return Drawn(codes, 0, 0, dict.fromkeys(("flops", "parameters", "structure"), False))
    at_random = round(rules.batch * rules.random_share)
    wanted = rules.batch - at_random
    guide = _guide(population, rules, *last)
    codes, fits = _draw_guided(population, rules, guide, generator, wanted)
    if protocol == "honest":
        codes = codes[fits]
    whole = np.concatenate([codes, generator.integers(size, size=at_random)])
    return Drawn(whole, len(codes), int((~fits).sum()), guide.used)


@dataclass(frozen=True)
class _Guide:
    """Bins and the share of each: edges float64[bins + 1], shares float64[bins]."""

    flops: tuple[np.ndarray, np.ndarray]
    parameters: tuple[np.ndarray, np.ndarray]
    structure: np.ndarray
    used: Mapping[str, bool]


def _guide(population: Population, rules: Rules, codes: np.ndarray, tiers: np.ndarray) -> _Guide:
    """From what distributions to draw, after a judged batch."""
    members = [codes[tiers == tier] for tier in range(TIERS)]
    stands_out = not rules.force_uniform and len(members[0]) >= rules.smallest_share * len(codes)
    used = {}
    binned = {}
    for name, values, threshold in (
        ("flops", population.flops, rules.flops_threshold),
        ("parameters", population.parameters, rules.parameters_threshold),
    ):
        edges = np.histogram_bin_edges(values[codes], rules.bins)
        edges[[0, -1]] = values[codes].min(), values[codes].max()
        counts = [_counts(values[some], edges) for some in members]
        used[name] = stands_out and _differs(counts, threshold)
        binned[name] = edges, _shares(counts[0] if used[name] else np.ones(rules.bins))
    kinds = [population.structure.histogram(some) for some in members]
    used["structure"] = stands_out and _differs(kinds, rules.structure_threshold)
    there = population.structure.histogram(codes) > 0
    # Operations of edges are all possible, whatever the last batch had.
    if isinstance(population.structure, EdgeOperations):
        there[:] = True
    structure = _shares(kinds[0] if used["structure"] else there.astype(np.float64))
    return _Guide(binned["flops"], binned["parameters"], structure, used)


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Values in each bin, float64[bins]; all in the first where the batch is of one value."""
    if edges[0] == edges[-1]:
        return np.eye(1, len(edges) - 1)[0] * len(values)
    return np.histogram(values, edges)[0].astype(np.float64)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum()


def divergence(counts: np.ndarray, reference: np.ndarray) -> float:
    """Divergence, in nats, of one histogram float64[k] from another, neither empty."""
    return float(entropy(counts + _FLOOR, reference + _FLOOR))


def _differs(counts: list[np.ndarray], threshold: float | None) -> bool:
    """Whether tiers 4 and 5 differ enough from tier 1."""
    if threshold is None:
        return True
    best, *_, fourth, fifth = counts
    if not (best.sum() and fourth.sum() and fifth.sum()):
        return False
    return min(divergence(fourth, best), divergence(fifth, best)) >= threshold


def _draw_guided(
    population: Population,
    rules: Rules,
    guide: _Guide,
    generator: np.random.Generator,
    wanted: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes int64[wanted] and bool[wanted]: whether each is within its targets."""
    codes = np.empty(wanted, dtype=np.int64)
    fits = np.empty(wanted, dtype=bool)
    flops = parameters = np.inf
    for place in range(wanted):
        if place % rules.renewal == 0:
            flops = _target(generator, *guide.flops)
            parameters = _target(generator, *guide.parameters)
        # All trials at once: the first that fits is the one that trying in turn would end with.
        tried = population.structure.draw(generator, guide.structure, rules.trials)
        small = (population.flops[tried] <= flops) & (population.parameters[tried] <= parameters)
        fits[place] = small.any()
        codes[place] = tried[small.argmax() if fits[place] else -1]
    return codes, fits


def _target(generator: np.random.Generator, edges: np.ndarray, shares: np.ndarray) -> float:
    chosen = generator.choice(len(shares), p=shares)
    return float(generator.uniform(edges[chosen], edges[chosen + 1]))

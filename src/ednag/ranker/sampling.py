"""Drawing batches of cells of NAS-Bench-201, guided by the ranker's tiers of the last batch.

Half of a batch is drawn from the whole space. The other half is guided: target FLOPs and parameters
are drawn, then cells until one is within both targets. Where tier 1 of the last batch differs
enough from tiers 4 and 5, targets and operations are drawn from the distributions of tier 1;
otherwise uniformly.

The specification (nar.md, section Sampling and search) leaves some choices open. Here:

- a target is uniform within its bin; a uniform draw takes every bin with the same probability;
- the divergence of tier 4, and of tier 5, from tier 1 is sum p log(p / q) with q the shares of
  tier 1, natural logarithm; empty bins count as `_FLOOR` of a cell;
- where one of the three tiers is empty, the draw is uniform;
- the first batch has no targets and is drawn from the whole space.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import entropy

from ednag.cells import nasbench201
from ednag.errors import EdnagError
from ednag.ranker.model import TIERS
from ednag.spaces.interface import digits_of, mixed_radix
from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

#: `paper` keeps a cell that is still too large at the last trial, `honest` leaves it out.
Protocol = Literal["paper", "honest"]
#: Number of cells that an empty bin counts as.
_FLOOR = 1e-9


@dataclass(frozen=True)
class Rules:
    """How a batch is drawn.

    Attributes:
        batch: Cells of a batch, at least 2.
        bins: Of the histograms of FLOPs and of parameters, at least 1.
        flops_threshold: Least divergence of tiers 4 and 5 at which tier 1's FLOPs are used.
        parameters_threshold: Likewise, of parameters.
        structure_threshold: Likewise, of the operations.
        smallest_share: Share of the batch that tier 1 must hold, in [0, 1].
        renewal: Guided cells drawn for one pair of targets, at least 1.
        trials: Most draws for one guided cell, at least 1.
        random_share: Share of the batch drawn from the whole space, in [0, 1].
        force_uniform: Never use the distributions of tier 1.
    """

    batch: int
    bins: int
    flops_threshold: float
    parameters_threshold: float
    structure_threshold: float
    smallest_share: float = 0.1
    renewal: int = 25
    trials: int = 101
    random_share: float = 0.5
    force_uniform: bool = False

    def __post_init__(self) -> None:
        for name, least in (("batch", 2), ("bins", 1), ("renewal", 1), ("trials", 1)):
            if getattr(self, name) < least:
                raise EdnagError(f"sampling: {name} is {getattr(self, name)}; give {least} or more")
        for name in ("smallest_share", "random_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise EdnagError(f"sampling: {name} is {getattr(self, name)}; give 0 to 1")


#: The published rules. They force uniform draws, so that their thresholds have no effect;
#: `replace(RULES, force_uniform=False)` uses the thresholds.
RULES = Rules(128, 5, 0.35, 0.3, 1.5, force_uniform=True)


@dataclass(frozen=True)
class Population:
    """FLOPs and parameters float64[15625] of all cells of NAS-Bench-201 in code order."""

    flops: np.ndarray
    parameters: np.ndarray

    def __post_init__(self) -> None:
        size = NASBench201.size
        if len(self.flops) != size or len(self.parameters) != size:
            raise EdnagError(
                f"sampling: {len(self.flops)} FLOPs and {len(self.parameters)} parameters; "
                f"give both for all {size} cells in code order"
            )


def population_of(dataset: str) -> Population:
    """The cells with the costs of their networks on a dataset."""
    counts = nasbench201.counts(nasbench201.shape_of(dataset))
    return Population(counts.flops.astype(np.float64), counts.parameters.astype(np.float64))


@dataclass(frozen=True)
class Drawn:
    """A batch.

    Attributes:
        codes: int64[m], guided cells first; m is smaller than the batch where cells are left out.
        guided: Number of guided cells.
        too_large: Guided cells that were too large at their last trial: among `codes` under
            `paper`, left out under `honest`.
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
        generator: The only source of randomness.
        last: Codes int64[m] and predicted tiers int64[m] (0 the best) of the last batch; None for
            the first batch.
    """
    if last is None or not len(last[0]):
        codes = generator.integers(NASBench201.size, size=rules.batch)
        return Drawn(codes, 0, 0, dict.fromkeys(("flops", "parameters", "structure"), False))
    unguided = round(rules.batch * rules.random_share)
    guide = _guide(population, rules, *last)
    codes, fits = _draw_guided(population, rules, guide, generator, rules.batch - unguided)
    if protocol == "honest":
        codes = codes[fits]
    whole = np.concatenate([codes, generator.integers(NASBench201.size, size=unguided)])
    return Drawn(whole, len(codes), int((~fits).sum()), guide.used)


@dataclass(frozen=True)
class _Guide:
    """Edges float64[bins + 1] and shares float64[bins] of the targets; shares of operations."""

    flops: tuple[np.ndarray, np.ndarray]
    parameters: tuple[np.ndarray, np.ndarray]
    structure: np.ndarray
    used: Mapping[str, bool]


def _guide(population: Population, rules: Rules, codes: np.ndarray, tiers: np.ndarray) -> _Guide:
    """The distributions to draw from, after a ranked batch."""
    members = [codes[tiers == tier] for tier in range(TIERS)]
    stands_out = not rules.force_uniform and len(members[0]) >= rules.smallest_share * len(codes)
    used, binned = {}, {}
    for name, values, threshold in (
        ("flops", population.flops, rules.flops_threshold),
        ("parameters", population.parameters, rules.parameters_threshold),
    ):
        edges = np.histogram_bin_edges(values[codes], rules.bins)
        edges[[0, -1]] = values[codes].min(), values[codes].max()
        counts = [_counts(values[some], edges) for some in members]
        used[name] = stands_out and _differs(counts, threshold)
        shares = counts[0] if used[name] else np.ones(rules.bins)
        binned[name] = edges, shares / shares.sum()
    operations = [operation_counts(some) for some in members]
    used["structure"] = stands_out and _differs(operations, rules.structure_threshold)
    structure = operations[0] if used["structure"] else np.ones(len(OPERATIONS))
    return _Guide(binned["flops"], binned["parameters"], structure / structure.sum(), used)


def operation_counts(codes: np.ndarray) -> np.ndarray:
    """Number of edges of cells int[n] with each operation, float64[5]."""
    digits = digits_of(codes, len(OPERATIONS), len(EDGES))
    return np.bincount(digits.ravel(), minlength=len(OPERATIONS)).astype(np.float64)


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Values in each bin, float64[bins]; all in the first if all values of the batch are equal."""
    if edges[0] == edges[-1]:
        return np.eye(1, len(edges) - 1)[0] * len(values)
    return np.histogram(values, edges)[0].astype(np.float64)


def divergence(counts: np.ndarray, reference: np.ndarray) -> float:
    """Divergence, in nats, of one histogram float64[k] from another, neither empty."""
    return float(entropy(counts + _FLOOR, reference + _FLOOR))


def _differs(counts: list[np.ndarray], threshold: float) -> bool:
    """Whether tiers 4 and 5 differ enough from tier 1."""
    best, *_, fourth, fifth = counts
    if not (best.sum() and fourth.sum() and fifth.sum()):
        return False
    return min(divergence(fourth, best), divergence(fifth, best)) >= threshold


def _draw_guided(
    population: Population, rules: Rules, guide: _Guide, generator: np.random.Generator, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Codes int64[count] and bool[count]: whether each cell is within its targets."""
    codes = np.empty(count, dtype=np.int64)
    fits = np.empty(count, dtype=bool)
    flops = parameters = np.inf
    for place in range(count):
        if place % rules.renewal == 0:
            flops = _target(generator, *guide.flops)
            parameters = _target(generator, *guide.parameters)
        # All trials at once; the first that fits is the result of trying one by one.
        shape = (rules.trials, len(EDGES))
        digits = generator.choice(len(guide.structure), size=shape, p=guide.structure)
        tried = mixed_radix(digits, len(OPERATIONS))
        small = (population.flops[tried] <= flops) & (population.parameters[tried] <= parameters)
        fits[place] = small.any()
        codes[place] = tried[small.argmax() if fits[place] else -1]
    return codes, fits


def _target(generator: np.random.Generator, edges: np.ndarray, shares: np.ndarray) -> float:
    chosen = generator.choice(len(shares), p=shares)
    return float(generator.uniform(edges[chosen], edges[chosen + 1]))

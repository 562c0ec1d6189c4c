"""Sampling cells of NAS-Bench-201 as NAR does: by histograms of a training batch's quality tiers.

Half of a batch is guided: targets of FLOPs and parameters are drawn, then cells until one is within
both. The rest is drawn from the whole space. The generator is Python's `random`, and every draw is
one `choice` or `choices`, so that the reference's draws are repeated one by one. Source:
specification nar.md, section "Sampling and search, exactly".

Where the specification is silent: a batch whose values are all equal has bins of one unit; cells of
the whole space are drawn by `choice`, and the batch is shuffled by `shuffle`.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import log_softmax

from ednag.cells import nasbench201
from ednag.errors import EdnagError
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench201 import EDGES, OPERATIONS, NASBench201

#: `paper` keeps a cell that is still too large at the last trial, `honest` leaves it out.
Protocol = Literal["paper", "honest"]
TIERS = 5
#: FLOPs and parameters are counted in these units.
FLOPS_UNIT, PARAMETERS_UNIT = 1_000_000, 1_000


@dataclass(frozen=True)
class Rules:
    """How a batch is drawn.

    Attributes:
        batch: Cells of a batch, at least 2.
        bins: Of the histograms of FLOPs and of parameters, at least 1.
        flops_threshold: Least divergence of tiers 4 and 5 at which tier 1's FLOPs are used.
        parameters_threshold: Likewise, of parameters.
        structure_threshold: Likewise, of the operations.
        smallest_share: Share of all counts that tier 1 must hold, in [0, 1].
        renewal: Guided cells drawn for one pair of targets, at least 1.
        trials: Most draws for one guided cell, at least 1.
        random_share: Share of the batch drawn from the whole space, in [0, 1].
        fewest: Cells of predicted tier 1 below which a search skips the iteration.
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
    fewest: int = 5
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
class Histogram:
    """Counts of a quantity in each tier.

    Attributes:
        keys: Upper edges of the bins, or operations.
        counts: int64[5, keys], the best tier first.
    """

    keys: list[int]
    counts: np.ndarray

    def divergences(self) -> np.ndarray:
        """Of tier 1 from tiers 2 to 5, float64[4]: Kullback and Leibler's by number of bins.

        The reference takes the softmax of the raw counts for probabilities, so that the divergence
        grows with the batch.
        """
        logs = log_softmax(self.counts.astype(np.float64), axis=1)
        terms = np.exp(logs[0]) * (logs[0] - logs[1:])
        return np.asarray(terms.sum(axis=1) / len(self.keys))

    def stands_out(self, threshold: float, smallest_share: float) -> bool:
        """Whether tier 1 is large enough, and differs enough from tiers 4 and 5, to draw by it."""
        large = self.counts[0].sum() >= smallest_share * self.counts.sum()
        return bool(large and (self.divergences()[2:] >= threshold).all())


@dataclass(frozen=True)
class Histograms:
    """The histograms of one batch; `structure` counts operations over the six edges."""

    flops: Histogram
    parameters: Histogram
    structure: Histogram


def histograms_of(
    population: Population, codes: np.ndarray, tiers: np.ndarray, bins: int
) -> Histograms:
    """The histograms of a batch.

    Args:
        codes: int64[n], at least 1.
        tiers: int64[n], the true tier of each cell, 0 the best.
        bins: Of FLOPs and of parameters.
    """
    operations = [operation_counts(codes[tiers == tier]) for tier in range(TIERS)]
    return Histograms(
        binned(population.flops[codes], tiers, FLOPS_UNIT, bins),
        binned(population.parameters[codes], tiers, PARAMETERS_UNIT, bins),
        Histogram(list(range(len(OPERATIONS))), np.array(operations)),
    )


def binned(values: np.ndarray, tiers: np.ndarray, unit: int, bins: int) -> Histogram:
    """The histogram of values float64[n], rounded up to whole units, by their tiers int64[n]."""
    whole = np.ceil(values / unit).astype(np.int64)
    low = int(whole.min())
    step = max(1, -(-(int(whole.max()) - low) // bins))
    # A value on an edge belongs below it; the lowest value belongs to the first bin.
    places = np.maximum(-(-(whole - low) // step), 1) - 1
    counts = np.zeros((TIERS, bins), dtype=np.int64)
    np.add.at(counts, (tiers, places), 1)
    return Histogram([(low + step * (place + 1)) * unit for place in range(bins)], counts)


def operation_counts(codes: np.ndarray) -> np.ndarray:
    """Number of edges of cells int[n] with each operation, int64[5]."""
    digits = digits_of(codes, len(OPERATIONS), len(EDGES))
    return np.bincount(digits.ravel(), minlength=len(OPERATIONS))


@dataclass(frozen=True)
class Guided:
    """Guided draws.

    Attributes:
        codes: int64[n], in the order of the draws.
        fits: bool[n], whether each cell is within its targets.
        used: Whether tier 1's distribution of `flops`, `parameters`, `structure` was used.
    """

    codes: np.ndarray
    fits: np.ndarray
    used: Mapping[str, bool]


def draw_guided(
    population: Population,
    rules: Rules,
    histograms: Histograms,
    generator: random.Random,
    count: int,
) -> Guided:
    """Draw cells within targets; a cell that no trial made small enough is the last trial's."""
    used, draws = {}, {}
    for name, histogram, threshold in (
        ("flops", histograms.flops, rules.flops_threshold),
        ("parameters", histograms.parameters, rules.parameters_threshold),
        ("structure", histograms.structure, rules.structure_threshold),
    ):
        used[name] = not rules.force_uniform and histogram.stands_out(
            threshold, rules.smallest_share
        )
        draws[name] = _draw_of(histogram, used[name], generator)
    codes = np.empty(count, dtype=np.int64)
    fits = np.zeros(count, dtype=bool)
    flops = parameters = 0
    for place in range(count):
        if place % rules.renewal == 0:
            flops, parameters = draws["flops"](), draws["parameters"]()
        for _ in range(rules.trials):
            code = 0
            for _ in EDGES:
                code = code * len(OPERATIONS) + draws["structure"]()
            if population.flops[code] <= flops and population.parameters[code] <= parameters:
                fits[place] = True
                break
        codes[place] = code
    return Guided(codes, fits, used)


def _draw_of(histogram: Histogram, used: bool, generator: random.Random) -> Callable[[], int]:
    """Draws a key: as tier 1 is distributed, or uniformly."""
    keys = histogram.keys
    if not used:
        return lambda: generator.choice(keys)
    counts = histogram.counts[0].tolist()
    weights = [count / sum(counts) for count in counts]
    return lambda: generator.choices(keys, weights)[0]


@dataclass(frozen=True)
class Drawn:
    """A batch.

    Attributes:
        codes: int64[batch], shuffled.
        guided: bool[batch], which of them are guided draws.
        too_large: Guided draws that were too large at their last trial: among `codes` under
            `paper`, left out under `honest`.
        used: As of `Guided`.
    """

    codes: np.ndarray
    guided: np.ndarray
    too_large: int
    used: Mapping[str, bool]


def draw_batch(
    population: Population,
    rules: Rules,
    histograms: Histograms,
    generator: random.Random,
    *,
    protocol: Protocol,
) -> Drawn:
    """Draw a batch; what guided draws leave of it is drawn from the whole space, with replacement.

    Args:
        generator: The only source of randomness.
    """
    wanted = rules.batch - round(rules.batch * rules.random_share)
    guided = draw_guided(population, rules, histograms, generator, wanted)
    codes = guided.codes if protocol == "paper" else guided.codes[guided.fits]
    space = range(NASBench201.size)
    free = [generator.choice(space) for _ in range(rules.batch - len(codes))]
    order = list(range(rules.batch))
    generator.shuffle(order)
    return Drawn(
        np.concatenate([codes, np.array(free, dtype=np.int64)])[order],
        np.arange(rules.batch)[order] < len(codes),
        int((~guided.fits).sum()),
        guided.used,
    )

"""Replay of records of the reference's sampler: the same histograms, and the same draws?

Source: golden README, `nar_sampling.json.gz`.
"""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ednag.cells.nasbench201 import SHAPES
from ednag.ranker.grammar import draw_sequence, structure_of
from ednag.ranker.sampling import (
    RULES,
    TIERS,
    Histogram,
    Histograms,
    Population,
    draw_guided,
    histograms_of,
    population_of,
)
from ednag.spaces import get_space
from ednag.validation import validated_json

_WHAT = "records of NAR's sampler"
#: Name of a histogram in the records -> here.
_NAMES = {"params": "parameters", "flops": "flops", "edges": "structure"}
#: The reference computes divergences in float32.
_TOLERANCE = 1e-5
#: Numbers of vertices that the records of NAS-Bench-101 draw from.
_VERTICES = range(2, 8)

#: Counts by key of each tier.
_ByTier = Annotated[list[list[tuple[float, float]]], Field(min_length=TIERS, max_length=TIERS)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class SampledCells(_Record):
    """Cells that were drawn with one seed of Python's `random`."""

    force_uniform: bool
    python_random_seed: int
    sampled: list[str]


class SampledBatch(_Record):
    """A batch with its tiers (1 the best), its histograms, and cells drawn by them."""

    dataset: str
    seed: int
    batch: list[str] = Field(min_length=1)
    tier_of_batch: list[Annotated[int, Field(ge=1, le=TIERS)]]
    histograms: dict[str, _ByTier]
    kl_tier1_to_tiers_2_5: dict[str, list[float]]
    runs: list[SampledCells]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.batch) != len(self.tier_of_batch):
            raise ValueError(f"{len(self.batch)} cells have {len(self.tier_of_batch)} tiers")
        for table in (self.histograms, self.kl_tier1_to_tiers_2_5):
            if set(table) != set(_NAMES):
                raise ValueError(f"{', '.join(sorted(table))} in place of {', '.join(_NAMES)}")
        names = {_short(name): name for name in SHAPES}
        if _short(self.dataset) not in names:
            raise ValueError(f"dataset {self.dataset!r} is none of {', '.join(names)}")
        return self


class Structure(_Record):
    """A structure of NAS-Bench-101, not pruned, and the draws that made it."""

    sequence: list[int | None]
    matrix: list[list[int]]
    operations: list[str]


class SampledStructures(_Record):
    """Structures that were drawn with one seed of Python's `random`."""

    python_random_seed: int
    drawn: list[Structure]


class SamplerRecords(_Record):
    """Records of the sampler, by search space."""

    nasbench201: list[SampledBatch] = []
    nasbench101: list[SampledStructures] = []

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.nasbench201) + len(self.nasbench101)


def is_of_the_sampler(content: bytes) -> bool:
    """Whether JSON has the keys of such records."""
    try:
        keys = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(keys, dict) and not SamplerRecords.model_fields.keys().isdisjoint(keys)


def sampler_records(content: bytes, path: Path) -> SamplerRecords:
    """Records from the JSON in a file; raises EdnagError if they are not such."""
    return validated_json(SamplerRecords, content, path, _WHAT)


def replay_sampler(records: SamplerRecords) -> str | None:
    """The first difference from the records, or None if there is none.

    Raises:
        EdnagError: A key of a batch is no cell of NAS-Bench-201.
    """
    for batch in records.nasbench201:
        difference = _replay_batch(batch)
        if difference is not None:
            return f"nasbench201, {batch.dataset}, seed {batch.seed}: {difference}"
    for structures in records.nasbench101:
        difference = _replay_structures(structures)
        if difference is not None:
            return f"nasbench101, random seed {structures.python_random_seed}: {difference}"
    return None


def _replay_batch(record: SampledBatch) -> str | None:
    space = get_space("nasbench201")
    dataset = next(name for name in SHAPES if _short(name) == _short(record.dataset))
    population = population_of(dataset)
    codes = np.array([space.code(key) for key in record.batch], dtype=np.int64)
    made = histograms_of(population, codes, np.array(record.tier_of_batch) - 1, RULES.bins)
    for name, own in _NAMES.items():
        histogram: Histogram = getattr(made, own)
        for tier in range(TIERS):
            counts = histogram.counts[tier].tolist()
            here = [list(each) for each in zip(histogram.keys, counts, strict=True)]
            expected = [list(each) for each in record.histograms[name][tier]]
            if here != expected:
                return f"{name} of tier {tier + 1} differ: reference {expected}, here {here}"
        divergences = histogram.divergences().tolist()
        reference = record.kl_tier1_to_tiers_2_5[name]
        if not _close(divergences, reference):
            return f"KL of {name} differs: reference {reference}, here {divergences}"
    for run in record.runs:
        difference = _replay_cells(run, population, made)
        if difference is not None:
            forced = "forced uniform" if run.force_uniform else "not forced uniform"
            return f"random seed {run.python_random_seed}, {forced}: {difference}"
    return None


def _replay_cells(run: SampledCells, population: Population, made: Histograms) -> str | None:
    space = get_space("nasbench201")
    rules = replace(RULES, force_uniform=run.force_uniform)
    generator = random.Random(run.python_random_seed)
    drawn = draw_guided(population, rules, made, generator, len(run.sampled))
    keys = [space.key(code) for code in drawn.codes.tolist()]
    return _first_difference("cell", run.sampled, keys)


def _replay_structures(record: SampledStructures) -> str | None:
    generator = random.Random(record.python_random_seed)
    expected = [(each.sequence, each.matrix, each.operations) for each in record.drawn]
    sequences = [
        draw_sequence(generator.choice(_VERTICES), generator) for _ in range(len(expected))
    ]
    here = [(sequence, *structure_of(sequence)) for sequence in sequences]
    return _first_difference("structure", expected, here)


def _first_difference(what: str, expected: list[Any], here: list[Any]) -> str | None:
    for number, (reference, own) in enumerate(zip(expected, here, strict=True)):
        if reference != own:
            return f"{what} {number} differs: reference {reference}, here {own}"
    return None


def _close(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE)


def _short(dataset: str) -> str:
    """A dataset's name as the reference writes it: ImageNet16-120 is imagenet16."""
    return dataset.lower().removesuffix("-120")

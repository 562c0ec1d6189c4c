"""Replay of a reference trace: are the same architectures asked for in the same order?

A trace holds the distinct keys in order of first evaluation and the whole sequence of evaluations
as indexes into them, the reported value and the number of distinct valid architectures. Some
traces bring their own benchmark: a table, or the formula of a synthetic accuracy.
Source: golden README.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from ednag.errors import EdnagError
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, PredictedObjective
from ednag.spaces import get_space
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.tables.interface import BenchmarkTable, Metric, Protocol

#: Settings that a trace lists with the hyper-parameters and that belong to the space's profile.
_OF_THE_PROFILE = ("init_valid_rate", "lower_params_rate")
#: A synthetic accuracy: offset + scale * u^2, u in [0, 1) from a hash of the key.
_FORMULA = re.compile(
    r"synthetic: ([0-9.]+)\+([0-9.]+)\*u\*\*2 with u = first 8 hex digits of sha256\("
    r"(module hash|architecture string)\) / 2\*\*32(; invalid = 0)?"
)


@dataclass(frozen=True)
class Divergence:
    """The first evaluation that differs.

    Attributes:
        step: Denoising step, from 1; one more than the last step is the final population.
        evaluation: Position in the whole sequence, from 0.
        expected: The reference's key, or "(end of the trace)".
        found: Ours, or "(end of the run)".
    """

    step: int
    evaluation: int
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"diverges in denoising step {self.step} at evaluation {self.evaluation}: "
            f"reference {self.expected or '(invalid)'}, here {self.found or '(invalid)'}; say with "
            "--arithmetic on which instruction set it was recorded"
        )


@dataclass(frozen=True)
class Unequal:
    """All evaluations agree, but what the run reports does not."""

    quantity: str
    expected: float
    found: float

    def __str__(self) -> str:
        return f"{self.quantity} differs: reference {self.expected}, here {self.found}"


@dataclass(frozen=True)
class Trace:
    """A reference trace.

    Attributes:
        fitness: The metric that was queried, or the formula of a synthetic one.
        keys: Distinct keys in order of first evaluation, invalid ones as the reference wrote them.
        queries: All evaluations, int64, as indexes into `keys`.
        final_best: What the run reports.
        distinct_valid: Distinct valid architectures evaluated.
        table: Key -> value, where the trace brings its table, which may be empty; else None.
    """

    space: str
    dataset: str
    fitness: str
    seed: int
    hyperparameters: SearchHyperparameters
    keys: Sequence[str]
    queries: np.ndarray
    final_best: float
    distinct_valid: int
    table: dict[str, float] | None = None


def read_trace(path: Path) -> Trace:
    """A trace from a gzipped JSON file; raises EdnagError if it is not one."""
    try:
        raw = _Recorded.model_validate_json(gzip.decompress(path.read_bytes()), strict=True)
        hyperparameters = _read_hyperparameters(raw.hyperparameters, raw.space)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise EdnagError(f"{path}: not a reference trace ({place}: {first['msg']})") from None
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise EdnagError(f"{path}: not a reference trace ({error})") from None
    queries = np.asarray(raw.queries, dtype=np.int64)
    if queries.size and queries.max() >= len(raw.keys):
        raise EdnagError(
            f"{path}: not a reference trace (queries: {queries.max()} is no index of "
            f"{len(raw.keys)} keys)"
        )
    recorded = {name: getattr(raw, name) for name in _Recorded.model_fields}
    return Trace(**{**recorded, "hyperparameters": hyperparameters, "queries": queries})


class _Recorded(BaseModel):
    """A trace as its file has it; see `Trace`. Files hold more, which is not read."""

    space: str
    dataset: str
    fitness: str
    seed: int = Field(ge=0, lt=2**32)
    hyperparameters: dict[str, Any]
    keys: list[str]
    queries: list[Annotated[int, Field(ge=0)]]
    final_best: float
    distinct_valid: int
    table: dict[str, float] | None = None


def _read_hyperparameters(given: dict[str, Any], space: str) -> SearchHyperparameters:
    """The hyper-parameters without those of the profile, which must have the space's values."""
    profile = get_space(space).profile
    for name in _OF_THE_PROFILE:
        if name in given and given[name] != getattr(profile, name):
            raise ValueError(f"{name} = {given[name]}, but {space} has {getattr(profile, name)}")
    return SearchHyperparameters(
        **{name: value for name, value in given.items() if name not in _OF_THE_PROFILE}
    )


def own_objective(trace: Trace) -> Objective | None:
    """The objective a trace brings along; None if its benchmark is a registered table.

    Raises:
        EdnagError: The formula of its synthetic accuracy is not understood.
    """
    space = get_space(trace.space)
    protocol = _REFERENCE_PROTOCOLS.get(trace.space, Protocol("value", "value", ""))
    if trace.table is not None:
        if isinstance(space, LargeSpace):
            raise EdnagError(
                f"a trace of {space.name} brings a table; give a synthetic fitness, for no array "
                "can hold this space"
            )
        values = np.full(space.size, np.nan)
        for key, value in trace.table.items():
            values[space.code(key)] = value
        return _on_table(trace, values, protocol, space)
    if not trace.fitness.startswith("synthetic"):
        return None
    accuracy = _synthetic_accuracy(trace.fitness)
    if isinstance(space, LargeSpace):
        return PredictedObjective(
            lambda space, codes: np.array([accuracy(space.key(code)) for code in codes]),
            Metric("value", "%", trace.fitness),
            protocol,
            space,
            trace.dataset,
        )
    values = np.array([accuracy(space.key(code)) for code in range(space.size)])
    return _on_table(trace, values, protocol, space)


#: The paper's protocol on the benchmarks that a trace can bring along.
_REFERENCE_PROTOCOLS = {
    name: Protocol("value", "value", "", factor=1.05, zero_below=0.01)
    for name in ("nasbench101", "nasbench301")
}


def _on_table(
    trace: Trace, values: np.ndarray, protocol: Protocol, space: SearchSpace
) -> Objective:
    metric = Metric("value", "%", trace.fitness)
    return Objective(
        BenchmarkTable(trace.space, trace.dataset, {"value": values}, {"value": metric}),
        protocol,
        space,
    )


def _synthetic_accuracy(formula: str) -> Callable[[str], float]:
    """The accuracy in % of a key; a formula over module hashes gives a fraction."""
    match = _FORMULA.fullmatch(formula)
    if match is None:
        raise EdnagError(f"the trace's synthetic accuracy is not understood: {formula!r}")
    offset, scale = float(match[1]), float(match[2])
    percent = 100 if match[3] == "module hash" else 1

    def accuracy(key: str) -> float:
        u = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 2**32
        return (offset + scale * u**2) * percent

    return accuracy


def replay(
    trace: Trace, objective: Objective, search: Callable[..., Any]
) -> Divergence | Unequal | None:
    """Run the search of a trace; the first divergence, or None when all of it agrees.

    Args:
        trace: The reference.
        objective: The same benchmark under the paper's protocol.
        search: `compiled.search` or `engine.search`.
    """
    seen: list[np.ndarray] = []
    ledger = objective.begin(trace.seed)
    space = objective.space
    result = search(
        objective,
        trace.seed,
        trace.hyperparameters,
        observe=lambda genotypes: seen.append(space.decode_raw(genotypes)),
    )
    divergence = _first_divergence(trace, np.concatenate(seen), space)
    if divergence is not None:
        return divergence
    if ledger.distinct != trace.distinct_valid:
        return Unequal("number of distinct valid", trace.distinct_valid, ledger.distinct)
    if result.outcome_metric != trace.final_best:
        return Unequal("reported value", trace.final_best, result.outcome_metric)
    return None


def _first_divergence(trace: Trace, found: np.ndarray, space: SearchSpace) -> Divergence | None:
    """The first evaluation whose key differs, of raw codes int64[evaluations]."""
    names = {raw: space.raw_key(int(raw)) for raw in np.unique(found)}
    per_step = 3 * trace.hyperparameters.population_num
    for evaluation in range(max(len(found), len(trace.queries))):
        ours = names[found[evaluation]] if evaluation < len(found) else "(end of the run)"
        theirs = (
            trace.keys[trace.queries[evaluation]]
            if evaluation < len(trace.queries)
            else "(end of the trace)"
        )
        if ours != theirs:
            return Divergence(evaluation // per_step + 1, evaluation, theirs, ours)
    return None

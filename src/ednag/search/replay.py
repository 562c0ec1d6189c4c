"""Replay of a reference trace: does a search evaluate the same architectures in the same order?

Some traces bring their own benchmark: a table, or the formula of a synthetic accuracy.
Source: golden README.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ednag.errors import EdnagError
from ednag.files import read_gzip
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, PredictedObjective
from ednag.spaces import get_space
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from ednag.validation import validated_json

#: What messages call the file.
TRACE = "a reference trace"
#: Settings that a trace lists with the hyper-parameters and that belong to the space's profile.
_OF_THE_PROFILE = ("init_valid_rate", "lower_params_rate")
#: A synthetic accuracy: offset + scale * u^2, u in [0, 1) from a hash of the key.
_FORMULA = re.compile(
    r"synthetic: ([0-9.]+)\+([0-9.]+)\*u\*\*2 with u = first 8 hex digits of sha256\("
    r"(module hash|architecture string)\) / 2\*\*32(; invalid = 0)?"
)


class Trace(BaseModel):
    """A reference trace. Its file holds more, which is not read.

    Attributes:
        fitness: The metric that was queried, or the formula of a synthetic one.
        hyperparameters: Without those of the profile, which must have the space's values.
        keys: Distinct keys in order of first evaluation, invalid ones as the reference wrote them.
        queries: All evaluations, as indexes into `keys`.
        final_best: The value that the run reports.
        distinct_valid: Distinct valid architectures evaluated.
        table: Key -> value, where the trace brings its table, which may be empty; else None.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    space: str
    dataset: str
    fitness: str
    seed: int = Field(ge=0, lt=2**32)
    hyperparameters: SearchHyperparameters
    keys: list[str]
    queries: list[Annotated[int, Field(ge=0)]]
    final_best: float
    distinct_valid: int
    table: dict[str, float] | None = None

    @field_validator("hyperparameters", mode="before")
    @classmethod
    def _read_hyperparameters(cls, recorded: Any, info: ValidationInfo) -> Any:
        if not isinstance(recorded, dict) or "space" not in info.data:
            return recorded
        profile = get_space(info.data["space"]).profile
        for name in _OF_THE_PROFILE:
            if name in recorded and recorded[name] != getattr(profile, name):
                raise ValueError(
                    f"{name} = {recorded[name]}, but {info.data['space']} has "
                    f"{getattr(profile, name)}"
                )
        own = {name: value for name, value in recorded.items() if name not in _OF_THE_PROFILE}
        return SearchHyperparameters(**own)

    @model_validator(mode="after")
    def _check_queries(self) -> Self:
        largest = max(self.queries, default=-1)
        if largest >= len(self.keys):
            raise ValueError(f"queries: {largest} is no index of {len(self.keys)} keys")
        return self


def read_trace(path: Path) -> Trace:
    """A trace from a gzipped JSON file; raises EdnagError if it is not one."""
    return trace_of(read_gzip(path, TRACE), path)


def trace_of(content: bytes, path: Path) -> Trace:
    """A trace from the JSON in a file; raises EdnagError if it is not one."""
    return validated_json(Trace, content, path, TRACE)


def own_objective(trace: Trace) -> Objective | None:
    """The objective that a trace contains; None if its benchmark is a registered table.

    Raises:
        EdnagError: The formula of its synthetic accuracy is unknown.
    """
    space = get_space(trace.space)
    protocol = Protocol("value", "value", "")
    if trace.space in ("nasbench101", "nasbench301"):  # as the paper's protocol there
        protocol = replace(protocol, factor=1.05, zero_below=0.01)
    metric = Metric("value", "%", trace.fitness)
    if trace.table is not None:
        if isinstance(space, LargeSpace):
            raise EdnagError(
                f"a trace of {space.name} brings a table; give a synthetic fitness, for no array "
                "can hold this space"
            )
        values = np.full(space.size, np.nan)
        for key, value in trace.table.items():
            values[space.code(key)] = value
    elif not trace.fitness.startswith("synthetic"):
        return None
    else:
        accuracy = _synthetic_accuracy(trace.fitness)

        def predict(space: SearchSpace, codes: Iterable[int]) -> np.ndarray:
            return np.array([accuracy(space.key(code)) for code in codes])

        if isinstance(space, LargeSpace):
            return PredictedObjective(predict, metric, protocol, space, trace.dataset)
        values = predict(space, range(space.size))
    table = BenchmarkTable(trace.space, trace.dataset, {"value": values}, {"value": metric})
    return Objective(table, protocol, space)


def _synthetic_accuracy(formula: str) -> Callable[[str], float]:
    """The accuracy in % of a key; a formula over module hashes gives a fraction."""
    match = _FORMULA.fullmatch(formula)
    if match is None:
        raise EdnagError(f"the trace's synthetic accuracy is unknown: {formula!r}")
    offset, scale = float(match[1]), float(match[2])
    percent = 100 if match[3] == "module hash" else 1

    def accuracy(key: str) -> float:
        u = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 2**32
        return (offset + scale * u**2) * percent

    return accuracy


def replay(trace: Trace, objective: Objective, search: Callable[..., Any]) -> str | None:
    """Run `search` of an engine as a trace did; the first difference, or None if identical.

    The objective is the trace's benchmark under the paper's protocol.
    """
    evaluated: list[np.ndarray] = []
    ledger = objective.begin(trace.seed)
    space = objective.space
    result = search(
        objective,
        trace.seed,
        trace.hyperparameters,
        observe=lambda genotypes: evaluated.append(space.decode_raw(genotypes)),
    )
    raws = np.concatenate(evaluated)
    keys = {raw: space.raw_key(int(raw)) for raw in np.unique(raws)}
    ours = [*(keys[raw] for raw in raws), "(end of the run)"]
    theirs = [*(trace.keys[query] for query in trace.queries), "(end of the trace)"]
    for evaluation, (key, expected) in enumerate(zip(ours[:-1], theirs, strict=False)):
        if key != expected:
            return _divergence(trace, evaluation, expected, key)
    if len(ours) < len(theirs):
        return _divergence(trace, len(raws), theirs[len(raws)], ours[-1])
    for quantity, reference, value in (
        ("number of distinct valid", trace.distinct_valid, ledger.distinct),
        ("reported value", trace.final_best, result.outcome_metric),
    ):
        if reference != value:
            return f"{quantity} differs: reference {reference}, here {value}"
    return None


def _divergence(trace: Trace, evaluation: int, expected: str, key: str) -> str:
    step = evaluation // (3 * trace.hyperparameters.population_num) + 1
    return (
        f"diverges in denoising step {step} at evaluation {evaluation}: "
        f"reference {expected or '(invalid)'}, here {key or '(invalid)'}; give --arithmetic the "
        "instruction set of the machine that recorded the trace"
    )

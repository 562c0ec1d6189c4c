"""Replay of a reference trace: are the same architectures asked for in the same order?

A trace holds the distinct keys in order of first evaluation and the whole sequence of evaluations
as indexes into them. Source: golden README.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ednag.errors import EdnagError
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective


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
            f"reference {self.expected or '(invalid)'}, here {self.found or '(invalid)'}"
        )


@dataclass(frozen=True)
class Trace:
    """A reference trace."""

    space: str
    dataset: str
    seed: int
    hyperparameters: SearchHyperparameters
    keys: Sequence[str]
    queries: np.ndarray
    final_best: float
    distinct_valid: int


def read_trace(path: Path) -> Trace:
    """A trace from a gzipped JSON file; raises EdnagError if it is not one."""
    try:
        raw: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        return Trace(
            space=raw["space"],
            dataset=raw["dataset"],
            seed=raw["seed"],
            hyperparameters=SearchHyperparameters(**raw["hyperparameters"]),
            keys=raw["keys"],
            queries=np.asarray(raw["queries"], dtype=np.int64),
            final_best=raw["final_best"],
            distinct_valid=raw["distinct_valid"],
        )
    except (OSError, ValueError, EOFError, KeyError, TypeError, ValidationError) as error:
        reason = f"lacks {error}" if isinstance(error, KeyError) else error
        raise EdnagError(f"{path}: not a reference trace ({reason})") from None


def replay(
    trace: Trace, objective: Objective, search: Callable[..., object] | None = None
) -> Divergence | None:
    """Run the search of a trace; the first divergence, or None when every evaluation agrees.

    Args:
        trace: The reference.
        objective: The same benchmark table under the paper's protocol.
        search: The engine; the readable one unless given.
    """
    if search is None:
        from ednag.search.engine import search as readable

        search = readable
    seen: list[np.ndarray] = []
    space = objective.space
    objective.begin()
    search(
        objective,
        trace.seed,
        trace.hyperparameters,
        observe=lambda genotypes: seen.append(space.decode_raw(genotypes)),
    )
    found = np.concatenate(seen)
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

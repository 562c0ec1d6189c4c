"""Whether run files are of one study: of its settings, of one benchmark, with that one's values."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ednag.errors import EdnagError, shown
from ednag.methods.descriptions import differences
from ednag.methods.interface import STATUSES, Run
from ednag.methods.storage import RunFile
from ednag.spaces import get_space
from ednag.spaces.interface import INVALID, LargeSpace, SearchSpace
from ednag.tables.interface import Benchmark, PredictedBenchmark, Protocol

#: Predictions of one network differ in their last digits with the networks predicted beside it.
_PREDICTION_TOLERANCE = 1e-5


def check_described(
    path: Path, described: Mapping[str, Any], expected: Mapping[str, Any], whose: str
) -> None:
    """Raise EdnagError, which names file and field, if a run file is not what is expected.

    Args:
        path: The run file.
        described: What it says of itself.
        expected: What it should say.
        whose: Whose values are expected, for the message.
    """
    first = next(differences(described, expected), None)
    if first:
        raise EdnagError(
            f"{path}: {first} as in {whose}; delete {path.name} and run the workflow again"
        )


def check_values(path: Path, file: RunFile, benchmark: Benchmark, protocol: Protocol) -> None:
    """Raise EdnagError, which names file, seed and field, if runs contradict the benchmark."""
    space = get_space(benchmark.space)
    check = _against_predictor if isinstance(benchmark, PredictedBenchmark) else _against_table
    for run in file.runs:
        # One after the other: a run that contradicts itself may have codes of no architecture.
        faults = chain(_against_itself(run), check(run, benchmark, protocol, space))
        if fault := next(faults, ""):
            raise EdnagError(
                f"{path}: seed {run.seed}: {fault}; delete {path.name} and run the workflow again"
            )


def _against_itself(run: Run) -> Iterator[str]:
    """Contradictions between the fields of a run."""
    if run.status not in STATUSES:
        yield f"status is {shown(run.status)}, not one of {', '.join(STATUSES)}"
    lengths = {len(values) for values in run.steps.values()}
    if len(lengths) > 1:
        yield f"the columns of steps have unlike lengths: {', '.join(map(str, sorted(lengths)))}"
    for name, shares in run.steps.items():
        if name.endswith("_rate") and np.any((shares < 0) | (shares > 1)):
            yield f"{name} has a share out of 0 to 1"
    for name in ("codes", "metrics", "lookups"):
        if len(getattr(run, name)) != run.distinct:
            yield f"{name} has {len(getattr(run, name))} entries, and distinct is {run.distinct}"
            return
    if run.invalid < 0 or run.distinct + run.invalid > run.total:
        yield f"total is {run.total}, fewer than distinct and invalid evaluations"
    if run.distinct and (
        run.lookups[0] < 0 or run.lookups[-1] >= run.total or np.any(np.diff(run.lookups) <= 0)
    ):
        yield "lookups are not ascending numbers below total"
    if len(run.epochs) not in (0, run.distinct):
        yield f"epochs has {len(run.epochs)} entries, and distinct is {run.distinct}"
        return
    named: list[object] = run.codes.tolist()
    if len(run.epochs):
        named = list(zip(named, run.epochs.tolist(), strict=True))
    if len(set(named)) < run.distinct:
        yield "codes name an architecture twice"
    if run.outcome != INVALID and run.outcome not in run.codes:
        yield f"outcome is {run.outcome}, which the run did not evaluate"


def _against_table(
    run: Run, benchmark: Benchmark, protocol: Protocol, space: SearchSpace
) -> Iterator[str]:
    """Contradictions between a run and a table."""
    for name in ("codes", "final_population"):
        codes, lowest = getattr(run, name), 0 if name == "codes" else INVALID
        if len(codes) and (codes.min() < lowest or codes.max() >= space.size):
            yield f"{name} has a code out of 0 to {space.size - 1}"
            return
    queried = protocol.drawn_metrics or (protocol.fitness_metric,)
    given = np.stack([benchmark.values[name][run.codes] for name in queried])
    if len(run.epochs):
        if unknown := set(run.epochs.tolist()) - set(protocol.epochs):
            yield f"epochs has {min(unknown)}, and the protocol knows no training of so many"
            return
        for number, name in protocol.epochs.items():
            shorter = run.epochs == number
            given[0, shorter] = benchmark.values[name][run.codes[shorter]]
    wrong = np.flatnonzero(~(given == run.metrics).any(axis=0))
    if len(wrong):
        at = int(wrong[0])
        values = " or ".join(f"{value:.6f}" for value in given[:, at])
        yield (
            f"metrics[{at}] is {run.metrics[at]:.6f}, and the table has {values} for "
            f"{space.key(int(run.codes[at]))}"
        )
    if run.outcome == INVALID:
        reported, drawn = np.nan, np.array([np.nan])
    else:
        reported = benchmark.values[protocol.reported_metric][run.outcome]
        drawn = np.array([benchmark.values[name][run.outcome] for name in protocol.drawn_metrics])
    if not np.array_equal(run.outcome_metric, reported, equal_nan=True):
        yield f"outcome_metric is {run.outcome_metric:.6f}, and the table has {reported:.6f}"
    if not protocol.drawn_metrics and not np.isnan(run.outcome_drawn):
        yield f"outcome_drawn is {run.outcome_drawn:.6f}, and the protocol draws nothing"
    if protocol.drawn_metrics and not np.isclose(run.outcome_drawn, drawn, equal_nan=True).any():
        yield f"outcome_drawn is {run.outcome_drawn:.6f}, which is the value of no training"


def _against_predictor(
    run: Run, benchmark: Benchmark, protocol: Protocol, space: SearchSpace
) -> Iterator[str]:
    """Contradictions between a run and a predictor, which predicts the outcome again."""
    assert isinstance(benchmark, PredictedBenchmark) and isinstance(space, LargeSpace)
    for name in ("codes", "final_population"):
        codes = getattr(run, name)
        if len(codes) and (codes.min() < INVALID or codes.max() >= len(run.keys)):
            yield f"{name} has a code that no key belongs to"
            return
    if run.outcome == INVALID:
        return
    fresh = space.fresh()
    codes = np.array([fresh.code(run.keys[run.outcome])])
    (predicted,) = benchmark.predict(fresh, codes)
    if not np.isclose(run.outcome_metric, predicted, rtol=_PREDICTION_TOLERANCE):
        yield f"outcome_metric is {run.outcome_metric:.6f}, and the predictor says {predicted:.6f}"

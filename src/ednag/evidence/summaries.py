"""Summaries: one row per run, and curves over runs, of one space and dataset.

A summary holds only the configured seeds; run files may hold more.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.errors import EdnagError
from ednag.methods.interface import STEP_COLUMNS, Run
from ednag.methods.storage import read_runs
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.interface import Benchmark, Protocol

#: A run found the optimum when its outcome is within this of the table's best value: float32
#: noise apart, exactly it.
OPTIMUM_TOLERANCE = 1e-6

#: What a budget can count, and the summary's column of the best after so many of them. A look-up
#: is an evaluation of any kind: repeated and invalid ones count.
DISTINCT, LOOKUPS = "distinct evaluations", "look-ups"
BEST_AFTER = {DISTINCT: "best_after_{}", LOOKUPS: "best_within_{}_lookups"}
#: Points of a curve over look-ups, evenly spread over the logarithmic axis.
_LOOKUP_POINTS = 400


def collect_runs(
    paths: Sequence[Path],
    seeds: Sequence[int],
    method_seeds: Mapping[str, Sequence[int]] | None = None,
) -> dict[tuple[str, str], list[Run]]:
    """(protocol, method) -> runs of exactly these seeds, ascending, in the order of `paths`.

    Args:
        paths: Run files.
        seeds: Of every method that `method_seeds` does not name.
        method_seeds: Method -> its own seeds.

    Raises:
        EdnagError: A seed is missing or stands in two files.
    """
    own = {name: set(given) for name, given in (method_seeds or {}).items()}
    everywhere = set(seeds)
    collected: dict[tuple[str, str], dict[int, Run]] = {}
    for path in paths:
        file = read_runs(path)
        method = file.described["method"]
        group = collected.setdefault((file.described["protocol"], method), {})
        wanted = own.get(method, everywhere)
        for run in file.runs:
            if run.seed in wanted:
                if run.seed in group:
                    raise EdnagError(
                        f"{path}: seed {run.seed} stands in another run file as well; "
                        "delete one of the two and run again"
                    )
                group[run.seed] = run
    for (protocol, method), group in collected.items():
        wanted = own.get(method, everywhere)
        missing = sorted(wanted - set(group))
        if missing:
            raise EdnagError(
                f"{method} ({protocol}): {len(missing)} of {len(wanted)} seeds have no run, the "
                f"first is {missing[0]}; run the workflow again"
            )
    return {key: [group[seed] for seed in sorted(group)] for key, group in collected.items()}


def incumbents(metrics: np.ndarray, higher_is_better: bool) -> np.ndarray:
    """Position of the best queried metric, int64[n], after 1, 2, ... distinct evaluations.

    The earlier one of equals.
    """
    score = metrics if higher_is_better else -metrics
    before = np.concatenate([[-np.inf], np.maximum.accumulate(score)[:-1]])
    return np.maximum.accumulate(np.where(score > before, np.arange(len(score)), 0))


def reported_curve(run: Run, table: Benchmark, protocol: Protocol) -> np.ndarray:
    """Reported metric, float64[distinct], of the best queried one after each distinct evaluation.

    Where a protocol queries one metric and reports another, or draws one of several trainings and
    reports their mean, the architecture that won on the first is reported by the second: the curve
    may fall.
    """
    higher = table.metrics[protocol.fitness_metric].higher_is_better
    best = incumbents(run.metrics, higher)
    if protocol.reported_metric == protocol.fitness_metric and not protocol.drawn_metrics:
        return run.metrics[best]
    return table.values[protocol.reported_metric][run.codes[best]]


def optimum_drawn(table: Benchmark, protocol: Protocol) -> float:
    """The best value that an evaluation can draw of a single training; NaN if none is drawn."""
    higher = table.metrics[protocol.fitness_metric].higher_is_better
    best = (table.optimum(name) for name in protocol.drawn_metrics)
    return (max if higher else min)(best, default=float("nan"))


def best_after(curve: np.ndarray, count: int) -> float:
    """The best after `count` distinct evaluations; a run that ended earlier keeps its last best.

    NaN after none.
    """
    return float(curve[min(count, len(curve)) - 1]) if count and len(curve) else float("nan")


def seen_within(run: Run, lookups: np.ndarray) -> np.ndarray:
    """Distinct architectures int64[n] that the first `lookups` int64[n] evaluations have shown."""
    return np.searchsorted(run.lookups, lookups, side="left")


def evaluations_to(curve: np.ndarray, target: float) -> float:
    """Distinct evaluations until the best so far is the target; NaN if it never is."""
    there = np.flatnonzero(np.abs(curve - target) < OPTIMUM_TOLERANCE)
    return float(there[0] + 1) if len(there) else float("nan")


def summarise_runs(
    runs: dict[tuple[str, str], list[Run]], table: Benchmark, checkpoints: Sequence[int]
) -> pd.DataFrame:
    """One row per run: outcome, optimum, counts, and the best after each checkpoint.

    `outcome`, `optimum` and what is best are of the reported metric. Where evaluations draw one of
    several trainings, `outcome_drawn` is the value drawn, which the reference reports, and
    `optimum_drawn` the best single training; both are NaN elsewhere.

    Checkpoints count distinct evaluations and look-ups (see `BEST_AFTER`). Where nobody knows the
    optimum it is NaN, and no run found or saw it.
    """
    space = get_space(table.space)
    definition = get_definition(table.space, table.dataset)
    rows = []
    for (protocol_name, method), group in runs.items():
        protocol = definition.protocols[protocol_name]
        optimum = table.optimum(protocol.reported_metric)
        best_drawn = optimum_drawn(table, protocol)
        for run in group:
            curve = reported_curve(run, table, protocol)
            best = best_after(curve, len(curve))
            valid = run.total - run.invalid
            seen = seen_within(run, np.array(checkpoints, dtype=np.int64)).tolist()
            shown = dict(zip(checkpoints, seen, strict=True))
            rows.append(
                {
                    "space": table.space,
                    "dataset": table.dataset,
                    "protocol": protocol_name,
                    "method": method,
                    "seed": run.seed,
                    "status": run.status,
                    "detail": run.detail,
                    "outcome_key": run.key(run.outcome, space),
                    "outcome": run.outcome_metric,
                    "outcome_drawn": run.outcome_drawn,
                    "optimum": optimum,
                    "optimum_drawn": best_drawn,
                    "found_optimum": bool(abs(run.outcome_metric - optimum) < OPTIMUM_TOLERANCE),
                    "best_seen": best,
                    "saw_optimum": bool(abs(best - optimum) < OPTIMUM_TOLERANCE),
                    "distinct_to_optimum": evaluations_to(curve, optimum),
                    "total": run.total,
                    "distinct": run.distinct,
                    "invalid": run.invalid,
                    "invalid_rate": run.invalid / run.total if run.total else np.nan,
                    "unique_rate": run.distinct / valid if valid else np.nan,
                    **{
                        BEST_AFTER[DISTINCT].format(count): best_after(curve, count)
                        for count in checkpoints
                    },
                    **{
                        BEST_AFTER[LOOKUPS].format(count): best_after(curve, shown[count])
                        for count in checkpoints
                    },
                }
            )
    return pd.DataFrame(rows)


def anytime_curves(runs: dict[tuple[str, str], list[Run]], table: Benchmark) -> pd.DataFrame:
    """Best so far: mean, median and quartiles over seeds.

    One row per protocol, method, what is `counted` (distinct evaluations or look-ups) and number
    of `evaluations`. Look-ups begin where every run has seen an architecture and stand at some
    400 points. A run that has ended keeps its last best; `running` says how many had not.
    """
    definition = get_definition(table.space, table.dataset)
    frames = []
    for (protocol_name, method), group in runs.items():
        protocol = definition.protocols[protocol_name]
        begun = [run for run in group if run.distinct]
        if not begun:
            continue
        curves = [reported_curve(run, table, protocol) for run in begun]
        for counted, frame in (
            (DISTINCT, _over_distinct(curves)),
            (LOOKUPS, _over_lookups(curves, begun)),
        ):
            names = {"protocol": protocol_name, "method": method, "counted": counted}
            frames.append(frame.assign(**names)[[*names, *frame.columns]])
    return pd.concat(frames, ignore_index=True)


def _over_distinct(curves: list[np.ndarray]) -> pd.DataFrame:
    """The best of runs after 1, 2, ... distinct evaluations."""
    ends = np.array([len(curve) for curve in curves])
    held = np.stack([np.pad(curve, (0, ends.max() - len(curve)), mode="edge") for curve in curves])
    return _over_runs(held, np.arange(1, ends.max() + 1), ends)


def _over_lookups(curves: list[np.ndarray], runs: list[Run]) -> pd.DataFrame:
    """The best of runs after so many look-ups."""
    ends = np.array([run.total for run in runs])
    first = 1 + max(int(run.lookups[0]) for run in runs)
    points = np.geomspace(first, max(first, ends.max()), _LOOKUP_POINTS)
    lookups = np.unique(points.round().astype(np.int64))
    held = [curve[seen_within(run, lookups) - 1] for curve, run in zip(curves, runs, strict=True)]
    return _over_runs(np.stack(held), lookups, ends)


def _over_runs(held: np.ndarray, evaluations: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """Statistics over runs.

    Args:
        held: float64[runs, points], the best so far.
        evaluations: int64[points].
        ends: int64[runs], after how many each run ended.
    """
    return pd.DataFrame(
        {
            "evaluations": evaluations,
            "mean": held.mean(axis=0),
            "median": np.median(held, axis=0),
            "quartile_low": np.quantile(held, 0.25, axis=0),
            "quartile_high": np.quantile(held, 0.75, axis=0),
            "running": (ends[None] >= evaluations[:, None]).sum(axis=1),
        }
    )


def step_curves(runs: dict[tuple[str, str], list[Run]]) -> pd.DataFrame:
    """Per denoising step: mean over seeds and quartiles of each quantity of the trace.

    Long format: protocol, method, step (1 = first), quantity, mean, quartile_low, quartile_high,
    runs. Methods without steps have no rows.
    """
    frames = []
    for (protocol, method), group in runs.items():
        for quantity in STEP_COLUMNS:
            traces = [run.steps[quantity] for run in group if quantity in run.steps]
            if not traces:
                continue
            length = max(len(trace) for trace in traces)
            held = np.full((len(traces), length), np.nan)
            for row, trace in enumerate(traces):
                held[row, : len(trace)] = trace
            frames.append(
                pd.DataFrame(
                    {
                        "protocol": protocol,
                        "method": method,
                        "step": np.arange(1, length + 1),
                        "quantity": quantity.removeprefix("step_"),
                        "mean": np.nanmean(held, axis=0),
                        "quartile_low": np.nanquantile(held, 0.25, axis=0),
                        "quartile_high": np.nanquantile(held, 0.75, axis=0),
                        "runs": (~np.isnan(held)).sum(axis=0),
                    }
                )
            )
    columns = ["protocol", "method", "step", "quantity", "mean", "quartile_low", "quartile_high"]
    return (
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*columns, "runs"])
    )

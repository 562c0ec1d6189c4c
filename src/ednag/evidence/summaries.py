"""Summaries of a study's seeds on one space and dataset: a row per run, and curves over runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ednag.errors import EdnagError
from ednag.evidence.generated import describe_run
from ednag.evidence.targets import evaluations_to_targets, random_mean, target_masks
from ednag.methods.consistency import check_described, check_values
from ednag.methods.descriptions import description_in
from ednag.methods.interface import STEP_COLUMNS, Run
from ednag.methods.storage import RunFile, read_runs
from ednag.search.objective import DISTINCT, GRAPHS, Count, graphs_of
from ednag.spaces import get_space
from ednag.spaces.interface import SearchSpace
from ednag.tables import get_definition, get_protocol, known_optimum
from ednag.tables.interface import Benchmark, Protocol

#: Dataset -> protocol -> method -> budget and hyper-parameters: what a study runs in a space.
Settings = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]
#: A run found the optimum if its outcome is within this (float32 noise) of the table's best value.
OPTIMUM_TOLERANCE = 1e-6

#: What a budget counts -> the summary's column of the best within it. A look-up is an evaluation
#: of any kind, also a repeated or invalid one.
LOOKUPS = "look-ups"
BEST_AFTER = {DISTINCT: "best_after_{}", LOOKUPS: "best_within_{}_lookups"}
#: The summary's column of the mean of the best so far, see `means_so_far`.
MEAN_SO_FAR = "mean_so_far_{}"
#: The same of simulated GPU hours: the time of the trainings that distinct evaluations stand for.
HOURS, BEST_WITHIN_HOURS = "simulated GPU hours", "best_within_{:g}_hours"
#: The same of unique graphs, where a budget counts them.
BEST_WITHIN_GRAPHS = "best_within_{}_graphs"
#: Points of a curve over look-ups or hours, evenly spread over the logarithmic axis.
_POINTS = 400


def checkpoints_in(runs: pd.DataFrame) -> list[int]:
    """The numbers of distinct evaluations at which runs were summarised."""
    prefix = BEST_AFTER[DISTINCT].format("")
    return [int(name.removeprefix(prefix)) for name in map(str, runs) if name.startswith(prefix)]


def require_checkpoints(summary: pd.DataFrame, checkpoints: Sequence[int]) -> None:
    """Raise EdnagError if runs were summarised without one of the checkpoints."""
    columns = [BEST_AFTER[DISTINCT].format(checkpoint) for checkpoint in checkpoints]
    for checkpoint, column in zip(checkpoints, columns, strict=True):
        if column not in summary or summary[column].isna().all():
            raise EdnagError(
                f"statistics.checkpoints: the runs were summarised without {checkpoint}; name "
                "checkpoints of `ednag summarise`, or summarise them again"
            )


def collect_runs(
    paths: Sequence[Path],
    seeds: Sequence[int],
    method_seeds: Mapping[str, Sequence[int]] | None = None,
    settings: Settings | None = None,
    benchmark: Benchmark | None = None,
) -> dict[tuple[str, str], list[Run]]:
    """(protocol, method) -> runs of exactly these seeds, ascending, in the order of the files.

    Args:
        paths: Run files of one dataset.
        seeds: Those of every method that `method_seeds` does not name.
        method_seeds: Method -> its seeds, where they are others.
        settings: What the study runs; None: what the first file of each method says.
        benchmark: Where given, its values must be those of the runs.

    Raises:
        EdnagError: A seed is missing or is in two files, or a file is not of this study, of one
            benchmark, or with this benchmark's values. The message names file and field.
    """
    own = method_seeds or {}
    collected: dict[tuple[str, str], dict[int, Run]] = {}
    first: dict[tuple[str, str], tuple[Path, dict[str, Any]]] = {}
    for path in paths:
        file = read_runs(path)
        protocol, method = (file.described.get(name) for name in ("protocol", "method"))
        if not isinstance(protocol, str) or not isinstance(method, str):
            raise EdnagError(f"{path}: names no protocol and method; delete it and run again")
        other, described = first.setdefault((protocol, method), (path, file.described))
        check_described(path, file.described, described, str(other))
        if settings is not None:
            expected = _settings_of(path, file.described, settings)
            check_described(path, file.described, expected, "the study")
        if benchmark is not None:
            _check_against(path, file, benchmark)
        group = collected.setdefault((protocol, method), {})
        configured = set(own.get(method, seeds))
        for run in file.runs:
            if run.seed not in configured:
                continue
            if run.seed in group:
                raise EdnagError(
                    f"{path}: seed {run.seed} is in another run file as well; "
                    "delete one of the two and run again"
                )
            group[run.seed] = run
    for (protocol, method), group in collected.items():
        configured = set(own.get(method, seeds))
        missing = sorted(configured - set(group))
        if missing:
            raise EdnagError(
                f"{method} ({protocol}): {len(missing)} of {len(configured)} seeds have no run, "
                f"the first is {missing[0]}; run the workflow again"
            )
    return {key: [group[seed] for seed in sorted(group)] for key, group in collected.items()}


def _settings_of(path: Path, described: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """What the study runs where a run file is from; EdnagError if it does not run it."""
    names = ("dataset", "protocol", "method")
    dataset, protocol, method = (str(described.get(name)) for name in names)
    try:
        return dict(settings[dataset][protocol][method])
    except KeyError:
        raise EdnagError(
            f"{path}: the study does not run {method} on {dataset} under protocol {protocol}; "
            "leave the file out"
        ) from None


def _check_against(path: Path, file: RunFile, benchmark: Benchmark) -> None:
    place = {"space": benchmark.space, "dataset": benchmark.dataset, "table": benchmark.digest}
    check_described(path, file.described, place, "the benchmark table")
    protocol = get_protocol(benchmark.space, benchmark.dataset, file.described["protocol"])
    check_values(path, file, benchmark, protocol)


def incumbents(metrics: np.ndarray, higher_is_better: bool) -> np.ndarray:
    """Position of the best queried metric, int64[n], after 1, 2, ... distinct evaluations.

    The earlier one of equals.
    """
    score = metrics if higher_is_better else -metrics
    before = np.concatenate([[-np.inf], np.maximum.accumulate(score)[:-1]])
    return np.maximum.accumulate(np.where(score > before, np.arange(len(score)), 0))


def _best_so_far(run: Run, higher_is_better: bool) -> np.ndarray:
    """The same of a run: of shorter trainings, the best of those that were trained longest."""
    score = run.metrics if higher_is_better else -run.metrics
    if len(run.epochs):
        _, score = np.unique(np.stack([run.epochs, score]), axis=1, return_inverse=True)
    return incumbents(score.ravel(), True)


def over_trainings(run: Run, protocol: Protocol, higher_is_better: bool) -> Run:
    """A run with shorter trainings as one of whole trainings; any other run as it is.

    Its entry k is the architecture that it would report when the epochs of k whole trainings are
    spent: the best of those trained longest so far. `distinct` counts the entries, the last of
    which may be spent in part.
    """
    if not len(run.epochs):
        return run
    spent, whole = np.cumsum(run.epochs, dtype=np.int64), max(protocol.epochs)
    ends = whole * np.arange(1, 1 + -(-spent[-1] // whole))
    last = np.searchsorted(spent, ends, side="right") - 1
    best = _best_so_far(run, higher_is_better)[last]
    return replace(
        run,
        distinct=len(ends),
        codes=run.codes[best],
        metrics=run.metrics[best],
        epochs=run.epochs[best],
        lookups=run.lookups[last],
    )


def reported_curve(run: Run, table: Benchmark, protocol: Protocol) -> np.ndarray:
    """Reported metric, float64[distinct], of the best queried one after each distinct evaluation.

    The curve may fall if a protocol queries one metric and reports another, or draws one of
    several trainings and reports their mean.
    """
    higher = table.metrics[protocol.fitness_metric].higher_is_better
    best = _best_so_far(run, higher)
    same = protocol.reported_metric == protocol.fitness_metric and not protocol.drawn_metrics
    if same and not len(run.epochs):
        return run.metrics[best]
    return table.values[protocol.reported_metric][run.codes[best]]


def incumbent_codes(run: Run, table: Benchmark, protocol: Protocol) -> np.ndarray:
    """Code of the best queried architecture after each distinct evaluation, int32[distinct]."""
    higher = table.metrics[protocol.fitness_metric].higher_is_better
    return run.codes[_best_so_far(run, higher)]


def optimum_drawn(table: Benchmark, protocol: Protocol) -> float:
    """The best value of a single training that an evaluation can draw; NaN without draws."""
    higher = table.metrics[protocol.fitness_metric].higher_is_better
    best = (table.optimum(name) for name in protocol.drawn_metrics)
    return (max if higher else min)(best, default=float("nan"))


def best_after(curve: np.ndarray, count: int) -> float:
    """The best after `count` distinct evaluations, or of a shorter run; NaN after none."""
    return float(curve[min(count, len(curve)) - 1]) if count and len(curve) else np.nan


def seen_within(run: Run, lookups: np.ndarray) -> np.ndarray:
    """Distinct architectures int64[n] among the first `lookups` int64[n] evaluations."""
    return np.searchsorted(run.lookups, lookups, side="left")


def hours_spent(run: Run, table: Benchmark, time_metric: str) -> np.ndarray:
    """Simulated GPU hours, float64[distinct], of the first 1, 2, ... distinct evaluations.

    A repeated evaluation costs nothing: its result is known.
    """
    return np.cumsum(table.values[time_metric][run.codes]) / 3600


def lookups_to(run: Run, distinct: float) -> float:
    """Evaluations of any kind until so many distinct ones have been seen; NaN for NaN."""
    return np.nan if np.isnan(distinct) else float(run.lookups[int(distinct) - 1] + 1)


def evaluations_to(curve: np.ndarray, target: float) -> float:
    """Distinct evaluations until the best so far is the target; NaN if it never is."""
    places = np.flatnonzero(np.abs(curve - target) < OPTIMUM_TOLERANCE)
    return float(places[0] + 1) if len(places) else np.nan


def means_so_far(curve: np.ndarray, checkpoints: Sequence[int]) -> list[float]:
    """Mean of the best so far over 1, 2, ... distinct evaluations, up to each checkpoint.

    It is the area under the anytime curve over a logarithmic axis, divided by the width: each
    doubling of evaluations counts equally. A shorter run keeps its last best; NaN after none.
    """
    if not len(curve):
        return [np.nan] * len(checkpoints)
    missing = max(0, max(checkpoints) - len(curve))
    weights = 1 / np.arange(1, len(curve) + missing + 1)
    area = np.cumsum(weights * np.pad(curve, (0, missing), mode="edge")) / np.cumsum(weights)
    return area[np.array(checkpoints) - 1].tolist()


def described_settings(paths: Sequence[Path]) -> dict[tuple[str, str], str]:
    """(protocol, method) -> JSON of budget and hyper-parameters that its run files describe."""
    settings = {}
    for path in paths:
        described = description_in(path)
        place = str(described.get("protocol")), str(described.get("method"))
        settings[place] = settings_text(described)
    return settings


def settings_text(described: Mapping[str, Any]) -> str:
    """JSON of budget and hyper-parameters in what a run file describes."""
    chosen = {name: described.get(name) for name in ("budget", "hyperparameters")}
    return json.dumps(chosen, sort_keys=True)


def summarise_runs(
    runs: dict[tuple[str, str], list[Run]],
    table: Benchmark,
    checkpoints: Sequence[int],
    hours: Sequence[float] = (),
    described: Mapping[tuple[str, str], str] | None = None,
    count: Count = "distinct evaluations",
) -> pd.DataFrame:
    """One row per run: outcome, optimum, counts, and the best after each checkpoint.

    Values are of the reported metric. If evaluations draw one of several trainings,
    `outcome_drawn` is the value drawn, which the reference reports, and `optimum_drawn` that of the
    best single training; both are NaN otherwise. Checkpoints count distinct evaluations and
    look-ups (see `BEST_AFTER`), and unique graphs if `count` says so; `hours` are simulated GPU
    hours, on datasets that have times. `described` is of `described_settings`, and empty where it
    is not known. An unknown optimum is NaN, and no run found or saw it. `tied_with_best` is of
    tables with repeated trainings, see the function of this name. `random_mean` is the mean of the
    table. `distinct_to_*` are of `evaluations_to_targets`; `last_*`, `seen_*`, `steps` and
    `*_share` are of `describe_run`.
    """
    space = get_space(table.space)
    definition = get_definition(table.space, table.dataset)
    rows = []
    for (protocol_name, method), group in runs.items():
        protocol = definition.protocols[protocol_name]
        optimum = known_optimum(table, protocol.reported_metric)
        best_drawn = optimum_drawn(table, protocol)
        tied = tied_with_best(table, protocol.reported_metric)
        masks = target_masks(table, protocol.reported_metric, tied, OPTIMUM_TOLERANCE)
        mean = random_mean(table, protocol.reported_metric)
        higher = table.metrics[protocol.fitness_metric].higher_is_better
        for made in group:
            run = over_trainings(made, protocol, higher)
            curve = reported_curve(run, table, protocol)
            best = best_after(curve, len(curve))
            valid = run.total - run.invalid
            to_optimum = evaluations_to(curve, optimum)
            seen = seen_within(made, np.array(checkpoints, dtype=np.int64)).tolist()
            by_lookups = curve if made is run else reported_curve(made, table, protocol)
            budgets = {DISTINCT: (curve, checkpoints), LOOKUPS: (by_lookups, seen)}
            rows.append(
                {
                    "space": table.space,
                    "dataset": table.dataset,
                    "protocol": protocol_name,
                    "method": method,
                    "described": (described or {}).get((protocol_name, method), ""),
                    "seed": run.seed,
                    "status": run.status,
                    "detail": run.detail,
                    "outcome_key": run.key(run.outcome, space),
                    "outcome": run.outcome_metric,
                    "outcome_drawn": run.outcome_drawn,
                    "optimum": optimum,
                    "optimum_drawn": best_drawn,
                    "random_mean": mean,
                    "found_optimum": bool(abs(run.outcome_metric - optimum) < OPTIMUM_TOLERANCE),
                    **_tie(run, tied),
                    "best_seen": best,
                    "saw_optimum": bool(abs(best - optimum) < OPTIMUM_TOLERANCE),
                    "distinct_to_optimum": to_optimum,
                    "lookups_to_optimum": lookups_to(run, to_optimum),
                    **evaluations_to_targets(incumbent_codes(run, table, protocol), masks),
                    "total": run.total,
                    "distinct": run.distinct,
                    "invalid": run.invalid,
                    "invalid_rate": run.invalid / run.total if run.total else np.nan,
                    "unique_rate": made.distinct / valid if valid else np.nan,
                    **{
                        BEST_AFTER[counted].format(checkpoint): best_after(best_so_far, count)
                        for counted, (best_so_far, counts) in budgets.items()
                        for checkpoint, count in zip(checkpoints, counts, strict=True)
                    },
                    **{
                        MEAN_SO_FAR.format(checkpoint): mean
                        for checkpoint, mean in zip(
                            checkpoints, means_so_far(curve, checkpoints), strict=True
                        )
                    },
                    **_within_graphs(run, curve, space, checkpoints if count == GRAPHS else ()),
                    **_within_hours(run, curve, table, definition.time_metric, hours),
                    **describe_run(made, higher),
                }
            )
    return pd.DataFrame(rows)


#: Cells over which the standard deviation of a training is pooled: the best ones.
_POOLED = 100
#: Level of the one-sided test against the best cell.
_TIE_LEVEL = 0.95


def tied_with_best(table: Benchmark, metric: str) -> np.ndarray | None:
    """bool[space size]: architectures that their trainings do not tell from the best one.

    The standard deviation s of a training is pooled over the 100 best means. An architecture with
    n trainings is tied with the best one, of m trainings, if its mean is lower by at most
    t s sqrt(1/n + 1/m), where t is the one-sided 95 % point of Student's distribution with the
    degrees of freedom of s. None if the table has no trainings of this metric.
    """
    if not {f"{metric}_sd", "trainings"} <= table.values.keys():
        return None
    from scipy.stats import t

    sign = table.metrics[metric].sign
    means, count = sign * table.values[metric], table.values["trainings"]
    best = np.argsort(-means, kind="stable")[:_POOLED]
    freedom = (count - 1)[best]
    variance = (freedom * table.values[f"{metric}_sd"][best] ** 2).sum() / freedom.sum()
    error = np.sqrt(variance * (1 / count + 1 / count[best[0]]))
    tied: np.ndarray = means[best[0]] - means <= t.ppf(_TIE_LEVEL, freedom.sum()) * error
    return tied


def _tie(run: Run, tied: np.ndarray | None) -> dict[str, bool]:
    """Whether a run reports a cell that is tied with the best; nothing without trainings."""
    if tied is None:
        return {}
    return {"tied_with_best": run.outcome >= 0 and bool(tied[run.outcome])}


def _within_graphs(
    run: Run, curve: np.ndarray, space: SearchSpace, checkpoints: Sequence[int]
) -> dict[str, float]:
    """Unique graphs of the run, and the best within checkpoints of them; nothing without these.

    A budget of graphs ends with the evaluation that spends it.
    """
    if not checkpoints:
        return {}
    _, first = np.unique(graphs_of(space)[run.codes], return_index=True)
    ends = np.append(np.sort(first) + 1, len(run.codes))
    return {
        "graphs": len(first),
        **{
            BEST_WITHIN_GRAPHS.format(graphs): best_after(curve, ends[min(graphs, len(ends)) - 1])
            for graphs in checkpoints
        },
    }


def _within_hours(
    run: Run, curve: np.ndarray, table: Benchmark, time_metric: str, hours: Sequence[float]
) -> dict[str, float]:
    """Simulated GPU hours of the run, and the best within `hours`; nothing without times."""
    if not time_metric:
        return {}
    spent = hours_spent(run, table, time_metric)
    done = np.searchsorted(spent, np.array(hours, dtype=np.float64), side="right").tolist()
    best = zip(hours, done, strict=True)
    return {
        "hours": float(spent[-1]) if len(spent) else 0.0,
        **{BEST_WITHIN_HOURS.format(limit): best_after(curve, count) for limit, count in best},
    }


def anytime_curves(runs: dict[tuple[str, str], list[Run]], table: Benchmark) -> pd.DataFrame:
    """Best so far: mean, median and quartiles over seeds.

    One row per protocol, method, what is `counted` (distinct evaluations, look-ups or, on datasets
    that have times, simulated GPU hours) and number of `evaluations`, or of hours. Look-ups and
    hours begin where every run has seen an architecture and have at most 400 points. A run that has
    ended keeps its last best; `running` counts the others.
    """
    definition = get_definition(table.space, table.dataset)
    frames = []
    for (protocol_name, method), group in runs.items():
        protocol = definition.protocols[protocol_name]
        higher = table.metrics[protocol.fitness_metric].higher_is_better
        begun = [run for run in group if run.distinct]
        if not begun:
            continue
        curves = [reported_curve(run, table, protocol) for run in begun]
        whole = [over_trainings(run, protocol, higher) for run in begun]
        by_trainings = [
            curve if run is made else reported_curve(run, table, protocol)
            for curve, run, made in zip(curves, whole, begun, strict=True)
        ]
        by_budget = {DISTINCT: _over_distinct(by_trainings), LOOKUPS: _over_lookups(curves, begun)}
        if definition.time_metric:
            spent = [hours_spent(run, table, definition.time_metric) for run in begun]
            by_budget[HOURS] = _over_hours(curves, spent)
        for counted, frame in by_budget.items():
            names = {"protocol": protocol_name, "method": method, "counted": counted}
            frames.append(frame.assign(**names)[[*names, *frame.columns]])
    return pd.concat(frames, ignore_index=True)


def _over_distinct(curves: list[np.ndarray]) -> pd.DataFrame:
    ends = np.array([len(curve) for curve in curves])
    best = np.stack([np.pad(curve, (0, ends.max() - len(curve)), mode="edge") for curve in curves])
    return _over_runs(best, np.arange(1, ends.max() + 1), ends)


def _over_lookups(curves: list[np.ndarray], runs: list[Run]) -> pd.DataFrame:
    ends = np.array([run.total for run in runs])
    first = 1 + max(int(run.lookups[0]) for run in runs)
    points = np.geomspace(first, max(first, ends.max()), _POINTS)
    lookups = np.unique(points.round().astype(np.int64))
    best = [curve[seen_within(run, lookups) - 1] for curve, run in zip(curves, runs, strict=True)]
    return _over_runs(np.stack(best), lookups, ends)


def _over_hours(curves: list[np.ndarray], spent: list[np.ndarray]) -> pd.DataFrame:
    ends = np.array([hours[-1] for hours in spent])
    points = np.geomspace(max(hours[0] for hours in spent), ends.max(), _POINTS)
    # The last point is the last end itself, whatever the logarithm rounds.
    points[-1] = max(ends.max(), points[0])
    best = [
        curve[np.searchsorted(hours, points, side="right") - 1]
        for curve, hours in zip(curves, spent, strict=True)
    ]
    return _over_runs(np.stack(best), points, ends)


def _over_runs(best: np.ndarray, evaluations: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """Statistics of the best so far float64[runs, points]; `ends` [runs] are of whole runs."""
    return pd.DataFrame(
        {
            "evaluations": evaluations,
            "mean": best.mean(axis=0),
            "median": np.median(best, axis=0),
            "quartile_low": np.quantile(best, 0.25, axis=0),
            "quartile_high": np.quantile(best, 0.75, axis=0),
            "running": (ends[None] >= evaluations[:, None]).sum(axis=1),
        }
    )


def _quantile_of_steps(values: np.ndarray, share: float) -> np.ndarray:
    """A quantile float64[steps] over runs of values float64[runs, steps], NaN after a run's end.

    numpy's `nanquantile` takes one step after the other, which is slow.
    """
    whole = ~np.isnan(values).any(axis=0)
    quantile = np.empty(values.shape[1])
    quantile[whole] = np.quantile(values[:, whole], share, axis=0)
    quantile[~whole] = np.nanquantile(values[:, ~whole], share, axis=0)
    return quantile


def step_curves(runs: dict[tuple[str, str], list[Run]]) -> pd.DataFrame:
    """Mean over seeds and quartiles of each quantity of the trace per denoising step (1 = first).

    Methods without steps have no rows.
    """
    frames = []
    for (protocol, method), group in runs.items():
        for quantity in STEP_COLUMNS:
            traces = [run.steps[quantity] for run in group if quantity in run.steps]
            if not any(map(len, traces)):
                continue
            # Means are summed over the rows of a C-ordered array float64[runs, steps].
            values = np.array([*zip_longest(*traces, fillvalue=np.nan)]).T.copy()
            frames.append(
                pd.DataFrame(
                    {
                        "protocol": protocol,
                        "method": method,
                        "step": np.arange(1, values.shape[1] + 1),
                        "quantity": quantity.removeprefix("step_"),
                        "mean": np.nanmean(values, axis=0),
                        "quartile_low": _quantile_of_steps(values, 0.25),
                        "quartile_high": _quantile_of_steps(values, 0.75),
                        "runs": (~np.isnan(values)).sum(axis=0),
                    }
                )
            )
    columns = ["protocol", "method", "step", "quantity", "mean", "quartile_low", "quartile_high"]
    return (
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*columns, "runs"])
    )

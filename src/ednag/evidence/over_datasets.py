"""Methods over all datasets of a study: mean ranks, targets reached, performance profiles.

Every dataset counts equally. Which ones are counted says `counted_datasets`; methods that lack one
are left out, and those that were tuned on one are not ranked: they are ranked over the others.
docs/statistics.md states each quantity with a worked example.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.errors import EdnagError
from ednag.evidence.comparison import KEYS, uneven_mark
from ednag.evidence.standing import (
    friedman_p,
    mean_scores,
    places_of,
    tuned_on,
    without_tuned,
)
from ednag.evidence.statistics import (
    FEWEST_VALUES,
    critical_difference,
    mean_ranks,
    ranks_by_space,
    stratified_mean,
)
from ednag.evidence.summaries import BEST_AFTER, DISTINCT
from ednag.evidence.targets import DISTINCT_TO, TARGETS
from ednag.evidence.writing import counted, enumerated, texts, with_interval, write_frame
from ednag.methods import get_method
from ednag.study.comparisons import FEWEST_DATASETS, ranked_methods
from ednag.tables import counted_datasets, get_definition

#: Mean over the targets, beside those of TARGETS.
ALL_TARGETS = "all"
#: Drawn regrets, in % of the way from a random architecture to the best: rounded, so that no
#: library's logarithm is part of a file.
REGRETS = tuple(float(f"{0.1 * 1000 ** (step / 90):.4g}") for step in range(91))


def counted_runs(summary: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """The runs under a protocol that are compared: ranked methods, on datasets that count.

    Raises:
        EdnagError: There are fewer than two methods on all datasets.
    """
    runs = summary[summary["protocol"] == protocol]
    counted = counted_datasets(places_of(runs))
    kept = [place in counted for place in zip(runs["space"], runs["dataset"], strict=True)]
    runs = runs[np.array(kept, dtype=bool)]
    methods = ranked_methods(common_methods(runs))
    if len(methods) < 2:
        raise EdnagError("a ranking needs at least two methods; add one to the study")
    return runs[runs["method"].isin(methods)].reset_index(drop=True)


def common_methods(summary: pd.DataFrame) -> list[str]:
    """Methods that were run on every dataset, in the summaries' order."""
    datasets = len(summary[["space", "dataset"]].drop_duplicates())
    pairs = summary[["space", "dataset", "method"]].drop_duplicates()
    counts = pairs.groupby("method", sort=False).size()
    return [str(name) for name, count in counts.items() if count == datasets]


def untuned_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Those of `counted_runs` on datasets on which none of their methods was tuned.

    Empty where that are all datasets, or fewer than FEWEST_DATASETS.
    """
    kept = without_tuned(runs, *map(str, runs["method"].unique()))
    enough = len(places_of(runs)) > len(places_of(kept)) >= FEWEST_DATASETS
    return kept if enough else kept.iloc[:0]


def marks_after(runs: pd.DataFrame, budget: int) -> dict[str, str]:
    """Method -> why it cannot be ranked after `budget` distinct evaluations; "" if it can.

    It is that it was tuned on some of the datasets, or the first `uneven_mark` among them.
    """
    place = {"counted": DISTINCT, "budget": budget}
    places = places_of(runs)
    marks = {str(name): _tuned_mark(str(name), places) for name in dict.fromkeys(runs["method"])}
    for _, group in runs.groupby(KEYS, sort=False):
        most = int(group["method"].value_counts().max())
        for name, own in group.groupby("method", sort=False):
            marks[str(name)] = marks[str(name)] or uneven_mark(own, place, most)
    return marks


def _tuned_mark(method: str, places: Sequence[tuple[str, str]]) -> str:
    tuned = tuned_on(method, places)
    return f"tuned on {len(tuned)} of {len(places)} datasets" if tuned else ""


def scores_after(summary: pd.DataFrame, methods: Sequence[str], budget: int) -> pd.DataFrame:
    """Score of each method (columns) on each dataset (rows) of one protocol, higher is better.

    The score is the mean over seeds of the best seen after `budget` distinct evaluations, see
    `mean_scores`.
    """
    kept = summary[summary["method"].isin(methods)]
    rows = {names: mean_scores(group, budget) for names, group in kept.groupby(KEYS)}
    return pd.DataFrame(rows, index=list(methods)).T


def ranks_frame(runs: pd.DataFrame, budgets: Sequence[int], confidence: float) -> pd.DataFrame:
    """Mean ranks of `counted_runs`: one row per budget and method, the best rank first.

    A method with a `mark` has no rank. `rank_by_space` counts each of the `spaces` once, see
    `ranks_by_space`. `friedman_p` is the p-value of Friedman's test that the methods do not differ.
    It and the `critical_difference` are NaN for fewer than 3 datasets.
    """
    places = places_of(runs)
    frames = []
    for budget in budgets:
        marks = marks_after(runs, budget)
        level = [name for name, mark in marks.items() if not mark]
        columns = ("mean_rank", "rank_by_space", "critical_difference", "friedman_p")
        frame = pd.DataFrame({"budget": budget, "method": list(marks), **dict.fromkeys(columns)})
        frame = frame.astype(dict.fromkeys(columns, float))
        frame["datasets"] = len(places)
        frame["spaces"] = len({space for space, _ in places})
        frame["mark"] = list(marks.values())
        if len(level) > 1:
            by_dataset = scores_after(runs, level, budget)
            scores = by_dataset.to_numpy()
            is_level = frame["mark"] == ""
            frame.loc[is_level, "mean_rank"] = mean_ranks(scores)
            of_spaces = ranks_by_space(scores, list(by_dataset.index.get_level_values(0)))
            frame.loc[is_level, "rank_by_space"] = of_spaces
            if len(scores) >= FEWEST_DATASETS:
                difference = critical_difference(len(level), len(scores), confidence)
                frame.loc[is_level, "critical_difference"] = difference
                frame.loc[is_level, "friedman_p"] = friedman_p(scores)
        frames.append(frame.sort_values("mean_rank", kind="stable"))
    return pd.concat(frames, ignore_index=True)


def _by_method(runs: pd.DataFrame) -> Iterator[tuple[str, list[pd.DataFrame]]]:
    """(method, its runs on each dataset)."""
    for name, own in runs.groupby("method", sort=False):
        yield str(name), [group for _, group in own.groupby(KEYS, sort=False)]


def targets_frame(runs: pd.DataFrame) -> pd.DataFrame:
    """Share of runs that have reached a target: a row per target, method and `evaluations`.

    A share is the mean over datasets, that of ALL_TARGETS the mean over the targets, too. A run
    that has ended reaches no more. A curve ends where half of the method's runs have ended.
    Methods that were tuned on one of the datasets have no rows.
    """
    frames: list[pd.DataFrame] = []
    places = places_of(runs)
    for method, groups in _by_method(runs):
        if tuned_on(method, places):
            continue
        ends = np.sort(np.concatenate([group["distinct"].to_numpy() for group in groups]))
        points = _points(int(ends[(len(ends) - 1) // 2]))
        shares = {
            target: np.mean([_reached(group, target, points) for group in groups], axis=0)
            for target in TARGETS
        }
        shares = {ALL_TARGETS: np.mean(list(shares.values()), axis=0), **shares}
        columns = {"method": method, "evaluations": points, "datasets": len(groups)}
        frames += [
            pd.DataFrame({"target": target, **columns, "share": share})
            for target, share in shares.items()
        ]
    if not frames:
        return pd.DataFrame(columns=["target", "method", "evaluations", "datasets", "share"])
    drawn = pd.concat(frames, ignore_index=True)
    return drawn.sort_values("target", kind="stable", key=_order_of_targets, ignore_index=True)


def _order_of_targets(names: pd.Series) -> pd.Series:
    return names.map([ALL_TARGETS, *TARGETS].index)


def _points(end: int) -> np.ndarray:
    """Whole numbers from 1 to `end`, each at most 4 % above the one before."""
    points = [1]
    while points[-1] < end:
        points.append(min(end, points[-1] + max(1, points[-1] // 25)))
    return np.array(points)


def _share_reached(groups: Sequence[pd.DataFrame], target: str, budget: int) -> float:
    """The share of a method's runs that reach a target within a budget, mean over datasets."""
    return float(np.mean([_reached(each, target, np.array([budget]))[0] for each in groups]))


def _reached(group: pd.DataFrame, target: str, points: np.ndarray) -> np.ndarray:
    """float64[points]: share of the runs that have reached a target so far."""
    until = np.sort(group[DISTINCT_TO.format(target)].dropna().to_numpy())
    share: np.ndarray = np.searchsorted(until, points, side="right") / len(group)
    return share


def _regrets(runs: pd.DataFrame, budget: int) -> dict[str, list[np.ndarray]]:
    """Method -> normalised regret within a budget, in %, float64[runs] for each dataset.

    0 is the best of the table, 100 the mean of a random architecture: 100 (1 - score) for the
    normalised score. A run that has seen no architecture has the largest one on the dataset.
    """
    regrets: dict[str, list[np.ndarray]] = {}
    for _, group in runs.groupby(KEYS, sort=False):
        best, mean = (float(group[name].iloc[0]) for name in ("optimum", "random_mean"))
        left = best - group[BEST_AFTER[DISTINCT].format(budget)].to_numpy(dtype=float)
        # All architectures of a table may be equal: then nothing is left to any.
        values = np.round(100 * left / ((best - mean) or 1.0), 9)
        values = np.where(np.isnan(values), np.nanmax(values), values)
        methods = group["method"].to_numpy()
        for name in dict.fromkeys(methods):
            regrets.setdefault(str(name), []).append(values[methods == name])
    return regrets


def profiles_frame(runs: pd.DataFrame, budgets: Sequence[int], confidence: float) -> pd.DataFrame:
    """Performance profiles: share of runs with a regret of at most `regret`, by budget and method.

    The share is the mean over datasets. Its interval is normal, of a mean of independent shares;
    fewer than FEWEST_VALUES seeds have none.
    Methods with a mark of `marks_after` have no rows.
    """
    from scipy.special import ndtri

    reach, frames = float(ndtri(0.5 + confidence / 2)), []
    for budget in budgets:
        marks = marks_after(runs, budget)
        for method, regrets in _regrets(runs, budget).items():
            if marks[method]:
                continue
            at_most = [each[:, None] <= REGRETS for each in regrets]
            shares = np.array([each.mean(axis=0) for each in at_most])
            seeds, share = np.array([[len(each)] for each in at_most]), shares.mean(axis=0)
            if seeds.min() < FEWEST_VALUES:
                error = np.full(len(REGRETS), np.nan)
            else:
                variances = shares * (1 - shares) / (seeds - 1)
                error = np.sqrt(variances.sum(axis=0)) / len(regrets)
            columns = {
                "regret": REGRETS,
                "share": share,
                "share_low": np.maximum(share - reach * error, 0.0),
                "share_high": np.minimum(share + reach * error, 1.0),
            }
            frames.append(pd.DataFrame({"budget": budget, "method": method, **columns}))
    head = ["budget", "method", "regret", "share", "share_low", "share_high"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=head)


def over_datasets_table(
    runs: pd.DataFrame, ranked: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """A row for each of `ranks_frame`: mean rank, optimality gap and targets reached.

    `optimality_gap` is the mean of the normalised regret in %, over runs and then datasets, with
    an interval over seeds; `reached_*` are the shares of runs that have reached a target, in %;
    `saw_nothing` is the number of runs that have seen no architecture.
    """
    groups_of = dict(_by_method(runs))
    rows = []
    for budget in map(int, ranked["budget"].unique()):
        regrets = _regrets(runs, budget)
        for row in ranked[ranked["budget"] == budget].to_dict("records"):
            method = str(row["method"])
            shares = {
                f"reached_{target}": 100 * _share_reached(groups_of[method], target, budget)
                for target in TARGETS
            }
            gap = stratified_mean(regrets[method], confidence).columns("optimality_gap")
            best = BEST_AFTER[DISTINCT].format(budget)
            unseen = sum(int(group[best].isna().sum()) for group in groups_of[method])
            rows.append(row | gap | shares | {"saw_nothing": unseen})
    columns = ["budget", "method", "datasets", "spaces", "mean_rank", "rank_by_space"]
    columns += ["optimality_gap", "optimality_gap_low", "optimality_gap_high"]
    columns += [f"reached_{target}" for target in TARGETS]
    columns += ["saw_nothing", "mark"]
    return pd.DataFrame(rows)[columns]


def write_over_datasets(
    frame: pd.DataFrame, runs: pd.DataFrame, confidence: float, paths: Sequence[Path]
) -> None:
    """Write `over_datasets_table` of `counted_runs` to paths (.csv, .md, .tex)."""
    ranks = zip(frame["mark"], texts(frame["mean_rank"]), strict=True)
    readable = {
        "Distinct evaluations": texts(frame["budget"]),
        "Datasets": texts(frame["datasets"]),
        "Method": [get_method(name).title for name in frame["method"]],
        "Mean rank": [mark or rank for mark, rank in ranks],
        "By space": texts(frame["rank_by_space"]),
        "Optimality gap (%)": with_interval(frame, "optimality_gap"),
        **{
            f"Reached {title} (%)": texts(frame[f"reached_{target}"], 1)
            for target, title in TARGETS.items()
        },
        "Saw nothing": texts(frame["saw_nothing"]),
    }
    places = places_of(runs)
    names = [f"{get_definition(*place).title} ({place[0]})" for place in places]
    level = f"{100 * confidence:g} %"
    spaces = counted(len({space for space, _ in places}), "space")
    note = _NOTE.format(count=len(names), spaces=spaces, names=enumerated(names), level=level)
    write_frame(frame, readable, note, paths)


_NOTE = (
    "Over {count} measured datasets of {spaces}, each counted equally: {names}. Of several "
    "measurements of the same images in one space, one counts; other datasets of a space share its "
    "architectures, so they are not independent. Mean rank: by the mean over seeds of the best "
    "seen within the budget; by space: the mean within each space first, so that each space "
    "counts once. A method that was tuned on some of the datasets is not ranked over all; rows of "
    "fewer datasets rank it over those on which none was tuned. Optimality gap: the mean of what "
    "is left to the best architecture, where 100 % is the distance from the mean of a random "
    "architecture; interval over seeds, {level}, not over datasets. Reached: share of runs that "
    "have seen an architecture as good. A run that has seen none (saw nothing) counts as the worst "
    "run on its dataset. A method with a mark is not ranked."
)

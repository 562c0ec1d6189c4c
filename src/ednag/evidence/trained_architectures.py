"""What a search by prediction is worth: its best architectures, trained, beside random ones.

Every choice is made twice. Under `validation` the architecture of each group that does best on
validation images is chosen and its test accuracy reported, once. Under `paper` the best test
accuracy of the group is reported, as the reference does: an optimistic number, since the test
images choose what they are to judge.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.statistics import bootstrap_mean
from ednag.evidence.writing import interval_text, rounded, write_frame
from ednag.methods import get_method
from ednag.predictor.choice import CHANCE, PREDICTOR
from ednag.study.configuration import Statistics

#: Groups of random architectures that stand for what chance gives.
_GROUPS = 1000


def mean_accuracies(trained: pd.DataFrame) -> pd.DataFrame:
    """Mean over training seeds of each architecture, indexed by key.

    Args:
        trained: One row per architecture and seed: `key`, `seed`, `status`, `validation_accuracy`,
            `test_accuracy`, `paper_accuracy` in %. Trainings that diverged are counted and are in
            no mean.

    Returns:
        Columns `validation_accuracy`, `test_accuracy`, `paper_accuracy` in %, NaN where every
        training diverged, `seeds`, `diverged`.
    """
    diverged = trained["status"] != "complete"
    accuracies = ["validation_accuracy", "test_accuracy", "paper_accuracy"]
    told = trained.assign(diverged=diverged)
    told[accuracies] = told[accuracies].astype(float).where(~diverged)
    return told.groupby("key", sort=True).agg(
        **{name: (name, "mean") for name in accuracies},
        seeds=("seed", "size"),
        diverged=("diverged", "sum"),
    )


def _chosen(group: pd.DataFrame) -> tuple[float, float]:
    """Test accuracy of the best by validation, and the best of the paper's accuracies.

    The first among equals; NaN where every network of the group diverged.
    """
    known = group.dropna(subset=["validation_accuracy"])
    if known.empty:
        return np.nan, np.nan
    best = int(known["validation_accuracy"].to_numpy().argmax())
    return float(known["test_accuracy"].iloc[best]), float(known["paper_accuracy"].max())


def outcomes_of_groups(chosen: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """One row per method, rule and run: what its group of architectures gives.

    Args:
        chosen: One row per architecture chosen: `method`, `rule`, `run`, `rank`, `key`.
        accuracies: From `mean_accuracies`.

    Returns:
        Columns `method`, `rule`, `run`, `k`, `validation` and `paper`: the test accuracy in % that
        each protocol reports.
    """
    rows = []
    for names, group in chosen.groupby(["method", "rule", "run"], sort=False):
        known = accuracies.loc[group.sort_values("rank")["key"]]
        method, rule, run = names
        honest, best = _chosen(known)
        named = {"method": method, "rule": rule, "run": run, "k": len(known)}
        rows.append({**named, "validation": honest, "paper": best})
    return pd.DataFrame(rows)


def chance_outcomes(random: pd.DataFrame, k: int, seed: int) -> pd.DataFrame:
    """The same for groups of k random architectures, drawn from those that were trained.

    Args:
        random: Rows of `mean_accuracies`, of random architectures.
        k: Architectures in a group.
        seed: Of the draws.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = []
    for run in range(_GROUPS):
        group = random.iloc[generator.choice(len(random), size=min(k, len(random)), replace=False)]
        honest, best = _chosen(group)
        named = {"method": CHANCE, "rule": "random", "run": run, "k": len(group)}
        rows.append({**named, "validation": honest, "paper": best})
    return pd.DataFrame(rows)


def top_k_table(
    chosen: pd.DataFrame, trained: pd.DataFrame, k: int, statistics: Statistics
) -> pd.DataFrame:
    """One row per method and rule: what training its choice gives, under both protocols.

    Intervals are over searches; those of chance are quantiles over its groups, for the groups are
    drawn from one pool and their mean has no sampling error worth an interval.

    Args:
        chosen: As of `outcomes_of_groups`; those by chance have the method `CHANCE`.
        trained: As of `mean_accuracies`.
        k: Architectures in a group of random ones.
        statistics: Level, resamples and seed of the intervals.
    """
    accuracies = mean_accuracies(trained)
    by_chance = chosen["method"] == CHANCE
    groups = outcomes_of_groups(chosen[~by_chance], accuracies)
    random = accuracies.loc[chosen.loc[by_chance, "key"].unique()]
    drawn = chance_outcomes(random, k, statistics.seed)
    rows = []
    for names, group in pd.concat([groups, drawn]).groupby(["method", "rule"], sort=False):
        method, rule = names
        row = {"method": method, "rule": rule, "searches": len(group), "k": int(group["k"].max())}
        if method == CHANCE:
            row["searches"] = pd.NA
        for protocol in ("validation", "paper"):
            values = group[protocol].to_numpy(dtype=float)
            low, high = _bounds(values, method == CHANCE, statistics)
            row |= {
                protocol: float(values.mean()),
                f"{protocol}_low": low,
                f"{protocol}_high": high,
            }
        keys = chosen.loc[(chosen["method"] == method) & (chosen["rule"] == rule), "key"]
        row["trained"] = int(keys.nunique()) if method != CHANCE else len(random)
        rows.append(row)
    table = pd.DataFrame(rows)
    table["better_than_random"] = [
        float((random["test_accuracy"].to_numpy() < value).mean()) for value in table["validation"]
    ]
    return table


def _bounds(values: np.ndarray, is_chance: bool, statistics: Statistics) -> tuple[float, float]:
    if is_chance:
        tail = (1 - statistics.confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail])
        return float(low), float(high)
    interval = bootstrap_mean(values, statistics.confidence, statistics.resamples, statistics.seed)
    return interval.low, interval.high


def title_of_choice(method: str, rule: str) -> str:
    """What a row of the table is, in words."""
    if method == CHANCE:
        return "Random architectures"
    if method == PREDICTOR:
        return "Best by prediction in the whole space"
    name = get_method(method).title
    where = "last population" if rule == "paper" else "all it evaluated"
    return f"{name}, best of {where}"


def readable_top_k(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `top_k_table`."""
    choices = zip(table["method"], table["rule"], strict=True)
    readable = {
        "Chosen by": [title_of_choice(method, rule) for method, rule in choices],
        "Searches": [rounded(value) for value in table["searches"].astype("object")],
        "k": [str(value) for value in table["k"]],
        "Networks trained": [str(value) for value in table["trained"]],
    }
    for protocol, heading in (("validation", "Test (%), by validation"), ("paper", "best by test")):
        columns = (table[protocol], table[f"{protocol}_low"], table[f"{protocol}_high"])
        readable[heading] = [
            f"{rounded(value)} {interval_text(low, high)}"
            for value, low, high in zip(*columns, strict=True)
        ]
    readable["Random ones below (%)"] = [rounded(100 * v, 0) for v in table["better_than_random"]]
    return readable


def write_top_k(
    table: pd.DataFrame, what: str, statistics: Statistics, paths: Sequence[Path]
) -> None:
    """Write `top_k_table` as CSV, Markdown and LaTeX; `what` says on what, one sentence."""
    note = (
        f"{what} Test accuracy of the architecture that does best on validation images among the k "
        "chosen, mean over searches; beside it the best test accuracy of the k, as the reference "
        f"reports it. In brackets {100 * statistics.confidence:g} % intervals: bootstrap over "
        "searches; for random architectures, quantiles over groups of k."
    )
    write_frame(table, readable_top_k(table), note, paths)

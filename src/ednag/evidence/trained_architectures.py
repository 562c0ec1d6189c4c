"""The best architectures of searches by prediction, trained, beside random ones.

Each group of architectures is reported in two ways. `validation` is the test accuracy of the
architecture that does best on validation images. `paper` is the best test accuracy of the group,
which the reference reports; it is optimistic, because the test images choose the architecture.
"""

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.statistics import Interval, mean_columns, middle_share
from ednag.evidence.writing import texts, with_interval, write_frame
from ednag.methods import get_method
from ednag.predictor.choice import CHANCE, PREDICTOR
from ednag.study.statistics import Statistics

#: Number of groups of random architectures.
_GROUPS = 1000


def mean_accuracies(trained: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracies in % over completed trainings of each architecture, indexed by key.

    NaN for no completed training; `seeds` counts all trainings, `diverged` those not completed.
    `trained` has a row per architecture and seed, with columns key, seed, status,
    validation_accuracy, test_accuracy and paper_accuracy.
    """
    diverged = trained["status"] != "complete"
    accuracies = ["validation_accuracy", "test_accuracy", "paper_accuracy"]
    rows = trained.assign(diverged=diverged)
    rows[accuracies] = rows[accuracies].astype(float).where(~diverged)
    return rows.groupby("key", sort=True).agg(
        **{name: (name, "mean") for name in accuracies},
        seeds=("seed", "size"),
        diverged=("diverged", "sum"),
    )


def _outcome(names: tuple[Hashable, ...], group: pd.DataFrame) -> dict[str, object]:
    """Test accuracies of a group of rows of `mean_accuracies`, NaN where all diverged.

    `names` are method, rule and run; `validation` is of the first among equals.
    """
    row = {**dict(zip(("method", "rule", "run"), names, strict=True)), "k": len(group)}
    trained = group.dropna(subset=["validation_accuracy"])
    if trained.empty:
        return {**row, "validation": np.nan, "paper": np.nan}
    best = int(trained["validation_accuracy"].to_numpy().argmax())
    accuracy = float(trained["test_accuracy"].iloc[best])
    return {**row, "validation": accuracy, "paper": float(trained["paper_accuracy"].max())}


def outcomes_of_groups(chosen: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """One row per method, rule and run: size `k` and test accuracies in % of its architectures.

    `chosen` has a row per architecture, with columns method, rule, run, rank and key.
    """
    rows = [
        _outcome(names, accuracies.loc[group.sort_values("rank")["key"]])
        for names, group in chosen.groupby(["method", "rule", "run"], sort=False)
    ]
    return pd.DataFrame(rows)


def chance_outcomes(random: pd.DataFrame, k: int, seed: int) -> pd.DataFrame:
    """The same of groups of k architectures, drawn from the `random` rows of `mean_accuracies`."""
    generator = np.random.Generator(np.random.PCG64(seed))
    size = min(k, len(random))
    groups = [generator.choice(len(random), size, replace=False) for _ in range(_GROUPS)]
    return pd.DataFrame(
        [_outcome((CHANCE, "random", run), random.iloc[group]) for run, group in enumerate(groups)]
    )


def top_k_table(
    chosen: pd.DataFrame, trained: pd.DataFrame, k: int, statistics: Statistics
) -> pd.DataFrame:
    """One row per method and rule: the accuracies of its choice, reported in both ways.

    Intervals are over searches. Those of chance are quantiles over its groups of `k`: the groups
    are drawn from one pool, so their mean has no sampling error worth an interval.
    """
    accuracies = mean_accuracies(trained)
    by_chance = chosen["method"] == CHANCE
    groups = outcomes_of_groups(chosen[~by_chance], accuracies)
    random = accuracies.loc[chosen.loc[by_chance, "key"].unique()]
    drawn = chance_outcomes(random, k, statistics.seed)
    rows = []
    both = pd.concat([groups, drawn]).groupby(["method", "rule"], sort=False)
    for (method, rule), group in both:
        row = {"method": method, "rule": rule, "searches": len(group), "k": int(group["k"].max())}
        if method == CHANCE:
            row["searches"] = pd.NA
        for protocol in ("validation", "paper"):
            values = group[protocol].to_numpy(dtype=float)
            if method == CHANCE:
                bounds = middle_share(values, statistics.confidence)
                row |= Interval(values.mean(), *bounds).columns(protocol)
            else:
                row |= mean_columns(protocol, values, statistics.confidence)
        keys = chosen.loc[(chosen["method"] == method) & (chosen["rule"] == rule), "key"]
        row["trained"] = int(keys.nunique()) if method != CHANCE else len(random)
        rows.append(row)
    table = pd.DataFrame(rows)
    table["better_than_random"] = [
        float((random["test_accuracy"].to_numpy() < value).mean()) for value in table["validation"]
    ]
    return table


def title_of_choice(method: str, rule: str) -> str:
    """A row's heading in tables and figures."""
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
    return {
        "Chosen by": [title_of_choice(method, rule) for method, rule in choices],
        "Searches": texts(table["searches"].astype("object")),
        "k": texts(table["k"]),
        "Networks trained": texts(table["trained"]),
        "Test (%), by validation": with_interval(table, "validation"),
        "best by test": with_interval(table, "paper"),
        "Random ones below (%)": texts(100 * table["better_than_random"], 0),
    }


def write_top_k(
    table: pd.DataFrame, what: str, statistics: Statistics, paths: Sequence[Path]
) -> None:
    """Write `top_k_table` as CSV, Markdown and LaTeX; `what` is a sentence on what was trained."""
    note = (
        f"{what} Test accuracy of the architecture that does best on validation images among the k "
        "chosen, mean over searches; beside it the best test accuracy of the k, as the reference "
        f"reports it. In brackets {100 * statistics.confidence:g} % intervals: Student's over "
        "searches; for random architectures, quantiles over groups of k."
    )
    write_frame(table, readable_top_k(table), note, paths)

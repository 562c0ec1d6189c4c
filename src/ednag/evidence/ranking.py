"""How well predictors rank unseen cells, and how good the draws of the ranker's sampler are.

Each seed draws its own training and held-out cells, so an interval over seeds covers both draws.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ednag.evidence.statistics import finite, mean_columns
from ednag.evidence.writing import NO_VALUE, rounded, texts, with_interval, write_frame
from ednag.study.statistics import Statistics

#: Predictor -> its name in tables and figures, in their order.
TITLES: Mapping[str, str] = {
    "ranker": "NAR's ranker, score",
    "ranker_tiers": "NAR's ranker, tier",
    "ridge_pairs": "ridge on pairs of operations",
    "ridge_operations": "ridge on operations",
    "random_forest": "random forest",
    "gradient_boosting": "gradient boosting",
    "nearest_neighbours": "nearest neighbours",
    "flops": "FLOPs alone",
    "parameters": "parameters alone",
}
#: Predictors that learn nothing: they rank alike, whatever cells the others are trained on.
UNTRAINED = ("flops", "parameters")
TIERS = 5
_CONCORDANT = "tau_ties_concordant"
#: Space -> width, layers and epochs of its published ranker.
_PUBLISHED = {"nasbench101": "256, 6 and 35", "nasbench201": "128, 6 and 55"}
#: Space -> what its accuracies do not allow.
_LACKING = {
    "nasbench101": "Accuracies are of validation, of one training of three. No test accuracy "
    "is here, so nothing is searched: needs data nasbench101-only108 for test accuracy and "
    "searches. Networks are counted for our own numbering of vertices. "
}


def _size(space: str, size: str, precision: str) -> str:
    """The size and training of the study's ranker, and what its accuracies do not allow."""
    trained = "" if precision == "float32" else f"It was trained in {precision}. "
    if size == "published":
        return (
            f"{_LACKING.get(space, '')}The ranker has the published size: width, layers and epochs "
            f"{_PUBLISHED[space]}. {trained}"
        )
    return (
        f"{_LACKING.get(space, '')}The ranker is small (width 32, 1 layer, 30 epochs; published: "
        f"{_PUBLISHED[space]}), so that it trains on a laptop; it says little about the published "
        f"one. {trained}"
    )


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of TITLES, then as they come."""
    order = dict(zip(TITLES, range(len(TITLES)), strict=True))
    by_place = frame["predictor"].map(order).argsort(kind="stable")
    return frame.iloc[by_place].reset_index(drop=True)


def learning_table(judged: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per predictor and number of training cells: means over seeds, with intervals.

    `judged` are rows of `ednag.ranker.study.judged`, with `seed`.
    """
    groups = judged.sort_values("seed", kind="stable").groupby(["predictor", "training"])
    rows = [
        {
            "predictor": predictor,
            "training": training,
            "held_out": int(group["held_out"].iloc[0]),
            "seeds": int(group["seed"].nunique()),
        }
        | {
            column: value
            for name in ("tau_b", _CONCORDANT, "spearman", "precision", "regret")
            for column, value in mean_columns(
                name, finite(group[name]), statistics.confidence
            ).items()
        }
        for (predictor, training), group in groups
    ]
    return _ordered(pd.DataFrame(rows))


def readable_learning(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `learning_table`."""
    return {
        "Predictor": [TITLES[name] for name in table["predictor"]],
        "Training cells": [
            NO_VALUE if name in UNTRAINED else str(count)
            for name, count in zip(table["predictor"], table["training"], strict=True)
        ],
        "Seeds": texts(table["seeds"]),
        "Kendall's tau-b": with_interval(table, "tau_b", 3),
        "Reference's tau": texts(table[_CONCORDANT], 3),
        "Spearman's rho": texts(table["spearman"], 3),
        "Best 5 % found (%)": texts(100 * table["precision"], 1),
        "Regret of the best of 10 (%)": texts(table["regret"], 2),
    }


def write_learning(
    table: pd.DataFrame,
    title: str,
    statistics: Statistics,
    paths: Sequence[Path],
    space: str = "nasbench201",
    size: str = "small",
    precision: str = "float32",
) -> None:
    """Write `learning_table` of cells of a space as CSV, Markdown and LaTeX.

    Of predictors that learn nothing only the first row is shown.
    """
    note = (
        f"{title}: {table['held_out'].iloc[0]} cells held out, others each seed. In brackets "
        f"{100 * statistics.confidence:g} % intervals of Student over seeds. The reference's tau "
        "counts ties as concordant. Best 5 % found: of as many cells with the highest scores, "
        "those truly among the best 5 %. Regret: by how much the best of the ten with the highest "
        f"scores misses the best cell held out. {_size(space, size, precision)}{_verdict(table)}"
    )
    repeated = table["predictor"].isin(UNTRAINED) & table.duplicated("predictor")
    once = table[~repeated].reset_index(drop=True)
    write_frame(once, readable_learning(once), note.strip(), paths)


def _verdict(table: pd.DataFrame) -> str:
    """What ranks better than the ranker at the largest number of cells that it is trained on."""
    largest = table.loc[table["predictor"] == "ranker", "training"].max()
    taus = table[table["training"] == largest].set_index("predictor")["tau_b"].dropna()
    if "ranker" not in taus or len(taus) < 2:
        return ""
    better = taus[taus > taus["ranker"]].sort_values(ascending=False)
    if better.empty:
        return f"Trained on {largest} cells, the ranker ranks best."
    named = ", ".join(f"{TITLES[str(name)]} ({tau:.3f})" for name, tau in better.items())
    return (
        f"Trained on {largest} cells, the ranker (tau-b {taus['ranker']:.3f}) ranks worse than "
        f"{named}."
    )


def tier_table(tiers: pd.DataFrame) -> pd.DataFrame:
    """One row per predictor and true tier: the share of its cells put into each tier, of all seeds.

    `tiers` has columns `predictor`, `training`, `tier`, `predicted_tier`, `cells`, `seed`.
    """
    keys = ["predictor", "training", "tier"]
    counts = tiers.pivot_table(
        index=keys, columns="predicted_tier", values="cells", aggfunc="sum", fill_value=0
    )
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    shares.columns = [f"into_{tier}" for tier in shares.columns]
    seeds = tiers.groupby(keys)["seed"].nunique().rename("seeds")
    cells = counts.sum(axis=1).rename("cells")
    return _ordered(pd.concat([seeds, cells, shares], axis=1).reset_index())


def accuracies_of_tiers(table: pd.DataFrame) -> pd.Series:
    """Share of all cells that each predictor puts into the right tier, by predictor."""
    right = [row[f"into_{row['tier']}"] * row["cells"] for _, row in table.iterrows()]
    total = table.groupby("predictor", sort=False)["cells"].sum()
    return table.assign(right=right).groupby("predictor", sort=False)["right"].sum() / total


def readable_tiers(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `tier_table`."""
    return {
        "Predictor": [TITLES[name] for name in table["predictor"]],
        "True tier": texts(table["tier"]),
        "Cells": texts(table["cells"]),
        **{f"Put into {n} (%)": texts(100 * table[f"into_{n}"], 1) for n in range(1, TIERS + 1)},
    }


def write_tiers(
    table: pd.DataFrame,
    title: str,
    paths: Sequence[Path],
    space: str = "nasbench201",
    size: str = "small",
    precision: str = "float32",
) -> None:
    """Write `tier_table` of cells of a space as CSV, Markdown and LaTeX."""
    accuracy = accuracies_of_tiers(table)
    shares = ", ".join(f"{TITLES[str(name)]} {100 * each:.1f} %" for name, each in accuracy.items())
    note = (
        f"{title}: cells held out, over {table['seeds'].max()} seeds, all predictors trained on "
        f"{table['training'].iloc[0]} cells. Tier 1 is the best fifth of the training cells; a "
        "score's tiers are the fifths of the cells held out, the ranker's own tier is what it "
        f"assigns. In the right tier: {shares}; by chance 20 %. {_size(space, size, precision)}"
    )
    write_frame(table, readable_tiers(table), note.strip(), paths)


_DRAWS = {"tiers": "as tier 1 is distributed, where it stands out", "uniform": "forced uniform"}


def search_table(searched: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per kind of draws, protocol and k: the outcome, and how good the draws were.

    `searched` are rows of `ednag.ranker.study.search_rows`, with `seed`.
    """
    keys = ["draws", "protocol", "top"]
    rows = [
        {
            **dict(zip(keys, names, strict=True)),
            "seeds": int(group["seed"].nunique()),
            "without_outcome": int(group["test_accuracy"].isna().sum()),
            "iterations": int(group["iterations"].iloc[0]),
            **mean_columns("test_accuracy", finite(group["test_accuracy"]), statistics.confidence),
            **{name: float(group[name].mean()) for name in _MEANS},
        }
        for names, group in searched.sort_values("seed", kind="stable").groupby(keys, sort=True)
    ]
    return pd.DataFrame(rows)


_USED = ["used_flops", "used_parameters", "used_structure"]
_GUIDED = ["guided_mean", "guided_first_tier", "random_mean", "random_first_tier"]
_MEANS = ("evaluations", "test_evaluations", *_USED, *_GUIDED, "too_large")


def readable_search(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable `search_table`."""
    used = table[_USED].to_numpy()
    return {
        "Guided draws": [_DRAWS[str(name)] for name in table["draws"]],
        "Protocol": table["protocol"].tolist(),
        "k": texts(table["top"]),
        "Seeds": texts(table["seeds"]),
        "Test accuracy (%)": with_interval(table, "test_accuracy", 3),
        "Evaluations": texts(table["evaluations"], 1),
        "Test evaluations": texts(table["test_evaluations"], 1),
        "FLOPs, parameters, operations of tier 1 used (%)": [
            ", ".join(rounded(100 * float(share), 0) for share in shares) for shares in used
        ],
        "Guided draws truly in tier 1 (%)": texts(100 * table["guided_first_tier"], 1),
        "Random draws truly in tier 1 (%)": texts(100 * table["random_first_tier"], 1),
    }


def write_search(
    table: pd.DataFrame,
    title: str,
    statistics: Statistics,
    paths: Sequence[Path],
    size: str = "small",
    precision: str = "float32",
) -> None:
    """Write `search_table` as CSV, Markdown and LaTeX."""
    note = (
        f"{title}: NAR's search by the ranker of one seed each, {table['iterations'].iloc[0]} "
        "iterations of 128 cells (published: 50). Its published configuration forces uniform "
        "draws, so that its tier distributions are never used. paper: the best test accuracy of "
        "all that was looked at; honest: validation chooses, the test accuracy is asked for once. "
        "Where a benchmark has one accuracy only, it stands for both. The cells that the ranker "
        "was trained on are not among the evaluations. In brackets "
        f"{100 * statistics.confidence:g} % intervals of Student over seeds. "
        f"{_size('nasbench201', size, precision)}"
    )
    write_frame(table, readable_search(table), note.strip(), paths)

"""The seeds EDNAG's authors list: their values, ours, and how likely so good a set is by chance.

The configuration of the reference lists seeds and writes the value each reached in a comment
(upstream audit, 1). For every benchmark: the value in the comment beside ours for the same seed;
and where the mean of the listed set lies among the means of equally large sets of the study's own
seeds, which nobody selected.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ednag.evidence.statistics import wilson_share
from ednag.evidence.summaries import collect_runs
from ednag.evidence.writing import interval_text, rounded
from ednag.methods.interface import Run
from ednag.study.configuration import Statistics
from ednag.tables import get_definition, get_reported_metric

#: Comments give two decimals: a value is the same when it is at most half a unit away, and a
#: little more for the last bits of a sum.
ROUNDING = 0.005 + 1e-9
#: Sets drawn for the distribution of means; its Wilson interval tells what that leaves open.
DRAWN_SETS = 100_000
GROUP = ("paper", "ednag")
SEEDS_NOTE = (
    "The value that the reference's configuration gives in a comment beside the seed, with two "
    "decimals, and the outcome of our run of the same seed, as the reference reports it."
)
SETS_NOTE = (
    f"The chance is the share of {DRAWN_SETS} sets, as large as the listed one and drawn with "
    "replacement from the study's unselected seeds, whose mean is at least as good; with Wilson's "
    "interval for the drawing. The study's seeds stand for all: what none of them reaches has "
    "chance zero here."
)


@dataclass(frozen=True)
class Outcomes:
    """EDNAG's outcomes on one benchmark.

    Attributes:
        space, dataset: The benchmark.
        listed: Seed -> value in the authors' comment.
        values: Seed -> our outcome, study's and listed seeds.
        seeds: The study's seeds.
        higher_is_better: Direction of the reported metric.
    """

    space: str
    dataset: str
    listed: Mapping[int, float]
    values: Mapping[int, float]
    seeds: Sequence[int]
    higher_is_better: bool


def benchmark_of(path: Path) -> tuple[str, str]:
    """(space, dataset) of a run file, from its metadata alone."""
    described = json.loads((pq.read_schema(path).metadata or {})[b"ednag"])
    return described["space"], described["dataset"]


def collect_outcomes(
    paths: Sequence[Path],
    listed: Mapping[tuple[str, str], Mapping[int, float]],
    seeds: Sequence[int],
) -> list[Outcomes]:
    """Outcomes of the study's and the listed seeds of each benchmark in `paths`, in their order.

    Raises:
        EdnagError: A seed has no run, or stands in two files.
    """
    files: dict[tuple[str, str], list[Path]] = {}
    for path in paths:
        files.setdefault(benchmark_of(path), []).append(path)
    found = []
    for (space, dataset), group in files.items():
        authors = listed.get((space, dataset), {})
        runs: list[Run] = collect_runs(group, sorted({*seeds, *authors}))[GROUP]
        higher = get_reported_metric(space, dataset, GROUP[0]).higher_is_better
        values = {
            # As the reference reports it: the value drawn, where evaluations draw trainings.
            run.seed: run.outcome_metric if np.isnan(run.outcome_drawn) else run.outcome_drawn
            for run in runs
        }
        found.append(Outcomes(space, dataset, authors, values, seeds, higher))
    return found


def seeds_table(outcomes: Sequence[Outcomes]) -> pd.DataFrame:
    """One row per listed seed: value in the comment, ours, difference, whether they agree."""
    columns = ["space", "dataset", "seed", "comment", "ours", "difference", "same", "in_study"]
    rows = [
        (
            each.space,
            each.dataset,
            seed,
            comment,
            each.values[seed],
            each.values[seed] - comment,
            bool(abs(each.values[seed] - comment) <= ROUNDING),
            seed in each.seeds,
        )
        for each in outcomes
        for seed, comment in each.listed.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def drawn_means(values: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Means float64[k, DRAWN_SETS] of sets of `size` seeds.

    Drawn with replacement: there is no end of seeds, and the study's stand for them.

    Args:
        values: float64[k, n]: k ways to tell the values of the same n seeds.
        size: Seeds in a set.
        seed: Of the draws.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    chosen = generator.integers(values.shape[1], size=(DRAWN_SETS, size))
    return np.stack([each[chosen].mean(axis=1) for each in values])


def set_row(each: Outcomes, statistics: Statistics) -> tuple[dict[str, object], np.ndarray]:
    """The listed set among sets of the study's seeds: a row, and the means of the drawn sets.

    `chance` is the share of drawn sets whose mean is at least as good as that of our runs of the
    listed seeds, `chance_comment` at least as good as the mean of the comments, values rounded as
    the comments are. The second is the test of a selection: where a seed gives another value here
    than it gave the authors, our run of it was selected by nobody.
    """
    size = len(each.listed)
    ours = np.array([each.values[seed] for seed in each.listed])
    comments = np.array(list(each.listed.values()))
    study = np.array([each.values[seed] for seed in each.seeds])
    row: dict[str, object] = {
        "space": each.space,
        "dataset": each.dataset,
        "listed": size,
        "same": int((np.abs(ours - comments) <= ROUNDING).sum()),
        "comment_mean": float(comments.mean()),
        "ours_mean": float(ours.mean()),
        "study_seeds": len(study),
        "study_mean": float(study.mean()),
        "study_sd": float(study.std(ddof=1)) if len(study) > 1 else np.nan,
        "higher_is_better": each.higher_is_better,
    }
    means = drawn_means(np.stack([study, np.round(study, 2)]), size, statistics.seed)
    higher = each.higher_is_better
    row |= _chance("chance", means[0], float(ours.mean()), higher, statistics)
    row |= _chance("chance_comment", means[1], float(comments.mean()), higher, statistics)
    return row | {"drawn_sets": means.shape[1]}, means[0]


def _chance(
    name: str, means: np.ndarray, target: float, higher_is_better: bool, statistics: Statistics
) -> dict[str, object]:
    """Share of means at least as good as the target, with Wilson's interval."""
    margin = 1e-9
    good = means >= target - margin if higher_is_better else means <= target + margin
    share = wilson_share(int(good.sum()), len(means), statistics.confidence)
    return {name: share.estimate, f"{name}_low": share.low, f"{name}_high": share.high}


def readable_seeds(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The table of seeds as people read it."""
    return {
        "Dataset": _titles(frame),
        "Seed": [str(seed) for seed in frame["seed"]],
        "Authors' comment": [rounded(value) for value in frame["comment"]],
        "Ours, same seed": [rounded(value, 4) for value in frame["ours"]],
        "Difference": [f"{value:+.4f}" for value in frame["difference"]],
        "Same": ["yes" if same else "no" for same in frame["same"]],
    }


def readable_sets(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The table of sets as people read it; chances in %."""
    chances = {
        title: [
            rounded(100 * share, 3)
            if np.isnan(share)
            else f"{100 * share:.3f} {interval_text(100 * low, 100 * high, 3)}"
            for share, low, high in zip(
                frame[name], frame[f"{name}_low"], frame[f"{name}_high"], strict=True
            )
        ]
        for name, title in (
            ("chance", "Chance of a set as good as ours, %"),
            ("chance_comment", "Chance of a set as good as the comments, %"),
        )
    }
    return {
        "Dataset": _titles(frame),
        "Listed seeds": [str(count) for count in frame["listed"]],
        "Same value": [str(count) for count in frame["same"]],
        "Mean of comments": [rounded(value, 3) for value in frame["comment_mean"]],
        "Ours, same seeds": [rounded(value, 3) for value in frame["ours_mean"]],
        "Ours, unselected": [
            f"{mean:.3f} ({count} seeds)"
            for mean, count in zip(frame["study_mean"], frame["study_seeds"], strict=True)
        ],
        **chances,
    }


def _titles(frame: pd.DataFrame) -> list[str]:
    names = zip(frame["space"], frame["dataset"], strict=True)
    return [get_definition(space, dataset).title for space, dataset in names]


def means_histogram(
    means: Mapping[tuple[str, str], np.ndarray], sets: pd.DataFrame, bins: int = 40
) -> pd.DataFrame:
    """What the figure shows: share of drawn sets per bin of their mean, one panel per dataset.

    Columns: space, dataset, low, high (edges), share. Panels without drawn sets have no rows.
    """
    frames = []
    for (space, dataset), drawn in means.items():
        if not len(drawn):
            continue
        row = sets[(sets["space"] == space) & (sets["dataset"] == dataset)].iloc[0]
        marks = [row["ours_mean"], row["comment_mean"], drawn.min(), drawn.max()]
        low, high = min(marks), max(marks)
        margin = 0.02 * (high - low or 1.0)
        edges = np.linspace(low - margin, high + margin, bins + 1)
        counts, _ = np.histogram(drawn, edges)
        frames.append(
            pd.DataFrame(
                {
                    "space": space,
                    "dataset": dataset,
                    "low": edges[:-1],
                    "high": edges[1:],
                    "share": counts / len(drawn),
                }
            )
        )
    columns = ["space", "dataset", "low", "high", "share"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

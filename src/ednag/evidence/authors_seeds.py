"""The seeds that EDNAG's authors list: their values, ours, and the chance of so good a set.

The configuration of the reference lists seeds, each with its value in a comment (upstream audit,
1). For every benchmark, the value in the comment is compared with ours for the same seed, and the
mean of the listed set with the means of equally large sets of the study's own, unselected seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.errors import EdnagError
from ednag.evidence.statistics import Interval, exact_share, middle_share, standard_deviation
from ednag.evidence.summaries import Settings, collect_runs
from ednag.evidence.writing import texts, with_interval
from ednag.methods.descriptions import description_in
from ednag.study.statistics import Statistics
from ednag.tables import get_definition, get_reported_metric

#: Comments have two decimals: values are the same within half a unit and the last bits of a sum.
ROUNDING = 0.005 + 1e-9
#: Means closer than this are the same: they differ in the last bits of a sum.
_LAST_BITS = 1e-9
#: Number of sets drawn for the distribution of means.
DRAWN_SETS = 100_000
#: Resamples of the study's seeds, and sets drawn from each, for the interval of a chance.
_RESAMPLES, _RESAMPLED_SETS = 1000, 2000
#: Sets drawn for the permutation test.
_PERMUTATIONS = 20_000
GROUP = ("paper", "ednag")
SEEDS_NOTE = (
    "The value that the reference's configuration gives in a comment beside the seed, with two "
    "decimals, and the outcome of our run of the same seed, as the reference reports it."
)
SETS_NOTE = (
    f"The chance is the share of {DRAWN_SETS} sets, as large as the listed one and drawn with "
    "replacement from the study's unselected seeds, whose mean is at least as good. The interval "
    "includes the sampling of the study's seeds (bootstrap of the seeds) and the drawing. What "
    "none of the study's seeds reaches has chance zero here. p: one-sided permutation test that "
    "the comments are no better than the study's seeds, rounded alike."
)


@dataclass(frozen=True)
class AuthorsSeeds:
    """The authors' seeds of one benchmark, and EDNAG's outcomes.

    Attributes:
        listed: Seed -> value in the authors' comment.
        values: Seed -> our outcome, of the study's and the listed seeds.
        seeds: The study's seeds.
    """

    space: str
    dataset: str
    listed: Mapping[int, float]
    values: Mapping[int, float]
    seeds: Sequence[int]
    higher_is_better: bool


def benchmark_of(path: Path) -> tuple[str, str]:
    """(space, dataset) of a run file; raises EdnagError if it does not say what it is of."""
    described = description_in(path)
    space, dataset = described.get("space"), described.get("dataset")
    if not isinstance(space, str) or not isinstance(dataset, str):
        raise EdnagError(f"{path}: not a run file of this workflow; delete it and run again")
    return space, dataset


def collect_outcomes(
    paths: Sequence[Path],
    listed: Mapping[tuple[str, str], Mapping[int, float]],
    seeds: Sequence[int],
    settings: Settings | None = None,
) -> list[AuthorsSeeds]:
    """Outcomes of the study's and the listed seeds of each benchmark in `paths`, in their order.

    Raises:
        EdnagError: A seed has no run or is in two files, or a file is not of `settings`, what the
            study runs.
    """
    files: dict[tuple[str, str], list[Path]] = {}
    for path in paths:
        files.setdefault(benchmark_of(path), []).append(path)
    outcomes = []
    for (space, dataset), group in files.items():
        authors = listed.get((space, dataset), {})
        runs = collect_runs(group, sorted({*seeds, *authors}), settings=settings)[GROUP]
        higher = get_reported_metric(space, dataset, GROUP[0]).higher_is_better
        values = {
            # The reference reports the value drawn, if evaluations draw trainings.
            run.seed: run.outcome_metric if np.isnan(run.outcome_drawn) else run.outcome_drawn
            for run in runs
        }
        outcomes.append(AuthorsSeeds(space, dataset, authors, values, seeds, higher))
    return outcomes


def seeds_table(outcomes: Sequence[AuthorsSeeds]) -> pd.DataFrame:
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
    """Means float64[k, DRAWN_SETS] of sets of `size` of n seeds with k versions of their values.

    `values` is float64[k, n]. Sets are drawn with replacement: the study's seeds are a sample of
    infinitely many.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.integers(values.shape[1], size=(DRAWN_SETS, size))
    return np.stack([version[drawn].mean(axis=1) for version in values])


def set_row(each: AuthorsSeeds, statistics: Statistics) -> tuple[dict[str, object], np.ndarray]:
    """The listed set among sets of the study's seeds: a row, and the means of the drawn sets.

    `chance` is the share of drawn sets whose mean is at least as good as that of our runs of the
    listed seeds. `chance_comment` is the same for the mean of the comments, with values rounded as
    the comments are; it tells of a selection, because a seed may have another value here.
    `p_comment` is the p-value of `selection_p`.
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
        "study_sd": standard_deviation(study),
        "higher_is_better": each.higher_is_better,
    }
    versions = np.stack([study, np.round(study, 2)])
    sign = 1.0 if each.higher_is_better else -1.0
    means = drawn_means(versions, size, statistics.seed)
    targets = {"chance": ours.mean(), "chance_comment": comments.mean()}
    for (name, target), values, drawn in zip(targets.items(), versions, means, strict=True):
        good = int((sign * (drawn - target) >= -_LAST_BITS).sum())
        share = exact_share(good, len(drawn), statistics.confidence)
        chances = resampled_chances(sign * values, size, sign * target, statistics.seed)
        low, high = middle_share(chances, statistics.confidence)
        whole = Interval(share.estimate, min(low, share.low), max(high, share.high))
        row |= whole.columns(name)
    p_value = selection_p(sign * comments, sign * versions[1], statistics.seed)
    return row | {"p_comment": p_value, "drawn_sets": means.shape[1]}, means[0]


def resampled_chances(values: np.ndarray, size: int, target: float, seed: int) -> np.ndarray:
    """The chance of a set as good as a target, for each resample of the values float64[n].

    Returns:
        float64[_RESAMPLES]: share of sets of `size`, drawn from the resample, whose mean is at
            least the target.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    resamples = generator.choice(values, size=(_RESAMPLES, len(values)))
    drawn = generator.integers(len(values), size=(_RESAMPLED_SETS, size))
    return np.array(
        [(each[drawn].mean(axis=1) >= target - _LAST_BITS).mean() for each in resamples]
    )


def selection_p(listed: np.ndarray, values: np.ndarray, seed: int) -> float:
    """P-value of a one-sided permutation test that listed values float64[k] are no better.

    If nobody selected them, any k of the listed and the other values float64[n] together could be
    the listed ones. The statistic is their mean; higher is better.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    pooled, size = np.concatenate([listed, values]), len(listed)
    chosen = generator.random((_PERMUTATIONS, len(pooled))).argpartition(size - 1)[:, :size]
    as_good = (pooled[chosen].mean(axis=1) >= listed.mean() - _LAST_BITS).sum()
    return float((as_good + 1) / (_PERMUTATIONS + 1))


def readable_seeds(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable table of seeds."""
    return {
        "Dataset": _titles(frame),
        "Seed": texts(frame["seed"]),
        "Authors' comment": texts(frame["comment"]),
        "Ours, same seed": texts(frame["ours"], 4),
        "Difference": [f"{value:+.4f}" for value in frame["difference"]],
        "Same": ["yes" if same else "no" for same in frame["same"]],
    }


def readable_sets(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable table of sets; chances in %."""
    return {
        "Dataset": _titles(frame),
        "Listed seeds": texts(frame["listed"]),
        "Same value": texts(frame["same"]),
        "Mean of comments": texts(frame["comment_mean"], 3),
        "Ours, same seeds": texts(frame["ours_mean"], 3),
        "Ours, unselected": [
            f"{mean:.3f} ({count} seeds)"
            for mean, count in zip(frame["study_mean"], frame["study_seeds"], strict=True)
        ],
        "Chance of a set as good as ours, %": with_interval(frame, "chance", 3, 100.0),
        "Chance of a set as good as the comments, %": with_interval(
            frame, "chance_comment", 3, 100.0
        ),
        "p": [f"{value:.2g}" for value in frame["p_comment"]],
    }


def _titles(frame: pd.DataFrame) -> list[str]:
    names = zip(frame["space"], frame["dataset"], strict=True)
    return [get_definition(space, dataset).title for space, dataset in names]


def means_histogram(
    means: Mapping[tuple[str, str], np.ndarray], sets: pd.DataFrame, bins: int = 40
) -> pd.DataFrame:
    """The frame of the figure: share of drawn sets per bin of their mean, for each dataset.

    Columns: space, dataset, low, high (edges), share. A dataset without drawn sets has no rows.
    """
    columns = ["space", "dataset", "low", "high", "share"]
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
        frame = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "share": counts / len(drawn)})
        frames.append(frame.assign(space=space, dataset=dataset)[columns])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

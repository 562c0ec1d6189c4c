"""A made-up study for the tests of claims: frames of the workflow's form, values chosen by hand."""

from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.claims import Claim
from ednag.evidence.record import StudyRecord
from ednag.study.statistics import Statistics

PUBLISHED = Path(__file__).resolve().parents[2] / "published"
STATISTICS = Statistics(resamples=200, checkpoints=(100, 300, 800))


def runs_of(
    values: np.ndarray,
    space: str = "nasbench201",
    dataset: str = "cifar10",
    method: str = "ednag",
    optimum: float = 94.37333,
    protocol: str = "paper",
) -> pd.DataFrame:
    """Summary rows of one method, one per value."""
    count = len(values)
    return pd.DataFrame(
        {
            "space": space,
            "dataset": dataset,
            "protocol": protocol,
            "method": method,
            "seed": np.arange(count),
            "status": "completed",
            "outcome": values,
            "optimum": optimum,
            "found_optimum": np.abs(values - optimum) < 1e-6,
            "total": 8910,
            "distinct": 500,
            "invalid": 1000,
            "best_after_100": values - 1.0,
            "best_after_300": values - 0.1,
            "best_after_800": values,
            "best_within_100_lookups": values - 2.0,
            "best_within_300_lookups": values - 1.5,
            "best_within_800_lookups": values - 1.0,
        }
    )


def generated_of(runs: pd.DataFrame, last_mean: float = 93.0) -> pd.DataFrame:
    """The runs with what they generated: all valid but one individual of the first run."""
    frame = runs.copy()
    frame["last_size"] = 30
    frame["last_valid_share"] = np.where(frame["seed"] == 0, 29 / 30, 1.0)
    frame["last_unique"] = 10
    for part in ("last", "seen"):
        frame[f"{part}_best"] = runs["outcome"]
        frame[f"{part}_mean"] = last_mean
        frame[f"{part}_worst"] = np.linspace(80.0, 90.0, len(frame))
    frame["steps"] = 99
    frame["first_invalid_share"] = 0.87
    frame["evaluated_valid_share"] = 0.9
    return frame


def record_of(*summaries: pd.DataFrame, **frames: pd.DataFrame) -> StudyRecord:
    """A record with these summaries."""
    return StudyRecord(pd.concat(summaries, ignore_index=True), statistics=STATISTICS, **frames)


def sets_of(
    comment: float, ours: float, chance: float, seeds: int = 100, p_value: float | None = None
) -> pd.DataFrame:
    """One row on the authors' set of nasbench201/cifar10."""
    return pd.DataFrame(
        [
            {
                "space": "nasbench201",
                "dataset": "cifar10",
                "listed": 2,
                "same": 1,
                "comment_mean": comment,
                "ours_mean": ours,
                "study_seeds": seeds,
                "study_mean": 94.3,
                "study_sd": 0.1,
                "higher_is_better": True,
                **{
                    f"{name}{end}": chance + shift
                    for name in ("chance", "chance_comment")
                    for end, shift in (("", 0.0), ("_low", -0.001), ("_high", 0.001))
                },
                "p_comment": chance if p_value is None else p_value,
                "drawn_sets": 100_000,
            }
        ]
    )


def seeds_of(*pairs: tuple[float, float]) -> pd.DataFrame:
    """Rows (comment, ours) of listed seeds of nasbench201/cifar10."""
    return pd.DataFrame(
        [
            {
                "space": "nasbench201",
                "dataset": "cifar10",
                "seed": seed,
                "comment": comment,
                "ours": ours,
                "difference": ours - comment,
                "same": abs(ours - comment) <= 0.005,
                "in_study": False,
            }
            for seed, (comment, ours) in enumerate(pairs)
        ]
    )


def claim_of(rule: str, **fields: object) -> Claim:
    """A claim on nasbench201/cifar10."""
    given = {
        "id": "a-claim",
        "statement": "Something is claimed here.",
        "source": "a table",
        "kind": "ednag",
        "version": "first",
        "rule": rule,
        "space": "nasbench201",
        "dataset": "cifar10",
        "needs": ("nasbench201-cifar10-csv", "nats-bench-csv"),
    }
    return Claim.model_validate({**given, **fields})

"""Tables of evidence: one frame, written as CSV (full precision), Markdown and LaTeX."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ednag.evidence.statistics import bootstrap_mean, wilson_share
from ednag.files import write_text
from ednag.methods import get_method
from ednag.study.configuration import Statistics
from ednag.tables import get_definition

_FOUND = {"outcome": "found_optimum"}


def _row(group: pd.DataFrame, column: str, statistics: Statistics) -> dict[str, object]:
    """The statistics of one method: `column` is the value per seed that is reported."""
    values = group[column].dropna().to_numpy(dtype=float)
    optimum = float(group["optimum"].iloc[0])
    if column == "outcome":
        found = int(group["found_optimum"].sum())
    else:
        found = int(((group[column] - optimum).abs() < 1e-6).sum())
    mean = bootstrap_mean(values, statistics.confidence, statistics.resamples, statistics.seed)
    share = wilson_share(found, len(group), statistics.confidence)
    return {
        "seeds": len(group),
        "mean": mean.estimate,
        "sd": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        "mean_low": mean.low,
        "mean_high": mean.high,
        "optimum": optimum,
        "optimum_found": share.estimate,
        "optimum_found_low": share.low,
        "optimum_found_high": share.high,
    }


def _groups(summary: pd.DataFrame) -> list[tuple[dict[str, str], pd.DataFrame]]:
    names = ["space", "dataset", "protocol", "method"]
    found = []
    for keys, group in summary.groupby(names, sort=False):
        found.append((dict(zip(names, map(str, keys), strict=True)), group))
    return found


def own_end_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per dataset, protocol and method: what each reports at its own end."""
    rows = []
    for names, group in _groups(summary):
        rows.append(
            {
                **names,
                **_row(group, "outcome", statistics),
                "saw_optimum": float(group["saw_optimum"].mean()),
                "total_evaluations": float(group["total"].mean()),
                "distinct_evaluations": float(group["distinct"].mean()),
                "distinct_low": int(group["distinct"].min()),
                "distinct_high": int(group["distinct"].max()),
                "not_completed": int((group["status"] != "completed").sum()),
            }
        )
    return pd.DataFrame(rows)


def equal_budget_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per dataset, protocol, budget and method: the best seen after so many distinct ones.

    `ended` counts runs that had stopped before the budget was spent; they keep their last best.
    """
    rows = []
    for names, group in _groups(summary):
        for budget in statistics.checkpoints:
            rows.append(
                {
                    **names,
                    "budget": budget,
                    **_row(group, f"best_after_{budget}", statistics),
                    "ended": int((group["distinct"] < budget).sum()),
                }
            )
    order = list(dict.fromkeys(row["method"] for row in rows))
    frame = pd.DataFrame(rows)
    frame["order"] = frame["method"].map(order.index)
    frame = frame.sort_values(["space", "dataset", "protocol", "budget", "order"], kind="stable")
    return frame.drop(columns="order").reset_index(drop=True)


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as people read it: rounded, intervals in brackets, names written out."""
    readable = pd.DataFrame()
    readable["Dataset"] = [
        get_definition(space, dataset).title
        for space, dataset in zip(frame["space"], frame["dataset"], strict=True)
    ]
    readable["Protocol"] = frame["protocol"]
    if "budget" in frame:
        readable["Distinct evaluations"] = frame["budget"].map("{:d}".format)
    readable["Method"] = [get_method(name).title for name in frame["method"]]
    readable["Seeds"] = frame["seeds"].map("{:d}".format)
    readable["Mean"] = frame["mean"].map("{:.3f}".format)
    readable["SD"] = frame["sd"].map("{:.3f}".format)
    readable["Interval of the mean"] = [
        f"[{low:.3f}, {high:.3f}]"
        for low, high in zip(frame["mean_low"], frame["mean_high"], strict=True)
    ]
    readable["Optimum"] = frame["optimum"].map("{:.4f}".format)
    readable["Optimum found"] = [
        f"{100 * share:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
        for share, low, high in zip(
            frame["optimum_found"],
            frame["optimum_found_low"],
            frame["optimum_found_high"],
            strict=True,
        )
    ]
    if "total_evaluations" in frame:
        readable["Total evaluations"] = frame["total_evaluations"].map("{:.0f}".format)
        readable["Distinct evaluations"] = [
            f"{mean:.0f} ({low}-{high})"
            for mean, low, high in zip(
                frame["distinct_evaluations"],
                frame["distinct_low"],
                frame["distinct_high"],
                strict=True,
            )
        ]
        readable["Not completed"] = frame["not_completed"].map("{:d}".format)
    else:
        readable["Ended earlier"] = frame["ended"].map("{:d}".format)
    return readable


def write_evidence(frame: pd.DataFrame, note: str, paths: Sequence[Path]) -> None:
    """Write a frame to each path by its suffix: .csv (full precision), .md, .tex.

    Args:
        frame: From `own_end_table` or `equal_budget_table`.
        note: One sentence under the Markdown and LaTeX tables.
        paths: Where to.
    """
    readable = _readable(frame)
    for path in paths:
        if path.suffix == ".csv":
            text = frame.to_csv(index=False, lineterminator="\n")
        elif path.suffix == ".md":
            text = f"{readable.to_markdown(index=False, disable_numparse=True)}\n\n{note}\n"
        else:
            body = readable.to_latex(index=False, escape=True, column_format="l" * len(readable.T))
            text = f"{body}% {note}\n"
        write_text(path, text)

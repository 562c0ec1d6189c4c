"""Tables of evidence: one frame, written as CSV (full precision), Markdown and LaTeX."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.evidence.statistics import (
    bootstrap_mean,
    holm,
    interquartile_mean,
    paired_p_value,
    probability_of_improvement,
    wilson_share,
)
from ednag.evidence.summaries import BEST_AFTER, LOOKUPS, OPTIMUM_TOLERANCE
from ednag.evidence.writing import write_frame
from ednag.methods import get_method
from ednag.study.configuration import Statistics
from ednag.tables import get_definition, get_reported_metric

_KEYS = ["space", "dataset", "protocol"]


def _groups(summary: pd.DataFrame, keys: list[str]) -> list[tuple[dict[str, str], pd.DataFrame]]:
    """The runs of each combination of `keys`, in the summary's order."""
    return [
        (dict(zip(keys, map(str, names), strict=True)), group)
        for names, group in summary.groupby(keys, sort=False)
    ]


def _row(group: pd.DataFrame, column: str, statistics: Statistics) -> dict[str, object]:
    """The statistics of one method: `column` is the value per seed that is reported."""
    values = group[column].dropna().to_numpy(dtype=float)
    optimum = float(group["optimum"].iloc[0])
    metric = get_reported_metric(*map(str, group[_KEYS].iloc[0]))
    found = int(((group[column] - optimum).abs() < OPTIMUM_TOLERANCE).sum())
    mean = bootstrap_mean(values, statistics.confidence, statistics.resamples, statistics.seed)
    # Where nobody knows the optimum, whether it was found is unknown too.
    share = wilson_share(found, 0 if np.isnan(optimum) else len(group), statistics.confidence)
    return {
        "seeds": len(group),
        "mean": mean.estimate,
        "sd": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        "mean_low": mean.low,
        "mean_high": mean.high,
        "median": float(np.median(values)) if len(values) else float("nan"),
        "interquartile_mean": interquartile_mean(values),
        "optimum": optimum,
        "regret": (optimum - mean.estimate) * (1 if metric.higher_is_better else -1),
        "optimum_found": share.estimate,
        "optimum_found_low": share.low,
        "optimum_found_high": share.high,
    }


def own_end_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per dataset, protocol and method: what each reports at its own end.

    `distinct_to_optimum` is the mean over the runs that saw the optimum, `saw_optimum` their share.
    `outcome_drawn`, only where evaluations draw one of several trainings, is of the values drawn.
    """
    drawn = ["outcome_drawn"] if summary["outcome_drawn"].notna().any() else []
    rows: list[dict[str, object]] = []
    for names, group in _groups(summary, [*_KEYS, "method"]):
        rows.append(
            {
                **names,
                **_row(group, "outcome", statistics),
                **{name: float(group[name].mean()) for name in drawn},
                "saw_optimum": float(group["saw_optimum"].where(group["optimum"].notna()).mean()),
                "distinct_to_optimum": float(group["distinct_to_optimum"].mean()),
                "total_evaluations": float(group["total"].mean()),
                "distinct_evaluations": float(group["distinct"].mean()),
                "distinct_low": int(group["distinct"].min()),
                "distinct_high": int(group["distinct"].max()),
                "not_completed": int((group["status"] != "completed").sum()),
            }
        )
    return pd.DataFrame(rows)


def _counts(statistics: Statistics) -> list[tuple[dict[str, object], str]]:
    """What a comparison is equal in: names of the row, and the summary's column."""
    return [
        ({"counted": counted, "budget": budget}, column.format(budget))
        for counted, column in BEST_AFTER.items()
        for budget in statistics.checkpoints
    ]


def equal_budget_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per dataset, protocol, budget and method: the best seen within the budget.

    A budget counts distinct evaluations, or look-ups of any kind (`counted`). `rank` is by mean,
    1 is best, ties share; `ended` counts runs that had stopped before the budget was spent, which
    keep their last best.
    """
    frames = []
    for names, group in _groups(summary, _KEYS):
        sign = -1 if get_reported_metric(**names).higher_is_better else 1
        for count, column in _counts(statistics):
            spent = "total" if count["counted"] == LOOKUPS else "distinct"
            rows = [
                {
                    **names,
                    **count,
                    **method,
                    **_row(runs, column, statistics),
                    "ended": int((runs[spent] < count["budget"]).sum()),
                }
                for method, runs in _groups(group, ["method"])
            ]
            frame = pd.DataFrame(rows)
            frame["rank"] = (sign * frame["mean"].round(9)).rank()
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def comparison_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """The study's first method against each other one at equal budgets, paired by seed.

    `difference` and `improvement` are positive and above a half where the first method is better;
    `p_holm` is corrected over all comparisons of a dataset, protocol and kind of budget.
    """
    frames = []
    for names, group in _groups(summary, _KEYS):
        sign = 1.0 if get_reported_metric(**names).higher_is_better else -1.0
        methods = list(dict.fromkeys(group["method"]))
        rows = []
        for count, column in _counts(statistics):
            best = sign * group.pivot(index="seed", columns="method", values=column)
            rows += [
                {**names, **count, "method": methods[0], "against": other}
                | _compare(best[methods[0]], best[other], statistics)
                for other in methods[1:]
            ]
        columns = [*_KEYS, "counted", "budget", "method", "against", *_COMPARED]
        frame = pd.DataFrame(rows, columns=columns)
        frame["p_holm"] = frame.groupby("counted")["p"].transform(
            lambda values: holm(values.to_numpy(dtype=float))
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


_COMPARED = ["seeds", "difference", "improvement", "improvement_low", "improvement_high", "p"]


def _compare(ours: pd.Series, theirs: pd.Series, statistics: Statistics) -> dict[str, object]:
    """One comparison over the seeds that both methods have; higher is better."""
    both = (ours.notna() & theirs.notna()).to_numpy()
    one, other = ours.to_numpy()[both], theirs.to_numpy()[both]
    chance = probability_of_improvement(
        one, other, statistics.confidence, min(statistics.resamples, 2000), statistics.seed
    )
    return {
        "seeds": len(one),
        "difference": float(np.mean(one - other)) if len(one) else float("nan"),
        "improvement": chance.estimate,
        "improvement_low": chance.low,
        "improvement_high": chance.high,
        "p": paired_p_value(one, other) if len(one) else float("nan"),
    }


#: kind -> what makes its frame from the summaries
TABLES: dict[str, Callable[[pd.DataFrame, Statistics], pd.DataFrame]] = {
    "own-end": own_end_table,
    "equal-budget": equal_budget_table,
    "comparison": comparison_table,
}
_INTERVALS = (
    "Intervals: {level}, bootstrap of the mean ({resamples} resamples), Wilson for the share of "
    "seeds that found the best architecture of the benchmark (in %). "
)
#: kind -> the sentence under its table
NOTES = {
    "own-end": _INTERVALS + "Each method at its own end; methods do not spend equal budgets here. "
    "Distinct evaluations to the optimum: mean over the runs that saw it.",
    "equal-budget": _INTERVALS
    + "Best architecture seen within the budget, counted in distinct evaluations or in look-ups, "
    "of which repeated and invalid ones are part; a run that ended earlier keeps its last best.",
    "comparison": "Paired by seed at equal budgets. Improvement: the "
    "chance that a run of the first method beats one of the other, ties half, {level} bootstrap "
    "interval. p: Wilcoxon signed-rank, corrected by Holm.",
}

#: column -> (heading, format) of plain columns, in the order they are shown
_PLAIN = {
    "budget": ("Budget", "{:d} {}"),
    "method": ("Method", None),
    "against": ("Against", None),
    "seeds": ("Seeds", "{:d}"),
    "mean": ("Mean", "{:.3f}"),
    "sd": ("SD", "{:.3f}"),
    "mean_low": ("Interval of the mean", "[{:.3f}, {:.3f}]"),
    "median": ("Median", "{:.3f}"),
    "interquartile_mean": ("IQM", "{:.3f}"),
    "optimum": ("Optimum", "{:.4f}"),
    "regret": ("Regret", "{:z.3f}"),
    "outcome_drawn": ("Mean of values drawn", "{:.3f}"),
    "optimum_found": ("Optimum found", "{:.1f} [{:.1f}, {:.1f}]"),
    "distinct_to_optimum": ("Distinct evaluations to it", "{:.0f}"),
    "total_evaluations": ("Total evaluations", "{:.0f}"),
    "distinct_evaluations": ("Distinct evaluations", "{:.0f} ({:d}-{:d})"),
    "not_completed": ("Not completed", "{:d}"),
    "rank": ("Rank", "{:g}"),
    "ended": ("Ended earlier", "{:d}"),
    "difference": ("Difference", "{:+.3f}"),
    "improvement": ("Improvement", "{:.2f} [{:.2f}, {:.2f}]"),
    "p": ("p", "{:.2g}"),
    "p_holm": ("p (Holm)", "{:.2g}"),
}
#: column -> the columns that are shown in its cell, and a factor
_TOGETHER = {
    "budget": (["budget", "counted"], 1),
    "mean_low": (["mean_low", "mean_high"], 1),
    "optimum_found": (["optimum_found", "optimum_found_low", "optimum_found_high"], 100),
    "distinct_evaluations": (["distinct_evaluations", "distinct_low", "distinct_high"], 1),
    "improvement": (["improvement", "improvement_low", "improvement_high"], 1),
}


def _cell(values: list[object], form: str | None) -> str:
    """A cell as people read it; a dash where a number is missing."""
    if form is None:
        return get_method(str(values[0])).title
    if any(isinstance(value, float) and np.isnan(value) for value in values[:1]):
        return "–"
    return form.format(*values)


def _title(space: str, dataset: str, protocol: str) -> str:
    """A dataset's title; says so if a lower value of the reported metric is better."""
    title = get_definition(space, dataset).title
    better = get_reported_metric(space, dataset, protocol).higher_is_better
    return title if better else f"{title} (lower is better)"


def readable(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The frame as people read it: rounded, intervals in brackets, names written out."""
    shown = {
        "Dataset": [_title(*names) for names in frame[_KEYS].itertuples(index=False)],
        "Protocol": list(frame["protocol"]),
    }
    for column, (heading, form) in _PLAIN.items():
        if column not in frame:
            continue
        columns, factor = _TOGETHER.get(column, ([column], 1))
        rows = zip(*(frame[name].tolist() for name in columns), strict=True)
        scaled = ([value if factor == 1 else value * factor for value in row] for row in rows)
        shown[heading] = [_cell(row, form) for row in scaled]
    return shown


def write_evidence(frame: pd.DataFrame, note: str, paths: Sequence[Path]) -> None:
    """Write a frame to each path by its suffix: .csv (full precision), .md, .tex.

    Args:
        frame: As one of TABLES makes it.
        note: What stands under the Markdown and LaTeX tables.
        paths: Where to.
    """
    write_frame(frame, readable(frame), note, paths)

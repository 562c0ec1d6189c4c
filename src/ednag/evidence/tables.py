"""Tables of a study's methods: at their own end, at equal budgets, and compared in pairs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ednag.evidence.comparison import KEYS, budgets_of, comparison_table, mark_of
from ednag.evidence.statistics import (
    Interval,
    exact_share,
    expected_running_time,
    finite,
    interquartile_mean,
    mean_columns,
    standard_deviation,
)
from ednag.evidence.summaries import (
    DISTINCT,
    GRAPHS,
    HOURS,
    LOOKUPS,
    MEAN_SO_FAR,
    OPTIMUM_TOLERANCE,
)
from ednag.evidence.writing import write_frame
from ednag.methods import get_method
from ednag.spaces import get_space
from ednag.study.statistics import Statistics
from ednag.tables import get_definition, get_reported_metric


def _groups(summary: pd.DataFrame, keys: list[str]) -> list[tuple[dict[str, str], pd.DataFrame]]:
    """The runs of each combination of `keys`, in the summary's order."""
    return [
        (dict(zip(keys, map(str, names), strict=True)), group)
        for names, group in summary.groupby(keys, sort=False)
    ]


def _row(group: pd.DataFrame, column: str, statistics: Statistics) -> dict[str, object]:
    """The statistics of one method's reported values, a `column` of its runs."""
    values = finite(group[column])
    optimum = float(group["optimum"].iloc[0])
    metric = get_reported_metric(*map(str, group[KEYS].iloc[0]))
    at_optimum = int(((group[column] - optimum).abs() < OPTIMUM_TOLERANCE).sum())
    mean = mean_columns("mean", values, statistics.confidence)
    # If the optimum is not known, the share of runs that found it is not known either.
    trials = 0 if np.isnan(optimum) else len(group)
    return {
        "seeds": len(group),
        **mean,
        "sd": standard_deviation(values),
        "median": float(np.median(values)) if len(values) else np.nan,
        "interquartile_mean": interquartile_mean(values),
        "optimum": optimum,
        "regret": (optimum - float(mean["mean"])) * metric.sign,
        **exact_share(at_optimum, trials, statistics.confidence).columns("optimum_found"),
    }


def own_end_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per dataset, protocol and method: what each reports at its own end.

    `saw_optimum` is the share of runs that saw the optimum, `expected_distinct` and
    `expected_lookups` what a method spends until it does (`expected_running_time`).
    `outcome_drawn` is the mean of the values drawn, if evaluations draw one of several trainings.
    `hours` is the mean of simulated GPU hours, on datasets that have times. `best_or_tied` is the
    share of runs that report the best architecture or one tied with it (`tied_with_best`).
    """
    drawn = ["outcome_drawn"] if summary["outcome_drawn"].notna().any() else []
    rows = [
        {
            **names,
            **_row(group, "outcome", statistics),
            **{name: float(group[name].mean()) for name in drawn},
            **_tied(group, statistics),
            "saw_optimum": float(group["saw_optimum"].where(group["optimum"].notna()).mean()),
            **_expected(group, "distinct", statistics),
            **_expected(group, "lookups", statistics),
            "total_evaluations": float(group["total"].mean()),
            "distinct_evaluations": float(group["distinct"].mean()),
            **({"hours": float(group["hours"].mean())} if "hours" in group else {}),
            "distinct_low": int(group["distinct"].min()),
            "distinct_high": int(group["distinct"].max()),
            "not_completed": int((group["status"] != "completed").sum()),
        }
        for names, group in _groups(summary, [*KEYS, "method"])
    ]
    return pd.DataFrame(rows)


def _expected(group: pd.DataFrame, counted: str, statistics: Statistics) -> dict[str, float]:
    """The expected running time to the optimum, in distinct evaluations or look-ups."""
    if group["optimum"].isna().any():
        return Interval().columns(f"expected_{counted}")
    until = group[f"{counted}_to_optimum"]
    spent = until.fillna(group["total" if counted == "lookups" else "distinct"])
    return expected_running_time(
        spent.to_numpy(dtype=float), until.notna().to_numpy(), statistics.confidence
    ).columns(f"expected_{counted}")


def _tied(group: pd.DataFrame, statistics: Statistics) -> dict[str, float]:
    """The share of runs that report the best architecture or one that is tied with it."""
    if "tied_with_best" not in group or group["tied_with_best"].isna().any():
        return {}
    tied = int(group["tied_with_best"].sum())
    return exact_share(tied, len(group), statistics.confidence).columns("best_or_tied")


#: What is counted -> the summary's column of what a run spent.
_SPENT = {LOOKUPS: "total", GRAPHS: "graphs", HOURS: "hours"}


def equal_budget_table(summary: pd.DataFrame, statistics: Statistics) -> pd.DataFrame:
    """One row per dataset, protocol, budget and method: the best seen within the budget.

    A budget counts distinct evaluations, look-ups of any kind, or simulated GPU hours of distinct
    evaluations (`counted`). `rank` is by mean: 1 is best, ties share a rank; a method with a `mark`
    (see `mark_of`) has none. `ended` counts the runs that end before the budget is spent; they keep
    their last best. `mean_so_far` is the area under the anytime curve (see `means_so_far`), of
    budgets of distinct evaluations.
    """
    frames = []
    for names, group in _groups(summary, KEYS):
        sign = get_reported_metric(**names).sign
        most = int(group["method"].value_counts().max())
        for count, column in budgets_of(group, statistics):
            so_far = MEAN_SO_FAR.format(count["budget"] if count["counted"] == DISTINCT else "")
            spent = _SPENT.get(count["counted"], "distinct")
            rows = [
                {
                    **names,
                    **count,
                    **method,
                    **_row(runs, column, statistics),
                    "mean_so_far": float(runs[so_far].mean()) if so_far in runs else np.nan,
                    "ended": int((runs[spent] < count["budget"]).sum()),
                    "mark": mark_of(runs, count, column, most),
                }
                for method, runs in _groups(group, ["method"])
            ]
            frame = pd.DataFrame(rows)
            ranked = frame["mean"].where(frame["mark"] == "").round(9)
            frame["rank"] = (-sign * ranked).rank()
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


#: Kind of table -> the function that makes its frame from summaries.
TABLES: dict[str, Callable[[pd.DataFrame, Statistics], pd.DataFrame]] = {
    "own-end": own_end_table,
    "equal-budget": equal_budget_table,
    "comparison": comparison_table,
}
_INTERVALS = (
    "Intervals: {level}, Student's of the mean, exact (Clopper and Pearson) for the share of seeds "
    "that found the best architecture of the benchmark (in %). Of fewer than 5 seeds, the values "
    "stand in place of the interval. "
)
#: Where methods make shorter trainings.
_EPOCHS = (
    " Of a method that trains for fewer epochs first, a distinct evaluation is as many epochs as a "
    "whole training has, and a look-up is a training of any length; until its first whole training "
    "it would report the best of those trained longest."
)
#: Where strings of one graph count apart.
_STRINGS = " {space}: {size:,} strings spell {graphs:,} graphs; {counted}."
#: Kind of table -> the note under it.
_NOTES = {
    "own-end": _INTERVALS + "Each method at its own end; methods do not spend equal budgets here. "
    "Expected evaluations to the best architecture: all that the runs spent, failures included, by "
    "the number of runs that saw it; inf if none did.",
    "equal-budget": _INTERVALS
    + "Best architecture seen within the budget, counted in distinct evaluations or in look-ups, "
    "of which repeated and invalid ones are part; a run that ended earlier keeps its last best. "
    "Mean so far: of the best after 1, 2, ... evaluations, each doubling counted equally (area "
    "under the anytime curve). A method with a mark is not ranked: it has fewer seeds, has drawn "
    "at random only, or runs that saw no architecture.",
    "comparison": "At equal budgets; runs are not paired. Difference of the means, with Welch's "
    "{level} interval. Improvement: the chance that a run of the first method beats one of the "
    "other, ties half (Vargha and Delaney's A), with the {level} interval of Brunner and Munzel. "
    "p: Mann and Whitney; p (equivalent): two one-sided Welch tests that the means differ by less "
    "than {equivalence:g} in the unit of the metric; both corrected by Holm over all rows of a "
    "dataset, protocol and kind of budget; not tested, and not counted there, where one of the two "
    "has drawn at random only so far (mark). Decision on the first method: equivalent, if the "
    "second test finds so; better or worse, if the first does, and difference and improvement "
    "agree; undecided.",
}


def note_under(kind: str, summary: pd.DataFrame, statistics: Statistics) -> str:
    """The note under a table of this kind, one of TABLES."""
    level = f"{100 * statistics.confidence:g} %"
    note = _NOTES[kind].format(level=level, equivalence=statistics.equivalence)
    if any(get_method(name).epochs for name in summary["method"].unique()):
        note += _EPOCHS
    if kind == "own-end":
        return note
    counted = "a string of a graph seen before counts again, in every method"
    if "graphs" in summary:
        counted += ", unless graphs are counted"
    spaces = [get_space(name) for name in summary["space"].unique()]
    return note + "".join(
        _STRINGS.format(space=each.name, size=each.size, graphs=each.unique_graphs, counted=counted)
        for each in spaces
        if each.unique_graphs is not None
    )


def _number(form: str, *values: float) -> str:
    """Numbers in a form; a dash without the first one, without others no brackets."""
    if pd.isna(values[0]):
        return "–"
    return (form.split(" [")[0] if any(map(pd.isna, values)) else form).format(*values)


def _shares(row: Mapping[str, Any], name: str) -> str:
    """A share in %, with its interval."""
    columns = (name, f"{name}_low", f"{name}_high")
    return _number("{:.1f} [{:.1f}, {:.1f}]", *(100 * row[column] for column in columns))


def _mean(row: Mapping[str, Any]) -> str:
    """Mean, standard deviation and interval; of few seeds, their values in its place."""
    mean = _number("{:.3f}", row["mean"])
    spread = "" if pd.isna(row["sd"]) else f" ± {row['sd']:.3f}"
    values = row.get("mean_values") or _number("{:.3f}, {:.3f}", row["mean_low"], row["mean_high"])
    return mean + spread + ("" if values == "–" else f" [{values}]")


def _compared(row: Mapping[str, Any]) -> dict[str, str]:
    """The cells of a row of `comparison_table`."""
    first, other = (get_method(str(row[name])).title for name in ("method", "against"))
    difference, improvement = (
        [row[f"{name}{end}"] for end in ("", "_low", "_high")]
        for name in ("difference", "improvement")
    )
    why = f"not tested: {row['mark']}" if pd.isna(row["p_holm"]) else f"p = {row['p_holm']:.2g}"
    return {
        "Methods": f"{first} – {other}",
        "Difference [interval]": _number("{:+z.3f} [{:+z.3f}, {:+z.3f}]", *difference),
        "Improvement [interval]": _number("{:.2f} [{:.2f}, {:.2f}]", *improvement),
        "Decision (p by Holm)": f"{row['decision']} ({why})",
    }


def _cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The cells of a row of one of TABLES, by heading."""
    budget = {"Budget": f"{row['budget']:.12g} {row['counted']}"} if "budget" in row else {}
    if "against" in row:
        return budget | _compared(row)
    incomplete = row.get("not_completed", 0)
    cells = {
        "Method": get_method(str(row["method"])).title,
        "Seeds": f"{row['seeds']}{f' ({incomplete} not completed)' * bool(incomplete)}",
        "Mean ± SD [interval]": _mean(row),
    }
    if budget:
        return budget | cells | {"Rank": row["mark"] or _number("{:g}", row["rank"])}
    spent = [row[f"distinct_{name}"] for name in ("evaluations", "low", "high")]
    return cells | {
        "Optimum found (%)": _shares(row, "optimum_found"),
        "Distinct evaluations": "{:.0f} ({:d}-{:d})".format(*spent),
    }


def readable(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of the readable table, eight at most: rounded, titles for names."""
    names = list(map(str, frame))
    columns = [frame[name].tolist() for name in names]
    places = [tuple(map(str, place)) for place in frame[KEYS].itertuples(index=False)]
    rows = [_cells(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]
    return {
        "Dataset": [get_definition(space, dataset).title for space, dataset, _ in places],
        "Protocol": [protocol for _, _, protocol in places],
        "Metric": [get_reported_metric(*place).label for place in places],
        **{name: [row[name] for row in rows] for name in (rows[0] if rows else ())},
    }


def write_evidence(frame: pd.DataFrame, note: str, paths: Sequence[Path]) -> None:
    """Write a frame of one of TABLES and the note under it to paths (.csv, .md, .tex)."""
    metrics = [get_reported_metric(*map(str, names)) for names in frame[KEYS].to_numpy()]
    units = {"metric": [each.name for each in metrics], "unit": [each.unit for each in metrics]}
    write_frame(frame.assign(**units), readable(frame), note, paths)

"""The page of findings: sentences whose every number is computed and put in by name.

The templates hold no digit but those of names; a test sees to it. A sentence whose numbers the
study does not have gives way to one that says what is missing.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ednag.evidence.claims import MINIMUM_SEEDS, Claim
from ednag.evidence.record import PAPER, Record, drawn_note
from ednag.evidence.statistics import bootstrap_mean, wilson_share
from ednag.evidence.summaries import BEST_AFTER, DISTINCT, LOOKUPS
from ednag.evidence.verdicts import (
    NEEDS,
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    PARTLY,
    RARE_SET,
    REPRODUCED,
    Verdict,
    budget_of,
    counts,
)
from ednag.methods import get_method
from ednag.tables import get_definition, get_metric, get_protocol, get_reported_metric

#: Name -> Markdown with named fields. Only names such as NAS-Bench-201 hold digits.
TEMPLATES = {
    "head": "# Findings\n\nComputed from {runs} runs: {methods} methods on {benchmarks} "
    "benchmarks, seeds {seeds}, which nobody selected. Intervals: {level} %. Protocol *paper*: "
    "the search sees the reported metric itself, as in the reference implementation. Methods "
    "under other protocols stand in the tables, not here.",
    "others": "Measured here but reported on by no claim of the paper: {titles}. Numbers on "
    "these decide no claim.",
    "missing": "## What needs data\n\nConfigured, but not searched, because their files are not "
    "here:\n\n{rows}",
    "missing_row": "- **{benchmark}**: {commands}.",
    "verdicts": "## Do the claims hold?\n\nOf {claims} claims {tested} could be tested here: "
    "{reproduced} are reproduced, {partly} partly, {not_reproduced} are not. {not_comparable} "
    "are not comparable, {needs} need data that this study does not have ([verdicts]"
    "(verdicts.md)).",
    "end": "## What EDNAG reports\n\n{rows}",
    "end_row": "- **{benchmark}**: mean {mean:.2f} (sd {sd:.2f}, interval {low:.2f} to "
    "{high:.2f}), best possible {optimum:.2f}, reached in {found} of {seeds} runs "
    "({share:.0f} %, interval {share_low:.0f} to {share_high:.0f} %).",
    "end_drawn": " These are means over the trainings of an architecture; the single values "
    "drawn, which the reference reports, have mean {mean:.2f}.",
    "end_row_open": "- **{benchmark}**: mean {mean:.2f} (sd {sd:.2f}, interval {low:.2f} to "
    "{high:.2f}) over {seeds} runs; the best possible is not known.",
    "end_none": "## What EDNAG reports\n\nThis study does not run EDNAG under protocol *paper*.",
    "cost": "## What it costs\n\nA run makes {total:.0f} look-ups on average and sees "
    "{distinct:.0f} distinct architectures; {invalid:.0f} % of its evaluations are of no "
    "architecture at all, and each distinct one is asked for {repeats:.1f} times. {odd} of "
    "{runs} runs did not complete{states}.",
    "equal": "## At equal distinct evaluations\n\n{rows}",
    "equal_row": "- **{benchmark}**, after {budget}: EDNAG {ours:.2f}; {better} of {others} "
    "other methods better, {worse} worse, {even} undecided; the best of them is {best} with "
    "{theirs:.2f}. After {budget} look-ups, repeated and invalid ones counted: EDNAG "
    "{ours_looked:.2f}, the best of the others {theirs_looked:.2f}.",
    "equal_none": "## At equal distinct evaluations\n\nThis study compares EDNAG with nothing at "
    "an equal budget.",
    "seeds": "## The authors' seeds\n\nOn {rare} of {sets} benchmarks fewer than "
    "{limit:.0f} % of equally large sets of unselected seeds are as good as the values the authors "
    "list; the rarest, on {rarest}, has a chance of {chance:.3f} % (interval {low:.3f} to "
    "{high:.3f} %). {same} of {listed} of these values are ours for the same seed; our runs of "
    "the listed seeds are that rare on {ours_rare}.",
    "seeds_few": "## The authors' seeds\n\n{same} of {listed} values in the authors' comments "
    "are ours for the same seed. How rare the listed sets are cannot be told from {seeds} "
    "seeds; {least} are needed.",
    "seeds_none": "## The authors' seeds\n\nThis study does not run them (the key "
    "`authors_seeds` of the configuration does, on the paper's benchmarks).",
    "generated": "## What is generated\n\n{rows}",
    "generated_row": "- **{benchmark}**: {valid:.2f} % of the last populations are architectures, "
    "{unique:.1f} distinct ones of {size:.0f}; their mean is {mean:.2f}, the worst of all is "
    "{worst:.2f}. Of all evaluations {evaluated:.1f} % are of an architecture.",
}


def _title(space: str, dataset: str) -> str:
    """`CIFAR-10 (nasbench201)`; says so if a lower value of the reported metric is better."""
    higher = get_reported_metric(space, dataset, PAPER).higher_is_better
    direction = "" if higher else ", lower is better"
    return f"{get_definition(space, dataset).title} ({space}{direction})"


def _fill(name: str, **fields: object) -> str:
    return TEMPLATES[name].format_map(fields)


def findings_page(
    record: Record,
    claims: Sequence[Claim],
    verdicts: Sequence[Verdict],
    missing: Mapping[tuple[str, str], Sequence[str]] | None = None,
) -> str:
    """The page, Markdown, from a study and what it makes of the claims.

    Args:
        missing: (space, dataset) that the study could not search -> ids of the absent sources.
    """
    sections = [
        *_head(record, claims),
        _verdicts(verdicts),
        *_ends(record),
        _equal(record),
        _authors(record),
        *_generated(record),
        *_missing(missing or {}),
    ]
    return "\n\n".join(sections) + "\n"


def _missing(missing: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    """Benchmarks of the study without their data, and the commands that get it."""
    rows = [
        _fill(
            "missing_row",
            benchmark=_title(space, dataset),
            commands=", ".join(f"`ednag sources fetch {source}`" for source in sources),
        )
        for (space, dataset), sources in missing.items()
    ]
    return [_fill("missing", rows="\n".join(rows))] if rows else []


def _paper(record: Record) -> pd.DataFrame:
    return record.summary[record.summary["protocol"] == PAPER]


def _runs_on(frame: pd.DataFrame, space: str, dataset: str, method: str) -> pd.DataFrame:
    """Runs of a method, by seed; also where the outcome is a prediction, as the title says.

    `Record.runs` leaves predictions out, for it is what printed numbers are held against.
    """
    same = (frame["space"] == space) & (frame["dataset"] == dataset) & (frame["method"] == method)
    return frame[same].sort_values("seed")


def _benchmarks(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(frame[["space", "dataset"]].drop_duplicates().itertuples(index=False, name=None))


def _head(record: Record, claims: Sequence[Claim]) -> list[str]:
    summary = _paper(record)
    found = [
        _fill(
            "head",
            runs=len(summary),
            methods=summary["method"].nunique(),
            benchmarks=len(_benchmarks(summary)),
            seeds=record.seeds_text,
            level=f"{100 * record.statistics.confidence:g}",
        )
    ]
    claimed = {(claim.space, claim.dataset) for claim in claims}
    others = [_title(*each) for each in _benchmarks(summary) if each not in claimed]
    if others:
        found.append(_fill("others", titles=", ".join(others)))
    return found


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    count = counts(verdicts)
    return _fill(
        "verdicts",
        claims=len(verdicts),
        tested=count[REPRODUCED] + count[PARTLY] + count[NOT_REPRODUCED],
        reproduced=count[REPRODUCED],
        partly=count[PARTLY],
        not_reproduced=count[NOT_REPRODUCED],
        not_comparable=count[NOT_COMPARABLE],
        needs=count[NEEDS],
    )


def _ends(record: Record) -> list[str]:
    """What EDNAG reports at its own end, and the look-ups it took."""
    ours = _paper(record)
    ours = ours[ours["method"] == "ednag"]
    if ours.empty:
        return [_fill("end_none")]
    rows = [
        _end_row(_title(space, dataset), _runs_on(ours, space, dataset, "ednag"), record)
        for space, dataset in _benchmarks(ours)
    ]
    cost = _fill(
        "cost",
        total=ours["total"].mean(),
        distinct=ours["distinct"].mean(),
        invalid=100 * ours["invalid"].sum() / ours["total"].sum(),
        repeats=(ours["total"] - ours["invalid"]).sum() / ours["distinct"].sum(),
        odd=int((ours["status"] != "completed").sum()),
        runs=len(ours),
        states=_states(ours),
    )
    return [_fill("end", rows="\n".join(rows)), cost]


def _states(runs: pd.DataFrame) -> str:
    """` (degenerate: 3)`: how runs ended that did not complete; empty for none."""
    odd = runs[runs["status"] != "completed"]["status"].value_counts().sort_index()
    words = ", ".join(f"{status}: {count}" for status, count in odd.items())
    return f" ({words})" if words else ""


def _end_row(title: str, runs: pd.DataFrame, record: Record) -> str:
    settings = record.statistics
    values = runs["outcome"].dropna().to_numpy(dtype=float)
    mean = bootstrap_mean(values, settings.confidence, settings.resamples, settings.seed)
    found = int(runs["found_optimum"].sum())
    share = wilson_share(found, len(runs), settings.confidence)
    drawn = drawn_note(runs, "outcome")
    known = bool(runs["optimum"].notna().all())
    return _fill(
        "end_row" if known else "end_row_open",
        benchmark=title,
        mean=mean.estimate,
        sd=values.std(ddof=1) if len(values) > 1 else np.nan,
        low=mean.low,
        high=mean.high,
        optimum=runs["optimum"].iloc[0],
        found=found,
        seeds=len(runs),
        share=100 * share.estimate,
        share_low=100 * share.low,
        share_high=100 * share.high,
    ) + (_fill("end_drawn", mean=runs["outcome_drawn"].mean()) if drawn else "")


def _equal(record: Record) -> str:
    """EDNAG against every other method of the study after equal numbers of evaluations."""
    summary = _paper(record)
    rows = [
        row
        for space, dataset in _benchmarks(summary)
        if (row := _equal_row(space, dataset, record))
    ]
    return _fill("equal", rows="\n".join(rows)) if rows else _fill("equal_none")


def _equal_row(space: str, dataset: str, record: Record) -> str:
    summary = _paper(record)
    runs = _runs_on(summary, space, dataset, "ednag")
    budget = budget_of(runs) if len(runs) else None
    here = summary[(summary["space"] == space) & (summary["dataset"] == dataset)]
    others = [
        name
        for name in here["method"].unique()
        if name != "ednag" and get_method(name).varies != "ednag"
    ]
    if budget is None or not others:
        return ""
    sign = 1.0 if get_reported_metric(space, dataset, PAPER).higher_is_better else -1.0
    column = BEST_AFTER[DISTINCT].format(budget)
    means = here.groupby("method", sort=False)[column].mean()
    looked = here.groupby("method", sort=False)[BEST_AFTER[LOOKUPS].format(budget)].mean()
    sides = [
        _side(sign, runs, _runs_on(summary, space, dataset, name), column, record)
        for name in others
    ]
    best = max(others, key=lambda name: sign * means[name])
    return _fill(
        "equal_row",
        benchmark=_title(space, dataset),
        budget=budget,
        ours=means["ednag"],
        better=sides.count(1),
        worse=sides.count(-1),
        even=sides.count(0),
        others=len(others),
        best=get_method(best).title,
        theirs=means[best],
        ours_looked=looked["ednag"],
        theirs_looked=sign * (sign * looked[others]).max(),
    )


def _side(
    sign: float, runs: pd.DataFrame, others: pd.DataFrame, column: str, record: Record
) -> int:
    """1 where the others are better, -1 where worse, 0 where the interval holds no difference."""
    joined = runs[["seed", column]].merge(others[["seed", column]], on="seed")
    gaps = sign * (joined[f"{column}_y"] - joined[f"{column}_x"]).to_numpy(dtype=float)
    settings = record.statistics
    gap = bootstrap_mean(gaps, settings.confidence, settings.resamples, settings.seed)
    return 1 if gap.low > 0 else -1 if gap.high < 0 else 0


def _authors(record: Record) -> str:
    """How the authors' seeds lie among unselected ones."""
    if record.sets.empty or record.seeds.empty:
        return _fill("seeds_none")
    values: Mapping[str, object] = {
        "same": int(record.seeds["same"].sum()),
        "listed": len(record.seeds),
    }
    known = record.sets[record.sets["study_seeds"] >= MINIMUM_SEEDS]
    if known.empty:
        seeds = int(record.sets["study_seeds"].max())
        return _fill("seeds_few", **values, seeds=seeds, least=MINIMUM_SEEDS)
    rarest = known.sort_values(["chance_comment", "space", "dataset"], kind="stable").iloc[0]
    return _fill(
        "seeds",
        **values,
        rare=int((known["chance_comment_high"] < RARE_SET).sum()),
        ours_rare=int((known["chance_high"] < RARE_SET).sum()),
        sets=len(known),
        limit=100 * RARE_SET,
        rarest=_title(str(rarest["space"]), str(rarest["dataset"])),
        chance=100 * rarest["chance_comment"],
        low=100 * rarest["chance_comment_low"],
        high=100 * rarest["chance_comment_high"],
    )


def _generated(record: Record) -> list[str]:
    """What the last populations hold."""
    made = record.generated
    if made.empty:
        return []
    made = made[(made["method"] == "ednag") & (made["protocol"] == PAPER)]
    rows = []
    for space, dataset in _benchmarks(made):
        here = made[(made["space"] == space) & (made["dataset"] == dataset)]
        metric = get_protocol(space, dataset, PAPER).fitness_metric
        higher = get_metric(space, dataset, metric).higher_is_better
        worst = here["last_worst"]
        rows.append(
            _fill(
                "generated_row",
                benchmark=_title(space, dataset),
                valid=100 * here["last_valid_share"].mean(),
                unique=here["last_unique"].mean(),
                size=here["last_size"].mean(),
                mean=here["last_mean"].mean(),
                worst=worst.min() if higher else worst.max(),
                evaluated=100 * here["evaluated_valid_share"].mean(),
            )
        )
    return [_fill("generated", rows="\n".join(rows))] if rows else []

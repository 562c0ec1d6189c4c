"""The page of findings: templates of sentences, and the computed numbers that fill them.

A test ensures that the templates have no digits but those of names. Where the study lacks the
numbers of a sentence, another sentence says what is missing.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from ednag.evidence.claims import MINIMUM_SEEDS, Claim
from ednag.evidence.record import PAPER, StudyRecord, drawn_note, paired
from ednag.evidence.statistics import bootstrap_mean, finite, standard_deviation, wilson_share
from ednag.evidence.summaries import BEST_AFTER, DISTINCT, LOOKUPS
from ednag.evidence.verdicts import (
    NOT_REPRODUCED,
    PARTLY,
    RARE_SET,
    REPRODUCED,
    ClaimVerdict,
    budget_of,
    counts,
)
from ednag.methods import get_method
from ednag.tables import get_definition, get_metric, get_protocol, get_reported_metric

#: Name -> Markdown with named fields. Only names such as NAS-Bench-201 have digits.
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
    "are not comparable, {needs_data} need data that this study does not have ([verdicts]"
    "(verdicts.md)).",
    "end": "## What EDNAG reports\n\n{rows}",
    "end_row": "- **{benchmark}**: mean {mean.estimate:.2f} (sd {sd:.2f}, interval {mean.low:.2f} "
    "to {mean.high:.2f}), best possible {optimum:.2f}, reached in {found} of {seeds} runs "
    "({share.estimate:.0f} %, interval {share.low:.0f} to {share.high:.0f} %).",
    "end_drawn": " These are means over the trainings of an architecture; the single values "
    "drawn, which the reference reports, have mean {mean:.2f}.",
    "end_row_open": "- **{benchmark}**: mean {mean.estimate:.2f} (sd {sd:.2f}, interval "
    "{mean.low:.2f} to {mean.high:.2f}) over {seeds} runs; the best possible is not known.",
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
    """`CIFAR-10 (nasbench201)`, with the direction of the reported metric if lower is better."""
    higher = get_reported_metric(space, dataset, PAPER).higher_is_better
    direction = "" if higher else ", lower is better"
    return f"{get_definition(space, dataset).title} ({space}{direction})"


def _fill(name: str, **fields: object) -> str:
    return TEMPLATES[name].format_map(fields)


def findings_page(
    record: StudyRecord,
    claims: Sequence[Claim],
    verdicts: Sequence[ClaimVerdict],
    missing: Mapping[tuple[str, str], Sequence[str]] | None = None,
) -> str:
    """The page as Markdown.

    `missing` maps a (space, dataset) that the study could not search to ids of absent sources.
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
    rows = [
        _fill(
            "missing_row",
            benchmark=_title(space, dataset),
            commands=", ".join(f"`ednag sources fetch {source}`" for source in sources),
        )
        for (space, dataset), sources in missing.items()
    ]
    return [_fill("missing", rows="\n".join(rows))] if rows else []


def _paper(record: StudyRecord) -> pd.DataFrame:
    return record.summary[record.summary["protocol"] == PAPER]


def _runs_on(frame: pd.DataFrame, space: str, dataset: str, method: str = "") -> pd.DataFrame:
    """Runs of a method by seed, or of all methods; unlike in `StudyRecord.runs`, also predicted."""
    runs = frame[(frame["space"] == space) & (frame["dataset"] == dataset)]
    return runs[runs["method"] == method].sort_values("seed") if method else runs


def _benchmarks(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(frame[["space", "dataset"]].drop_duplicates().itertuples(index=False, name=None))


def _head(record: StudyRecord, claims: Sequence[Claim]) -> list[str]:
    summary = _paper(record)
    sections = [
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
        sections.append(_fill("others", titles=", ".join(others)))
    return sections


def _verdicts(verdicts: Sequence[ClaimVerdict]) -> str:
    count = counts(verdicts)
    tested = count[REPRODUCED] + count[PARTLY] + count[NOT_REPRODUCED]
    named = {name.replace(" ", "_"): number for name, number in count.items()}
    return _fill("verdicts", claims=len(verdicts), tested=tested, **named)


def _ends(record: StudyRecord) -> list[str]:
    """What EDNAG reports at its own end, and the look-ups that it makes."""
    ours = _paper(record).query("method == 'ednag'")
    if ours.empty:
        return [_fill("end_none")]
    rows = [
        _end_row(_title(space, dataset), _runs_on(ours, space, dataset, "ednag"), record)
        for space, dataset in _benchmarks(ours)
    ]
    states = ours["status"][ours["status"] != "completed"].value_counts().sort_index()
    words = ", ".join(f"{status}: {count}" for status, count in states.items())
    cost = _fill(
        "cost",
        total=ours["total"].mean(),
        distinct=ours["distinct"].mean(),
        invalid=100 * ours["invalid"].sum() / ours["total"].sum(),
        repeats=(ours["total"] - ours["invalid"]).sum() / ours["distinct"].sum(),
        odd=states.sum(),
        runs=len(ours),
        states=f" ({words})" if words else "",
    )
    return [_fill("end", rows="\n".join(rows)), cost]


def _end_row(title: str, runs: pd.DataFrame, record: StudyRecord) -> str:
    values = finite(runs["outcome"])
    mean = bootstrap_mean(values, record.statistics)
    at_optimum = int(runs["found_optimum"].sum())
    share = wilson_share(at_optimum, len(runs), record.statistics.confidence)
    sentence = _fill(
        "end_row" if runs["optimum"].notna().all() else "end_row_open",
        benchmark=title,
        mean=mean,
        sd=standard_deviation(values),
        optimum=runs["optimum"].iloc[0],
        found=at_optimum,
        seeds=len(runs),
        share=share.percent(),
    )
    if drawn_note(runs, "outcome"):
        sentence += _fill("end_drawn", mean=runs["outcome_drawn"].mean())
    return sentence


def _equal(record: StudyRecord) -> str:
    """EDNAG against every other method of the study after equal numbers of evaluations."""
    summary = _paper(record)
    rows = [_equal_row(*benchmark, summary, record) for benchmark in _benchmarks(summary)]
    text = "\n".join(row for row in rows if row)
    return _fill("equal", rows=text) if text else _fill("equal_none")


def _equal_row(space: str, dataset: str, summary: pd.DataFrame, record: StudyRecord) -> str:
    everything = _runs_on(summary, space, dataset)
    runs = _runs_on(summary, space, dataset, "ednag")
    budget = budget_of(runs) if len(runs) else None
    others = [
        name
        for name in everything["method"].unique()
        if "ednag" not in (name, get_method(name).varies)
    ]
    if budget is None or not others:
        return ""
    sign = 1.0 if get_reported_metric(space, dataset, PAPER).higher_is_better else -1.0
    groups = everything.groupby("method", sort=False)
    column = BEST_AFTER[DISTINCT].format(budget)
    means, looked = groups[column].mean(), groups[BEST_AFTER[LOOKUPS].format(budget)].mean()
    sides = [
        _side(-sign * paired(runs, _runs_on(summary, space, dataset, name), column), record)
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


def _side(gaps: pd.Series, record: StudyRecord) -> int:
    """1 where the others are better, -1 where worse, 0 where the interval holds no difference."""
    gap = bootstrap_mean(gaps.to_numpy(dtype=float), record.statistics)
    return 1 if gap.low > 0 else -1 if gap.high < 0 else 0


def _authors(record: StudyRecord) -> str:
    """The authors' seeds among unselected ones."""
    if record.sets.empty or record.seeds.empty:
        return _fill("seeds_none")
    values = {"same": int(record.seeds["same"].sum()), "listed": len(record.seeds)}
    sets = record.sets[record.sets["study_seeds"] >= MINIMUM_SEEDS]
    if sets.empty:
        seeds = int(record.sets["study_seeds"].max())
        return _fill("seeds_few", **values, seeds=seeds, least=MINIMUM_SEEDS)
    rarest = sets.sort_values(["chance_comment", "space", "dataset"], kind="stable").iloc[0]
    return _fill(
        "seeds",
        **values,
        rare=int((sets["chance_comment_high"] < RARE_SET).sum()),
        ours_rare=int((sets["chance_high"] < RARE_SET).sum()),
        sets=len(sets),
        limit=100 * RARE_SET,
        rarest=_title(str(rarest["space"]), str(rarest["dataset"])),
        chance=100 * rarest["chance_comment"],
        low=100 * rarest["chance_comment_low"],
        high=100 * rarest["chance_comment_high"],
    )


def _generated(record: StudyRecord) -> list[str]:
    """The individuals of the last populations."""
    generated = record.generated
    generated = generated[(generated["method"] == "ednag") & (generated["protocol"] == PAPER)]
    rows = []
    for space, dataset in _benchmarks(generated):
        runs = _runs_on(generated, space, dataset)
        metric = get_protocol(space, dataset, PAPER).fitness_metric
        higher = get_metric(space, dataset, metric).higher_is_better
        worst = runs["last_worst"]
        rows.append(
            _fill(
                "generated_row",
                benchmark=_title(space, dataset),
                valid=100 * runs["last_valid_share"].mean(),
                unique=runs["last_unique"].mean(),
                size=runs["last_size"].mean(),
                mean=runs["last_mean"].mean(),
                worst=worst.min() if higher else worst.max(),
                evaluated=100 * runs["evaluated_valid_share"].mean(),
            )
        )
    return [_fill("generated", rows="\n".join(rows))] if rows else []

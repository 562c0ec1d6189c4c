"""Verdicts: each claim tested by its rule, with our number, its interval and the runs behind it.

`ednag.evidence.claims.RULES` describes the rules; each is a function here.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ednag.evidence.cells import ALL
from ednag.evidence.claims import MARGIN, MINIMUM_SEEDS, ON_PRINTED, ON_RANKING, RULES, Claim
from ednag.evidence.record import (
    PAPER,
    LackingData,
    StudyRecord,
    drawn_note,
    paired,
    published_column,
)
from ednag.evidence.statistics import (
    Interval,
    bootstrap_mean,
    finite,
    standard_deviation,
    wilson_share,
)
from ednag.evidence.summaries import BEST_AFTER, DISTINCT, LOOKUPS, OPTIMUM_TOLERANCE
from ednag.evidence.writing import NO_VALUE, interval_text, rounded
from ednag.stages import RANKER, RUNS
from ednag.tables import get_metric, get_protocol, get_reported_metric

REPRODUCED = "reproduced"
PARTLY = "partly"
NOT_REPRODUCED = "not reproduced"
NOT_COMPARABLE = "not comparable"
NEEDS = "needs data"
VERDICTS = (REPRODUCED, PARTLY, NOT_REPRODUCED, NOT_COMPARABLE, NEEDS)

#: A set of seeds is taken for selected if fewer than this share of unselected sets are as good.
RARE_SET = 0.05


@dataclass(frozen=True)
class ClaimVerdict:
    """The verdict on a claim.

    Attributes:
        claim: Id of the claim.
        verdict: One of VERDICTS.
        why: The numbers in words; what is needed; why it is not comparable.
        printed, ours, low, high: The claimed number, ours and its interval; None for no number.
        runs: Number of runs that it rests on.
        rests_on: Folders of their run files.
    """

    claim: str
    verdict: str
    why: str
    printed: float | None = None
    ours: float | None = None
    low: float | None = None
    high: float | None = None
    runs: int = 0
    rests_on: tuple[str, ...] = ()


class RuleResult(NamedTuple):
    """What a rule returns: verdict, explanation, our number and its interval."""

    verdict: str
    why: str
    ours: Interval = Interval()


def judge(claims: Sequence[Claim], record: StudyRecord) -> list[ClaimVerdict]:
    """A verdict for each claim, in their order."""
    return [_judge_one(claim, record) for claim in claims]


def _judge_one(claim: Claim, record: StudyRecord) -> ClaimVerdict:
    if claim.rule == "not-comparable":
        return ClaimVerdict(claim.id, NOT_COMPARABLE, claim.reason, claim.printed)
    lacking = _lacking(claim, record)
    if lacking:
        return ClaimVerdict(claim.id, NEEDS, lacking, claim.printed)
    rows = _rows(claim, record)
    try:
        result = _RULES[claim.rule](claim, rows, record)
    except LackingData as lack:
        result = RuleResult(NEEDS, str(lack))
    ours, low, high = (None if np.isnan(number) else float(number) for number in result.ours)
    folders = _folders(claim)
    runs = rows["seed"].nunique() if folders else 0
    return ClaimVerdict(
        claim.id, result.verdict, result.why, claim.printed, ours, low, high, runs, folders
    )


def _lacking(claim: Claim, record: StudyRecord) -> str:
    """What the study lacks to test a claim; empty if it lacks nothing."""
    if claim.rule in ON_PRINTED:
        return ""
    if claim.rule in ON_RANKING:
        if len(_rows(claim, record)):
            return ""
        if claim.dataset and record.has_benchmark(claim.space, claim.dataset):
            return "needs the ranking study: ranker.seeds"
    elif claim.rule != "unavailable":
        return record.lacks(claim.space, claim.dataset, *claim.methods, needs=claim.needs)
    return f"needs data {', '.join(claim.needs)}"


def _rows(claim: Claim, record: StudyRecord) -> pd.DataFrame:
    """The rows that a claim is tested by: runs, searches by a ranker, or counts of cells."""
    if claim.rule in ON_PRINTED:
        return pd.DataFrame()
    if claim.rule == "enumerated":
        return record.enumerated
    if claim.rule == "published-records":
        rows = record.published_records
        return rows[rows["space"] == claim.space]
    if claim.rule in ON_RANKING:
        # All k of one search share their draws.
        rows = _of_benchmark(record.searches, claim)
        rows = rows[rows["protocol"] == PAPER]
        return rows if rows.empty else rows[rows["top"] == rows["top"].min()]
    return record.runs(claim.space, claim.dataset, claim.method)


def _folders(claim: Claim) -> tuple[str, ...]:
    """Folders of the run files that a claim rests on."""
    if not claim.dataset or claim.rule in ON_PRINTED:
        return ()
    if claim.rule in ON_RANKING:
        return (f"{RANKER.folder}/{claim.space}/{claim.dataset}/",)
    folder = f"{RUNS.folder}/{claim.space}/{claim.dataset}/{PAPER}"
    return tuple(f"{folder}/{method}/" for method in claim.methods)


def _of_benchmark(frame: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    return frame[(frame["space"] == claim.space) & (frame["dataset"] == claim.dataset)]


def _of_listed_seeds(frame: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """The rows of the claim's benchmark, of which there must be some."""
    rows = _of_benchmark(frame, claim)
    if rows.empty:
        raise LackingData("needs runs of the authors' seeds: authors_seeds: 0-999")
    return rows


def _require_seeds(count: int) -> None:
    if count < MINIMUM_SEEDS:
        raise LackingData(f"needs {MINIMUM_SEEDS} seeds or more (the study has {count})")


def _verdict(holds: bool, partly: bool = False) -> str:
    return REPRODUCED if holds else PARTLY if partly else NOT_REPRODUCED


def _range(values: np.ndarray) -> Interval:
    """Mean, minimum and maximum of float[n]."""
    return Interval(values.mean(), values.min(), values.max())


def _values(claim: Claim, runs: pd.DataFrame, fewest: int = 1) -> np.ndarray:
    """float64[n]: the claim's quantity of the runs that have it, which are at least `fewest`."""
    column = published_column(runs, claim.quantity)
    if column not in runs or runs[column].count() < fewest:
        raise LackingData(f"needs the quantity {claim.quantity} of the runs")
    return finite(runs[column]) * (100.0 if claim.percent else 1.0)


def _mean(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    values = _values(claim, runs, fewest=0)
    _require_seeds(len(values))
    mean = bootstrap_mean(values, record.statistics)
    why = f"mean {mean.estimate:.3f}, sd {standard_deviation(values):.3f} over {len(values)} runs"
    if len(runs) > len(values):
        why += f" ({len(runs) - len(values)} runs without a value left out)"
    why += drawn_note(runs, claim.quantity)
    listed = _listed_mean(claim, record)
    if not np.isnan(listed):
        why += f"; {listed:.3f} over the authors' own seeds"
    return RuleResult(_verdict(_holds_printed(mean, claim), claim.matches(listed)), why, mean)


def _listed_mean(claim: Claim, record: StudyRecord) -> float:
    """Mean outcome of our runs of the authors' seeds; NaN for other quantities or without runs."""
    rows = _of_benchmark(record.sets, claim)
    return float(rows["ours_mean"].iloc[0]) if claim.quantity == "outcome" and len(rows) else np.nan


def _holds_printed(interval: Interval, claim: Claim) -> bool:
    """Whether the interval, widened by the tolerance, holds the printed number."""
    margin = claim.tolerance + MARGIN
    return interval.low - margin <= claim.number <= interval.high + margin


def _always(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    _require_seeds(len(runs))
    count = int(runs["found_optimum"].sum())
    share = wilson_share(count, len(runs), record.statistics.confidence)
    why = f"the best architecture in {count} of {len(runs)} runs"
    listed = _of_benchmark(record.seeds, claim)
    partly = False
    if len(listed):
        theirs = int(((listed["ours"] - runs["optimum"].iloc[0]).abs() < OPTIMUM_TOLERANCE).sum())
        why += f"; in {theirs} of {len(listed)} runs of the authors' own seeds"
        partly = theirs == len(listed)
    return RuleResult(_verdict(count == len(runs), partly), why, share.percent())


def _every_run(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    values = _values(claim, runs)
    same = int(claim.matches(values).sum())
    ours = _range(values)
    why = (
        f"so in {same} of {len(values)} runs; mean {ours.estimate:.2f}, "
        f"from {ours.low:.2f} to {ours.high:.2f}"
    )
    return RuleResult(_verdict(same == len(values), same > 0), why, ours)


def _extreme(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    values = _values(claim, runs)
    _require_seeds(len(values))
    metric = get_protocol(claim.space, claim.dataset, PAPER).fitness_metric
    higher = get_metric(claim.space, claim.dataset, metric).higher_is_better
    is_lowest = claim.quantity.endswith("_worst") == higher
    low, high = values.min(), values.max()
    ours = low if is_lowest else high
    margin = claim.tolerance + MARGIN
    reached = values <= claim.number + margin if is_lowest else values >= claim.number - margin
    count = int(reached.sum())
    why = f"{ours:.3f} over all runs; {count} of {len(values)} runs reach {claim.printed:g}"
    verdict = _verdict(claim.matches(ours), 0 < count < len(values))
    return RuleResult(verdict, why, Interval(ours, low, high))


def _best_possible(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    optimum = float(runs[published_column(runs, "optimum")].iloc[0])
    protocol = get_protocol(claim.space, claim.dataset, PAPER)
    factor = protocol.factor if claim.scaled else 1.0
    value = factor * optimum
    product = f"{factor:g} x {optimum:.3f} = " if claim.scaled else ""
    why = f"{product}{value:.3f}; the quantity is {protocol.reported_metric.replace('_', ' ')}"
    why += drawn_note(runs, "optimum")
    return RuleResult(_verdict(claim.matches(value)), why, Interval(value))


def _gap(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    others = record.runs(claim.space, claim.dataset, claim.against)
    gaps = finite(paired(runs, others, published_column(runs, claim.quantity)))
    _require_seeds(len(gaps))
    mean = bootstrap_mean(gaps, record.statistics)
    why = f"{mean.estimate:+.3f} over {len(gaps)} paired seeds"
    if "last_mean" in runs and "last_mean" in others:
        populations = finite(paired(runs, others, "last_mean"))
        why += f"; {populations.mean():+.3f} between the means of the last populations"
    same_side = mean.low > 0 if claim.number > 0 else mean.high < 0
    return RuleResult(_verdict(_holds_printed(mean, claim), same_side), why, mean)


def budget_of(runs: pd.DataFrame) -> int | None:
    """The largest compared budget that at least half of the runs spend; None if there is none."""
    prefix = BEST_AFTER[DISTINCT].format("")
    names = [str(name) for name in runs if str(name).startswith(prefix)]
    budgets = [int(name.removeprefix(prefix)) for name in names]
    spent = [budget for budget in budgets if (runs["distinct"] >= budget).mean() >= 0.5]
    return max(spent, default=None)


def _better_than(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    budget = budget_of(runs)
    if budget is None:
        raise LackingData("needs a budget (statistics.checkpoints) that half of the runs spend")
    others = record.runs(claim.space, claim.dataset, claim.against)
    higher = get_reported_metric(claim.space, claim.dataset, PAPER).higher_is_better
    gaps, looked = (
        (1.0 if higher else -1.0) * finite(paired(runs, others, column.format(budget)))
        for column in (BEST_AFTER[DISTINCT], BEST_AFTER[LOOKUPS])
    )
    _require_seeds(len(gaps))
    mean = bootstrap_mean(gaps, record.statistics)
    why = f"EDNAG is {_side(mean.estimate)} after {budget} distinct evaluations"
    if mean.low == mean.high == 0:
        why = f"no difference after {budget} distinct evaluations"
    if len(looked):
        why += f"; after {budget} look-ups it is {_side(looked.mean())}"
    return RuleResult(_verdict(mean.low > 0, not mean.high < 0), why, mean)


def _side(difference: float) -> str:
    return f"{abs(difference):.3f} {'better' if difference > 0 else 'worse'}"


def _comments(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    differences = _of_listed_seeds(record.seeds, claim)["difference"].abs()
    count = len(differences)
    same = int((differences <= claim.tolerance + MARGIN).sum())
    why = f"{same} of {count} values the same, largest difference {differences.max():.3f}"
    share = wilson_share(same, count, record.statistics.confidence)
    return RuleResult(_verdict(same == count, same > 0), why, share.percent())


def _comments_mean(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    comments = record.listed.get((claim.space, claim.dataset))
    if not comments:
        raise LackingData("needs the list of the authors' seeds: --reference")
    mean = float(np.mean(list(comments.values())))
    why = f"mean {mean:.3f} of the {len(comments)} comments"
    return RuleResult(_verdict(claim.matches(mean)), why, Interval(mean))


def _unselected(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    row = _of_listed_seeds(record.sets, claim).iloc[0]
    _require_seeds(int(row["study_seeds"]))
    share = Interval(*(row[f"chance_comment{end}"] for end in ("", "_low", "_high")))
    why = (
        f"mean {row['comment_mean']:.3f} of the {row['listed']} comments, "
        f"{row['study_mean']:.3f} of {row['study_seeds']} unselected seeds; "
        f"{100 * share.estimate:.3f} % of "
        f"equally large sets are as good. Our runs of the listed seeds: {row['ours_mean']:.3f}, as "
        f"good as which are {100 * row['chance']:.1f} %"
    )
    verdict = _verdict(share.low >= RARE_SET, not share.high < RARE_SET)
    return RuleResult(verdict, why, share.percent())


def _tier_draws(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    names = ("flops", "parameters", "structure")
    used = rows[[f"used_{name}" for name in names]].set_axis(names, axis=1)
    forced = rows["draws"] == "uniform"
    published, allowed = used[forced].max(axis=1), used[~forced]
    shares = ", ".join(f"{name} in {100 * share:.0f} %" for name, share in allowed.mean().items())
    why = (
        f"as published, with uniform draws forced, used in {100 * published.mean():.0f} % of the "
        f"iterations at most; where they are not forced: {shares}"
    )
    verdict = _verdict(bool((published > 0).all()), bool((allowed > 0).any(axis=None)))
    return RuleResult(verdict, why, _range(100 * published.to_numpy(dtype=np.float64)))


def _guided_draws(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    guided = rows[rows["draws"] == "tiers"]
    gaps = 100 * finite(guided["guided_first_tier"] - guided["random_first_tier"])
    if not len(gaps):
        raise LackingData("needs a search of two iterations or more: none drew guided cells")
    means = guided[["guided_first_tier", "random_first_tier", "guided_mean", "random_mean"]].mean()
    better = int((gaps > 0).sum())
    why = (
        f"so in {better} of {len(gaps)} searches; truly of the best tier are "
        f"{100 * means['guided_first_tier']:.1f} % of guided draws, "
        f"{100 * means['random_first_tier']:.1f} % of random ones; mean accuracy "
        f"{means['guided_mean']:.2f} and {means['random_mean']:.2f}"
    )
    return RuleResult(_verdict(better == len(gaps), better > 0), why, _range(gaps))


def _published_records(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    records, agreeing = int(rows["records"].sum()), int(rows["agreeing"].sum())
    why = f"{agreeing} of {records} published records agree ({', '.join(rows['file'])})"
    return RuleResult(_verdict(agreeing == records, agreeing > 0), why, Interval(agreeing))


def _enumerated(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    count = int(rows.set_index("counted")["cells"][ALL])
    return RuleResult(_verdict(count == claim.printed), f"{count} cells found", Interval(count))


def _arithmetic(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    assert claim.numbers is not None
    new, old = claim.numbers
    value = 100 * (new - old) / old
    why = f"({new:g} - {old:g}) / {old:g} = {value:.2f} %; the difference is {new - old:.2f} points"
    return RuleResult(_verdict(claim.matches(value)), why, Interval(value))


_RULES: dict[str, Callable[[Claim, pd.DataFrame, StudyRecord], RuleResult]] = {
    "mean": _mean,
    "always": _always,
    "every-run": _every_run,
    "extreme": _extreme,
    "best-possible": _best_possible,
    "gap": _gap,
    "better-than": _better_than,
    "comments": _comments,
    "comments-mean": _comments_mean,
    "unselected": _unselected,
    "tier-draws": _tier_draws,
    "guided-draws": _guided_draws,
    "published-records": _published_records,
    "enumerated": _enumerated,
    "arithmetic": _arithmetic,
}


def counts(verdicts: Sequence[ClaimVerdict]) -> dict[str, int]:
    """How many claims have each verdict, in the order of VERDICTS."""
    return {name: sum(each.verdict == name for each in verdicts) for name in VERDICTS}


def verdicts_json(
    claims: Sequence[Claim], verdicts: Sequence[ClaimVerdict], record: StudyRecord
) -> str:
    """The verdicts as JSON: the counts, and each claim with its verdict."""
    included = {"statement", "source", "rule", "tolerance", "needs"}
    entries = [
        {"id": claim.id, **claim.model_dump(include=included), **asdict(verdict)}
        for claim, verdict in zip(claims, verdicts, strict=True)
    ]
    for entry in entries:
        del entry["claim"]
    page = {"seeds": record.seeds_text, "counts": counts(verdicts), "claims": entries}
    return json.dumps(page, indent=1, ensure_ascii=False) + "\n"


def verdicts_page(
    claims: Sequence[Claim], verdicts: Sequence[ClaimVerdict], record: StudyRecord
) -> str:
    """The page of verdicts as Markdown: counts, the claims by verdict, the rules."""
    level = f"{100 * record.statistics.confidence:g} %"
    lines = [
        "# Verdicts",
        "",
        f"{len(claims)} claims of the papers and of the upstream audit, each tested by the rule it "
        f"names (the rules stand below), against this study's seeds {record.seeds_text}. "
        f"Intervals: {level}. A claim is tested only on the benchmark it speaks of; data of the "
        "same search space from elsewhere never stands in.",
        "",
        "| Verdict | Claims |",
        "|:--|--:|",
        *(f"| {name} | {count} |" for name, count in counts(verdicts).items()),
        "",
    ]
    for name in VERDICTS:
        chosen = [pair for pair in zip(claims, verdicts, strict=True) if pair[1].verdict == name]
        if chosen:
            lines += [f"## {name[0].upper()}{name[1:]}", "", *_section(name, chosen), ""]
    lines += [
        "## Rules",
        "",
        f"A statement on a distribution needs at least {MINIMUM_SEEDS} seeds. Otherwise than "
        "reproduced or partly: not reproduced.",
        "",
        *(f"- **{rule}**: {words}" for rule, words in RULES.items()),
        "",
    ]
    return "\n".join(lines)


def _section(name: str, chosen: Sequence[tuple[Claim, ClaimVerdict]]) -> list[str]:
    """One table of claims with the same verdict."""
    if name in (NOT_COMPARABLE, NEEDS):
        rows = [
            f"| {claim.id} | {claim.statement} | {claim.source} | {verdict.why} |"
            for claim, verdict in chosen
        ]
        return ["| Claim | Statement | Source | Why |", "|:--|:--|:--|:--|", *rows]
    head = "| Claim | Statement | Rule | Printed | Ours | Interval | Numbers | Runs |"
    rows = []
    for claim, verdict in chosen:
        low, high = (np.nan if x is None else x for x in (verdict.low, verdict.high))
        rows.append(
            f"| {claim.id} | {claim.statement} | {claim.rule} "
            f"| {NO_VALUE if verdict.printed is None else f'{verdict.printed:g}'} "
            f"| {rounded(verdict.ours, 3)} | {interval_text(low, high, 3)} | {verdict.why} "
            f"| {_links(verdict)} |"
        )
    return [head, "|:--|:--|:--|--:|--:|:--|:--|:--|", *rows]


def _links(verdict: ClaimVerdict) -> str:
    """Links, relative to results/, to the folders of the run files."""
    if not verdict.rests_on:
        return NO_VALUE
    links = [
        f"[{path.rstrip('/').rsplit('/', 1)[-1]}]({path.removeprefix('results/')})"
        for path in verdict.rests_on
    ]
    return f"{verdict.runs}: {', '.join(links)}"

"""Verdicts: each claim by its rule, with the numbers, the interval and the runs it rests on.

The rules stand in `ednag.evidence.claims.RULES`, in words; here each is one function.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ednag.evidence.cells import ALL
from ednag.evidence.claims import MINIMUM_SEEDS, ON_RANKING, RULES, Claim
from ednag.evidence.published import paired
from ednag.evidence.record import PAPER, Record, drawn_note, finite, published_column
from ednag.evidence.statistics import Interval, bootstrap_mean, wilson_share
from ednag.evidence.summaries import BEST_AFTER, DISTINCT, LOOKUPS
from ednag.evidence.writing import interval_text, rounded
from ednag.tables import get_metric, get_protocol

REPRODUCED = "reproduced"
PARTLY = "partly"
NOT_REPRODUCED = "not reproduced"
NOT_COMPARABLE = "not comparable"
NEEDS = "needs data"
VERDICTS = (REPRODUCED, PARTLY, NOT_REPRODUCED, NOT_COMPARABLE, NEEDS)

#: A set of seeds rarer than this among unselected ones is not taken for unselected.
RARE_SET = 0.05


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes:
        claim: Its id.
        verdict: One of VERDICTS.
        why: The numbers in words; what is needed; why it is not comparable.
        printed, ours, low, high: The claimed number, ours and its interval; None where none.
        runs: Number of runs it rests on.
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


@dataclass(frozen=True)
class Finding:
    """What a rule found: verdict, words, our number and its interval."""

    verdict: str
    why: str
    ours: float = np.nan
    low: float = np.nan
    high: float = np.nan


def judge(claims: Sequence[Claim], record: Record) -> list[Verdict]:
    """A verdict for each claim, in their order."""
    return [_judge_one(claim, record) for claim in claims]


def _judge_one(claim: Claim, record: Record) -> Verdict:
    """The verdict of one claim: missing data first, then its rule."""
    if claim.rule == "not-comparable":
        return Verdict(claim.id, NOT_COMPARABLE, claim.reason, claim.printed)
    if claim.rule == "arithmetic":
        return _verdict(claim, _arithmetic(claim), 0, ())
    if claim.rule in ON_RANKING:
        return _judge_ranking(claim, record)
    methods = tuple(name for name in (claim.method, claim.against) if name)
    lacks = f"needs data {', '.join(claim.needs)}"
    if claim.rule != "unavailable":
        lacks = record.lacks(claim.space, claim.dataset, *methods, needs=claim.needs)
    if lacks:
        return Verdict(claim.id, NEEDS, lacks, claim.printed)
    runs = record.runs(claim.space, claim.dataset, claim.method)
    found = _RULES[claim.rule](claim, runs, record)
    folders = tuple(f"results/runs/{claim.space}/{claim.dataset}/{PAPER}/{m}/" for m in methods)
    return _verdict(claim, found, len(runs), folders)


def _judge_ranking(claim: Claim, record: Record) -> Verdict:
    """The verdict of a claim on cells, or on searches by a ranker."""
    rows = _ranked_rows(claim, record)
    if rows.empty:
        of_runs = claim.dataset and record.has_benchmark(claim.space, claim.dataset)
        why = f"needs data {', '.join(claim.needs)}"
        why = "needs the ranking study: ranker.seeds" if of_runs else why
        return Verdict(claim.id, NEEDS, why, claim.printed)
    searched = (f"results/ranker/{claim.space}/{claim.dataset}/",) if claim.dataset else ()
    runs = rows["seed"].nunique() if claim.dataset else 0
    return _verdict(claim, _ON_RANKING[claim.rule](claim, rows), runs, searched)


def _ranked_rows(claim: Claim, record: Record) -> pd.DataFrame:
    """What a claim on cells or on searches by a ranker is tested by."""
    if claim.rule == "enumerated":
        return record.enumerated
    if claim.rule == "published-records":
        rows = record.published_records
        return rows[rows["space"] == claim.space]
    # All k of one search share their draws.
    rows = _of_benchmark(record.searches, claim)
    rows = rows[rows["protocol"] == PAPER]
    return rows if rows.empty else rows[rows["top"] == rows["top"].min()]


def _verdict(claim: Claim, found: Finding, runs: int, folders: tuple[str, ...]) -> Verdict:
    """A finding with its claim; NaN becomes None."""
    ours, low, high = (
        None if np.isnan(x) else float(x) for x in (found.ours, found.low, found.high)
    )
    return Verdict(
        claim.id, found.verdict, found.why, claim.printed, ours, low, high, runs, folders
    )


def _values(claim: Claim, runs: pd.DataFrame) -> np.ndarray | None:
    """float64[n]: the claim's quantity per run, None where the study does not have it."""
    if claim.quantity not in runs:
        return None
    return finite(runs[published_column(runs, claim.quantity)]) * (100.0 if claim.percent else 1.0)


def _lacks_quantity(claim: Claim) -> Finding:
    return Finding(NEEDS, f"needs the quantity {claim.quantity} of the runs")


def _too_few(count: int) -> Finding:
    return Finding(NEEDS, f"needs {MINIMUM_SEEDS} seeds or more (the study has {count})")


def _mean(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    values = _values(claim, runs)
    if values is None:
        return _lacks_quantity(claim)
    if len(values) < MINIMUM_SEEDS:
        return _too_few(len(values))
    assert claim.printed is not None
    mean = _bootstrap(values, record)
    why = f"mean {mean.estimate:.3f}, sd {values.std(ddof=1):.3f} over {len(values)} runs"
    if len(runs) > len(values):
        why += f" ({len(runs) - len(values)} runs without a value left out)"
    why += drawn_note(runs, claim.quantity)
    listed = _listed_mean(claim, record)
    if not np.isnan(listed):
        why += f"; {listed:.3f} over the authors' own seeds"
    verdict = NOT_REPRODUCED
    if _holds(mean, claim):
        verdict = REPRODUCED
    elif abs(listed - claim.printed) <= claim.tolerance + 1e-9:
        verdict = PARTLY
    return Finding(verdict, why, mean.estimate, mean.low, mean.high)


def _listed_mean(claim: Claim, record: Record) -> float:
    """Mean of our runs of the authors' seeds; NaN where there are none, or for other numbers."""
    if claim.quantity != "outcome" or record.sets.empty:
        return np.nan
    row = _of_benchmark(record.sets, claim)
    return float(row["ours_mean"].iloc[0]) if len(row) else np.nan


def _of_benchmark(frame: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    return frame[(frame["space"] == claim.space) & (frame["dataset"] == claim.dataset)]


def _bootstrap(values: np.ndarray, record: Record) -> Interval:
    settings = record.statistics
    return bootstrap_mean(values, settings.confidence, settings.resamples, settings.seed)


def _holds(interval: Interval, claim: Claim) -> bool:
    """Whether the interval, widened by the tolerance, holds the printed number."""
    assert claim.printed is not None
    margin = claim.tolerance + 1e-9
    return interval.low - margin <= claim.printed <= interval.high + margin


def _always(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    if len(runs) < MINIMUM_SEEDS:
        return _too_few(len(runs))
    found = int(runs["found_optimum"].sum())
    share = wilson_share(found, len(runs), record.statistics.confidence)
    why = f"the best architecture in {found} of {len(runs)} runs"
    optimum = float(runs["optimum"].iloc[0])
    listed = _of_benchmark(record.seeds, claim) if len(record.seeds) else record.seeds
    verdict = NOT_REPRODUCED
    if len(listed):
        theirs = int(((listed["ours"] - optimum).abs() < 1e-6).sum())
        why += f"; in {theirs} of {len(listed)} runs of the authors' own seeds"
        verdict = PARTLY if theirs == len(listed) else verdict
    if found == len(runs):
        verdict = REPRODUCED
    return Finding(verdict, why, 100 * share.estimate, 100 * share.low, 100 * share.high)


def _every_run(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    values = _values(claim, runs)
    if values is None or not len(values):
        return _lacks_quantity(claim)
    same = int((np.abs(values - claim.printed) <= claim.tolerance + 1e-9).sum())
    why = (
        f"so in {same} of {len(values)} runs; mean {values.mean():.2f}, "
        f"from {values.min():.2f} to {values.max():.2f}"
    )
    verdict = REPRODUCED if same == len(values) else PARTLY if same else NOT_REPRODUCED
    return Finding(verdict, why, float(values.mean()), float(values.min()), float(values.max()))


def _extreme(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    values = _values(claim, runs)
    if values is None or not len(values):
        return _lacks_quantity(claim)
    if len(values) < MINIMUM_SEEDS:
        return _too_few(len(values))
    assert claim.printed is not None
    metric = get_protocol(claim.space, claim.dataset, PAPER).fitness_metric
    higher = get_metric(claim.space, claim.dataset, metric).higher_is_better
    lowest = claim.quantity.endswith("_worst") == higher
    ours = float(values.min() if lowest else values.max())
    margin = claim.tolerance + 1e-9
    reached = values <= claim.printed + margin if lowest else values >= claim.printed - margin
    why = f"{ours:.3f} over all runs; {int(reached.sum())} of {len(values)} runs reach "
    why += f"{claim.printed:g}"
    verdict = NOT_REPRODUCED
    if abs(ours - claim.printed) <= margin:
        verdict = REPRODUCED
    elif 0 < reached.sum() < len(values):
        verdict = PARTLY
    return Finding(verdict, why, ours, float(values.min()), float(values.max()))


def _best_possible(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    assert claim.printed is not None
    optimum = float(runs[published_column(runs, "optimum")].iloc[0])
    protocol = get_protocol(claim.space, claim.dataset, PAPER)
    factor = protocol.factor if claim.scaled else 1.0
    value = factor * optimum
    times = f"{factor:g} x {optimum:.3f} = " if claim.scaled else ""
    same = abs(value - claim.printed) <= claim.tolerance + 1e-9
    why = f"{times}{value:.3f}; the quantity is {protocol.reported_metric.replace('_', ' ')}"
    why += drawn_note(runs, "optimum")
    return Finding(REPRODUCED if same else NOT_REPRODUCED, why, value)


def _gap(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    assert claim.printed is not None
    others = record.runs(claim.space, claim.dataset, claim.against)
    gaps = paired(runs, others, published_column(runs, claim.quantity))
    if len(gaps) < MINIMUM_SEEDS:
        return _too_few(len(gaps))
    mean = _bootstrap(gaps, record)
    why = f"{mean.estimate:+.3f} over {len(gaps)} paired seeds"
    if "last_mean" in runs and "last_mean" in others:
        populations = paired(runs, others, "last_mean")
        why += f"; {populations.mean():+.3f} between the means of the last populations"
    same_side = mean.low > 0 if claim.printed > 0 else mean.high < 0
    verdict = REPRODUCED if _holds(mean, claim) else PARTLY if same_side else NOT_REPRODUCED
    return Finding(verdict, why, mean.estimate, mean.low, mean.high)


def budget_of(runs: pd.DataFrame) -> int | None:
    """The largest compared budget that at least half of the runs spend; None if there is none."""
    prefix = BEST_AFTER[DISTINCT].format("")
    names = [str(name) for name in runs.columns if str(name).startswith(prefix)]
    budgets = sorted(int(name.removeprefix(prefix)) for name in names)
    spent = [budget for budget in budgets if (runs["distinct"] >= budget).mean() >= 0.5]
    return spent[-1] if spent else None


def _better_than(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    budget = budget_of(runs)
    if budget is None:
        return Finding(NEEDS, "needs a budget (statistics.checkpoints) that half of the runs spend")
    others = record.runs(claim.space, claim.dataset, claim.against)
    gaps = paired(runs, others, BEST_AFTER[DISTINCT].format(budget))
    if len(gaps) < MINIMUM_SEEDS:
        return _too_few(len(gaps))
    metric = get_protocol(claim.space, claim.dataset, PAPER).reported_metric
    sign = 1.0 if get_metric(claim.space, claim.dataset, metric).higher_is_better else -1.0
    mean = _bootstrap(sign * gaps, record)
    why = f"EDNAG is {_side(mean.estimate)} after {budget} distinct evaluations"
    looked = sign * paired(runs, others, BEST_AFTER[LOOKUPS].format(budget))
    beside = f"; after {budget} look-ups it is {_side(looked.mean())}" if len(looked) else ""
    verdict = REPRODUCED if mean.low > 0 else NOT_REPRODUCED if mean.high < 0 else PARTLY
    if mean.low == mean.high == 0:
        verdict, why = PARTLY, f"no difference after {budget} distinct evaluations"
    return Finding(verdict, why + beside, mean.estimate, mean.low, mean.high)


def _side(difference: float) -> str:
    """A mean difference in words; positive is better."""
    return f"{abs(difference):.3f} {'better' if difference > 0 else 'worse'}"


def _comments(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    rows = _of_benchmark(record.seeds, claim) if len(record.seeds) else record.seeds
    if rows.empty:
        return Finding(NEEDS, "needs runs of the authors' seeds: authors_seeds: 0-999")
    same = int((rows["difference"].abs() <= claim.tolerance + 1e-9).sum())
    why = f"{same} of {len(rows)} values the same, largest difference "
    why += f"{rows['difference'].abs().max():.3f}"
    share = wilson_share(same, len(rows), record.statistics.confidence)
    verdict = REPRODUCED if same == len(rows) else PARTLY if same else NOT_REPRODUCED
    return Finding(verdict, why, 100 * share.estimate, 100 * share.low, 100 * share.high)


def _comments_mean(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    assert claim.printed is not None
    rows = _of_benchmark(record.sets, claim) if len(record.sets) else record.sets
    if rows.empty:
        return Finding(NEEDS, "needs runs of the authors' seeds: authors_seeds: 0-999")
    mean = float(rows["comment_mean"].iloc[0])
    same = abs(mean - claim.printed) <= claim.tolerance + 1e-9
    why = f"mean {mean:.3f} of the {rows['listed'].iloc[0]} comments"
    return Finding(REPRODUCED if same else NOT_REPRODUCED, why, mean)


def _unselected(claim: Claim, runs: pd.DataFrame, record: Record) -> Finding:
    rows = _of_benchmark(record.sets, claim) if len(record.sets) else record.sets
    if rows.empty:
        return Finding(NEEDS, "needs runs of the authors' seeds: authors_seeds: 0-999")
    row = rows.iloc[0]
    if row["study_seeds"] < MINIMUM_SEEDS:
        return _too_few(int(row["study_seeds"]))
    share, low, high = (row[f"chance_comment{end}"] for end in ("", "_low", "_high"))
    why = (
        f"mean {row['comment_mean']:.3f} of the {row['listed']} comments, "
        f"{row['study_mean']:.3f} of {row['study_seeds']} unselected seeds; {100 * share:.3f} % of "
        f"equally large sets are as good. Our runs of the listed seeds: {row['ours_mean']:.3f}, as "
        f"good as which are {100 * row['chance']:.1f} %"
    )
    verdict = REPRODUCED if low >= RARE_SET else NOT_REPRODUCED if high < RARE_SET else PARTLY
    return Finding(verdict, why, 100 * share, 100 * low, 100 * high)


def _tier_draws(claim: Claim, rows: pd.DataFrame) -> Finding:
    names = ("flops", "parameters", "structure")
    used = rows[[f"used_{name}" for name in names]].set_axis(names, axis=1)
    forced = rows["draws"] == "uniform"
    as_published, allowed = used[forced], used[~forced]
    told = ", ".join(f"{name} in {100 * share:.0f} %" for name, share in allowed.mean().items())
    why = (
        "as published, with uniform draws forced, used in "
        f"{100 * as_published.max(axis=1).mean():.0f} % of the iterations at most; where they are "
        f"not forced: {told}"
    )
    verdict = NOT_REPRODUCED
    if (as_published.max(axis=1) > 0).all():
        verdict = REPRODUCED
    elif (allowed.max(axis=1) > 0).any():
        verdict = PARTLY
    shares = 100 * as_published.max(axis=1).to_numpy(dtype=np.float64)
    return Finding(verdict, why, shares.mean(), shares.min(), shares.max())


def _guided_draws(claim: Claim, rows: pd.DataFrame) -> Finding:
    guided = rows[rows["draws"] == "tiers"]
    gaps = 100 * finite(guided["guided_first_tier"] - guided["random_first_tier"])
    if not len(gaps):
        return Finding(NEEDS, "needs a search of two iterations or more: none drew guided cells")
    means = guided[["guided_first_tier", "random_first_tier", "guided_mean", "random_mean"]].mean()
    better = int((gaps > 0).sum())
    why = (
        f"so in {better} of {len(gaps)} searches; truly of the best tier are "
        f"{100 * means['guided_first_tier']:.1f} % of guided draws, "
        f"{100 * means['random_first_tier']:.1f} % of random ones; mean accuracy "
        f"{means['guided_mean']:.2f} and {means['random_mean']:.2f}"
    )
    verdict = REPRODUCED if better == len(gaps) else PARTLY if better else NOT_REPRODUCED
    return Finding(verdict, why, gaps.mean(), gaps.min(), gaps.max())


def _published_records(claim: Claim, rows: pd.DataFrame) -> Finding:
    records, agreeing = int(rows["records"].sum()), int(rows["agreeing"].sum())
    why = f"{agreeing} of {records} published records agree ({', '.join(rows['file'])})"
    verdict = REPRODUCED if agreeing == records else PARTLY if agreeing else NOT_REPRODUCED
    return Finding(verdict, why, agreeing)


def _enumerated(claim: Claim, rows: pd.DataFrame) -> Finding:
    count = int(rows.set_index("counted")["cells"][ALL])
    same = count == claim.printed
    return Finding(REPRODUCED if same else NOT_REPRODUCED, f"{count} cells found", count)


_ON_RANKING: dict[str, Callable[[Claim, pd.DataFrame], Finding]] = {
    "tier-draws": _tier_draws,
    "guided-draws": _guided_draws,
    "published-records": _published_records,
    "enumerated": _enumerated,
}


def _arithmetic(claim: Claim) -> Finding:
    assert claim.numbers is not None
    assert claim.printed is not None
    new, old = claim.numbers
    value = 100 * (new - old) / old
    same = abs(value - claim.printed) <= claim.tolerance + 1e-9
    why = f"({new:g} - {old:g}) / {old:g} = {value:.2f} %; the difference is {new - old:.2f} points"
    return Finding(REPRODUCED if same else NOT_REPRODUCED, why, value)


_RULES: dict[str, Callable[[Claim, pd.DataFrame, Record], Finding]] = {
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
}


def counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many claims have each verdict, in the order of VERDICTS."""
    return {name: sum(each.verdict == name for each in verdicts) for name in VERDICTS}


def verdicts_json(claims: Sequence[Claim], verdicts: Sequence[Verdict], record: Record) -> str:
    """All of it for programs: the counts, and each claim with its verdict."""
    entries = []
    for claim, verdict in zip(claims, verdicts, strict=True):
        described = claim.model_dump(include={"statement", "source", "rule", "tolerance", "needs"})
        entries.append({"id": claim.id, **described, **_without_id(verdict)})
    whole = {"seeds": record.seeds_text, "counts": counts(verdicts), "claims": entries}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _without_id(verdict: Verdict) -> Mapping[str, object]:
    return {name: value for name, value in asdict(verdict).items() if name != "claim"}


def verdicts_page(claims: Sequence[Claim], verdicts: Sequence[Verdict], record: Record) -> str:
    """The page of verdicts, Markdown: counts, the claims by verdict, the rules."""
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


def _section(name: str, chosen: Sequence[tuple[Claim, Verdict]]) -> list[str]:
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
            f"| {claim.id} | {claim.statement} | {claim.rule} | {_number(verdict.printed)} "
            f"| {rounded(verdict.ours, 3)} | {interval_text(low, high, 3)} | {verdict.why} "
            f"| {_links(verdict)} |"
        )
    return [head, "|:--|:--|:--|--:|--:|:--|:--|:--|", *rows]


def _number(printed: float | None) -> str:
    return "-" if printed is None else f"{printed:g}"


def _links(verdict: Verdict) -> str:
    """Links, relative to results/, to the folders of the run files."""
    if not verdict.rests_on:
        return "-"
    links = [
        f"[{path.rstrip('/').rsplit('/', 1)[-1]}]({path.removeprefix('results/')})"
        for path in verdict.rests_on
    ]
    return f"{verdict.runs}: {', '.join(links)}"

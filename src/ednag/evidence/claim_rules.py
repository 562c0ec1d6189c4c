"""The rules that test claims: `ednag.evidence.claims.RULES` describes each, a function applies it.

A rule takes the claim, the rows that test it and the study's record. It raises LackingData for
what the study lacks.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from ednag.evidence import comparison
from ednag.evidence.cells import ALL
from ednag.evidence.claims import MARGIN, MINIMUM_SEEDS, Claim
from ednag.evidence.comparison import BETTER, EQUIVALENT, WORSE, budget_of
from ednag.evidence.record import PAPER, LackingData, StudyRecord, drawn_note, published_column
from ednag.evidence.statistics import (
    Interval,
    difference_of_means,
    difference_p,
    exact_share,
    finite,
    holm,
    mean_interval,
    standard_deviation,
)
from ednag.evidence.summaries import DISTINCT, LOOKUPS, OPTIMUM_TOLERANCE
from ednag.evidence.writing import counted
from ednag.tables import get_protocol, get_reported_metric

REPRODUCED = "reproduced"
PARTLY = "partly"
NOT_REPRODUCED = "not reproduced"
UNDECIDED = "undecided"

#: A set of seeds is taken for selected if fewer than this share of unselected sets are as good.
RARE_SET = 0.05
#: NAR's search of NAS-Bench-201: iterations, and cells of each whose test accuracy it reports.
PUBLISHED_ITERATIONS, PUBLISHED_TOP = 50, 5


class RuleResult(NamedTuple):
    """What a rule returns.

    Attributes:
        verdict: If there is a p-value, the one where it is at most the level, also corrected.
        why: The numbers in words.
        ours: Our number and its interval.
        p: P-value of a test, which `judge` corrects over the claims of the rule.
        unless: The verdict where p is above the level. Between both: undecided.
    """

    verdict: str
    why: str
    ours: Interval = Interval()
    p: float = np.nan
    unless: str = UNDECIDED


def of_benchmark(frame: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """The rows of the claim's benchmark."""
    return frame[(frame["space"] == claim.space) & (frame["dataset"] == claim.dataset)]


def _of_listed_seeds(frame: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """The rows of the claim's benchmark, of which there must be some."""
    rows = of_benchmark(frame, claim)
    if rows.empty:
        raise LackingData("needs runs of the authors' seeds: authors_seeds: 0-999")
    return rows


def _require_seeds(count: int) -> None:
    if count < MINIMUM_SEEDS:
        raise LackingData(f"needs {MINIMUM_SEEDS} seeds or more (the study has {count})")


def _verdict(holds: bool, partly: bool = False) -> str:
    return REPRODUCED if holds else PARTLY if partly else NOT_REPRODUCED


def _either(holds: bool, fails: bool) -> str:
    """The verdict where the data may say that a claim holds, that it fails, or neither."""
    return REPRODUCED if holds else NOT_REPRODUCED if fails else UNDECIDED


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
    values, why = _values_and_words(claim, runs)
    mean = mean_interval(values, record.statistics.confidence)
    return RuleResult(_verdict(_holds(mean, claim)), why, mean)


def _values_and_words(claim: Claim, runs: pd.DataFrame) -> tuple[np.ndarray, str]:
    """float64[n]: the quantity of enough runs, and their mean in words."""
    values = _values(claim, runs, fewest=0)
    _require_seeds(len(values))
    why = f"mean {values.mean():.3f}, sd {standard_deviation(values):.3f} over {len(values)} runs"
    without = len(runs) - len(values)
    if without:
        why += f" ({counted(without, 'run')} without a value left out)"
    return values, why + drawn_note(runs, claim.quantity)


def _printed_mean(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    values, why = _values_and_words(claim, runs)
    listed = _listed_values(claim, record)
    p, p_near = printed_mean_p(claim.number, listed, values, claim.tolerance)
    why += f"; {len(listed)} listed values, sd {standard_deviation(listed):.3f}"
    why += f"; within one SD: p = {p_near:.2g}"
    rows, is_theirs = of_benchmark(record.sets, claim), False
    if len(rows):
        theirs = float(rows["ours_mean"].iloc[0])
        why += f"; {theirs:.3f} over the authors' own seeds"
        is_theirs = bool(claim.matches(theirs))
    mean = mean_interval(values, record.statistics.confidence)
    unless = _either(p_near <= 1 - record.statistics.confidence, fails=False)
    return RuleResult(_verdict(False, is_theirs), why, mean, p, unless)


class PrintedMean(NamedTuple):
    """P-values of a printed mean: that it differs from ours, and that it is within one SD."""

    differs: float
    is_near: float


def printed_mean_p(
    printed: float, listed: np.ndarray, ours: np.ndarray, tolerance: float = 0.0
) -> PrintedMean:
    """Whether a printed mean and our runs come from one distribution: two tests of Student.

    Both are of the distance beyond the tolerance, with pooled variance: the printed mean has an
    error of its own. The first, two-sided, asks whether there is a distance; the second (two
    one-sided tests) whether it is less than the pooled SD. 0 or 1 where nothing varies.

    Args:
        printed: The printed mean of k runs.
        listed: Their values float64[k], for their number and spread.
        ours: Our values float64[n].
        tolerance: What rounding explains.
    """
    k, n = len(listed), len(ours)
    distance = max(0.0, abs(float(ours.mean()) - printed) - tolerance - MARGIN)
    squares = sum(((each - each.mean()) ** 2).sum() for each in (listed, ours))
    deviation = np.sqrt(squares / (n + k - 2))
    error = deviation * np.sqrt(1 / k + 1 / n)
    if error < MARGIN:
        return PrintedMean(float(distance == 0), float(distance > 0))
    from scipy.special import stdtr

    differs, is_near = (stdtr(n + k - 2, x / error) for x in (-distance, distance - deviation))
    return PrintedMean(float(2 * differs), float(is_near))


def _holds(interval: Interval, claim: Claim) -> bool:
    """Whether the interval, widened by the tolerance, holds the printed number."""
    margin = claim.tolerance + MARGIN
    return interval.low - margin <= claim.number <= interval.high + margin


def _always(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    _require_seeds(len(runs))
    count = int(runs["found_optimum"].sum())
    share = exact_share(count, len(runs), record.statistics.confidence)
    why = f"the best architecture in {count} of {len(runs)} runs"
    listed = of_benchmark(record.seeds, claim)
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
    return RuleResult(_verdict(same == len(values)), why, ours)


def _single_run(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    """A printed run is one more run of ours, if the claim is true: its rank among them tells."""
    values = _values(claim, runs)
    _require_seeds(len(values))
    optimum = float(runs[published_column(runs, "optimum")].iloc[0])
    number = optimum if claim.printed is None else claim.printed
    margin = claim.tolerance + (OPTIMUM_TOLERANCE if claim.printed is None else MARGIN)
    at_most = int((values <= number + margin).sum())
    at_least = int((values >= number - margin).sum())
    chance = min(1.0, 2 * (min(at_most, at_least) + 1) / (len(values) + 1))
    count = len(values)
    why = (
        f"{number:.3f} lies at percentile {50 * (at_most + count - at_least) / count:.0f} of "
        f"{count} single runs, whose mean is {values.mean():.3f}; chance of a run so extreme "
        f"{100 * chance:.1f} %"
    )
    is_extreme = chance < 1 - record.statistics.confidence
    lies_among = at_most > 0 and at_least > 0
    return RuleResult(_either(not is_extreme and lies_among, is_extreme), why, _range(values))


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
    column = published_column(runs, claim.quantity)
    ours, theirs = finite(runs[column]), finite(others[column])
    _require_seeds(min(len(ours), len(theirs)))
    points = difference_of_means(ours, theirs, record.statistics.confidence)
    readings = {"points": points}
    if claim.relative:
        readings["%"] = Interval(*(100 * bound / theirs.mean() for bound in points))
    fitting = [gap for gap in readings.values() if _holds(gap, claim)]
    why = " or ".join(f"{gap.estimate:+.3f} {unit}" for unit, gap in readings.items())
    why += f" over {len(ours)} and {len(theirs)} runs"
    if "last_mean" in runs and "last_mean" in others:
        populations = runs["last_mean"].mean() - others["last_mean"].mean()
        why += f"; {populations:+.3f} points between the means of the last populations"
    is_same_side = points.estimate * claim.number > 0
    verdict = _verdict(is_same_side and bool(fitting), is_same_side)
    unless = UNDECIDED if fitting else NOT_REPRODUCED
    p = difference_p(ours, theirs)
    return RuleResult(verdict, why, (fitting or [points])[0], p, unless)


#: Decision on the claim's method -> verdict on the claim that it is better.
_DECIDED = {
    BETTER: REPRODUCED,
    WORSE: NOT_REPRODUCED,
    EQUIVALENT: NOT_REPRODUCED,
    comparison.UNDECIDED: UNDECIDED,
}


def _better_than(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    budget = budget_of(runs)
    if budget is None:
        raise LackingData("needs a budget (statistics.checkpoints) that half of the runs spend")
    rows = record.comparisons(claim.space, claim.dataset, claim.method)
    rows = rows[(rows["against"] == claim.against) & (rows["budget"] == budget)]
    by_count = {str(row["counted"]): row for row in rows.to_dict("records")}
    row = by_count[DISTINCT]
    _require_seeds(min(row["seeds"], row["seeds_against"]))
    why = (
        f"after {budget} distinct evaluations EDNAG is {_side(row['difference'])}, p (Holm) "
        f"{row['p_holm']:.2g}: {row['decision']}; after {budget} look-ups it is "
        f"{_side(by_count[LOOKUPS]['difference'])}"
    )
    return RuleResult(
        _DECIDED[row["decision"]], why, Interval(*(row[name] for name in _DIFFERENCE))
    )


_DIFFERENCE = ["difference", "difference_low", "difference_high"]


def _ends_better(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    others = record.runs(claim.space, claim.dataset, claim.against)
    column = published_column(runs, claim.quantity)
    sign = get_reported_metric(claim.space, claim.dataset, PAPER).sign
    ours, theirs = (sign * finite(frame[column]) for frame in (runs, others))
    _require_seeds(min(len(ours), len(theirs)))
    found = comparison.compare(ours, theirs, record.statistics)
    verdict = _verdict(found["improvement"] > 0.5)
    why = f"at its own end EDNAG is {_side(found['difference'])}"
    gap = Interval(*(found[name] for name in _DIFFERENCE))
    is_equal = found["p_equivalent"] <= 1 - record.statistics.confidence
    unless = NOT_REPRODUCED if is_equal else UNDECIDED
    return RuleResult(verdict, why, gap, found["p"], unless)


def _side(difference: float) -> str:
    if difference == 0:
        return "as good as the other"
    return f"{abs(difference):.3f} {'better' if difference > 0 else 'worse'}"


def _comments(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    differences = _of_listed_seeds(record.seeds, claim)["difference"].abs()
    count = len(differences)
    same = int((differences <= claim.tolerance + MARGIN).sum())
    why = f"{same} of {count} values the same, largest difference {differences.max():.3f}"
    share = exact_share(same, count, record.statistics.confidence)
    return RuleResult(_verdict(same == count, same > 0), why, share.percent())


def _listed_values(claim: Claim, record: StudyRecord) -> np.ndarray:
    """float64[k]: the values in the authors' comments."""
    comments = record.listed.get((claim.space, claim.dataset))
    if not comments:
        raise LackingData("needs the list of the authors' seeds: --reference")
    return np.array(list(comments.values()))


def _comments_mean(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    values = _listed_values(claim, record)
    why = f"mean {values.mean():.3f} of the {len(values)} comments"
    return RuleResult(_verdict(claim.matches(values.mean())), why, Interval(values.mean()))


def _comments_sd(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    values = _listed_values(claim, record)
    sd = standard_deviation(values)
    why = f"SD {sd:.3f} (n - 1), {values.std():.3f} (n) of the {len(values)} comments"
    return RuleResult(_verdict(claim.matches(sd)), why, Interval(sd))


def _unselected(claim: Claim, runs: pd.DataFrame, record: StudyRecord) -> RuleResult:
    row = _of_listed_seeds(corrected_sets(record.sets), claim).iloc[0]
    _require_seeds(int(row["study_seeds"]))
    share = Interval(*(row[f"chance_comment{end}"] for end in ("", "_low", "_high")))
    why = (
        f"mean {row['comment_mean']:.3f} of the {row['listed']} comments, "
        f"{row['study_mean']:.3f} of {row['study_seeds']} unselected seeds; "
        f"{100 * share.estimate:.3f} % of equally large sets are as good, p (Holm) "
        f"{row['p_holm']:.2g}. Our runs of the listed seeds: {row['ours_mean']:.3f}, as "
        f"good as which are {100 * row['chance']:.1f} %"
    )
    is_selected = bool(row["p_holm"] < 1 - record.statistics.confidence)
    return RuleResult(_either(share.low >= RARE_SET, is_selected), why, share.percent())


def corrected_sets(sets: pd.DataFrame) -> pd.DataFrame:
    """Sets of listed seeds with `p_holm`: p corrected over all of them."""
    if sets.empty:
        return sets
    return sets.assign(p_holm=holm(sets["p_comment"].to_numpy(dtype=np.float64)))


def _one_a_search(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the smallest k: all k of one search share their draws."""
    return rows[rows["top"] == rows["top"].min()]


def _tier_draws(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    rows = _one_a_search(rows)
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
    guided = _one_a_search(rows[rows["draws"] == "tiers"])
    gaps = 100 * finite(guided["guided_first_tier"] - guided["random_first_tier"])
    if not len(gaps):
        raise LackingData("needs a search that kept guided cells: none did")
    means = guided[["guided_first_tier", "random_first_tier", "guided_mean", "random_mean"]].mean()
    better = int((gaps > 0).sum())
    why = (
        f"so in {better} of {len(gaps)} searches; truly of the best tier are "
        f"{100 * means['guided_first_tier']:.1f} % of guided draws, "
        f"{100 * means['random_first_tier']:.1f} % of random ones; mean accuracy "
        f"{means['guided_mean']:.2f} and {means['random_mean']:.2f}"
    )
    return RuleResult(_either(better == len(gaps), better == 0), why, _range(gaps))


def _searches_find_optimum(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    searches = rows[(rows["iterations"] == PUBLISHED_ITERATIONS) & (rows["top"] == PUBLISHED_TOP)]
    if searches.empty:
        raise LackingData("needs searches by the ranker of NAR's size: ranker.model: published")
    best = float(record.rows(claim.space, claim.dataset)["optimum"].iloc[0])
    found = searches["test_accuracy"] > best - OPTIMUM_TOLERANCE
    forced = searches["draws"] == "uniform"
    as_published, by_tiers = found[forced], found[~forced]
    why = (
        f"so in {as_published.sum()} of {len(as_published)} searches, each of which looked at "
        f"{searches.loc[forced, 'test_evaluations'].mean():.0f} test accuracies on average; where "
        f"uniform draws are not forced, in {by_tiers.sum()} of {len(by_tiers)}; the best is "
        f"{best:.3f}"
    )
    ours = _range(searches.loc[forced, "test_accuracy"].to_numpy(dtype=np.float64))
    return RuleResult(_verdict(bool(as_published.all()), bool(as_published.any())), why, ours)


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
    why = f"({new:g} - {old:g}) / {old:g} = {value:.2f} %; the difference is {new - old:.4g}"
    return RuleResult(_verdict(claim.matches(value)), why, Interval(value))


def _quotient(claim: Claim, rows: pd.DataFrame, record: StudyRecord) -> RuleResult:
    assert claim.numbers is not None
    above, below = claim.numbers
    value = above / below
    return RuleResult(
        _verdict(claim.matches(value)), f"{above:g} / {below:g} = {value:.1f}", Interval(value)
    )


#: Rule -> the function that applies it.
APPLY: dict[str, Callable[[Claim, pd.DataFrame, StudyRecord], RuleResult]] = {
    "mean": _mean,
    "printed-mean": _printed_mean,
    "always": _always,
    "every-run": _every_run,
    "single-run": _single_run,
    "best-possible": _best_possible,
    "gap": _gap,
    "better-than": _better_than,
    "ends-better": _ends_better,
    "comments": _comments,
    "comments-mean": _comments_mean,
    "comments-sd": _comments_sd,
    "unselected": _unselected,
    "tier-draws": _tier_draws,
    "guided-draws": _guided_draws,
    "searches-find-optimum": _searches_find_optimum,
    "published-records": _published_records,
    "enumerated": _enumerated,
    "arithmetic": _arithmetic,
    "quotient": _quotient,
}

"""Verdicts: each claim tested by its rule, with our number, its interval and the runs behind it.

`ednag.evidence.claims.RULES` describes the rules, `ednag.evidence.claim_rules` applies them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ednag.evidence.claim_rules import (
    APPLY,
    NOT_REPRODUCED,
    PARTLY,
    REPRODUCED,
    UNDECIDED,
    RuleResult,
    of_benchmark,
)
from ednag.evidence.claims import KINDS, ON_PRINTED, ON_RANKING, Claim
from ednag.evidence.record import PAPER, LackingData, StudyRecord
from ednag.evidence.statistics import benjamini_hochberg, holm
from ednag.stages import RANKER, RUNS
from ednag.tables import get_definition

NOT_COMPARABLE = "not comparable"
NEEDS = "needs data"
#: Verdicts on claims that were tested.
TESTED = (REPRODUCED, PARTLY, NOT_REPRODUCED, UNDECIDED)
VERDICTS = (*TESTED, NOT_COMPARABLE, NEEDS)


@dataclass(frozen=True)
class ClaimVerdict:
    """The verdict on a claim.

    Attributes:
        claim: Id of the claim.
        kind: One of KINDS.
        verdict: One of VERDICTS.
        why: The numbers in words; what is needed; why it is not comparable.
        printed, ours, low, high: The claimed number, ours and its interval; None for no number.
        runs: Number of runs that it rests on.
        rests_on: Folders of their run files.
        fetch: Ids of the sources with which the study could test it.
    """

    claim: str
    kind: str
    verdict: str
    why: str
    printed: float | None = None
    ours: float | None = None
    low: float | None = None
    high: float | None = None
    runs: int = 0
    rests_on: tuple[str, ...] = ()
    fetch: tuple[str, ...] = ()


def judge(
    claims: Sequence[Claim], record: StudyRecord, elsewhere: Sequence[float] = ()
) -> list[ClaimVerdict]:
    """A verdict for each claim, in their order.

    P-values are corrected over all claims of one rule that have one, by Holm, those of printed
    means by Benjamini and Hochberg (docs/statistics.md, "A printed mean").

    Args:
        claims: The claims.
        record: What they are tested by.
        elsewhere: P-values of further claims of each rule, which the correction counts as well.
    """
    placed = [_on_a_table(claim, record) for claim in claims]
    results = [_test(*pair, record) for pair in zip(claims, placed, strict=True)]
    rules = np.array([claim.rule for claim in claims])
    p_values = np.array([result.p for result in results])
    corrected = np.full(len(claims), np.nan)
    for rule in dict.fromkeys(rules):
        correct = benjamini_hochberg if rule == "printed-mean" else holm
        own = p_values[rules == rule]
        corrected[rules == rule] = correct(np.append(own, elsewhere))[: len(own)]
    level = 1 - record.statistics.confidence
    decided = [_decided(*pair, level) for pair in zip(results, corrected, strict=True)]
    return [_judged(*pair, record) for pair in zip(placed, decided, strict=True)]


def _test(claim: Claim, placed: Claim, record: StudyRecord) -> RuleResult:
    """What the rule of a claim, `placed` on a table, finds."""
    if claim.rule == "not-comparable":
        return RuleResult(NOT_COMPARABLE, claim.reason)
    lacking = _lacking(placed, record)
    if lacking:
        return RuleResult(NEEDS, lacking)
    try:
        result = APPLY[claim.rule](placed, _rows(placed, record), record)
    except LackingData as lack:
        return RuleResult(NEEDS, str(lack))
    if placed is claim:
        return result
    title = get_definition(placed.space, placed.dataset).title
    return result._replace(why=f"on {title} ({placed.dataset}): {result.why}")


def _decided(result: RuleResult, p_holm: float, level: float) -> RuleResult:
    """A result with the verdict that its p-value and the corrected one give, if it has one."""
    if np.isnan(result.p):
        return result
    why = f"{result.why}; p = {result.p:.2g}, corrected {p_holm:.2g}"
    between = UNDECIDED if result.p <= level else result.unless
    return result._replace(verdict=result.verdict if p_holm <= level else between, why=why)


def _judged(claim: Claim, result: RuleResult, record: StudyRecord) -> ClaimVerdict:
    """The verdict on a claim placed on a table."""
    given = (claim.id, claim.kind, result.verdict, result.why, claim.printed)
    if result.verdict not in TESTED:
        is_fetchable = claim.rule != "unavailable" and result.why.startswith("needs data")
        return ClaimVerdict(*given, fetch=claim.needs if is_fetchable else ())
    ours, low, high = (None if np.isnan(number) else float(number) for number in result.ours)
    folders = _folders(claim)
    runs = _rows(claim, record)["seed"].nunique() if folders else 0
    return ClaimVerdict(*given, ours, low, high, runs, folders)


def _on_a_table(claim: Claim, record: StudyRecord) -> Claim:
    """A claim on a space, placed on the first measured table of it that the study has runs on."""
    is_of_space = claim.rule in APPLY and claim.rule not in ON_RANKING and not claim.dataset
    dataset = record.dataset_of(claim.space, claim.method) if is_of_space and claim.space else ""
    return claim.model_copy(update={"dataset": dataset}) if dataset else claim


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
        rows = of_benchmark(record.searches, claim)
        return rows[rows["protocol"] == PAPER]
    return record.runs(claim.space, claim.dataset, claim.method)


def _folders(claim: Claim) -> tuple[str, ...]:
    """Folders of the run files that a claim rests on."""
    if not claim.dataset or claim.rule in ON_PRINTED:
        return ()
    if claim.rule in ON_RANKING:
        return (f"{RANKER.folder}/{claim.space}/{claim.dataset}/",)
    folder = f"{RUNS.folder}/{claim.space}/{claim.dataset}/{PAPER}"
    return tuple(f"{folder}/{method}/" for method in claim.methods)


def counts(verdicts: Iterable[ClaimVerdict]) -> dict[str, int]:
    """How many claims have each verdict, in the order of VERDICTS."""
    given = [each.verdict for each in verdicts]
    return {name: given.count(name) for name in VERDICTS}


def counts_by_kind(verdicts: Sequence[ClaimVerdict]) -> dict[str, dict[str, int]]:
    """The `counts` of the claims of each kind, in the order of KINDS."""
    return {kind: counts(each for each in verdicts if each.kind == kind) for kind in KINDS}

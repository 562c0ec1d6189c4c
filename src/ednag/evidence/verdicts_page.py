"""The verdicts in words: sentences that count them, the page in Markdown, and JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from ednag.evidence.claim_rules import NOT_REPRODUCED, PARTLY, REPRODUCED, UNDECIDED
from ednag.evidence.claims import EDNAG, KINDS, MINIMUM_SEEDS, RULES, Claim
from ednag.evidence.record import StudyRecord
from ednag.evidence.verdicts import (
    NEEDS,
    NOT_COMPARABLE,
    TESTED,
    VERDICTS,
    ClaimVerdict,
    counts,
    counts_by_kind,
)
from ednag.evidence.writing import (
    NO_VALUE,
    counted,
    enumerated,
    interval_text,
    markdown_table,
    rounded,
)

#: Verdict -> what claims with it are, in a sentence that counts them.
_ARE = {
    REPRODUCED: "reproduced",
    PARTLY: "reproduced in part",
    NOT_REPRODUCED: "not reproduced",
    UNDECIDED: "undecided",
}


def own_claims_text(verdicts: Sequence[ClaimVerdict]) -> str:
    """What became of the claims of the EDNAG paper; only tested ones count as results."""
    own = [each for each in verdicts if each.kind == EDNAG]
    number = counts(own)
    tested = sum(number[name] for name in TESTED)
    results = enumerated([f"{number[name]} {words}" for name, words in _ARE.items()])
    sentences = [f"{counted(tested, 'claim')} of the EDNAG paper could be tested here: {results}."]
    files = sum(each.verdict == NEEDS and bool(each.fetch) for each in own)
    if files:
        sentences.append(
            f"{_needs(files)} data that is not here: `make data` fetches what this study can use, "
            "and `ednag sources fetch` any file that a verdict names."
        )
    if number[NEEDS] - files:
        others = _needs(number[NEEDS] - files)
        sentences.append(f"{others} runs or trainings that this study does not make.")
    if number[NOT_COMPARABLE]:
        sentences.append(f"{number[NOT_COMPARABLE]} more can be compared with nothing that is run.")
    return " ".join(sentences)


def _needs(number: int) -> str:
    return f"{number} need{'s' if number == 1 else ''}"


def apart_text(verdicts: Sequence[ClaimVerdict]) -> str:
    """The claims of other kinds, counted apart."""
    kinds = counts_by_kind(verdicts)
    parts = []
    for kind, words in KINDS.items():
        tested = {name: kinds[kind][name] for name in TESTED if kinds[kind][name]}
        if kind != EDNAG and tested:
            results = enumerated([f"{count} {_ARE[name]}" for name, count in tested.items()])
            parts.append(f"{words} ({results})")
    return f"Counted apart: {'; '.join(parts)}." if parts else ""


def verdicts_json(
    claims: Sequence[Claim], verdicts: Sequence[ClaimVerdict], record: StudyRecord
) -> str:
    """The verdicts as JSON: the counts, also by kind, and each claim with its verdict."""
    included = {"statement", "source", "version", "rule", "tolerance", "needs"}
    entries = [
        {"id": claim.id, **claim.model_dump(include=included), **asdict(verdict)}
        for claim, verdict in zip(claims, verdicts, strict=True)
    ]
    for entry in entries:
        del entry["claim"]
    page = {
        "seeds": record.seeds_text,
        "counts": counts(verdicts),
        "kinds": [
            {
                "kind": kind,
                "title": KINDS[kind],
                "tested": {name: count[name] for name in TESTED},
                "not_tested": {name: count[name] for name in VERDICTS if name not in TESTED},
            }
            for kind, count in counts_by_kind(verdicts).items()
        ],
        "claims": entries,
    }
    return json.dumps(page, indent=1, ensure_ascii=False) + "\n"


def verdicts_page(
    claims: Sequence[Claim], verdicts: Sequence[ClaimVerdict], record: StudyRecord
) -> str:
    """The page of verdicts as Markdown: counts, the claims by kind and verdict, the rules."""
    pairs = list(zip(claims, verdicts, strict=True))
    lines = [
        "# Verdicts",
        "",
        own_claims_text(verdicts),
        "",
        f"Each claim is tested by the rule it names (the rules are below), against this study's "
        f"seeds {record.seeds_text}. Intervals: {100 * record.statistics.confidence:g} %. A claim "
        "is tested only on the benchmark it speaks of; data of the same search space from "
        "elsewhere never stands in. A claim that needs only a space and a schedule is tested on a "
        "table of that space, which its numbers name.",
        "",
        _counts_table(verdicts),
    ]
    for kind, words in KINDS.items():
        for name in VERDICTS:
            chosen = [pair for pair in pairs if (pair[1].kind, pair[1].verdict) == (kind, name)]
            if chosen:
                lines += [
                    "",
                    f"## {words[0].upper()}{words[1:]}: {name}",
                    "",
                    _section(name, chosen),
                ]
    lines += [
        "",
        "## Rules",
        "",
        f"A statement on a distribution needs at least {MINIMUM_SEEDS} seeds. Partly: only where "
        "the rule names parts. Undecided: the data can say neither. What is neither reproduced, "
        "partly nor undecided is not reproduced.",
        "",
        *(f"- **{rule}**: {words}" for rule, words in RULES.items()),
        "",
    ]
    return "\n".join(lines)


def _counts_table(verdicts: Sequence[ClaimVerdict]) -> str:
    head = ["Kind", *(name.capitalize() for name in VERDICTS)]
    kinds = counts_by_kind(verdicts)
    return markdown_table(head, ([KINDS[k], *map(str, n.values())] for k, n in kinds.items()))


def _section(name: str, chosen: Sequence[tuple[Claim, ClaimVerdict]]) -> str:
    """One table of claims with the same kind and verdict."""
    if name in (NOT_COMPARABLE, NEEDS):
        head = ["Claim", "Statement", "Source", "Why"]
        rows = [[c.id, c.statement, _source(c), v.why] for c, v in chosen]
        return markdown_table(head, rows)
    head = [
        "Claim",
        "Statement",
        "Source",
        "Rule",
        "Printed",
        "Ours",
        "Interval",
        "Numbers",
        "Runs",
    ]
    rows = []
    for claim, verdict in chosen:
        low, high = (np.nan if x is None else x for x in (verdict.low, verdict.high))
        rows.append(
            [
                *(claim.id, claim.statement, _source(claim), claim.rule),
                NO_VALUE if verdict.printed is None else f"{verdict.printed:g}",
                *(rounded(verdict.ours, 3), interval_text(low, high, 3)),
                *(verdict.why, _links(verdict)),
            ]
        )
    return markdown_table(head, rows)


def _source(claim: Claim) -> str:
    return f"{claim.source} ({claim.version})"


def _links(verdict: ClaimVerdict) -> str:
    """Links, relative to results/, to the folders of the run files."""
    if not verdict.rests_on:
        return NO_VALUE
    links = [
        f"[{path.rstrip('/').rsplit('/', 1)[-1]}]({path.removeprefix('results/')})"
        for path in verdict.rests_on
    ]
    return f"{verdict.runs}: {', '.join(links)}"

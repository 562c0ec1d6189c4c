"""The answer to one subject: the verdict on a claim, or the files, with their chains."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ednag.errors import EdnagError
from ednag.evaluation.subjects import Subject
from ednag.evidence.claims import CORRECTED, ON_PRINTED, Claim
from ednag.evidence.record import read_study_record
from ednag.evidence.verdicts import ClaimVerdict, judge
from ednag.evidence.writing import interval_text, rounded
from ednag.provenance.setting import Setting
from ednag.provenance.trace import Chain, trace
from ednag.study.plan import PAPER, Plan

#: Artefact -> field of `read_study_record`.
_FIELDS = {
    "summary": "summary",
    "authors_seeds": "seeds",
    "authors_sets": "sets",
    "ranker_search": "searches",
    "cells_counted": "enumerated",
    "nar_records": "published_records",
}
#: Lines of a table that are printed.
_MOST_LINES = 60


def verdict_on(claim: Claim, subject: Subject, plan: Plan, others: int) -> ClaimVerdict:
    """The verdict on a claim by the files of its subject, which are there.

    A p-value that the study corrects over all claims of the rule is corrected as strictly, and as
    mildly, as the others can make it. Where this decides nothing, the verdict names both.

    Args:
        claim: The claim as it is published.
        subject: What it is judged from.
        plan: Of the study, with its folder.
        others: How many other claims of the rule the study tests.
    """
    names = _FIELDS.items()
    files = {to: [plan.folder / file for file in subject.files.get(name, ())] for name, to in names}
    reference = plan.published / "reference-seeds.csv"
    record = read_study_record(plan.study.statistics, reference, plan.changed_methods, **files)
    if claim.rule not in CORRECTED:
        return judge([claim], record)[0]
    mild, strict = (judge([claim], record, [p] * others)[0] for p in (0.0, 1.0))
    bound = f"{strict.why} at most, over the {others + 1} claims of this rule"
    if mild.verdict == strict.verdict:
        return replace(strict, why=bound)
    ways = f"{strict.verdict} or {mild.verdict}"
    return replace(strict, verdict=ways, why=f"{bound}; to decide: ednag evaluate verdicts")


def chains_of(subject: Subject, plan: Plan, setting: Setting) -> list[Chain]:
    """The chain of each file of a subject; of several formats, of the data and of what is shown."""
    claim = subject.claim
    if claim is None:
        first, *others = subject.paths
        shown = [file for file in others if file.endswith(".md")]
        return [trace(setting, Path(file)) for file in (first, *shown)]
    names = ([claim.space], [claim.dataset], [PAPER], claim.methods)
    folders = [frozenset(each) for each in names]
    return [trace(setting, Path(file), folders=folders) for file in subject.paths]


def refuse_broken(chains: Sequence[Chain]) -> None:
    """Raise EdnagError if a file of a chain has not the bytes that its record names."""
    for chain in chains:
        if chain.faults:
            fault = chain.faults[0]
            raise EdnagError(f"the chain is broken: {fault.link}; next: {fault.next_step}")


def verdict_lines(claim: Claim, verdict: ClaimVerdict) -> list[str]:
    """A verdict for people."""
    nothing = float("nan")
    low, high = (nothing if each is None else each for each in (verdict.low, verdict.high))
    numbers = [f"printed {rounded(verdict.printed, 3)}"] if verdict.printed is not None else []
    if verdict.ours is not None:
        numbers.append(
            f"ours {rounded(verdict.ours, 3)} {interval_text(low, high, 3)}".rstrip(" -")
        )
    if verdict.runs:
        numbers.append(f"{verdict.runs} runs: {', '.join(verdict.rests_on)}")
    return [
        f"verdict: {verdict.verdict}",
        *(f"  {text}" for text in numbers),
        f"  {verdict.why}",
        f"  rule: {claim.rule}; source: {claim.source} ({claim.version})",
    ]


def file_lines(subject: Subject, folder: Path) -> list[str]:
    """A table in words, or the files of a figure or page."""
    paths = [folder / file for file in subject.paths]
    lines = [f"made: {', '.join(subject.paths)}"]
    for path in paths:
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8").rstrip().splitlines()
            rest = len(text) - _MOST_LINES
            lines += ["", *text[:_MOST_LINES]]
            lines += [f"... and {rest} more lines in {path}"] if rest > 0 else []
    return lines


def chain_lines(subject: Subject, chains: Sequence[Chain]) -> list[str]:
    """Chains for people: a line for each file, the sources first."""
    if not chains:
        has_comments = subject.claim is not None and subject.claim.rule in ON_PRINTED
        return ["chain: printed numbers alone, in published/"] if has_comments else []
    listed: dict[str, None] = {}
    for chain in chains:
        for source in chain.sources:
            named = ", ".join([source.id, source.vouched_by, *source.addresses[:1]])
            listed[f"  source     {source.sha256[:12]}  {named}"] = None
        for step in reversed(chain.steps):
            for file in step.made:
                listed[f"  {step.stage:<10} {file.sha256[:12]}  {file.path}"] = None
    ends = ", ".join(chain.file for chain in chains)
    return [
        "chain: every file has the bytes that its record names",
        *listed,
        f"  in full, with commands: ednag trace {ends.split(', ')[0]}",
    ]

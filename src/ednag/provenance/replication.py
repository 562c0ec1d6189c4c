"""Replications of a study: statements of people who ran it themselves and found the same lock.

A statement is of in-toto (https://in-toto.io/Statement/v1): its subject is a lock of results, its
predicate what the signer claims of the run that gave it. What is proved is the key and the lock.
Machines and jobs are claims; they show that a tree was copied and signed twice by mistake, and
make a liar put a name to the lie.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ednag import __version__
from ednag.errors import EdnagError
from ednag.provenance.audit import Audit
from ednag.provenance.findings import counted
from ednag.provenance.records import Record, digest_of
from ednag.provenance.results_lock import LockComparison
from ednag.provenance.signatures import (
    BadEnvelopeError,
    Signers,
    read_envelope,
    verify,
)
from ednag.text_files import parse_json

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:ednag:replication:v1"
#: Hexadecimal digits of a record's checksum: 64 bits, enough against chance.
_DIGITS = 16


@dataclass(frozen=True)
class Statement:
    """A statement whose signature fits: who says what of the run."""

    file: str
    signer: str
    machines: tuple[str, ...]  # claimed; one for each kind of machine, with its number of jobs
    records: frozenset[str]  # claimed; of each job of the run, which no other run shares


@dataclass(frozen=True)
class Replication:
    """Which signers replicated a lock, of those that are needed."""

    lock: str
    threshold: int
    statements: tuple[Statement, ...]
    refused: tuple[str, ...]  # why files beside the lock do not count

    @property
    def runs(self) -> tuple[frozenset[str], ...]:
        """The signers of each run: those whose statements name a common job, or who signed both."""
        groups: list[tuple[set[str], set[str]]] = []
        for each in self.statements:
            signers, records = {each.signer}, set(each.records)
            apart = []
            for group in groups:
                if signers.isdisjoint(group[0]) and records.isdisjoint(group[1]):
                    apart.append(group)
                else:
                    signers |= group[0]
                    records |= group[1]
            groups = [*apart, (signers, records)]
        return tuple(sorted((frozenset(signers) for signers, _ in groups), key=min))

    @property
    def suffices(self) -> bool:
        """Whether as many runs as are needed have a signer of their own."""
        return len(self.runs) >= self.threshold

    @property
    def verdict(self) -> str:
        """One sentence."""
        told = ", ".join(" and ".join(sorted(signers)) for signers in self.runs) or "nobody"
        return (
            f"{self.lock}: {counted(self.runs, 'run')} of {self.threshold} needed signed by known "
            f"signers: {told}"
        )

    def lines(self) -> list[str]:
        """The verdict, who signed on which machines by their own account, and what is refused."""
        return [
            f"signatures: {self.verdict}",
            *(f"  {each.signer}: {'; '.join(each.machines)}" for each in self.statements),
            *(f"  one run, counted once: {names}" for names in self._shared()),
            *(f"  not counted: {reason}" for reason in self.refused),
        ]

    def as_mapping(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "verdict": self.verdict,
            "suffices": self.suffices,
            "threshold": self.threshold,
            "runs": [sorted(signers) for signers in self.runs],
            "statements": [
                {"file": each.file, "signer": each.signer, "machines": each.machines}
                for each in self.statements
            ],
            "refused": self.refused,
        }

    def _shared(self) -> list[str]:
        return [" and ".join(sorted(signers)) for signers in self.runs if len(signers) > 1]

    def failure(self) -> EdnagError:
        """The error for too few signers, with the first reason."""
        reasons = [*self.refused, *(f"one run: {names}" for names in self._shared())]
        reason = f" ({reasons[0]})" if reasons else ""
        return EdnagError(
            f"{self.verdict}{reason}; a signer runs the study and then: ednag sign --key KEY"
        )


# --- making a statement ---------------------------------------------------------------------------


def statement_of(audit: Audit, comparison: LockComparison, lock: Path) -> bytes:
    """The statement that the audited tree gives the lock; equal for equal trees.

    Raises EdnagError if the audit has faults or if the tree and the lock differ.
    """
    if audit.faults:
        raise EdnagError(f"not signed: {audit.verdict}; see: ednag audit")
    if not comparison.agrees:
        raise EdnagError(
            f"not signed: {lock}: {comparison.verdict}; see: ednag audit --against {lock}"
        )
    setting = audit.evidence.setting
    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": lock.name, "digest": {"sha256": digest_of(lock)[0]}}],
        "predicateType": _PREDICATE,
        "predicate": {
            "claim": "the signer ran the study, and ednag audit found no fault",
            "version": __version__,
            "commits": sorted({record.commit for record in audit.records}),
            "machines": _machines(audit.records),
            "records": sorted(
                digest_of(setting.path(record.path))[0][:_DIGITS] for record in audit.records
            ),
        },
    }
    return json.dumps(statement, sort_keys=True, ensure_ascii=False).encode()


def _machines(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The machines on which jobs ran, each with the number of its jobs."""
    jobs = Counter(tuple(sorted(record.machine.items())) for record in records)
    return [{**dict(machine), "jobs": count} for machine, count in sorted(jobs.items())]


# --- counting statements --------------------------------------------------------------------------


def replication_of(lock: Path, signers: Signers, threshold: int) -> Replication:
    """Who of the signers replicated a lock, by the files `LOCK.*.json` beside it.

    Raises EdnagError if OpenSSH is missing.
    """
    sha256, statements, refused = digest_of(lock)[0], [], []
    for path in sorted(lock.parent.glob(f"{lock.name}.*.json")):
        try:
            statements.append(_read(path, sha256, signers))
        except BadEnvelopeError as error:
            refused.append(f"{path.name}: {error}")
    return Replication(lock.name, threshold, tuple(statements), tuple(refused))


def _read(path: Path, sha256: str, signers: Signers) -> Statement:
    """The statement in a file on the lock with this checksum; raises BadEnvelopeError."""
    envelope = read_envelope(path)
    name = verify(envelope, signers)
    try:
        content = parse_json(envelope.payload)
        if (content["_type"], content["predicateType"]) != (_STATEMENT, _PREDICATE):
            raise ValueError("another type")
        signed = [subject["digest"]["sha256"] for subject in content["subject"]]
        machines = [dict(each) for each in content["predicate"]["machines"]]
        records = frozenset(map(str, content["predicate"]["records"]))
        if not records:
            raise ValueError("of no job")
    except (ValueError, KeyError, TypeError):
        raise BadEnvelopeError(f"{name} signed something else than a replication") from None
    if sha256 not in signed:
        raise BadEnvelopeError(f"{name} signed another lock")
    return Statement(path.name, name, tuple(_in_words(machines)), records)


def _in_words(machines: Iterable[dict[str, Any]]) -> Iterable[str]:
    for machine in machines:
        jobs = machine.pop("jobs", "?")
        yield f"{jobs} jobs on " + ", ".join(f"{value}" for value in machine.values() if value)

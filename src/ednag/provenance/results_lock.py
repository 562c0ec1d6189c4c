"""The lock of results: sha256 and size of every source and output, in a file to commit.

It contains no time, place or record, so that two runs of one study give the same lock. On another
machine, a comparison with it shows in which stage a difference begins.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.provenance.audit import Audit
from ednag.provenance.records import STORE
from ednag.provenance.stages import REPORT, in_flow, plain_name, stage_of, stage_rank
from ednag.stages import PAGES, STUDY_FILE

LOCK_NAME = "results.lock"
#: Pages that name the machine, the checkout or what is left over; every lock leaves them out.
_OF_MACHINE = re.compile(rf"{PAGES.folder}/audit\.|{REPORT}environment\.html")
#: What locks of earlier versions do not have.
_NOT_BEFORE = (REPORT, f"{STORE}/", STUDY_FILE)
_LINE = re.compile(r"([0-9a-f]{64})  (\d+)  (.+)")

#: sha256 and size in bytes.
Content = tuple[str, int]


def contents(audit: Audit) -> dict[str, Content]:
    """Name -> current content of all files that the audit's targets depend on and that exist.

    Without the pages that name the machine.
    """
    names = [name for name in audit.files if not _OF_MACHINE.match(name)]
    measured = {name: audit.evidence.measured[name] for name in names}
    return {plain_name(name): (now.sha256, now.size) for name, now in measured.items() if now}


def write_lock(audit: Audit, path: Path) -> int:
    """Write the lock; returns its number of files. Raises EdnagError if the audit has faults."""
    if audit.faults:
        raise EdnagError(f"no lock written: {audit.verdict}; see: ednag audit")
    files = sorted(contents(audit).items())
    lines = [f"{sha256}  {size}  {name}\n" for name, (sha256, size) in files]
    write_text(path, "".join(lines))
    return len(lines)


def read_lock(path: Path) -> dict[str, Content]:
    """Name -> content of a lock; raises EdnagError with the number of an invalid line."""
    files = {}
    if not path.is_file():
        raise EdnagError(f"{path}: no such file; write it: ednag lock")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise EdnagError(
                f"{path}:{number}: not `sha256  size  path`; restore the file from version control "
                "or write it again: ednag lock"
            )
        files[match[3]] = (match[1], int(match[2]))
    return files


@dataclass(frozen=True)
class LockComparison:
    """A tree of results compared with a lock; names of files, sorted."""

    identical: tuple[str, ...]
    differs: tuple[str, ...]
    missing: tuple[str, ...]  # only in the lock
    new: tuple[str, ...]  # only in the tree
    begins: tuple[str, ...]  # of `differs` and `new`, if all inputs are identical

    @property
    def agrees(self) -> bool:
        """Whether the tree and the lock are equal."""
        return not (self.differs or self.missing or self.new)

    @property
    def stage(self) -> str:
        """The stage in which the difference begins; "" if there is none."""
        changed = (*self.differs, *self.missing, *self.new)
        return min(map(stage_of, changed), key=stage_rank, default="")

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.agrees:
            return f"all {len(self.identical):,} files are identical to those of the lock"
        return (
            f"{len(self.identical):,} files identical, {len(self.differs):,} differ, "
            f"{len(self.missing):,} missing, {len(self.new):,} new: the difference begins in "
            f"{self.stage}"
        )

    def by_stage(self) -> list[tuple[str, Counter[str]]]:
        """(stage, {"identical": number of files, ...}) in the order of the data flow."""
        counts: dict[str, Counter[str]] = {}
        for kind in ("identical", "differs", "missing", "new"):
            for name in getattr(self, kind):
                counts.setdefault(stage_of(name), Counter())[kind] += 1
        return sorted(counts.items(), key=lambda item: (stage_rank(item[0]), item[0]))


def compare(audit: Audit, locked: Mapping[str, Content], everything: bool) -> LockComparison:
    """Compare the files of an audit with a lock.

    If the audit is not of `everything`, files that its targets do not depend on are not missing.
    """
    current = contents(audit)
    if STUDY_FILE not in locked:  # of an earlier version
        current = {name: each for name, each in current.items() if not name.startswith(_NOT_BEFORE)}
    names = {plain_name(name) for name in audit.files}
    missing = [name for name in locked if name not in current and (everything or name in names)]
    differs = [name for name in current if name in locked and locked[name] != current[name]]
    new = [name for name in current if name not in locked]
    changed = {*differs, *new, *missing}
    begins = []
    for name in (*differs, *new):
        maker = audit.evidence.store.maker(name)
        if changed.isdisjoint(plain_name(file.path) for file in (maker.inputs if maker else ())):
            begins.append(name)
    return LockComparison(
        identical=tuple(sorted(name for name in current if locked.get(name) == current[name])),
        differs=tuple(sorted(differs)),
        missing=tuple(sorted(missing)),
        new=tuple(sorted(new)),
        begins=tuple(sorted(begins, key=in_flow)),
    )
